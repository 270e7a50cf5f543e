"""Where a rule leads: from the current selection to a complete one.

Step                    a decision taken by measurement: the scores it rests on and the selection after it
measured_path           each remaining edge in an order, decided by the largest drop and re-measured after each decision
largest_drops_at_once   every edge decided by scores taken once, without re-measuring
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from engine.order import Order, next_step
from engine.perturbation import Batches, score_edge, score_inputs
from engine.results import BnMode, Criterion, EdgeScores, InputScores
from engine.selection import Selection
from engine.supernet import Supernet


class Step(NamedTuple):
    """One decision of a path. `scores.baseline` is the supernet before it."""

    scores: EdgeScores | InputScores
    selection: Selection


def measured_path(
    supernet: Supernet,
    selection: Selection,
    order: Order,
    batches: Batches,
    *,
    bn: BnMode = "batch",
    criterion: Criterion = "accuracy",
) -> Iterator[Step]:
    """The decisions that measurement alone takes from here, one by one (Wang et al. 2021, algorithm 1, no tuning).

    The result depends on the order; one path is never "the" answer.
    """
    options = {"batches": batches, "bn": bn, "criterion": criterion}
    while (step := next_step(selection, order)) is not None:
        scores: EdgeScores | InputScores
        if step.kind == "edge":
            scores = score_edge(supernet, selection, cell=step.cell, edge=step.index, **options)
            selection = selection.discretize(step.cell, step.index, scores.best)
        else:
            scores = score_inputs(supernet, selection, cell=step.cell, node=step.index, **options)
            selection = selection.keep_inputs(step.cell, step.index, scores.keep)
        yield Step(scores, selection)


def largest_drops_at_once(
    selection: Selection, edges: Iterable[EdgeScores], inputs: Iterable[InputScores]
) -> Selection:
    """The selection after deciding every edge and node by scores that were all taken from the same supernet."""
    for scores in edges:
        selection = selection.discretize(scores.cell, scores.edge, scores.best)
    for scores in inputs:
        selection = selection.keep_inputs(scores.cell, scores.node, scores.keep)
    return selection
