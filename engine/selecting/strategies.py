"""Where a rule leads: who decides the next edge or node, and by what.

choose                  a strategy's decision about one edge or node
Step                    a decision taken by measurement: the scores it rests on and the selection after it
measured_path           each remaining edge in an order, decided by the largest drop and re-measured after each decision
largest_drops_at_once   every edge decided by scores taken once, without re-measuring
best_real               the best operation of an edge that is not `none`
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple, Protocol

import numpy as np

from engine.errors import one_of
from engine.results import BnMode, Criterion, EdgeScores, InputScores
from engine.scoring.scores import Batches, score_edge, score_inputs
from engine.selecting.record import By
from engine.selecting.settings import STRATEGIES
from engine.selection.decisions import Decision, InputsDecision, OperationDecision
from engine.selection.orders import NextStep, Order, next_step
from engine.selection.selection import Selection
from engine.supernet.supernet import Supernet


class Scorer(Protocol):
    """Scores edges and nodes of a selection; `engine.sweep.Measurement` is one."""

    def edge(self, cell: str, edge: int, report: Callable[[float], None]) -> EdgeScores: ...

    def inputs(self, cell: str, node: int, report: Callable[[float], None]) -> InputScores: ...


class Choice(NamedTuple):
    """A decision, who took it, and the scores it rests on if there are any."""

    decision: Decision
    by: By
    scores: EdgeScores | InputScores | None


def choose(
    strategy: str,
    selection: Selection,
    step: NextStep,
    scorer: Scorer,
    seed: int,
    *,
    allow_none: bool = True,
    report: Callable[[float], None] = lambda share: None,
) -> Choice:
    """What a strategy decides about an edge or a node of a selection.

    scorer: measures this selection; only perturbation asks it. seed: of the random strategy's draw, which depends on
    the seed and on how many decisions were taken. allow_none: whether `none` may win an edge (the published code lets
    it). Raises BadInput for an unknown strategy.
    """
    cell, index = step.cell, step.index
    if strategy in ("magnitude", "pt-mag"):
        if step.kind == "node":
            return Choice(InputsDecision(cell, index, selection.inputs_by_alpha(cell, index)), "alpha", None)
        return Choice(OperationDecision(cell, index, selection.best_by_alpha(cell, index)), "alpha", None)
    if strategy == "random":
        return Choice(_draw(selection, step, seed), "random", None)
    if strategy != "perturbation":
        raise one_of("strategy", strategy, STRATEGIES)
    if step.kind == "node":
        inputs = scorer.inputs(cell, index, report)
        return Choice(InputsDecision(cell, index, inputs.keep), "measured", inputs)
    edge = scorer.edge(cell, index, report)
    return Choice(OperationDecision(cell, index, edge.best if allow_none else best_real(edge)), "measured", edge)


def best_real(scores: EdgeScores) -> str:
    """The best operation by the criterion in use among those that are not `none`; ties to the lower index."""
    real = [operation for operation in scores.operations if operation.name != "none"]
    worth = (lambda one: one.drop) if scores.criterion == "accuracy" else (lambda one: one.rise)
    return max(real, key=worth).name


def _draw(selection: Selection, step: NextStep, seed: int) -> Decision:
    """Uniform over what a genotype can hold: `none` only in NAS-Bench-201."""
    draw = np.random.default_rng([seed, selection.steps_done])
    space = selection.space
    if step.kind == "node":
        spec = space.cell(step.cell)
        entering = [edge.index for edge in spec.entering(step.index)]
        kept = sorted(draw.choice(entering, spec.kept(step.index), replace=False))
        return InputsDecision(step.cell, step.index, tuple(map(int, kept)))
    return OperationDecision(step.cell, step.index, str(draw.choice(space.eligible(step.cell, step.index))))


def discard_one_by_one(score: Callable[[tuple[int, ...]], InputScores]) -> InputScores:
    """Topology with cumulative removal: an edge that was discarded is gone while the others are measured again.

    score: scores of a node's inputs without the given edges. Returns the first scores with what is kept in the end.
    """
    first = scores = score(())
    gone: tuple[int, ...] = ()
    while len(scores.candidates) > 2:
        damage = [one.drop if scores.criterion == "accuracy" else one.rise for one in scores.candidates]
        # the later of two equal edges goes
        least = min(range(len(damage)), key=lambda place: (damage[place], -place))
        gone = (*gone, scores.candidates[least].edge)
        if len(scores.candidates) > 3:
            scores = score(gone)
        else:
            scores = replace(scores, candidates=tuple(one for one in scores.candidates if one.edge not in gone))
    left, right = (one.edge for one in scores.candidates)
    return replace(first, keep=(left, right))


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
    while (step := next_step(selection, order)) is not None:
        scores: EdgeScores | InputScores
        if step.kind == "edge":
            scores = score_edge(
                supernet, selection, cell=step.cell, edge=step.index, batches=batches, bn=bn, criterion=criterion
            )
            selection = selection.discretize(step.cell, step.index, scores.best)
        else:
            scores = score_inputs(
                supernet, selection, cell=step.cell, node=step.index, batches=batches, bn=bn, criterion=criterion
            )
            selection = selection.keep_inputs(step.cell, step.index, scores.keep)
        yield Step(scores, selection)


def largest_drops_at_once(
    selection: Selection, edges: Iterable[EdgeScores], inputs: Iterable[InputScores]
) -> Selection:
    """The selection after deciding every edge and node by scores that were all taken from the same supernet."""
    for edge in edges:
        selection = selection.discretize(edge.cell, edge.edge, edge.best)
    for node in inputs:
        selection = selection.keep_inputs(node.cell, node.node, node.keep)
    return selection
