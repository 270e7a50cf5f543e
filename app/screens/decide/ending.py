"""What the end of a selection says: how good the cell is, beside alpha's and the measured one, and what it lost where.

Ending         what is known of a finished NAS-Bench-201 selection
ending         look it up
sentence       it in words
Other          one step taken otherwise, all else the same
selection_of   a selection that ends at a given cell
"""

from typing import NamedTuple

from engine import nasbench201
from engine.drawing import wording
from engine.selection.decisions import OperationDecision
from engine.selection.genotype import Genotype
from engine.selection.selection import Selection


class Other(NamedTuple):
    """The one step whose best other operation gains most, all else the same. number: of the step, from 1. gain: points
    of true accuracy."""

    number: int
    decision: OperationDecision
    gain: float
    accuracy: float


class Ending(NamedTuple):
    """True CIFAR-10 accuracies (%) and the rank of your cell; alpha, measured: None where unknown. other: None where no
    single other operation makes the cell better."""

    accuracy: float
    rank: int
    alpha: float | None
    measured: float | None
    other: Other | None


def ending(selection: Selection, alpha: str | None, measured: str | None) -> Ending:
    """selection: complete, in decided order. alpha, measured: the genotypes of the two other ways."""
    found = nasbench201.lookup(str(selection.decoded()))
    beside = [None if text is None else nasbench201.lookup(text).cifar10 for text in (alpha, measured)]
    return Ending(found.cifar10, found.rank["cifar10"], beside[0], beside[1], _other(selection, found.cifar10))


def _other(selection: Selection, accuracy: float) -> Other | None:
    options = []
    for number, decision in enumerate(selection.decisions, start=1):
        rest = [each for each in selection.decisions if each is not decision]
        (edge,) = nasbench201.worth(selection.with_decisions(rest))
        best = max(edge.operations, key=lambda worth: worth.mean)
        if best.mean > accuracy:
            other = OperationDecision("cell", edge.edge, best.name)
            options.append(Other(number, other, best.mean - accuracy, best.mean))
    return max(options, key=lambda other: other.gain, default=None)


def sentence(found: Ending, order: str = "") -> str:
    """e.g. "Your cell reaches 93.10 %, rank 1,175 of 15,625: 38.8 points above α, 1.9 above measurement (order 0)."."""
    first = f"Your cell reaches {wording.percent(found.accuracy, digits=2)}, rank {wording.count(found.rank)} of 15,625"
    named = f"measurement{f' ({order})' if order else ''}"
    values = ((found.alpha, "α"), (found.measured, named))
    beside = [_beside(found.accuracy - value, who) for value, who in values if value is not None]
    beside[1:] = [each.replace(" points", "") for each in beside[1:]]
    return f"{first}{': ' if beside else ''}{', '.join(beside)}."


def _beside(points: float, who: str) -> str:
    if abs(points) < 0.005:
        return f"the same as {who}"
    return f"{_points(abs(points))} points {'above' if points > 0 else 'below'} {who}"


def _points(value: float) -> str:
    """One decimal, or two where one would say nothing."""
    return wording.number(value, 1 if value >= 0.05 else 2)


def selection_of(start: Selection, genotype: Genotype) -> Selection:
    """A complete selection that is decoded to a genotype.

    An edge that it does not keep is decided for its first operation, which the supernet then never uses.
    """
    selection, space = start.with_decisions(), start.space
    for cell in space.cells:
        kept = {(source, target): name for name, source, target in genotype.edges(cell)}
        for edge in space.edges(cell):
            name = kept.get((edge.source, edge.target)) or space.eligible(cell, edge)[0]
            selection = selection.discretize(cell, edge, name)
        for node in selection.open_nodes(cell):
            entering = space.cell(cell).entering(node)
            inputs = [edge.index for edge in entering if (edge.source, edge.target) in kept]
            selection = selection.keep_inputs(cell, node, inputs)
    return selection
