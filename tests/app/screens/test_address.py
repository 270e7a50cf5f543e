import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.library import catalog, selections
from app.library.catalog import Entry
from app.screens.compare import address, presets
from app.screens.compare.endings import RunEndings, Side
from app.work.workshop import workshop
from engine.checkpoint.format import Summary
from engine.errors import BadInput
from engine.results import EdgeScores
from engine.selecting.record import Point, SelectionRecord, Step
from engine.selecting.settings import PUBLISHED, Tuning
from engine.selection.decisions import OperationDecision
from engine.selection.orders import edge_order
from tests.app.small_runs import OF_201

BUNDLED = "nas-bench-201"
TUNED = Tuning("batches", 50, 0.01)


def shelf(name: str = BUNDLED, path: Path | None = None, **meta: object) -> RunEndings:
    entry = workshop().catalog.entries()[name]
    assert entry.summary is not None
    summary = dataclasses.replace(entry.summary, meta=entry.summary.meta | meta)
    return RunEndings(dataclasses.replace(entry, summary=summary, path=path or entry.path))


def run(
    summary: Summary, seed: int, operation: str = "nor_conv_3x3", tuning: Tuning | None = TUNED, **settings: object
) -> SelectionRecord:
    """A stored full run that ends with one operation everywhere."""
    selection = RunEndings(Entry("x", Path(), "bundled", summary, None)).start
    for cell, edge in edge_order(summary.space, seed).edges:
        selection = selection.discretize(cell, edge, operation)
    for cell in summary.space.cells:
        for node in selection.open_nodes(cell):
            selection = selection.keep_inputs(
                cell, node, [edge.index for edge in summary.space.cell(cell).entering(node)][:2]
            )
    steps = selection.steps_done
    point = Point(steps, 50, "batches", 48.25, 1.5, (45.0, 51.5), 1024, "batch")
    known = {"bn": "batch", "images": 1024, "data": "bundled", "order": "random", "seed": seed}
    return SelectionRecord(
        selection,
        tuple(Step("measured") for _ in range(steps)),
        (point,),
        {"name": "x", "digest": summary.digest, "space": summary.space.name},
        "perturbation",
        known | settings,
        date="2026-11-24T12:00:00+00:00",
        tuning=tuning,
    )


def store(folder: Path, **documents: SelectionRecord) -> None:
    (folder / selections.FOLDER).mkdir(parents=True, exist_ok=True)
    for name, document in documents.items():
        (folder / selections.FOLDER / f"{name.replace('_', '-')}.json").write_text(document.to_json())


# Endings


def test_alpha_and_the_stored_sweep_end_somewhere_and_mine_is_what_was_decided() -> None:
    found = shelf()
    paths = found.summary.scores["paths"]
    built = ("alpha", "at-once", *(f"order-{row['seed']}" for row in paths), "mine")
    assert tuple(ending for ending in found.endings if ending not in found.stored) == built
    assert {f"perturbation-quick-order-{seed}" for seed in range(8)} <= set(found.stored)
    assert found.document("alpha").selection.genotype() == found.start.alpha_path().genotype()
    assert found.document("mine").selection == found.start
    decided = dataclasses.replace(found, decisions=(OperationDecision("cell", 2, "none"),))
    assert decided.document("mine").selection.operation("cell", 2) == "none"
    for row in paths:
        document = found.document(f"order-{row['seed']}")
        assert str(document.selection.genotype()) == row["genotype"]
        assert document.settings["images"] == row["images"] and document.date == found.summary.scores["date"]


@pytest.mark.parametrize("name", [BUNDLED, "s2", "darts"])
def test_all_drops_at_once_follow_the_stored_sweep(name: str) -> None:
    found = shelf(name)
    document = found.document("at-once")
    assert document.selection.is_complete
    for row in found.summary.scores["edges"]:
        assert document.selection.operation(row["cell"], row["edge"]) == row["best"]
        assert found.scores(row["cell"], row["edge"]) == EdgeScores.from_dict(row)
    for row in found.summary.scores["inputs"]:
        assert document.selection.kept(row["cell"], row["node"]) == tuple(row["keep"])


def test_a_path_of_the_darts_family_keeps_the_inputs_of_its_genotype() -> None:
    found = shelf("s2")
    genotype = str(found.document("at-once").selection.genotype())
    scores = found.summary.scores | {"paths": [{"seed": 3, "genotype": genotype, "images": 512, "accuracies": []}]}
    entry = dataclasses.replace(found.entry, summary=dataclasses.replace(found.summary, scores=scores))
    selection = RunEndings(entry).document("order-3").selection
    assert selection.is_complete and str(selection.genotype()) == genotype
    assert [(step.cell, step.edge) for step in selection.decisions[:3]] == list(edge_order(found.start.space, 3).edges)[
        :3
    ]


def test_a_selection_that_the_app_once_exported_can_be_compared(tmp_path: Path) -> None:
    """Its tuning is a sentence, where selection runs have an object; both kinds lie side by side."""
    summary = shelf().summary
    exported = run(summary, 3, tuning=None)
    data = json.loads(exported.to_json())
    data["settings"]["tuning"] = "50 batches at 0.01 after decisions 1, 2"
    store(tmp_path, first=run(summary, 1), second=run(summary, 2))
    (tmp_path / selections.FOLDER / "by-hand.json").write_text(json.dumps(data))
    found = shelf(path=tmp_path)
    assert set(found.stored) == {"first", "second", "by-hand"} and found.published is None
    assert [set(group) for group in presets.tunings(found).values()] == [{"first", "second"}]
    assert "tuning of 50 batches at 0.01 after decisions 1, 2" in presets.procedure(found.document("by-hand"))
    assert presets.default(found)


def test_without_measurements_there_are_alpha_and_ones_own(small_runs: Path) -> None:
    entry = catalog.read_entry(OF_201, small_runs / OF_201)
    found = RunEndings(entry)
    assert found.endings == ("alpha", "mine") and found.measured is None
    assert presets.default(found) == (Side(OF_201, "alpha"), Side(OF_201, "mine"))
    with pytest.raises(BadInput, match="no ending 'order-0'; it has alpha, mine"):
        found.document("order-0")


# Stored documents


def test_stored_documents_are_endings_and_others_are_named(tmp_path: Path) -> None:
    good = run(shelf().summary, 0)
    other = dataclasses.replace(good, checkpoint=dict(good.checkpoint) | {"digest": "0" * 64})
    store(tmp_path, perturbation_order_0=good, other=other, alpha=good)
    (tmp_path / selections.FOLDER / "torn.json").write_text(good.to_json()[:400])
    (tmp_path / selections.FOLDER / "odd name.json").write_text(good.to_json())
    found = shelf(path=tmp_path)
    assert found.endings[-1] == "perturbation-order-0"
    assert found.document("perturbation-order-0") == good
    assert found.document("alpha").strategy == "magnitude"  # a file cannot take the place of a built-in ending
    assert len(found.damaged) == 3
    assert all(any(name in line for line in found.damaged) for name in ("torn", "odd name", "another supernet"))


def test_a_changed_document_is_read_again(tmp_path: Path) -> None:
    store(tmp_path, one=run(shelf().summary, 0))
    assert shelf(path=tmp_path).document("one").settings["seed"] == 0
    store(tmp_path, one=run(shelf().summary, 12))
    assert shelf(path=tmp_path).document("one").settings["seed"] == 12


def test_runs_of_one_procedure_form_a_group_by_seed(tmp_path: Path) -> None:
    summary = shelf().summary
    untuned = Tuning("epochs", 0, 0.1)
    store(
        tmp_path,
        b=run(summary, 0),
        a=run(summary, 10),
        c=run(summary, 1, tuning=untuned),
        d=run(summary, 2, order="index"),
    )
    groups = presets.tunings(shelf(path=tmp_path))
    assert {name: list(group) for name, group in groups.items()} == {
        "perturbation, 50 batches at 0.01 between decisions, 1,024 images, batch statistics": ["b", "a"]
    }


# Presets


def test_presets_are_offered_only_where_they_are_possible() -> None:
    late, early = shelf(), shelf("nas-bench-201-epoch-6")
    alone = presets.presets({BUNDLED: late}, BUNDLED)
    assert alone == {
        "α vs measurement": (Side(BUNDLED, "alpha"), Side(BUNDLED, "order-0")),
        "order vs order": (Side(BUNDLED, "order-0"), Side(BUNDLED, "order-1")),
    }
    both = presets.presets({BUNDLED: late, "early": early}, BUNDLED)
    assert both["early vs late epoch"] == (Side("early", "alpha"), Side(BUNDLED, "alpha"))
    assert (
        presets.presets({BUNDLED: late, "early": early}, "early")["early vs late epoch"] == both["early vs late epoch"]
    )


@pytest.mark.parametrize(
    ("name", "meta", "ending"),
    [("seed vs seed", {"seed": 1}, "alpha"), ("method vs method", {"method": "x"}, "order-0")],
)
def test_a_run_of_the_same_recipe_but_for_one_thing_is_a_pair(name: str, meta: dict, ending: str) -> None:
    found = presets.presets({BUNDLED: shelf(), "other": shelf(**meta)}, BUNDLED)
    assert found[name] == (Side(BUNDLED, ending), Side("other", ending))
    assert name not in presets.presets({BUNDLED: shelf(), "other": shelf(channels=99, **meta)}, BUNDLED)


def test_mine_is_set_beside_the_published_procedure_once_both_exist(tmp_path: Path) -> None:
    store(
        tmp_path,
        perturbation_published_order_0=run(shelf().summary, 0, tuning=PUBLISHED),
    )
    found = shelf(path=tmp_path)
    assert "mine vs published" not in presets.presets({BUNDLED: found}, BUNDLED)
    decided = dataclasses.replace(found, decisions=(OperationDecision("cell", 0, "none"),))
    assert presets.presets({BUNDLED: decided}, BUNDLED)["mine vs published"] == (
        Side(BUNDLED, "mine"),
        Side(BUNDLED, "perturbation-published-order-0"),
    )


def test_of_a_run_without_paths_two_stored_runs_are_set_side_by_side(tmp_path: Path) -> None:
    shelved = shelf("s2", tmp_path)
    assert shelved.summary.scores is not None
    summary = dataclasses.replace(shelved.summary, scores=shelved.summary.scores | {"paths": []})
    store(tmp_path, q0=run(summary, 0, "sep_conv_3x3"), q1=run(summary, 1, "sep_conv_3x3"))
    without = RunEndings(dataclasses.replace(shelved.entry, summary=summary))
    found = presets.presets({"s2": without}, "s2")
    assert found["order vs order"] == (Side("s2", "q0"), Side("s2", "q1"))


# Links


def test_a_side_is_read_as_it_is_written() -> None:
    shelves = {"my:run": shelf()}
    for ending in shelves["my:run"].endings:
        assert address.read(str(Side("my:run", ending)), shelves) == Side("my:run", ending)
    for text in ("", "alpha", "nowhere:alpha", "my:run:nothing", "my:run:order-99", ":"):
        with pytest.raises(BadInput):
            address.read(text, shelves)


def test_sides_need_no_torch(root: Path) -> None:
    code = "import app.screens.compare.page, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
