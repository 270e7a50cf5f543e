"""Where a selection ends that one signal decides: edge after edge, the signal found anew after every decision.

signal_path   the selections on the way
of_edge       one signal of one edge
OPENED        signals that look into an edge, and so need operations that see all its channels
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from engine.analysis.signals import features, gradients
from engine.analysis.signals.kinds import Asked, Values
from engine.selection.orders import Order, next_step
from engine.selection.selection import Selection

OPENED = (*features.RESTORED, "iim")


def signal_path(asked: Asked, name: str, order: Order) -> Iterator[Selection]:
    """After every decision. Each edge is given to the operation with the largest value, ties to the lower index."""
    while (step := next_step(asked.selection, order)) is not None:
        names, values = asked.names(step.index), of_edge(asked, name, step.index)
        best = max(range(len(names)), key=lambda column: _rank(values[column]))
        asked = replace(asked, selection=asked.selection.discretize(asked.cell, step.index, names[best]))
        yield asked.selection


def _rank(value: float | None) -> float:
    return -float("inf") if value is None else value


def of_edge(asked: Asked, name: str, edge: int, report: Callable[[float], None] = lambda share: None) -> Values:
    """Of its operations, in column order. name: restored ones, IIM, or one that gradients give."""
    if name in features.RESTORED:
        return features.restored(asked, edge, report)[name]
    if name == "iim":
        return features.iim(asked, report)[edge]
    return gradients.FORMS[name](asked.weights, gradients.gradients_of(asked, report=report))[edge].tolist()
