"""Full selection runs: what they decide, what they record, and that a killed one goes on to the same end."""

import json
from dataclasses import replace

import pytest
import torch

import engine
from engine.cli import main
from engine.errors import BadInput
from engine.scoring.paths import measured_path
from engine.scoring.scorer import Scorer
from engine.scoring.settings import Settings
from engine.selecting.plan import Plan
from engine.selecting.record import SelectionRecord
from engine.selecting.run import select
from engine.selecting.settings import NONE, Tuning
from engine.selecting.summary import summarise
from engine.selection.genotype import magnitude_genotype
from engine.selection.orders import edge_order
from tests.engine.small_runs import SMALL, write_photos


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return str(write_photos(tmp_path_factory.mktemp("photos")))


def trained(folder, photos, space):
    options = ["--space", space, "--epochs", "1", "--data", photos, "--out", str(folder), *SMALL]
    assert main(["train", *options, *(["--cells", "3"] if space == "s3" else [])]) == 0
    return engine.load(folder)


@pytest.fixture(scope="module")
def nb201(tmp_path_factory, photos):
    return trained(tmp_path_factory.mktemp("runs") / "nb201", photos, "nas-bench-201")


@pytest.fixture(scope="module")
def of_s3(tmp_path_factory, photos):
    return trained(tmp_path_factory.mktemp("runs") / "s3", photos, "s3")


@pytest.fixture
def settings(photos):
    return Settings(data=photos, images=32, batch_size=32)


def outcome(document: SelectionRecord) -> dict:
    """All that must not depend on when and where a run was made."""
    data = json.loads(document.to_json())
    for step in data["steps"]:
        if step["scores"]:
            step["scores"]["seconds"] = 0
    return {key: value for key, value in data.items() if key not in ("date", "versions", "command")}


# What it decides


def test_untuned_perturbation_is_the_measured_path(nb201, settings, tmp_path, photos):
    document = select(nb201, Plan(settings=settings, seed=2), tmp_path / "run")
    start = engine.Selection(nb201.space, nb201.alphas)
    *_, last = measured_path(Scorer.of(nb201, settings), start, edge_order(nb201.space, 2))
    assert document.selection == last.selection
    assert [step.scores.edge for step in document.steps] == [0, 1, 4, 5, 3, 2]
    assert {step.by for step in document.steps} == {"measured"}


@pytest.mark.parametrize("strategy", ["magnitude", "pt-mag"])
def test_alphas_choice_without_tuning_is_the_magnitude_genotype(of_s3, settings, tmp_path, strategy):
    document = select(of_s3, Plan(strategy=strategy, settings=settings), tmp_path / "run")
    assert document.selection.genotype() == magnitude_genotype(of_s3.space, of_s3.alphas)
    assert {step.by for step in document.steps} == {"alpha"}


def test_pt_mag_decides_by_the_alphas_as_tuning_left_them(nb201, settings, tmp_path):
    alphas = torch.zeros(6, 5)
    alphas[:, 0] = 1e-6  # nearly ties, which the first step of tuning breaks
    checkpoint = replace(nb201, start=engine.Selection(nb201.space, {"cell": alphas}))
    plan = Plan(strategy="pt-mag", settings=settings, tuning=Tuning("batches", 1), order="index")
    document = select(checkpoint, plan, tmp_path / "run")
    taken = [decision.operation for decision in document.selection.decisions]
    assert taken[0] == "none" and set(taken[1:]) != {"none"}


@pytest.mark.parametrize("strategy", ["magnitude", "pt-mag"])
def test_alpha_that_is_unknown_decides_nothing_and_leaves_no_folder(nb201, settings, tmp_path, strategy):
    flat = replace(nb201, start=engine.Selection(nb201.space, {"cell": torch.zeros(6, 5)}))
    with pytest.raises(BadInput, match=r"alpha is unknown at edge 0 \(cell\).*decide by measurement"):
        select(flat, Plan(strategy=strategy, settings=settings), tmp_path / "run")
    assert not (tmp_path / "run").exists()
    found = select(flat, Plan(settings=settings), tmp_path / "measured")
    assert found.selection.is_complete and {step.scores.verdict for step in found.steps} == {None}


def test_random_choices_follow_the_seed_and_are_legal(of_s3, settings, tmp_path):
    runs = [
        select(of_s3, Plan(strategy="random", settings=settings, seed=seed), tmp_path / f"run-{number}")
        for number, seed in enumerate((0, 0, 1))
    ]
    assert runs[0].selection == runs[1].selection != runs[2].selection
    taken = {getattr(decision, "operation", None) for decision in runs[0].selection.decisions}
    assert taken == {None, "skip_connect", "sep_conv_3x3"}


def by_alpha(selection: engine.Selection, count: int) -> engine.Selection:
    """The first `count` edges of every cell type decided by alpha, as long as that is not none."""
    for cell in selection.space.cells:
        for edge in range(count):
            best = selection.best_by_alpha(cell, edge)
            selection = selection.discretize(cell, edge, "skip_connect" if best == "none" else best)
    return selection


def test_none_may_be_kept_out(of_s3, settings, tmp_path):
    begun = by_alpha(of_s3.start, 11)
    document = select(of_s3, Plan(settings=settings, allow_none=False, start=begun.decisions), tmp_path / "run")
    assert [step.by for step in document.steps] == ["person"] * 22 + ["measured"] * 12
    assert "none" not in {getattr(decision, "operation", "") for decision in document.selection.decisions}
    assert document.selection.is_complete and not document.selection.replaced_none


def test_the_largest_disagreement_comes_first(nb201, settings, tmp_path, photos):
    document = select(nb201, Plan(settings=settings, order="disagreement"), tmp_path / "run")
    batches = engine.scoring_batches(photos, images=32, batch_size=32, checkpoint=nb201)
    start = engine.Selection(nb201.space, nb201.alphas)
    differences = [
        engine.score_edge(nb201.supernet, start, cell="cell", edge=edge, batches=batches).difference
        for edge in range(6)
    ]
    visited = [decision.edge for decision in document.selection.decisions]
    assert visited == sorted(range(6), key=lambda edge: -differences[edge])


def test_a_begun_selection_is_finished_and_its_decisions_stand(nb201, settings, tmp_path):
    start = engine.Selection(nb201.space, nb201.alphas).discretize("cell", 5, "none")
    document = select(nb201, Plan(settings=settings, start=start.decisions), tmp_path / "run")
    assert document.selection.decisions[0] == start.decisions[0] and document.selection.is_complete
    assert [step.by for step in document.steps] == ["person"] + ["measured"] * 5


@pytest.mark.parametrize("cumulative", [False, True])
def test_inputs_are_decided_in_both_ways(of_s3, settings, tmp_path, cumulative):
    begun = by_alpha(of_s3.start, 14)
    document = select(of_s3, Plan(settings=settings, cumulative=cumulative, start=begun.decisions), tmp_path / "run")
    assert document.selection.is_complete
    nodes = [step.scores for step in document.steps if hasattr(step.scores, "node")]
    assert [len(scores.candidates) for scores in nodes if scores.node == 5] == [5, 5]


def test_the_published_procedure_measures_every_mask_anew(nb201, tmp_path, photos):
    plan = Plan(settings=Settings(data=photos, images=None, published=True), tuning=Tuning("epochs", 1))
    document = select(nb201, plan, tmp_path / "run")
    assert document.selection.is_complete
    assert all(operation.ci is None for step in document.steps for operation in step.scores.operations)


# What it records


def test_the_path_holds_accuracies_before_and_after_every_decision_and_tuning(nb201, settings, tmp_path):
    document = select(nb201, Plan(settings=settings, tuning=Tuning("epochs", 2)), tmp_path / "run")
    assert [(point.decisions, point.tuned) for point in document.path] == [
        (0, 0),
        *((decisions, tuned) for decisions in (1, 2, 3, 4) for tuned in (0, 1, 2)),
        (5, 0),
        (5, 1),
        (6, 0),
        (6, 1),
    ]
    assert all((point.images, point.bn) == (32, "batch") for point in document.path)
    before = [document.path[0], *(point for point in document.path if point.tuned)]
    baselines = [step.scores.baseline.accuracy for step in document.steps]
    last_of = {point.decisions: point.accuracy for point in before}
    assert baselines == [last_of[number] for number in range(6)]


def test_a_document_says_what_it_rests_on_and_replays_on_the_checkpoint(nb201, settings, tmp_path):
    plan = Plan(settings=settings, tuning=Tuning("batches", 1, 0.01), seed=4)
    document = select(nb201, plan, tmp_path / "run", command="the command")
    kept = SelectionRecord.from_json((tmp_path / "run" / "selection.json").read_text())
    assert kept == document
    assert kept.checkpoint["digest"] == nb201.digest and kept.command == "the command"
    assert kept.tuning == Tuning("batches", 1, 0.01)
    assert (kept.settings["order"], kept.settings["seed"], kept.settings["images"]) == ("random", 4, 32)
    start = engine.Selection(nb201.space, nb201.alphas)
    assert start.replay(kept.selection.decisions) == kept.selection
    events = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    assert [event["action"] for event in events] == ["look", *["decide", "tune"] * 5, "decide"]
    status = json.loads((tmp_path / "run" / "status.json").read_text())
    assert (status["state"], status["done"]) == ("done", status["total"])


def test_progress_ends_at_the_total_and_learns_what_remains(nb201, settings, tmp_path):
    seen = []
    select(nb201, Plan(settings=settings, tuning=Tuning("batches", 1)), tmp_path / "run", report=seen.append)
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert seen[-1].done == seen[-1].total == 12
    assert seen[0].remaining is None and seen[-1].remaining == 0


# Interrupted and resumed


class Stop(BaseException):
    pass


@pytest.mark.parametrize("tuning", [NONE, Tuning("epochs", 1)])
def test_a_run_killed_again_and_again_comes_to_the_same_end(nb201, settings, tmp_path, tuning):
    plan = Plan(settings=replace(settings, batch_size=16), tuning=tuning)  # killed between batches too
    whole = select(nb201, plan, tmp_path / "whole")
    kills = 0
    while True:
        fresh = engine.load(nb201.path)
        calls = []

        def die(progress, calls=calls, at=3 + kills % 3):
            calls.append(progress)
            if len(calls) == at:
                raise Stop

        try:
            document = select(fresh, plan, tmp_path / "killed", resume=True, report=die)
            break
        except Stop:
            kills += 1
    assert kills > 3
    assert outcome(document) == outcome(whole)


def test_a_run_killed_between_tuning_and_recording_it_does_not_tune_twice(nb201, settings, tmp_path, monkeypatch):
    plan = Plan(settings=settings, tuning=Tuning("batches", 2, 0.01))
    whole = select(nb201, plan, tmp_path / "whole")
    from engine.runs.folder import RunFolder

    keep, kept = RunFolder.keep, []

    def die(self, progress, event, state=None):
        if event["action"] == "tune" and not kept:
            kept.append(event)
            raise Stop
        keep(self, progress, event, state)

    monkeypatch.setattr(RunFolder, "keep", die)
    with pytest.raises(Stop):
        select(nb201, plan, tmp_path / "killed")
    document = select(engine.load(nb201.path), plan, tmp_path / "killed", resume=True)
    assert outcome(document) == outcome(whole)


def test_a_finished_run_is_read_back_and_another_is_refused(nb201, of_s3, settings, tmp_path):
    plan = Plan(settings=settings)
    document = select(nb201, plan, tmp_path / "run")
    assert select(nb201, plan, tmp_path / "run", resume=True) == document
    with pytest.raises(BadInput, match="--resume"):
        select(nb201, plan, tmp_path / "run")
    with pytest.raises(BadInput, match=r"another run: seed 0 \(now 1\)"):
        select(nb201, replace(plan, seed=1), tmp_path / "run", resume=True)
    with pytest.raises(BadInput, match="another run: checkpoint"):
        select(of_s3, plan, tmp_path / "run", resume=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    with pytest.raises(BadInput, match="not empty"):
        select(nb201, plan, tmp_path / "other")
    (tmp_path / "run" / "progress.json").write_text("{")
    with pytest.raises(BadInput, match="damaged"):
        select(nb201, plan, tmp_path / "run", resume=True)


# Several orders


def test_orders_are_summed_up_by_edge(nb201, settings, tmp_path):
    plan = Plan(strategy="random", settings=settings)
    documents = [select(nb201, replace(plan, seed=seed), tmp_path / str(seed)) for seed in (0, 1, 2)]
    found = summarise(documents)
    assert found.seeds == (0, 1, 2)
    assert all(sum(wins.values()) == 3 for wins in found.wins["cell"]) and found.kept == {"cell": [3] * 6}
    assert found.true_accuracy == tuple(
        engine.nasbench201.lookup(str(document.selection.genotype())).cifar10 for document in documents
    )
    ordered = sorted(found.true_accuracy)
    assert found.spread["true"] == {"lowest": ordered[0], "median": ordered[1], "highest": ordered[2]}
    with pytest.raises(BadInput, match="complete"):
        summarise([replace(documents[0], selection=documents[0].selection.undo(), steps=documents[0].steps[:-1])])
