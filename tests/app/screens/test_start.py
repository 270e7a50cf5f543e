"""Start without a browser: the question, its covered answer, the guess, and what is at stake."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.figures.edge_alphas import edge_alphas
from app.library.catalog import Catalog
from app.screens.start import words
from app.state.keys import ANSWERS
from app.work.workshop import Workshop, replaced, workshop
from engine import nasbench201
from engine.drawing import palette, wording
from engine.results import EdgeScores
from tests.app.conftest import finish, heading, keys, step, text
from tests.app.screens.test_spoken import spoken
from tests.app.small_runs import OF_201

Visit = Callable[..., AppTest]
BUNDLED = "nas-bench-201"


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception
    return app


def part(app: AppTest, name: str) -> str:
    """The text of one piece of the page's own HTML."""
    found = [html.proto.body for html in app.get("html") if re.match(rf"<\w+ class='{name}\b", html.proto.body)]
    assert len(found) == 1, f"{len(found)} parts {name}"
    return re.sub(r"<.*?>", " ", found[0]).replace("  ", " ").strip()


def asked(run: str = BUNDLED) -> EdgeScores:
    """The edge on which alpha is wrong most clearly."""
    summary = workshop().catalog.entries()[run].summary
    assert summary is not None and summary.scores is not None
    rows = [EdgeScores.from_dict(row) for row in summary.scores["edges"]]
    return max((row for row in rows if row.verdict == "disagree"), key=lambda row: row.difference or 0)


def label(name: str) -> str:
    return f"“{palette.operation(name).label}”"


def chart(app: AppTest) -> str:
    (found,) = [figure.proto for figure in app.get("plotly_chart") if "drop when removed" in figure.proto.spec]
    return str(found)


def test_the_question_is_asked_where_alpha_is_wrong_and_nothing_gives_the_answer_away(visit: Visit) -> None:
    app, scores = visit(), asked()
    assert heading(app) == "Which operation should survive?"
    assert part(app, "product") == "Supernet Explorer"
    alpha = scores.best_by_alpha
    assert alpha is not None
    assert part(app, "story-line").startswith(f"α gives {label(alpha)} the most weight")
    assert "guess before you look" in chart(app) and "error_x" not in chart(app)
    drop = wording.number(scores.operation(scores.best).drop, sign=True)
    assert drop not in chart(app)
    (graph,) = [each.proto for each in app.get("bidi_component") if each.proto.id.endswith("start-graph")]
    assert '"measured":null' in str(graph).replace("\\", "").replace(" ", "")
    assert '"state":"disagree"' not in str(graph).replace("\\", "").replace(" ", "")
    assert "? %" in part(app, "stakes") and "Guess again" not in text(app)
    assert "disagree." not in spoken(app)


def test_each_operation_can_be_guessed_by_its_name_and_its_key(visit: Visit) -> None:
    app, scores = visit(), asked()
    guesses = [button for button in app.button if str(button.key).startswith("guess-")]
    weights = {row.name: row.weight for row in scores.operations}
    names = [str(button.key).removeprefix("guess-") for button in guesses]
    assert names == sorted(weights, key=lambda name: -weights[name])
    assert [button.label for button in guesses] == [palette.operation(name).label for name in names]
    assert [button.proto.shortcut for button in guesses] == ["1", "2", "3", "4", "5"]
    assert all(button.help and button.label in button.help for button in guesses)


def test_a_wrong_guess_is_said_and_uncovers_everything(visit: Visit) -> None:
    app, scores = visit(), asked()
    alpha = scores.best_by_alpha
    assert alpha is not None
    app = press(app, f"guess-{alpha}")
    said = part(app, "story-line")
    assert said.startswith(f"You said {label(alpha)}. Measurement says {label(scores.best)}: the supernet loses ")
    assert wording.number(scores.operation(scores.best).drop) in said
    assert f"without {label(alpha)}, which α keeps" in said
    assert said in spoken(app) and "Follow α on every edge: " in spoken(app)
    assert "error_x" in chart(app) and "≠ disagree" in text(app)
    assert app.query_params["step"] == "seen"
    assert not app.error and not app.warning


def test_a_right_guess_is_said(visit: Visit) -> None:
    app, scores = visit(), asked()
    app = press(app, f"guess-{scores.best}")
    assert part(app, "story-line").startswith(f"You said {label(scores.best)}, and so does measurement: ")


def test_all_can_be_shown_without_a_guess_and_covered_again(visit: Visit) -> None:
    app, scores = visit(), asked()
    app = press(app, "show-all")
    assert part(app, "story-line").startswith(f"Measurement says {label(scores.best)}: ")
    app = press(app, "guess-again")
    assert "guess before you look" in chart(app) and app.query_params["step"] == "guess"
    app = press(app, f"guess-{scores.best}")
    assert "You said" in part(app, "story-line")


def guessed(app: AppTest) -> list[tuple[str, str, bool]]:
    """What is handed in of it."""
    if ANSWERS.name not in app.session_state:
        return []
    return [(each.step, each.said, each.is_right) for each in app.session_state[ANSWERS.name].values()]


def test_the_first_guess_is_handed_in_and_no_later_one(visit: Visit) -> None:
    app, scores = visit(), asked()
    assert scores.best_by_alpha is not None
    app = press(app, f"guess-{scores.best_by_alpha}")
    ((place, said, is_right),) = guessed(app)
    assert place.startswith(f"start/{BUNDLED}/c") and (said, is_right) == (scores.best_by_alpha, False)
    app = press(press(app, "guess-again"), f"guess-{scores.best}")
    assert guessed(app) == [(place, said, is_right)]


def test_a_guess_after_the_answer_was_shown_is_not_handed_in(visit: Visit) -> None:
    app = press(press(visit(), "show-all"), "guess-again")
    assert guessed(press(app, f"guess-{asked().best}")) == []


@pytest.mark.parametrize(("link", "covered"), [("guess", True), ("seen", False)])
def test_a_link_leads_to_either_state(visit: Visit, link: str, covered: bool) -> None:
    app = visit(step=link)
    assert ("guess before you look" in chart(app)) == covered
    assert not app.toast


def test_a_step_that_does_not_exist_is_said_and_left_out(visit: Visit) -> None:
    app = visit(step="solved")
    assert any("step" in message.value for message in app.toast)
    assert "guess before you look" in chart(app)


def test_the_way_on_is_offered_first_once_the_answer_is_seen(visit: Visit) -> None:
    app = visit()
    assert app.button(key="to-decide").proto.type == "secondary"
    app = press(app, "show-all")
    assert app.button(key="to-decide").proto.type == "primary"
    assert {"to-explore", "to-supernets"} <= keys(app)
    app = press(app, "to-supernets")
    assert any(each.proto.id.endswith("scroll-to-supernets") for each in app.get("bidi_component"))


@pytest.mark.parametrize("run", [BUNDLED, "nas-bench-201-epoch-6", "nas-bench-201-fixed-alpha", "nas-bench-201-gdas"])
def test_both_numbers_are_those_of_the_table(visit: Visit, run: str) -> None:
    app = press(visit(run=run), "show-all")
    summary = workshop().catalog.entries()[run].summary
    assert summary is not None and summary.scores is not None
    alpha = nasbench201.lookup(summary.start.alpha_path().genotype())
    ends = [nasbench201.lookup(path["genotype"]).cifar10 for path in summary.scores["paths"]]
    said = part(app, "stakes")
    assert f"{alpha.cifar10:.2f} %" in said and f"rank {alpha.rank['cifar10']:,} of 15,625" in said
    assert f"{ends[0]:.2f} %" in said and f"eight orders: {min(ends):.1f} to {max(ends):.1f}" in said


def test_the_bundled_supernet_tells_the_story_of_the_paper(visit: Visit) -> None:
    assert (
        "Follow α on every edge: 54.30 %, rank 15,231 of 15,625. "
        "Follow measurement: 91.17 % (order 0; eight orders: 89.3 to 93.8)."
    ) in spoken(visit(step="seen"))


def test_the_story_is_told_of_the_supernet_before_any_decision(visit: Visit) -> None:
    decided = visit(d="c0-1.SK,c1-2.SK", step="seen")
    assert part(decided, "story-line") == part(visit(step="seen"), "story-line")
    assert decided.query_params["d"] == "c0-1.SK,c1-2.SK", "and they stay in the address"


def test_without_a_table_the_strip_says_so_and_gives_what_the_supernet_reaches(visit: Visit) -> None:
    app = press(visit(run="s2"), "show-all")
    summary = workshop().catalog.entries()["s2"].summary
    assert summary is not None and summary.scores is not None
    last = [path["accuracies"][-1] for path in summary.scores["paths"]]
    said = part(app, "stakes")
    assert "No table says which cell is better" in said and "rank" not in said
    assert f"{last[0]:.1f} %" in said and "before its last decision" in said and "two orders" in said


def test_where_alpha_is_wrong_nowhere_the_answer_says_so(visit: Visit) -> None:
    app = press(visit(run="s2"), "show-all")
    assert "On none of the 14 edges does measurement contradict α." in part(app, "story-note")
    assert "On none" not in part(press(visit(), "show-all"), "story-note")


def test_an_unmeasured_edge_is_measured_first_and_guessed_then(visit: Visit) -> None:
    app = visit(run=OF_201, budget="512")
    assert app.button(key="guess-none").disabled and "show-all" not in keys(app)
    assert "Not measured yet" in part(app, "story-note") and app.button(key="measure-edge").label.startswith("Measure")
    app = finish(press(app, "measure-edge"))
    assert not app.exception and not app.button(key="guess-none").disabled
    assert "guess before you look" in chart(app), "measuring gives nothing away"
    app = press(app, "guess-none")
    assert part(app, "story-line").startswith("You said")
    assert "no path is measured yet" in part(app, "stakes")


def test_back_covers_and_forward_uncovers_with_the_guess(visit: Visit) -> None:
    app = visit()
    alpha = asked().best_by_alpha
    app = press(step(app), f"guess-{alpha}")
    app.query_params.clear()
    app.query_params["run"] = BUNDLED
    app.session_state["address"].sent_at -= 60
    app.run()
    assert "guess before you look" in chart(app)
    app.query_params["step"] = "seen"
    app.session_state["address"].sent_at -= 60
    app.run()
    assert part(app, "story-line").startswith("You said")


def test_where_no_supernet_is_one_can_be_trained(visit: Visit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SUPERNET_CHECKPOINTS")
    with replaced(Workshop(Catalog(tmp_path))):
        app = visit()
        assert not app.exception
        assert "takes minutes" in text(app)
        press(app, "to-train")


def test_every_verdict_has_its_sentence() -> None:
    scores = asked()
    tied = replace(scores, operations=tuple(replace(row, drop=0.0, ci=(-1.0, 1.0)) for row in scores.operations))
    assert words.answer(tied, "none").startswith("You said “none”. ")
    for run in ("s2", "darts", BUNDLED, "nas-bench-201-fixed-alpha"):
        summary = workshop().catalog.entries()[run].summary
        assert summary is not None and summary.scores is not None
        for row in map(EdgeScores.from_dict, summary.scores["edges"]):
            said = words.answer(row, row.operations[0].name)
            assert said.startswith("You said “") and said.endswith(".")
            assert ("which α keeps" in said) == (row.verdict == "disagree")
            agrees = " and α keeps it too" in said or "as α does" in said
            assert agrees == (row.verdict == "agree") or row.none_stands_out
            assert words.question(edge_alphas(summary.start.alphas, row.cell, row.edge))[1] == words.ASKED
