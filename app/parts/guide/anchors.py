"""What a lesson can point at: names of parts of pages.

Anchor    a part: how the page's style finds it, and on which pages it is
ANCHORS   all of them, by name
"""

from typing import NamedTuple


class Anchor(NamedTuple):
    selector: str
    pages: tuple[str, ...]


def _card(key: str, *pages: str) -> Anchor:
    return Anchor(f".st-key-{key}", pages)


ANCHORS = {
    "cell": _card("cell-card", "start", "explore", "decide"),
    "question": _card("question-card", "start"),
    "stakes": _card("stakes-card", "start"),
    "inspector": _card("inspector-card", "explore"),
    "every-edge": _card("matrix-card", "explore"),
    "ranked-twice": _card("slope-card", "explore"),
    "choice": _card("decision-card", "decide"),
    "outcomes": _card("outcomes-card", "decide"),
    "tape": _card("tape-card", "decide"),
    "tools": _card("tools", "decide"),
    "ends": _card("finished", "decide"),
    "figure": _card("lab-figure-card", "labs"),
    "table": _card("lab-table-card", "labs"),
    "words": _card("lab-words-card", "labs"),
}
