"""Where measuring leads: the next step, its scores, the decision they mean, and the selection after it.

Scoring         whatever scores edges and nodes of a selection; `Scorer` does
score_step      the scores of what is decided next
decision_of     the decision that scores mean
measured_path   step by step to a complete selection, measured again after every decision
path            the measured path in one edge order, as plain JSON values
decide_at_once  every decision by scores taken before the first one, without measuring again
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from engine.results import EdgeScores, InputScores
from engine.selection.decisions import Decision, InputsDecision, OperationDecision
from engine.selection.orders import NextStep, Order, edge_order, next_step
from engine.selection.selection import Selection
from engine.spaces.operations import described

Scores = EdgeScores | InputScores
Report = Callable[[float], None]
"""Told the finished share (0..1) as work goes on."""


class Scoring(Protocol):
    """Scores edges and nodes of a selection."""

    def edge(self, selection: Selection, cell: str, edge: int, report: Report) -> EdgeScores: ...

    def inputs(self, selection: Selection, cell: str, node: int, report: Report) -> InputScores: ...


class PathStep(NamedTuple):
    """One decision of a path: the scores it rests on, whose `baseline` is the supernet before it, and the selection
    after it."""

    scores: Scores
    selection: Selection


def score_step(scorer: Scoring, selection: Selection, step: NextStep, report: Report = lambda share: None) -> Scores:
    """The scores of an undecided edge or node."""
    score = scorer.edge if step.kind == "edge" else scorer.inputs
    return score(selection, step.cell, step.index, report)


def decision_of(scores: Scores, *, allow_none: bool = True) -> Decision:
    """What scores decide: the best operation of an edge, the inputs that a node keeps.

    allow_none: whether `none` may win an edge, as the published code lets it.
    """
    if isinstance(scores, InputScores):
        return InputsDecision(scores.cell, scores.node, scores.keep)
    return OperationDecision(scores.cell, scores.edge, scores.best if allow_none else best_real(scores))


def best_real(scores: EdgeScores) -> str:
    """The best operation by the criterion in use among those that are not `none`; ties to the lower index."""
    real = [operation for operation in scores.operations if not described(operation.name).silent]
    worth = (lambda one: one.drop) if scores.criterion == "accuracy" else (lambda one: one.rise)
    return max(real, key=worth).name


def measured_path(scorer: Scoring, selection: Selection, order: Order) -> Iterator[PathStep]:
    """The decisions that measurement alone takes from here, one by one (Wang et al. 2021, algorithm 1, no tuning).

    The result depends on the order; one path is never "the" answer.
    """
    while (step := next_step(selection, order)) is not None:
        scores = score_step(scorer, selection, step)
        selection = selection.decide(decision_of(scores))
        yield PathStep(scores, selection)


def decide_at_once(selection: Selection, scores: Iterable[Scores]) -> Selection:
    """The selection after what these scores decide, all taken from the same supernet: of edges, then of nodes."""
    for each in scores:
        selection = selection.decide(decision_of(each))
    return selection


def path(scorer: Scoring, selection: Selection, seed: int, report: Report = lambda share: None) -> dict[str, Any]:
    """The measured path in the edge order of `seed`, as plain JSON values.

    Keys: `seed`, `genotype` it ends at, `accuracies` before every decision, `images`, and `steps`: the scores that
    every decision rests on. `report` is told how many decisions are taken.
    """
    steps: list[Scores] = []
    for step in measured_path(scorer, selection, edge_order(selection.space, seed)):
        selection = step.selection
        steps.append(step.scores)
        report(len(steps))
    return {
        "seed": seed,
        "genotype": str(selection.decoded()),
        "accuracies": [scores.baseline.accuracy for scores in steps],
        "images": steps[-1].images if steps else 0,
        "steps": [scores.to_dict() for scores in steps],
    }
