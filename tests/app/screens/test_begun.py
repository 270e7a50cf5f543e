"""A supernet whose training took decisions (SGAS): every page goes on from there, and says who took them."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.library.catalog import Catalog, Entry
from app.library.epochs import at_epoch
from app.screens.compare.endings import RunEndings
from app.state import keys, url
from engine import nasbench201
from engine.cli import main
from engine.data.load import Images, load_data
from engine.export import export
from engine.population import member, over_epochs
from engine.selecting.record import SelectionRecord
from engine.training.loop import train
from engine.training.methods import settings_for
from engine.training.recipe import Recipe
from tests.app.conftest import heading, text
from tests.app.screens.test_decide import press, tape

Visit = Callable[..., AppTest]
NAME, TAKEN = "grown", 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A supernet of which three of six edges were decided while it was trained, swept and followed in two orders."""
    place = tmp_path_factory.mktemp("begun")
    full = load_data("bundled")

    def cut(images: Images) -> Images:
        return Images(images.pixels[:80], images.labels[:80])

    data = dataclasses.replace(full, train=cut(full.train), search=cut(full.search))
    asked = {"batch_size": 40, "first_decision": 0, "decide_every": 1}
    settings = settings_for("sgas", "nas-bench-201", asked)
    recipe = Recipe(
        space="nas-bench-201", method="sgas", epochs=TAKEN, channels=4, cells=1, image_size=16, settings=settings
    )
    train(recipe, place / NAME, data=data)
    few = ("--images", "320", "--threads", "1", "--device", "cpu")
    assert main(["score", str(place / NAME), "--all", "--store", "--orders", "2", *few]) == 0
    return place


@pytest.fixture
def opened(visit: Visit, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Visit:
    monkeypatch.setenv("SUPERNET_CHECKPOINTS", str(folder))
    return lambda page, **params: visit(page, run=NAME, **params)


def entry(folder: Path) -> Entry:
    return Catalog(folder).entries()[NAME]


def test_a_bare_link_opens_it_as_it_came_and_says_so_from_then_on(opened: Visit, folder: Path) -> None:
    begun = entry(folder).begun
    app = opened("decide")
    assert len(begun) == TAKEN and f"Step {TAKEN + 1} of 6" in heading(app)
    space = entry(folder).summary.space
    assert app.query_params["d"] == url.format_decisions(begun, space)
    assert len(tape(app)) == TAKEN and all("in its training" in line for line in tape(app))
    explored = opened("explore")
    assert not explored.exception and "of 3 measured" in heading(explored), "the stored sweep is of the others"


def test_what_is_taken_back_stays_so_in_the_link(opened: Visit) -> None:
    app = opened("decide")
    for left in range(TAKEN - 1, -1, -1):
        app = press(app, "undo")
        assert len(tape(app)) == left
    assert app.query_params["d"] == url.NO_DECISIONS
    again = opened("decide", d=url.NO_DECISIONS)
    assert "Step 1 of 6" in heading(again) and tape(again) == []


def test_starting_over_leads_to_how_it_came(opened: Visit, folder: Path) -> None:
    start = entry(folder).summary.start
    more = start.discretize("cell", start.undecided_edges("cell")[0], "skip_connect")
    app = opened("decide", d=url.format_decisions(more.decisions, start.space))
    assert len(tape(app)) == TAKEN + 1
    press(app, "start-over")
    assert f"with the {TAKEN} given by its training" in text(app)
    press(app, "start-over-now")
    assert app.query_params["d"] == url.format_decisions(start.decisions, start.space) and len(tape(app)) == TAKEN


def test_an_earlier_epoch_shows_what_was_decided_by_then(opened: Visit, folder: Path) -> None:
    whole = entry(folder)
    app = opened("explore")
    for epoch in (2, 1):
        assert at_epoch(whole, epoch).begun == whole.begun[:epoch]
        app.slider(key=keys.EPOCH_SLIDER.of(NAME).name).set_value(epoch).run()
        assert not app.exception
        (graph,) = (part.proto.json for part in app.get("bidi_component") if '"strands"' in part.proto.json)
        assert graph.count('"state": "decided"') == epoch
    assert len(over_epochs(whole.summary).true) == TAKEN
    assert over_epochs(whole.summary).true[-1] == member(whole.summary).alpha_true


def test_both_paths_go_on_from_what_was_taken(opened: Visit, folder: Path) -> None:
    found = RunEndings(entry(folder), entry(folder).begun)
    begun = list(found.start.decisions)
    for name in found.endings:
        document = found.document(name)
        assert list(document.selection.decisions[:TAKEN]) == begun
        assert [step.by for step in document.steps[:TAKEN]] == ["training"] * TAKEN
        assert document.selection.is_complete == (name != "mine")
    assert {"alpha", "at-once", "order-0", "order-1", "mine"} <= set(found.endings)
    app = opened("compare", b=f"{NAME}:mine")
    assert not app.exception and f"{TAKEN} of 6 decided, {TAKEN} of them in its training" in text(app)


def test_the_end_stands_beside_paths_that_begin_where_it_began(opened: Visit, folder: Path) -> None:
    start = entry(folder).summary.start
    space = start.space
    app = opened("decide", d=url.format_decisions(start.alpha_path().decisions, space))
    assert not app.exception and "Pure measurement" in text(app)
    assert "true accuracy by edge order" in text(app), "the stored paths are those of this supernet"


def test_a_run_of_the_command_line_says_who_took_them(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = ("--strategy", "random", "--images", "80", "--batch-size", "16", "--threads", "1", "--device", "cpu")
    assert main(["select", str(folder / NAME), *words, "--out", str(out)]) == 0
    record = SelectionRecord.from_json((out / "selection.json").read_text())
    assert record.selection.is_complete and record.selection.decisions[:TAKEN] == entry(folder).begun
    assert [step.by for step in record.steps] == ["training"] * TAKEN + ["random"] * (6 - TAKEN)
    assert f"{TAKEN} by the training" in export(record, "html")
    given = record.selection.with_decisions(entry(folder).begun)
    by_alpha = nasbench201.lookup(str(given.alpha_path().decoded())).cifar10
    assert f"{by_alpha:.2f} %" in export(record, "html"), "alpha alone goes on from what was taken in training too"


def test_where_one_edge_is_left_pages_speak_of_one_edge_and_one_order(visit: Visit) -> None:
    name = "nas-bench-201-sgas"
    start = visit(run=name, step="seen")
    assert "On the one edge that is measured, measurement does not contradict α." in text(start)
    assert "on the one that is measured, measurement does not contradict it" in heading(visit("explore", run=name))
    assert "dotted: its training" in text(visit("decide", run=name))
    assert "Decisions were taken after epoch 10, 15, 20, 25 and 30" in text(visit("train", run=name))
    compare = visit("compare", run=name)
    assert "in one order: 94.18 %" in text(compare) and "1 orders" not in text(compare)
    lab = visit("labs", run=name, lab="ablations")
    assert "are one in what is left" in text(lab) and "told apart from 0" not in text(lab)
