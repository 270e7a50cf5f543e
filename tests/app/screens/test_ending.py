"""The end's sentence, and the one step that cost most."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from app.screens.decide.ending import Ending, ending, selection_of, sentence
from app.state import url
from app.work.workshop import workshop
from engine import nasbench201
from engine.selection.decisions import OperationDecision
from engine.selection.genotype_text import parse_genotype
from engine.selection.selection import Selection
from tests.app.conftest import finish, text

Visit = Callable[..., AppTest]
C3, SKIP = "nor_conv_3x3", "skip_connect"


def whole(*operations: str) -> Selection:
    selection = Selection(nasbench201.SPACE, {"cell": [[0.0] * 5] * 6})
    for edge, name in enumerate(operations):
        selection = selection.discretize("cell", edge, name)
    return selection


SKIPS = str(whole(*[SKIP] * 6).decoded())


def test_the_step_that_cost_most_is_the_one_whose_exchange_gains_most() -> None:
    cell = whole(C3, C3, C3, SKIP, C3, "none")
    found = ending(cell, SKIPS, None)
    assert (found.accuracy, found.alpha, found.measured) == (93.68, 54.30, None)
    assert found.other is not None
    assert (found.other.number, found.other.decision) == (6, OperationDecision("cell", 5, "nor_conv_1x1"))
    assert found.other.accuracy == pytest.approx(94.37) and found.other.gain == pytest.approx(0.69)
    # by hand: no exchange of a single operation reaches more
    operations = [name for name, _ in cell.decoded().pairs("cell")]
    for edge in range(6):
        for name in nasbench201.OPERATIONS:
            other = whole(*(name if place == edge else old for place, old in enumerate(operations)))
            assert nasbench201.lookup(str(other.decoded())).cifar10 <= 94.37


def test_the_number_of_a_step_follows_the_order_of_decisions() -> None:
    order = (5, 0, 1, 2, 3, 4)
    operations = (C3, C3, C3, SKIP, C3, "none")
    selection = Selection(nasbench201.SPACE, {"cell": [[0.0] * 5] * 6})
    for edge in order:
        selection = selection.discretize("cell", edge, operations[edge])
    found = ending(selection, None, None).other
    assert found is not None and (found.number, found.decision.edge) == (1, 5)


def test_the_best_cell_has_no_better_neighbour() -> None:
    found = ending(whole(C3, C3, C3, SKIP, C3, "nor_conv_1x1"), None, None)
    assert (found.accuracy, found.rank, found.other) == (94.37, 1, None)


@pytest.mark.parametrize(
    ("alpha", "measured", "said"),
    [
        (54.30, 91.20, ": 38.8 points above α, 1.9 above measurement (order 0)."),
        (None, 93.98, ": 0.9 points below measurement (order 0)."),
        (93.10, None, ": the same as α."),
        (93.08, None, ": 0.02 points above α."),
        (None, None, "."),
    ],
)
def test_the_sentence_sets_the_cell_beside_the_two_others(
    alpha: float | None, measured: float | None, said: str
) -> None:
    line = sentence(Ending(93.10, 1175, alpha, measured, None), "order 0")
    assert line == f"Your cell reaches 93.10 %, rank 1,175 of 15,625{said}"


def test_the_page_ends_with_it_and_one_click_makes_the_branch(visit: Visit) -> None:
    words = ",".join(f"{name}.C3" for name in ("c0-1", "c0-2", "c1-2")) + ",c0-3.SK,c1-3.C3,c2-3.NO"
    app = visit("decide", run="nas-bench-201", d=words)
    assert "Your cell reaches 93.68 %, rank" in text(app) and "39.4 points above α" in text(app)
    assert "You lost **0.69 points** at step 6: with **conv 1×1** on node 2 → output" in text(app)
    app.button(key="exchange").click().run()
    assert not app.exception
    assert "Your cell reaches 94.37 %, rank 1 of 15,625" in text(app)
    assert "No single other operation would make it better." in text(app)
    state = app.session_state["states"]["nas-bench-201"]
    assert state.branch == "B" and list(state.branches) == ["A"]


def test_other_families_set_the_sizes_side_by_side(visit: Visit) -> None:
    start = app_start(visit)
    app = visit("decide", run="s2", d=start, budget="512")
    assert not app.exception and "Your cell reaches" not in text(app)
    assert text(app).count("<span>multiply-adds</span>") >= 2 and text(app).count("<span>parameters</span>") >= 2
    assert "36 channels and 20 cells" in text(app)
    app = finish(app.button(key="measure-alpha").click().run())
    # the same cell, and the same weights: nothing is tuned
    assert not app.exception and text(app).count("one-shot accuracy") == 2


@pytest.mark.parametrize("name", ["nas-bench-201", "s2", "darts"])
def test_a_cell_gives_a_selection_that_ends_at_it(name: str) -> None:
    summary = workshop().catalog.entries()[name].summary
    assert summary is not None
    for path in (summary.scores or {}).get("paths", ())[:2]:
        genotype = parse_genotype(path["genotype"])
        assert selection_of(summary.start, genotype).genotype() == genotype
    alpha = summary.start.alpha_path().decoded()
    assert selection_of(summary.start, alpha).decoded() == alpha


def app_start(visit: Visit) -> str:
    """The link of alpha's whole cell."""
    summary = workshop().catalog.entries()["s2"].summary
    assert summary is not None
    return url.format_decisions(summary.start.alpha_path().decisions, summary.space)
