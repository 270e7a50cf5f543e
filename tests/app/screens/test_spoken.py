"""What the live region of Decide says: what was taken and by whom, what was taken back, what has been found."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from app.screens.decide.spoken import finding
from engine import nasbench201
from engine.drawing.wording import VERDICT
from tests.app.cell_graph_samples import sample_scores, sample_weights
from tests.app.screens.test_decide import press, table
from tests.app.small_runs import OF_201

SPACE = nasbench201.SPACE


def spoken(app: AppTest) -> str:
    return table(app, "spoken")["text"]


def test_what_was_taken_and_taken_back_is_said_before_the_step(visit: Callable[..., AppTest]) -> None:
    app = visit("decide", run=OF_201)
    assert spoken(app).startswith("Step 1 of 6 · input → node 1. Not measured yet")
    press(app, "use-alpha")
    assert "taken on input → node 1, as α suggests. Step 2 of 6 · input → node 2. " in spoken(app)
    press(app, "undo")
    assert spoken(app).startswith("Taken back: ") and " on input → node 1. Step 1 of 6" in spoken(app)
    press(app, "redo")
    app.session_state["states"][OF_201].look(0)
    assert spoken(app.run()).startswith("Looking back at the moment after 0 decisions. Step 1 of 6")


@pytest.mark.parametrize("edge", range(6))
def test_a_finding_names_its_verdict(edge: int) -> None:
    scores = sample_scores(SPACE, "cell", sample_weights(SPACE, "cell"))[edge]
    found = finding(SPACE, scores)
    assert found.verdict is not None and found.verdict[0] == scores.verdict
    assert found.spoken == f"{VERDICT[scores.verdict].word}. {found.sentence}"
