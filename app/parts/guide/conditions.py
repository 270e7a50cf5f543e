"""What a lesson can wait for: conditions on what is on screen, by name.

CONDITIONS   name -> how many words come after it, and what is true then
is_met       whether the text of a lesson, "edge c1-2", is true now
"""

from collections.abc import Callable
from typing import NamedTuple

from app.parts import truth
from app.state import keys
from app.state.questions import Questions
from engine.errors import BadInput, one_of


class Condition(NamedTuple):
    words: int
    holds: Callable[..., bool]


def _edge(ask: Questions, edge: str) -> bool:
    return ask.page.edge is not None and ask.page.edge_id(ask.page.edge) == edge


def _earlier_epoch(ask: Questions) -> bool:
    return ask.page.entry.epoch is not None


def _decided(ask: Questions, number: str) -> bool:
    return len(ask.page.link.decisions) >= int(number)


CONDITIONS = {
    "edge": Condition(1, _edge),
    "uncovered": Condition(0, lambda ask: ask.page.link.step == "seen"),
    "earlier-epoch": Condition(0, _earlier_epoch),
    "decided": Condition(1, _decided),
    "undone": Condition(0, lambda ask: not ask.page.link.decisions and bool(ask.page.run.undone)),
    "truth-shown": Condition(0, lambda ask: truth.is_shown(ask.page)),
    "highlighted": Condition(0, lambda ask: keys.ISOLATED.get(None) is not None),
}


def find(text: str) -> tuple[Condition, list[str]]:
    """Raises BadInput for a condition that there is not."""
    name, *words = text.split() or [""]
    if name not in CONDITIONS:
        raise one_of("condition", name, CONDITIONS)
    found = CONDITIONS[name]
    if len(words) != found.words:
        raise BadInput(f"condition {text!r} has {len(words)} words after its name; write {found.words}")
    return found, words


def is_met(text: str, ask: Questions) -> bool:
    """Raises BadInput as `find` does."""
    found, words = find(text)
    return found.holds(ask, *words)
