"""The guide without a browser: going through a lesson, leaving it, and lesson files that name what there is not."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.library.lessons import lessons
from tests.app.conftest import heading, keys, markup, text
from tests.app.library.test_lessons import GOOD

Visit = Callable[..., AppTest]
RUN = "nas-bench-201"


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception
    return app


def messages(app: AppTest) -> str:
    return " ".join(str(each.value) for each in (*app.toast, *app.warning))


def test_learn_lists_all_lessons_and_begins_them(visit: Visit) -> None:
    app = visit("learn")
    assert heading(app) == "Learn how an architecture is chosen"
    assert all(lesson.title in text(app) for lesson in lessons().values())
    press(app, "begin-alpha")
    assert app.session_state["visit"].lesson == "alpha"
    assert "Step 1 of 5" in text(app) and "α keeps" in heading(app), "on the page that it speaks of"


def test_start_leads_to_the_lessons(visit: Visit) -> None:
    assert "to-lessons" in keys(visit())


def test_next_waits_for_the_answer_and_the_right_one_is_shown_then(visit: Visit) -> None:
    app = visit("explore", run=RUN, lesson="supernet", at="cell")
    assert app.button(key="guide-next").disabled and app.button(key="guide-back").disabled
    assert [app.button(key=f"guide-answer-{n}").label for n in (1, 2, 3)] == ["30", "1,024", "15,625"]
    assert "multiplied" not in text(app)
    press(app, "guide-answer-1")
    assert [app.button(key=f"guide-answer-{n}").label for n in (1, 2, 3)] == ["✗ 30", "1,024", "✓ 15,625"]
    assert "multiplied: <b>15,625</b>" in text(app) and not app.button(key="guide-next").disabled
    press(app, "guide-next")
    assert "Step 2 of 5" in text(app) and app.session_state["visit"].at == "edge"
    press(app, "guide-back")
    assert "multiplied" in text(app), "what was answered stays answered"


def test_what_is_asked_for_leads_on_by_itself_and_back_never_waits(visit: Visit) -> None:
    app = visit("explore", run=RUN, lesson="supernet", at="cell")
    press(press(app, "guide-answer-3"), "guide-next")
    assert app.button(key="guide-next").disabled and "Click the edge" in text(app)
    app.session_state["states"][RUN].focus("c1-2")
    app.run()
    assert "Step 3 of 5" in text(app)
    press(app, "guide-back")
    assert "Step 2 of 5" in text(app) and app.button(key="guide-next").disabled


def test_a_step_whose_part_is_already_done_waits_for_next(visit: Visit) -> None:
    app = visit("explore", run=RUN, lesson="supernet", at="edge", edge="c1-2")
    assert "✓ Click the edge" in text(app) and not app.button(key="guide-next").disabled


def test_leaving_a_lesson_keeps_its_place(visit: Visit) -> None:
    app = visit("explore", run=RUN, lesson="noise", at="more")
    press(app, "guide-close")
    assert "guide-next" not in keys(app) and app.session_state["visit"].lesson == ""
    assert app.session_state["lesson-places"] == {"noise": "more"}


def test_decisions_of_the_visitor_stay_as_a_branch(visit: Visit) -> None:
    app = visit("decide", run=RUN, d="c0-1.C1", lesson="deciding", at="alpha")
    press(press(app, "guide-answer-2"), "guide-next")
    run = app.session_state["states"][RUN]
    assert [len(line.decisions) for line in run.branches.values()] == [1]
    assert heading(app) == "Every edge is decided"


def test_another_page_and_another_supernet_are_said_with_the_way_there(visit: Visit) -> None:
    for app in (visit("decide", run=RUN, lesson="noise"), visit("explore", run="s2", lesson="noise")):
        assert "This step is on page Explore, with supernet nas-bench-201." in text(app)
        assert "guide-go" in keys(app) and app.button(key="guide-next").disabled


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"lesson": "noize"}, "there is no lesson 'noize'; did you mean noise?"),
        ({"lesson": "noise", "at": "moore"}, "there is no step 'moore'; did you mean more?"),
    ],
)
def test_a_link_to_what_there_is_not_names_the_nearest(visit: Visit, params: dict[str, str], said: str) -> None:
    app = visit("explore", run=RUN, **params)
    assert said in messages(app) and not app.exception


def test_a_file_that_names_what_there_is_not_is_said_and_the_page_still_works(
    visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = GOOD + 'spotlight = "cel"\ndo = "Wait."\nuntil = "edgy c1-2"\n'
    (tmp_path / "wrong.toml").write_text(wrong.replace('"Text."', '"It is {dropp c1-2 none}."'))
    (tmp_path / "broken.toml").write_text("number = ")
    monkeypatch.setattr("app.library.lessons.FOLDER", tmp_path)
    app = visit("explore", run=RUN, lesson="wrong")
    assert not app.exception and "α keeps" in heading(app)
    said = messages(app)
    assert "points at 'cel'" in said and "condition 'edgy'" in said and "fact 'dropp'" in said
    assert "guide-finish" in keys(app) and not app.button(key="guide-finish").disabled
    learn = visit("learn")
    assert "broken" in messages(learn) and "A title" in markup(learn)
