"""Why a measured choice is not the largest drop that an earlier sweep shows: every decision changes the drops after it.

reason   one edge of one ending, in a sentence
"""

from engine.drawing import palette, wording
from engine.results import EdgeScores, OperationScore
from engine.selecting.record import SelectionRecord
from engine.selection.decisions import OperationDecision

NTH = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def reason(
    document: SelectionRecord, before: EdgeScores | None, cell: str, edge: int, same_images: bool = True
) -> str | None:
    """e.g. "decided third of 6, when “avg pool” led by 2.1 points; before the first step “conv 3×3” led by 8.0 points".

    before: the edge's scores while nothing was decided, on the same images or on others. None where the choice needs no
    reason: it was not measured, or it is what the earlier scores say too.
    """
    decisions = document.selection.decisions
    for number, (decision, step) in enumerate(zip(decisions, document.steps, strict=True)):
        if not isinstance(decision, OperationDecision) or (decision.cell, decision.edge) != (cell, edge):
            continue
        scores = step.scores
        if before is None or not isinstance(scores, EdgeScores) or decision.operation == before.best:
            return None
        when = NTH[number] if number < len(NTH) else f"as number {number + 1}"
        first = f"decided {when} of {document.selection.space.steps}, when {_lead(scores)}"
        where = "" if same_images else " and on other images"
        return f"{first}; before the first step{where} {_lead(before)}"
    return None


def _lead(scores: EdgeScores) -> str:
    """Who led, and by how much."""

    def effect(row: OperationScore) -> float:
        return row.rise if scores.criterion == "loss" else row.drop

    ahead, behind = sorted(scores.operations, key=effect, reverse=True)[:2]
    lead = effect(ahead) - effect(behind)
    by = f"{wording.number(lead, 3)} of loss" if scores.criterion == "loss" else f"{wording.number(lead)} points"
    return f"“{palette.operation(ahead.name).label}” led by {by}"
