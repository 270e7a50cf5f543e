import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.library import catalog
from app.library.selections import FOLDER
from app.screens.compare.endings import RunEndings, Side
from app.screens.compare.reasons import reason
from app.screens.compare.view import Accuracy, End, headline, ranked
from app.work.workshop import workshop
from engine.nasbench201 import lookup
from tests.app.conftest import finish, heading, keys, text
from tests.app.screens.test_address import BUNDLED, run, shelf, store
from tests.app.small_runs import OF_201, OF_S2

Visit = Callable[..., AppTest]


@pytest.fixture
def with_runs(small_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small NAS-Bench-201 run with four stored full runs beside it."""
    folder = tmp_path / "full"
    shutil.copytree(small_runs / OF_201, folder)
    summary = catalog.read_entry("full", folder).summary
    assert summary is not None
    operations = ("nor_conv_3x3", "nor_conv_3x3", "skip_connect")
    store(folder, **{f"quick_order_{n}": run(summary, n, operation) for n, operation in enumerate(operations)})
    store(folder, published=run(summary, 0, "nor_conv_1x1", published=True, images=15000))
    monkeypatch.setenv("SUPERNET_CHECKPOINTS", str(folder))
    return folder


def test_the_page_begins_with_alpha_against_measurement_and_states_the_finding(visit: Visit) -> None:
    app = visit("compare")
    assert not app.exception
    found = shelf()
    alpha, measured = (lookup(found.document(name).selection.genotype()).cifar10 for name in ("alpha", "order-0"))
    assert heading(app).startswith(f"α ends at {alpha:.2f} %, measurement (order 0) at {measured:.2f} %: ")
    assert "of 6 edges differ" in heading(app)
    words = text(app)
    assert "1,024 images, batch statistics" in words and "stored 2026-11-24, CPU" in words
    assert "Edge orders" in words


def test_a_run_without_stored_selections_says_how_to_make_them(visit: Visit) -> None:
    words = text(visit("compare", run="small-s2"))
    assert "stored for this supernet" in words and "python -m engine select" in words


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"run": "s2"},
        {"run": "darts", "cell": "reduce"},
        {"run": OF_S2},
        {"a": "s2:alpha", "b": f"{BUNDLED}:order-3"},
        {"a": "s2:mine", "b": "darts:at-once"},
        {"a": "s2:at-once", "b": "s2:alpha", "run": BUNDLED},
        {"a": f"{BUNDLED}:mine", "b": f"{BUNDLED}:alpha", "d": "c0-1.NO,c0-2.C3", "edge": "c1-3"},
    ],
    ids=str,
)
def test_every_pair_of_sides_draws_in_both_themes(visit: Visit, params: dict[str, str], theme: str) -> None:
    app = visit("compare", **params)
    app.context = {"theme": theme}
    assert not app.run().exception


def test_an_undecided_side_shows_what_is_decided(visit: Visit) -> None:
    app = visit("compare", a=f"{BUNDLED}:alpha", b=f"{BUNDLED}:mine", d="c0-1.NO,c0-2.C3")
    words = text(app)
    assert "4 undecided" in heading(app)
    assert "2 of 6 decided in this session" in words and "B is not finished: 4 of 6 decisions are left." in words


def test_sides_of_different_spaces_are_shown_and_not_compared(visit: Visit) -> None:
    app = visit("compare", a=f"{BUNDLED}:alpha", b="s2:alpha")
    assert "different search spaces" in heading(app)
    assert "no edge of A has a counterpart in B" in text(app)


def test_a_preset_sets_both_sides_and_their_pickers(visit: Visit) -> None:
    app = visit("compare")
    app.segmented_control(key="compare-preset").set_value("order vs order").run()
    assert not app.exception
    assert heading(app).startswith("measurement (order 0)")
    assert app.selectbox(key="side-a-ending").value == "order-0"
    assert app.selectbox(key="side-b-ending").value == "order-1"
    assert app.query_params["a"] == f"{BUNDLED}:order-0" and app.query_params["b"] == f"{BUNDLED}:order-1"


def test_a_picker_changes_its_side_and_keeps_an_ending_that_the_run_has(visit: Visit) -> None:
    app = visit("compare", a=f"{BUNDLED}:order-2", b=f"{BUNDLED}:alpha")
    app.selectbox(key="side-a-run").set_value("nas-bench-201-epoch-6").run()
    assert app.query_params["a"] == "nas-bench-201-epoch-6:order-2"
    app.selectbox(key="side-a-run").set_value("s2").run()
    assert not app.exception
    assert app.query_params["a"] == "s2:alpha"
    app.selectbox(key="side-b-ending").set_value("at-once").run()
    assert app.query_params["b"] == f"{BUNDLED}:at-once"


def test_what_a_link_names_and_is_not_there_is_left_out_with_a_word(visit: Visit) -> None:
    app = visit("compare", a="nowhere:alpha", b=f"{BUNDLED}:order-99")
    assert not app.exception
    said = " ".join(toast.value for toast in app.toast)
    assert "The link's a was left out" in said and "The link's b was left out" in said
    assert heading(app).startswith("α ends at")


def test_another_run_in_the_sidebar_begins_anew(visit: Visit) -> None:
    app = visit("compare", a=f"{BUNDLED}:order-2", b=f"{BUNDLED}:order-3")
    app.session_state["run"] = "s2"
    app.run()
    assert app.selectbox(key="side-a-run").value == "s2" and heading(app).startswith("α beside")


def test_the_supernet_is_measured_at_both_ends(visit: Visit) -> None:
    app = visit("compare", run=OF_201, a=f"{OF_201}:alpha", b=f"{OF_201}:mine", d="c0-1.NO", budget="512")
    assert "measure-sides" in keys(app)
    app = finish(app.button(key="measure-sides").click().run())
    assert not app.exception
    assert "measure-sides" not in keys(app)
    assert "Supernet accuracy: 512 images, batch statistics, no tuning" in text(app)


def test_stored_runs_are_sides_and_their_orders_are_summed_up(visit: Visit, with_runs: Path) -> None:
    app = visit("compare", run="full", a="full:alpha", b="full:quick-order-2")
    assert not app.exception
    words = text(app)
    assert "stored 2026-11-24 · perturbation, 50 batches at 0.01 between decisions, 1,024 images, batch" in words
    assert "3 orders agree on 0 of 6 edges" in words
    assert "supernet accuracy at the end over 3 orders: lowest 48.25, median 48.25, highest 48.25 %" in words
    assert "No full run in several orders" not in words
    assert "Supernet accuracy: 1,024 images, batch statistics, after tuning" in words


def test_a_stored_file_that_is_none_is_named_and_the_page_works(visit: Visit, with_runs: Path) -> None:
    (with_runs / FOLDER / "torn.json").write_text("{")
    app = visit("compare", run="full")
    assert not app.exception
    assert any("torn.json" in warning.value for warning in app.warning)


# Sentences


def end(ending: str, **changes: object) -> End:
    found = shelf()
    return End(
        Side(BUNDLED, ending),
        found,
        dataclasses.replace(found.document(ending), **changes),
        1024,
        "bundled",
        workshop().measurements,
    )


def test_the_headline_names_the_runs_where_they_differ_and_one_cell_once() -> None:
    first = end("alpha")
    other = dataclasses.replace(first, side=Side("other", "alpha"))
    assert headline(first, other, ()) == "α of nas-bench-201 and α of other: different search spaces"


def accuracy(value: float, reach: float | None = 2.0, **changes: object) -> Accuracy:
    ci = None if reach is None else (value - reach, value + reach)
    return dataclasses.replace(Accuracy(value, ci, (1024, "batch", "bundled"), False, 6), **changes)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (accuracy(60.0), "B is higher by 10.0 points"),
        (accuracy(40.0), "A is higher by 10.0 points"),
        (accuracy(52.0, 3.0), "too close to call"),
        (accuracy(60.0, None), "too close to call"),
        (accuracy(60.0, how=(512, "batch", "bundled")), "not the same images, so the difference is not ranked"),
        (accuracy(60.0, how=(1024, "batch", "cifar100")), "not ranked"),
        (accuracy(60.0, how=(1024, "running", "bundled")), "not ranked"),
        (accuracy(60.0, tuned=True), "not both are tuned, so the difference is not ranked"),
        (accuracy(60.0, decided=2), "not both are decided as far, so the difference is not ranked"),
        (None, "Supernet accuracy: 1,024 images, batch statistics, no tuning"),
    ],
)
def test_supernet_accuracies_are_ranked_only_where_they_can_be(other: Accuracy | None, said: str) -> None:
    assert said in ranked(accuracy(50.0), other)


def test_an_edge_is_shown_as_it_was_decided_by_else_as_before_any_decision() -> None:
    found = shelf()
    scores = found.scores("cell", 2)
    assert end("alpha").evidence("cell", 2) == (scores, "before the first step")
    at_step = dataclasses.replace(scores, images=77)
    document = found.document("order-1")
    number = next(n for n, decision in enumerate(document.selection.decisions) if decision.edge == 2)
    steps = [
        dataclasses.replace(step, scores=at_step if n == number else None) for n, step in enumerate(document.steps)
    ]
    assert end("order-1", steps=tuple(steps)).evidence("cell", 2) == (at_step, "when it was decided")


def test_what_an_ending_is_made_of_is_counted() -> None:
    first = end("alpha")
    assert first.counts["skip connections"] == str(first.genotype).count("skip_connect")


def test_a_measured_choice_that_an_earlier_sweep_does_not_show_comes_with_its_reason() -> None:
    endings_of = shelf()
    document = endings_of.document("perturbation-order-0")
    said = []
    for edge in endings_of.summary.space.edges("cell"):
        before = endings_of.scores("cell", edge.index)
        why = reason(document, before, "cell", edge.index)
        assert (why is None) == (document.selection.operation("cell", edge) == before.best)
        said += [why] if why else []
        assert reason(document, None, "cell", edge.index) is None
        assert reason(endings_of.document("alpha"), before, "cell", edge.index) is None
    assert said and all(" of 6, when " in why and " led by " in why for why in said)


def sweep(of: RunEndings) -> list:
    return [of.scores("cell", edge.index) for edge in of.summary.space.edges("cell")]
