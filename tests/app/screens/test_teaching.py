"""A teacher's link: what it hides is nowhere, and it goes along from page to page and into shared links."""

import re
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from app.state.visit import HIDING
from tests.app.conftest import heading, keys, markup, text

Visit = Callable[..., AppTest]
RUN = "nas-bench-201"
EDGES = ("0-1", "0-2", "1-2", "0-3", "1-3", "2-3")


def seen(app: AppTest) -> str:
    """Everything on the page, charts and graphs included."""
    parts = [str(part.proto) for kind in ("plotly_chart", "bidi_component") for part in app.get(kind)]
    rows = [frame.value.to_string() for frame in app.dataframe]
    return " ".join([markup(app), *parts, *rows])


@pytest.mark.parametrize("word", HIDING)
@pytest.mark.parametrize("page", ["start", "explore", "decide", "compare", "train", "runs", "labs", "learn"])
def test_every_page_can_be_drawn_whatever_is_hidden(visit: Visit, page: str, word: str) -> None:
    app = visit(page, run=RUN, hide=word)
    assert not app.exception and heading(app)
    assert app.session_state["visit"].hide == (word,)


@pytest.mark.parametrize("page", ["start", "explore", "decide", "compare", "runs", "labs"])
@pytest.mark.parametrize(
    ("word", "told"), [("drop", ["+10.4", "10.4 points"]), ("truth", ["54.30", "91.17"]), ("path", ["91.17", "93.83"])]
)
def test_what_is_hidden_is_on_no_page(visit: Visit, page: str, word: str, told: list[str]) -> None:
    said = seen(visit(page, run=RUN, edge="c1-2", hide=word, step="seen"))
    assert not [number for number in told if number in said]


def test_what_is_hidden_is_not_called_unmeasured(visit: Visit) -> None:
    said = seen(visit("explore", run=RUN, edge="c1-2", hide="drop"))
    assert "hidden" in said and re.findall(r".{60}not measured.{20}", said, re.DOTALL) == []


def test_what_is_hidden_is_shown_without_the_link(visit: Visit) -> None:
    said = seen(visit("start", run=RUN, step="seen"))
    assert "10.4 points" in said and "54.30" in said and "91.17" in said


def test_answers_stay_covered_on_start_and_the_guess_is_kept(visit: Visit) -> None:
    app = visit("start", run=RUN, hide="answers")
    assert "show-all" not in keys(app)
    app.button(key="guess-skip_connect").click().run()
    assert not app.exception
    said = seen(app)
    assert "You said “skip”." in text(app) and "hidden by this link" in text(app)
    assert "10.4 points" not in said and "91.17" not in said and "guess-again" in keys(app)
    explore = visit("explore", run=RUN, hide="answers")
    assert not [toggle for toggle in explore.toggle if toggle.key == "show-the-truth"]


def test_answers_of_a_lesson_stay_hidden_and_are_kept(visit: Visit) -> None:
    app = visit("explore", run=RUN, lesson="supernet", at="cell", hide="answers")
    app.button(key="guide-answer-1").click().run()
    assert "Your answer is kept" in text(app) and "✓" not in app.button(key="guide-answer-3").label
    assert not app.button(key="guide-next").disabled


def test_a_hidden_page_says_which_word_hides_it(visit: Visit) -> None:
    app = visit("train", hide="train")
    assert heading(app) == "This page is hidden" and "hide=train" in text(app)
    assert "to-train-it" not in keys(visit("decide", run=RUN, d=",".join(f"c{e}.SK" for e in EDGES), hide="train"))


def test_nothing_can_be_brought_where_that_is_hidden(visit: Visit) -> None:
    assert not visit("start", hide="upload").expander and visit("start").expander


def test_an_unknown_word_is_said_with_the_nearest(visit: Visit) -> None:
    (message,) = visit("start", hide="truht").toast
    assert "did you mean truth?" in str(message.value)


def test_the_link_that_is_shared_hides_the_same(visit: Visit) -> None:
    app = visit("explore", run=RUN, hide="truth,drop", present="1")
    shown = app.query_params
    assert shown["hide"] in ("drop,truth", ["drop,truth"]) and shown["present"] in ("1", ["1"])


# Spoilers on Start


def legend(app: AppTest) -> list[str]:
    return re.findall(r"<td>(\d+ \| .*? \| .*?)</td>", markup(app).replace("<b>", "").replace("</b>", ""))


def test_nothing_beside_the_question_gives_the_answer_away_before_the_guess(visit: Visit) -> None:
    app = visit("start", run=RUN)
    assert legend(app) and all(row.endswith("| ? | ?") for row in legend(app))
    marks = re.findall(r'<i class="(\w+)"', markup(app))
    assert set(marks) == {"covered", "unmeasured"}, "the small runs are not measured"
    assert "stays covered until you have guessed" in markup(app)
    assert not re.search("disagrees with α on [1-9]|agrees on [1-9]", markup(app))
    app.button(key="show-all").click().run()
    assert not any("?" in row for row in legend(app))
    assert "covered" not in set(re.findall(r'<i class="(\w+)"', markup(app)))


def test_other_pages_cover_nothing(visit: Visit) -> None:
    assert not any("?" in row for row in legend(visit("explore", run=RUN)))
