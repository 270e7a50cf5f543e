"""The truth beside the evidence: only where a table knows it, and only once it is asked for."""

import re
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from app.parts import truth
from app.state import session
from engine import nasbench201
from engine.results import Baseline, EdgeScores, OperationScore
from engine.selection.selection import Selection
from tests.app.conftest import text
from tests.app.small_runs import OF_S2

Visit = Callable[..., AppTest]
UNDECIDED = Selection(nasbench201.SPACE, {"cell": [[0.0] * 5] * 6})
SWITCH = "show-the-truth"


def figures(app: AppTest) -> str:
    return " ".join(chart.proto.spec for chart in app.get("plotly_chart"))


def test_it_is_hidden_until_the_visitor_asks_for_it(visit: Visit) -> None:
    app = visit("explore", run="nas-bench-201", edge="c1-2")
    assert app.toggle(key=SWITCH).value is False
    assert "Who is right?" not in text(app) and "88.27" not in figures(app)
    app.toggle(key=SWITCH).set_value(True).run()
    assert not app.exception
    words = text(app)
    assert "Who is right?" in words and "0 of 6" in words and "3 of 6" in words
    assert "0.37" in words and "0.65" in words and "0.95" in words and "1.2 of 6" in words
    assert "those with conv 3×3 reach most" in words and "α is not" in words
    assert "88.27" in figures(app) and "94.37" in figures(app)
    app.toggle(key=SWITCH).set_value(False).run()
    assert "Who is right?" not in text(app) and "88.27" not in figures(app)


def test_the_edge_ranked_twice_stays_one_click_away(visit: Visit) -> None:
    app = visit("explore", run="nas-bench-201", edge="c1-2")
    assert "The same edge, ranked twice" in text(app)
    app.toggle(key=SWITCH).set_value(True).run()
    assert "The same edge, ranked twice" not in text(app)
    app.segmented_control(key="contest").set_value("ranked twice").run()
    assert not app.exception
    assert "The same edge, ranked twice" in text(app) and "0 of 6" not in text(app)


def test_it_is_remembered_for_the_visitor_and_for_nobody_else(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "browser", lambda cookie: "someone")
    app = visit("explore", run="nas-bench-201", edge="c1-2")
    app.toggle(key=SWITCH).set_value(True).run()
    app.session_state["run"] = OF_S2
    app.run()
    app.session_state["run"] = "nas-bench-201"
    assert "Who is right?" in text(app.run())
    # A reload is a new session of the same visitor.
    reloaded = visit("explore", run="nas-bench-201", edge="c1-2")
    assert "Who is right?" in text(reloaded)
    reloaded.toggle(key=SWITCH).set_value(False).run()
    assert "Who is right?" not in text(visit("explore", run="nas-bench-201", edge="c1-2"))
    app.toggle(key=SWITCH).set_value(True).run()
    monkeypatch.setattr(session, "browser", lambda cookie: "somebody else")
    assert "Who is right?" not in text(visit("explore", run="nas-bench-201", edge="c1-2"))


def test_a_space_without_a_table_never_speaks_of_truth(visit: Visit) -> None:
    app = visit("explore", run=OF_S2, edge="n0-2")
    assert SWITCH not in {toggle.key for toggle in app.toggle}
    app.session_state["show-truth"] = True
    app.run()
    assert not app.exception
    assert "truth" not in re.sub(r"<style>.*?</style>", "", text(app), flags=re.DOTALL).lower()
    assert "Who is right?" not in text(app)
    assert "The same edge, ranked twice" in text(app)


def test_what_is_decided_narrows_the_truth(visit: Visit) -> None:
    app = visit("explore", run="nas-bench-201", edge="c1-3", d="c0-1.C3,c0-3.SK")
    app.toggle(key=SWITCH).set_value(True).run()
    assert "of 25 cells" not in text(app) and "of 125 cells" in text(app)
    assert "93.20" in figures(app) and " of 4" in text(app)
    done = visit("explore", run="nas-bench-201", d="c0-1.C3,c0-2.C3,c1-2.C3,c0-3.SK,c1-3.C3,c2-3.C3", edge="c0-1")
    done.toggle(key=SWITCH).set_value(True).run()
    assert not done.exception and "Every edge is decided" in text(done)


@pytest.mark.parametrize(
    ("alpha", "drop", "verdict"),
    [
        ("nor_conv_3x3", "nor_conv_3x3", "both are right"),
        ("nor_conv_3x3", "none", "α is right, the largest drop is not"),
        ("none", "nor_conv_3x3", "the largest drop is right, α is not"),
        ("none", "skip_connect", "neither α nor the largest drop is right"),
    ],
)
def test_the_finding_says_who_is_right(alpha: str, drop: str, verdict: str) -> None:
    said = truth.finding(scored(alpha, drop), nasbench201.worth(UNDECIDED)[0])
    assert said.startswith("Truth: of 3,125 cells") and said.endswith(f"on average: {verdict}.")
    assert truth.finding(None, nasbench201.worth(UNDECIDED)[0]).endswith("on average.")


def scored(alpha: str, drop: str) -> EdgeScores:
    rows = tuple(OperationScore(name, 0.0, 0.2, 50.0, 1.0, 1.0, None, 0.1) for name in nasbench201.OPERATIONS)
    return EdgeScores(
        cell="cell",
        edge=0,
        source=0,
        target=1,
        baseline=Baseline(51.0, 1.0),
        operations=rows,
        images=8,
        batch_size=8,
        bn="batch",
        criterion="accuracy",
        device="cpu",
        seconds=0.1,
        best_by_alpha=alpha,
        best_by_drop=drop,
        best=drop,
        difference=0.0,
        difference_ci=None,
        separated=None,
        final=True,
    )
