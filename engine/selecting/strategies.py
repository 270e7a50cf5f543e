"""Who decides the next edge or node, and by what.

choose   a strategy's decision about one edge or node
Choice   that decision, who took it, and the scores it rests on
"""

from typing import NamedTuple

import numpy as np

from engine.errors import one_of
from engine.scoring.paths import Report, Scores, Scoring, decision_of, score_step
from engine.selecting.record import By
from engine.selecting.settings import STRATEGIES
from engine.selection.decisions import Decision, InputsDecision, OperationDecision
from engine.selection.orders import NextStep
from engine.selection.selection import Selection, unknown_alpha


class Choice(NamedTuple):
    """A decision, who took it, and the scores it rests on if there are any."""

    decision: Decision
    by: By
    scores: Scores | None


def choose(
    strategy: str,
    selection: Selection,
    step: NextStep,
    scorer: Scoring,
    seed: int,
    *,
    allow_none: bool = True,
    report: Report = lambda share: None,
) -> Choice:
    """What a strategy decides about an edge or a node of a selection.

    scorer: only perturbation asks it. seed: of the random strategy's draw, which depends on
    the seed and on how many decisions were taken. allow_none: whether `none` may win an edge (the published code lets
    it). Raises BadInput for an unknown strategy, and where alpha should decide and is unknown.
    """
    if strategy in ("magnitude", "pt-mag"):
        if (decision := selection.by_alpha(step)) is None:
            raise unknown_alpha(step)
        return Choice(decision, "alpha", None)
    if strategy == "random":
        return Choice(_draw(selection, step, seed), "random", None)
    if strategy != "perturbation":
        raise one_of("strategy", strategy, STRATEGIES)
    scores = score_step(scorer, selection, step, report)
    return Choice(decision_of(scores, allow_none=allow_none), "measured", scores)


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
