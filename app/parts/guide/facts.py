"""The numbers in a lesson's texts, from what is measured, stored or listed: nothing is typed into a lesson by hand.

filled   a text with its facts, "{drop c1-2 nor_conv_3x3}", in words
find     the function behind a fact
FACTS    all of them, by name
UNKNOWN  what stands where a fact is not known here

A fact is of the supernet on screen as it came, after its last epoch and before any decision; a drop rests on as many
images as the page says.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from inspect import signature

from app.parts.guide.cell_facts import CELL_FACTS, NotHere
from app.parts.guide.lab_facts import LAB_FACTS
from app.state import session
from app.state.questions import Questions
from engine.errors import BadInput, one_of

UNKNOWN = "–"
FACTS = CELL_FACTS | LAB_FACTS
_FACT = re.compile(r"\{([^{}]*)\}")


def filled(text: str, ask: Questions) -> str:
    """Raises BadInput for a fact that there is not."""
    page = ask.page.as_it_came()
    ask = ask.on(replace(page, entry=session.entries()[page.entry.id]))
    return _FACT.sub(lambda found: _fact(found[1], ask), text)


def _fact(text: str, ask: Questions) -> str:
    found, words = find(text)
    try:
        return found(ask, *words)
    except NotHere:
        return UNKNOWN


def find(text: str) -> tuple[Callable[..., str], list[str]]:
    """Raises BadInput for a fact that there is not."""
    name, *words = text.split() or [""]
    if name not in FACTS:
        raise one_of("fact", name, FACTS)
    found = FACTS[name]
    wanted = len(signature(found).parameters) - 1
    if len(words) != wanted:
        raise BadInput(f"fact {text!r} has {len(words)} words after its name; write {wanted}")
    return found, words


def named(text: str) -> list[str]:
    """The facts of a text."""
    return _FACT.findall(text)
