"""Words of the field: each in one file, underlined on pages where it is first said, and listed in a dialog."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.parts.terms import TERMS, glossary, marked, term
from engine.errors import BadInput
from tests.app.conftest import heading, markup

LISTED = {"mask", "topology"}
"""Words that the definitions of others need, and no page says in a headline, a title or a caption."""


def named(root: Path) -> Iterator[str]:
    """Names of words that the app's pages underline."""
    for path in (root / "app").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("term", "marked"):
                arguments = call.args[:1] if call.func.id == "term" else call.args[1:]
                parts = (part for argument in arguments for part in ast.walk(argument))
                yield from (part.value for part in parts if isinstance(part, ast.Constant))


def test_every_word_that_a_page_underlines_is_in_the_file_and_every_word_there_is_used_or_listed(root: Path) -> None:
    used = set(named(root))
    assert used <= set(TERMS)
    assert set(TERMS) - used == LISTED


@pytest.mark.parametrize("name", TERMS)
def test_a_word_is_explained_in_a_line(name: str) -> None:
    found = TERMS[name]
    assert found.word and found.definition.endswith(".") and 30 < len(found.text) < 260
    assert name.isidentifier(), "it names a group of a pattern"


def test_a_word_carries_its_definition_for_pointer_and_keyboard() -> None:
    said = term("drop", "Drops & co")
    assert said.startswith('<span class="term" tabindex="0" title="drop: Points of accuracy')
    assert said.endswith(">Drops &amp; co</span>")


def test_the_first_place_of_a_word_is_marked_and_none_inside_another() -> None:
    said = marked("The mixing weight of an operation; operations mix by α, and α alone.", "operation", "alpha")
    assert re.findall(r">([^<]+)</span>", said) == ["operation", "α"]
    assert re.sub(r"<.*?>", "", said) == "The mixing weight of an operation; operations mix by α, and α alone."
    assert marked("hardware drops", "rank", "drop").count("<span") == 1
    assert marked("nas-bench-201-edge", "edge") == "nas-bench-201-edge"


@pytest.mark.parametrize("ask", [lambda: term("gradient"), lambda: marked("any", "gradient")])
def test_a_word_that_the_file_does_not_have_is_said(ask: Callable[[], str]) -> None:
    with pytest.raises(BadInput, match="gradient"):
        ask()


def test_all_words_are_listed_by_the_alphabet() -> None:
    words = re.findall(r"<dt>(.*?)</dt>", glossary())
    assert len(words) == len(TERMS) and words == sorted(words, key=str.lower)
    assert all(found.definition.split("'")[0] in glossary() for found in TERMS.values())


def test_the_list_opens_from_the_sidebar_of_every_page(visit: Callable[..., AppTest]) -> None:
    app = visit("decide")
    assert "class='words'" not in markup(app)
    app.button(key="words").click().run()
    assert not app.exception and "class='words'" in markup(app)


@pytest.mark.parametrize("page", ["start", "explore", "decide", "compare", "train", "runs"])
def test_pages_underline_words_and_speak_them_plainly(visit: Callable[..., AppTest], page: str) -> None:
    app = visit(page)
    assert 'class="term"' in markup(app) and "<" not in heading(app)
    spoken = [str(part.proto) for part in app.get("bidi_component") if part.proto.id.endswith("-spoken")]
    assert spoken and not any("<span" in one for one in spoken)


def test_each_word_has_an_address_that_lets_it_stand_out(visit: Callable[..., AppTest]) -> None:
    app = visit("learn", words="one_shot", hide="truth")
    assert re.findall(r'<dt class="pointed">(.*?) <a', markup(app)) == ["one-shot accuracy"]
    assert markup(app).index(TERMS["one_shot"].definition) < markup(app).index("1. One network"), "it comes first"
    addresses = re.findall(r'<a href="(.*?)"', markup(app))
    assert len(addresses) == len(TERMS) and all("hide=truth" in each and "words=" in each for each in addresses)
    assert not app.toast


def test_an_address_of_no_word_is_said_with_the_nearest(visit: Callable[..., AppTest]) -> None:
    (message,) = visit("learn", words="one_shoot").toast
    assert "did you mean one_shot?" in str(message.value)
