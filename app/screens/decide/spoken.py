"""What happened and what has been found, as the decision card shows it and as the page's live region says it.

Finding   what the measurement of a step says
finding   of a step
happened  the last decision, who took it, and what was taken back
"""

from typing import NamedTuple

from app.parts import sentences
from app.screens.decide.naming import by_whom, in_a_phrase, place_name, words
from app.state.page import PageState
from engine.drawing import wording
from engine.drawing.wording import VerdictText
from engine.results import EdgeScores, InputScores
from engine.selection.decisions import InputsDecision
from engine.spaces import SearchSpace


class Finding(NamedTuple):
    """verdict: by its name and in words; None where α is unknown or nothing is measured."""

    verdict: tuple[str, VerdictText] | None
    sentence: str

    @property
    def spoken(self) -> str:
        return f"{self.verdict[1].word}. {self.sentence}" if self.verdict else self.sentence


def finding(space: SearchSpace, result: object) -> Finding:
    """result: the final scores of an edge or of a node's inputs; anything else is no measurement."""
    if isinstance(result, EdgeScores):
        verdict = (str(result.verdict), wording.VERDICT[result.verdict]) if result.verdict else None
        return Finding(verdict, sentences.edge_finding(result))
    if isinstance(result, InputScores):
        said = sentences.inputs_finding(result, space)
        if result.stands_out:
            said = f"Removing {words(space, InputsDecision(result.cell, result.node, result.keep))} hurts most."
        return Finding((str(result.verdict), wording.INPUTS[result.verdict]), said)
    return Finding(None, "Not measured yet: α alone cannot say which one matters.")


def happened(page: PageState) -> str:
    """e.g. "skip taken on input → node 1, as α suggests."; "" where nothing has."""
    run, space = page.run, page.space
    if run.is_past:
        taken = len(run.shown)
        return f"Looking back at the moment after {taken} {'decision' if taken == 1 else 'decisions'}."
    said = []
    if run.undone:
        back = run.undone[-1].decision
        said.append(f"Taken back: {words(space, back)} on {place_name(space, back)}.")
    if run.link.decisions:
        last = run.link.decisions[-1]
        said.append(f"{in_a_phrase(space, last, by_whom(run, last, page.entry.begun))}.")
    return " ".join(said)
