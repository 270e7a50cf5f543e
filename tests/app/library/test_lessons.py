"""Lessons as files: each can be read, and names only what the app knows."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from app.figures.edge_names import parse_edge_id
from app.library.lessons import FOLDER, Step, lessons, problems, read
from app.parts.guide import conditions, facts
from app.parts.guide.anchors import ANCHORS
from app.state.page import PageState
from app.state.questions import Questions
from app.state.run import RunState
from app.state.url import STEPS
from app.work.workshop import workshop
from engine.analysis import registry
from engine.errors import BadInput

ALL = [(name, step) for name, lesson in lessons().items() for step in lesson.steps]
NAMES = [f"{name}/{step.key}" for name, step in ALL]
GOOD = """
number = 1
title = "A title"
asks = "What?"
minutes = 1
run = "nas-bench-201"
takeaway = "That."
[[steps]]
key = "one"
title = "One"
page = "explore"
text = "Text."
"""


def texts(step: Step) -> list[str]:
    question = step.question
    asked = [question.text, *question.options, question.right, question.after] if question else []
    return [step.title, step.text, step.do, *asked]


def ask(run: str) -> Questions:
    entry = workshop().catalog.entries()[run]
    return Questions(PageState(entry, RunState(), "cell"), workshop().measurements)


def test_seven_lessons_take_half_an_hour() -> None:
    assert not problems()
    assert len(lessons()) == 7 and 25 <= sum(lesson.minutes for lesson in lessons().values()) <= 35
    assert [lesson.number for lesson in lessons().values()] == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(("name", "step"), ALL, ids=NAMES)
def test_a_step_names_only_what_there_is(name: str, step: Step) -> None:
    run = workshop().catalog.entries()[lessons()[name].run]
    assert run.bundled and run.summary is not None
    assert step.page in ("start", "explore", "decide", "labs")
    if step.spotlight:
        assert step.page in ANCHORS[step.spotlight].pages
    if step.until:
        conditions.find(step.until)
        assert step.do, "the visitor has to be told what is waited for"
    if step.edge:
        parse_edge_id(run.summary.space, step.edge)
    assert step.decisions in ("", "none", "alpha") and step.story in ("", *STEPS)
    assert not step.lab or (step.page == "labs" and step.lab in registry.names())
    assert bool(step.lab) == (step.page == "labs")


@pytest.mark.parametrize(("name", "step"), ALL, ids=NAMES)
def test_every_number_of_a_step_comes_from_what_is_stored(
    name: str, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = workshop().catalog.entries()
    monkeypatch.setattr("app.state.session.entries", lambda: entries)
    asked = ask(lessons()[name].run)
    for text in texts(step):
        said = facts.filled(text, asked)
        assert "{" not in said and facts.UNKNOWN not in said
        typed = re.sub(r"\{.*?\}", "", text).replace("95 %", "")  # what every interval has
        assert not re.search(r"\d %|\d pts|\d\.\d\d|\d{2},\d", typed), "a number is typed by hand"
    if step.question is not None:
        options = [facts.filled(option, asked) for option in step.question.options]
        assert len(set(options)) == len(options) > 1
        assert facts.filled(step.question.right, asked) in options


@pytest.mark.parametrize("name", lessons())
def test_what_is_asked_for_leads_to_a_step_on_the_same_page(name: str) -> None:
    steps = lessons()[name].steps
    for step, following in pairwise(steps):
        assert not step.until or step.page == following.page
    assert not steps[-1].until, "a lesson ends without waiting"


def test_every_fact_and_condition_and_anchor_serves_a_lesson() -> None:
    used = {text.split()[0] for _, step in ALL for each in texts(step) for text in facts.named(each)}
    used |= {text.split()[0] for lesson in lessons().values() for text in facts.named(lesson.takeaway)}
    assert set(facts.FACTS) == used
    assert set(conditions.CONDITIONS) == {step.until.split()[0] for _, step in ALL if step.until}
    assert {step.spotlight for _, step in ALL if step.spotlight} <= set(ANCHORS)


@pytest.mark.parametrize("text", ["{drops c1-2 none}", "{drop c1-2}", "{}"])
def test_a_fact_that_there_is_not_is_said(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.state.session.entries", lambda: workshop().catalog.entries())
    with pytest.raises(BadInput, match="fact"):
        facts.filled(text, ask("nas-bench-201"))


def test_a_fact_that_is_not_known_of_a_supernet_is_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.state.session.entries", lambda: workshop().catalog.entries())
    entry = workshop().catalog.entries()["s2"]
    asked = Questions(PageState(entry, RunState(), "normal"), workshop().measurements)
    assert facts.filled("{alpha_true}, {correlation drop}, {skip_learned nowhere}", asked) == "–, –, –"


@pytest.mark.parametrize("text", ["", "edges c1-2", "edge", "decided 1 2"])
def test_a_condition_that_there_is_not_is_said(text: str) -> None:
    with pytest.raises(BadInput, match="condition"):
        conditions.find(text)


def test_a_file_is_a_lesson(tmp_path: Path) -> None:
    path = tmp_path / "good.toml"
    path.write_text(GOOD)
    assert read(path).steps[0].text == "Text."
    assert read(path).place("two") == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("number = [", "good.toml"),
        (GOOD.replace("number = 1", 'number = "1"'), "number"),
        (GOOD.replace('asks = "What?"', ""), "asks is missing"),
        (GOOD + 'colour = "red"', "colour"),
        (GOOD + GOOD[GOOD.index("[[") :], "key of its own"),
        (GOOD[: GOOD.index("[[")] + "steps = []", "give it steps"),
    ],
)
def test_a_file_that_is_none_is_left_out_with_a_line_that_names_it(tmp_path: Path, wrong: str, said: str) -> None:
    path = tmp_path / "good.toml"
    path.write_text(wrong)
    with pytest.raises(BadInput, match=said) as problem:
        read(path)
    assert "good.toml" in str(problem.value) and "\n" not in str(problem.value)


def test_every_file_beside_the_code_is_a_lesson() -> None:
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(lessons())
