"""The words of the field, each one hover away: one file of them (terms.toml), underlined on pages, listed in a dialog.

Term      a word, what it means, its formula and its source
TERMS     all of them, by name
term      a word of a page that carries its definition, as HTML
marked    a sentence of HTML, the first place of each of these words made so
glossary  all words as HTML, by the alphabet; each perhaps with a link to itself

Hovering shows the definition, and so does the focus, which Tab or a tap gives (`.term` in sidebar.css).
"""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from engine.checked import checked
from engine.errors import one_of

_FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class Term:
    """formula, source: "" where there is none."""

    word: str
    definition: str
    formula: str = ""
    source: str = ""
    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012

    @property
    def text(self) -> str:
        """All of it in one line."""
        return " ".join(filter(None, (self.definition, self.formula and f"{self.formula}.", self._source)))

    @property
    def _source(self) -> str:
        return f"({self.source})" if self.source else ""


TERMS: dict[str, Term] = checked(dict[str, Term], tomllib.loads(_FILE.read_text(encoding="utf-8")))


def term(name: str, said: str | None = None) -> str:
    """said: how the page spells it, as text; the term's own word if none is given. Raises BadInput for a name that
    the file does not have."""
    if name not in TERMS:
        raise one_of("term", name, TERMS)
    found = TERMS[name]
    about = escape(f"{found.word}: {found.text}")
    return f'<span class="term" tabindex="0" title="{about}">{escape(said or found.word)}</span>'


def marked(sentence: str, *names: str) -> str:
    """sentence: HTML without tags. A word that is not in it, is left out; one in the plural is found, too. Raises
    BadInput as `term` does."""
    if unknown := next((name for name in names if name not in TERMS), None):
        raise one_of("term", unknown, TERMS)
    left = set(names)

    def put(found: re.Match[str]) -> str:
        name = found.lastgroup or ""
        if name not in left:
            return found[0]
        left.remove(name)
        return term(name, found[0])

    longest_first = sorted(names, key=lambda name: -len(TERMS[name].word))
    words = "|".join(rf"(?P<{name}>{re.escape(TERMS[name].word)}s?)" for name in longest_first)
    return re.sub(rf"(?<![\w-])(?:{words})(?![\w-])", put, sentence, flags=re.IGNORECASE) if names else sentence


def glossary(address: Callable[[str], str] | None = None, pointed: str = "") -> str:
    """address: of the word of a name. pointed: the name of the word that stands out."""
    rows = []
    for name, found in sorted(TERMS.items(), key=lambda each: each[1].word.lower()):
        more = " · ".join(filter(None, (found.formula, found.source)))
        small = f"<small>{escape(more)}</small>" if more else ""
        link = ""
        if address is not None:
            label = f"Address of {escape(found.word)}"
            link = f' <a href="{escape(address(name))}" target="_self" aria-label="{label}">#</a>'
        look = ' class="pointed"' if name == pointed else ""
        rows.append(f"<dt{look}>{escape(found.word)}{link}</dt><dd{look}>{escape(found.definition)}{small}</dd>")
    return f"<dl class='words'>{''.join(rows)}</dl>"
