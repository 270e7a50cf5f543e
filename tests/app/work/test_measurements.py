"""Measurements: found by content, streamed, stored, followed along paths."""

import itertools
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

import engine
from app.work import worker
from app.work.job import Job
from app.work.jobs import JobManager
from app.work.measurements import Measurements
from app.work.questions import Accuracy, Measurement, Request, canonical
from app.work.store import Begun, Store
from app.work.worker import Taken
from engine.checkpoint.folder import read_summary, write_scores
from engine.checkpoint.format import Summary
from engine.data.load import BATCHES
from engine.results import Baseline, EdgeScores, InputScore, InputScores
from engine.scoring.paths import path as measured_path
from engine.scoring.scorer import Scorer
from engine.scoring.settings import Settings
from engine.scoring.sweep import sweep
from engine.selection.selection import Selection
from tests.app.small_runs import OF_201, OF_S2
from tests.engine.small_runs import write_photos

SOON = 120
IMAGES = 48


@pytest.fixture
def summary(small_runs: Path) -> Summary:
    return read_summary(small_runs / OF_201)


@pytest.fixture
def of_s2(small_runs: Path) -> Summary:
    return read_summary(small_runs / OF_S2)


@pytest.fixture
def jobs() -> Iterator[JobManager]:
    manager = JobManager()
    yield manager
    manager.shutdown(SOON)


@pytest.fixture
def measurements(jobs: JobManager) -> Measurements:
    return Measurements(jobs)


def undecided(summary: Summary) -> Selection:
    return Selection(summary.space, summary.alphas)


def edge(summary: Summary, index: int, selection: Selection | None = None, **how) -> Request:
    how = {"images": IMAGES, "batch_size": 16} | how
    return Request.of(summary, selection or undecided(summary), "edge", summary.space.cells[0], index, **how)


def finished(job: Job) -> Job:
    assert job.wait(SOON)
    assert job.status == "done", (job.error, job.details)
    return job


def engine_scores(summary: Summary, request: Request) -> EdgeScores:
    """The same measurement by the engine alone."""
    loaded = engine.load(summary.path)
    decided = Selection(loaded.space, loaded.alphas).replay(request.decisions)
    batches = engine.scoring_batches("bundled", images=IMAGES, batch_size=16, checkpoint=loaded)
    return engine.score_edge(loaded.supernet, decided, cell=request.cell, edge=request.index, batches=batches)


def alike(found: Any, expected: Any) -> bool:
    """Equal up to the rounding of sums, which depends on the number of threads."""
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(alike(found[key], value) for key, value in expected.items())
    if isinstance(expected, list | tuple):
        return len(found) == len(expected) and all(map(alike, found, expected))
    return found == (pytest.approx(expected, rel=1e-5, abs=1e-6) if isinstance(expected, float) else expected)


@pytest.fixture(autouse=True)
def nothing_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is measured lies in a folder of the test's own."""
    monkeypatch.setenv("SUPERNET_RUNS", str(tmp_path / "runs"))


def inputs_like(scores: EdgeScores) -> InputScores:
    """Scores of a node's inputs with the numbers of an edge's operations."""
    rows = [
        InputScore(edge, 0, row.masked_accuracy, row.masked_loss, row.drop, row.ci, row.rise)
        for edge, row in enumerate(scores.operations[:3])
    ]
    return InputScores.from_dict(scores.to_dict() | {"node": 5, "keep": (0, 1), "candidates": list(map(asdict, rows))})


class Fake:
    """Answers to requests without a supernet: three steps each, held at the second while `gate` is shut."""

    def __init__(self, result: EdgeScores | InputScores | Accuracy) -> None:
        self.result = result
        self.asked: list[Request] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, request: Request, begun: Begun | None) -> Iterator[Taken]:
        self.asked.append(request)
        for step in (1, 2, 3):
            if step == 2:
                assert self.gate.wait(SOON)
            result = self.result if request.kind == "edge" else inputs_like(self.result)
            measurement = Measurement(result, "live", f"step {step}", partial=step < 3)
            yield Taken(measurement, step / 3, seconds=0.5 * step, passes=100 * step)


@pytest.fixture
def fake(summary: Summary) -> Fake:
    return Fake(engine_scores(summary, edge(summary, 0)))


# One measurement


def test_what_the_pages_get_is_what_the_engine_says(summary: Summary, measurements: Measurements) -> None:
    request = edge(summary, 2, undecided(summary).discretize("cell", 0, "nor_conv_3x3"))
    assert measurements.find(request, summary) is None
    finished(measurements.start([request], "One edge", "me"))
    found = measurements.find(request, summary)
    assert (found.source, found.partial, found.warning) == ("live", False, None)
    expected = replace(engine_scores(summary, request), seconds=0)
    assert alike(replace(found.result, seconds=0).to_dict(), expected.to_dict())


def test_a_nodes_inputs_and_the_accuracy_alone_can_be_asked_for(of_s2: Summary, measurements: Measurements) -> None:
    selection = undecided(of_s2)
    how = {"images": IMAGES, "batch_size": 16}
    node = Request.of(of_s2, selection, "node", "reduce", 4, **how)
    accuracy = Request.of(of_s2, selection.discretize("normal", 0, "sep_conv_3x3"), "accuracy", "", 0, **how)
    finished(measurements.start([node, accuracy], "Two things", "me"))
    inputs = measurements.find(node, of_s2).result
    assert isinstance(inputs, InputScores)
    assert (inputs.cell, inputs.node, inputs.images) == ("reduce", 4, IMAGES)
    alone = measurements.find(accuracy, of_s2).result
    assert isinstance(alone, Accuracy)
    assert 0 <= alone.accuracy <= 100 and (alone.images, alone.bn) == (IMAGES, "batch")


def test_every_measurement_brings_the_accuracy_of_its_supernet(summary: Summary, measurements: Measurements) -> None:
    request = edge(summary, 1)
    finished(measurements.start([request], "One edge", "me"))
    alone = measurements.find(request.supernet, summary)
    assert alone.result.baseline == measurements.find(request, summary).result.baseline
    assert measurements.find(request.under(criterion="loss", rescale=True).supernet, summary) == alone


def test_partial_results_are_seen_while_they_tighten(summary: Summary, jobs: JobManager, fake: Fake) -> None:
    measurements = Measurements(jobs, fake)
    fake.gate.clear()
    job = measurements.start([edge(summary, 0)], "One edge", "me")
    deadline = time.monotonic() + SOON
    while (found := measurements.partial(edge(summary, 0))) is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    assert found.partial and found.date == "step 1"
    assert measurements.find(edge(summary, 0), summary) is None
    assert measurements.running("me") == [job] and measurements.running("you") == []
    assert measurements.job(edge(summary, 0, images=512), "me") is job
    assert measurements.job(edge(summary, 1), "me") is None
    fake.gate.set()
    finished(job)
    assert measurements.partial(edge(summary, 0)) is None
    assert measurements.find(edge(summary, 0), summary).date == "step 3"
    assert (job.done, job.total, job.unit) == (100, 100, "%")


def test_a_cancelled_measurement_goes_on_where_it_stopped_to_the_same_numbers(
    summary: Summary, jobs: JobManager
) -> None:
    seen: list[int] = []

    def watched(request: Request, begun: Begun | None) -> Iterator[Taken]:
        seen.append(0 if begun is None else begun.images)
        for taken in worker.take(request, begun):
            if begun is None and taken.measurement.images == 32:
                jobs.cancel(job, "me")
            yield taken

    measurements, asked = Measurements(jobs, watched), edge(summary, 0)
    job = measurements.start([asked], "One edge", "me")
    assert job.wait(SOON) and job.status == "cancelled"
    assert measurements.find(asked, summary) is None and measurements.partial(asked) is None
    assert measurements.store.begun(asked).images == 32
    finished(measurements.start([asked], "One edge", "me"))
    assert seen == [0, 32]
    expected = replace(engine_scores(summary, asked), seconds=0)
    assert alike(replace(measurements.find(asked, summary).edge, seconds=0).to_dict(), expected.to_dict())


def test_more_images_go_on_from_those_that_were_measured(summary: Summary, measurements: Measurements) -> None:
    asked = edge(summary, 0, images=32)
    finished(measurements.start([asked], "One edge", "me"))
    first = measurements.find(asked, summary)
    worker._unmasked.cache_clear()
    passes = [taken.passes for taken in worker.take(asked.under(images=IMAGES), measurements.store.begun(asked))]
    assert passes == [16 * 6]
    assert [taken.passes for taken in worker.take(edge(summary, 1))][-1] == IMAGES * 5, "without a mask it is known now"
    finished(measurements.start([asked.under(images=IMAGES)], "One edge", "me"))
    found = measurements.find(asked, summary)
    assert (first.images, found.images) == (32, IMAGES)
    assert found.edge.seconds > first.edge.seconds
    assert alike(replace(found.edge, seconds=0).to_dict(), replace(engine_scores(summary, asked), seconds=0).to_dict())


def test_fewer_images_are_never_shown_once_there_are_more(summary: Summary, jobs: JobManager) -> None:
    measurements = Measurements(jobs)
    for images in (IMAGES, 16):
        finished(measurements.start([edge(summary, 0, images=images)], "One edge", "me"))
    assert measurements.find(edge(summary, 0, images=16), summary).images == IMAGES


def test_what_was_measured_survives_a_restart(summary: Summary, of_s2: Summary, jobs: JobManager) -> None:
    before = Measurements(jobs)
    node = replace(edge(of_s2, 0), kind="node", cell="reduce", index=5)
    finished(before.start([edge(summary, 1), node], "Two things", "me"))
    paths = follow(summary, before, [None, 2])
    after = Measurements(jobs)
    for request, its in ((edge(summary, 1), summary), (node, of_s2), (edge(summary, 1).supernet, summary)):
        assert after.find(request, its) == before.find(request, its) is not None
    assert after.paths(edge(summary, 0), summary) == paths


def test_open_edges_are_settled_and_each_stops_once_it_is(summary: Summary, jobs: JobManager, fake: Fake) -> None:
    def verdicts(request: Request, begun: Begun | None) -> Iterator[Taken]:
        images = request.settings.images or 64
        clear = request.index == 1 or (request.index == 2 and images >= 32)
        other = next(row.name for row in fake.result.operations if row.name != fake.result.best_by_alpha)
        numbers = {"operations": tuple(replace(row, ci=(1.0, 3.0)) for row in fake.result.operations)}
        numbers |= {"best": other, "best_by_drop": other, "lead_ci": (0.5, 1.5) if clear else (-1.0, 3.0)}
        scores = replace(fake.result, edge=request.index, images=images, **numbers)
        assert scores.verdict == ("disagree" if clear else "too_close")
        asked.append((request.index, request.settings.images))
        yield Taken(Measurement(scores, "live", "today"), 1, seconds=1, passes=1)

    asked: list[tuple[int, int | None]] = []
    measurements = Measurements(jobs, verdicts)
    finished(measurements.settle([edge(summary, index) for index in (0, 1, 2)], (16, 32, None), "Settling", "me"))
    assert asked == [(0, 16), (0, 32), (0, None), (1, 16), (2, 16), (2, 32)]
    assert measurements.find(edge(summary, 0), summary).images == 64
    asked.clear()
    finished(measurements.settle([edge(summary, 3)], (16, 32, None), "Settling", "me", [16]))
    assert asked == [(3, 32), (3, None)], "fewer images than are known already could only say less"


def test_the_same_question_asked_twice_is_answered_once(summary: Summary, jobs: JobManager, fake: Fake) -> None:
    measurements = Measurements(jobs, fake)
    fake.gate.clear()
    first = measurements.start([edge(summary, 0)], "One edge", "me")
    assert measurements.start([edge(summary, 0)], "One edge", "you") is first
    fake.gate.set()
    finished(first)
    finished(measurements.start([edge(summary, 0), edge(summary, 1)], "Two edges", "me"))
    assert [request.index for request in fake.asked] == [0, 1]


def test_bad_input_ends_the_job_in_its_own_words_and_keeps_the_rest(
    summary: Summary, measurements: Measurements
) -> None:
    good, bad = edge(summary, 0), edge(summary, 1).under(data="no/such/folder")
    job = measurements.start([good, bad], "Two edges", "me")
    assert job.wait(SOON)
    assert job.status == "failed" and "no/such/folder" in job.error and job.details is None
    assert measurements.find(good, summary) is not None


def test_a_checkpoint_that_changed_meanwhile_is_not_measured(
    summary: Summary, measurements: Measurements, small_runs: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(small_runs / OF_201, tmp_path / "other")
    job = measurements.start([replace(edge(summary, 0), path=str(other), digest="another")], "One edge", "me")
    assert job.wait(SOON)
    assert job.status == "failed" and "reload the page" in job.error


def test_a_supernet_that_saw_other_images_comes_with_a_warning(small_runs: Path, tmp_path: Path, jobs) -> None:
    from tests.engine.small_runs import write_photos

    summary = read_summary(small_runs / OF_201)
    photos = write_photos(tmp_path / "photos", per_class=4)
    measurements = Measurements(jobs)
    request = edge(summary, 0, data=str(photos), images=None)
    finished(measurements.start([request], "One edge", "me"))
    found = measurements.find(request, summary)
    assert "training images may be included" in found.warning
    assert found.result.images == 20


# What makes two requests the same


def test_the_order_of_decisions_does_not_change_a_request(summary: Summary) -> None:
    start = undecided(summary)
    forth = start.discretize("cell", 1, "none").discretize("cell", 0, "skip_connect")
    back = start.discretize("cell", 0, "skip_connect").discretize("cell", 1, "none")
    assert edge(summary, 3, forth) == edge(summary, 3, back)
    assert edge(summary, 3, forth) != edge(summary, 3, start.discretize("cell", 0, "skip_connect"))


def test_decisions_are_listed_in_a_legal_order(of_s2: Summary) -> None:
    complete = undecided(of_s2).alpha_path()
    assert undecided(of_s2).replay(canonical(complete)).is_complete


@pytest.mark.parametrize(
    "change",
    [
        {"digest": "other"},
        {"index": 1},
        {"images": 512},
        {"images": None},
        {"batch_size": 32},
        {"bn": "running"},
        {"data": "cifar10"},
        {"criterion": "loss"},
        {"rescale": True},
        {"augment": True},
    ],
)
def test_whatever_changes_a_result_changes_the_key(summary: Summary, change: dict) -> None:
    asked = edge(summary, 0)
    changed = replace(asked, **change) if hasattr(asked, next(iter(change))) else asked.under(**change)
    assert changed.key != asked.key


def test_images_exchanged_in_a_folder_change_the_key_and_are_never_measured_under_the_old_one(
    summary: Summary, measurements: Measurements, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.data.identity.FRESH", 0)
    folder = write_photos(tmp_path / "photos", classes=10)
    before = edge(summary, 0, data=str(folder))
    finished(measurements.start([before], "One edge", "me"))
    assert measurements.find(before, summary) is not None
    next(folder.glob("train/*/*")).unlink()
    after = edge(summary, 0, data=str(folder))
    assert after.key != before.key and measurements.find(after, summary) is None
    job = measurements.start([replace(before, index=1)], "Too late", "me")
    assert job.wait(SOON) and job.status == "failed" and "have changed since this page was opened" in job.error


def test_tuned_stages_and_supernets_of_one_kind_share_their_images(summary: Summary, of_s2: Summary) -> None:
    BATCHES.clear()
    for each in (summary, of_s2):
        list(worker.take(Request.of(each, undecided(each), "accuracy", "", 0, images=IMAGES, batch_size=16)))
    assert len(BATCHES) == 1


def test_what_changes_nothing_leaves_the_key(summary: Summary) -> None:
    request = edge(summary, 0)
    assert replace(request, path="elsewhere").key == request.key
    assert request.under(seed=3).key == request.key
    assert request.under(seed=3, augment=True).key != request.under(augment=True).key
    node = replace(request, kind="node", index=3)
    assert node.under(rescale=True).key == node.key
    assert node.under(criterion="loss").key != node.key


# Stored sweeps


@pytest.fixture(scope="module")
def stored(small_runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small runs with a stored sweep each."""
    folder = tmp_path_factory.mktemp("stored")
    for name in (OF_201, OF_S2):
        path = shutil.copytree(small_runs / name, folder / name)
        loaded = engine.load(path)
        scorer = Scorer.of(loaded, Settings(images=IMAGES, batch_size=16))
        paths = [measured_path(scorer, loaded.start, 1)] if name == OF_201 else []
        write_scores(path, sweep(scorer, loaded.start, loaded.digest) | {"paths": paths})
    return folder


def test_a_stored_sweep_answers_at_once_with_its_date(stored: Path, jobs: JobManager) -> None:
    summary = read_summary(stored / OF_S2)
    measurements = Measurements(jobs)
    for index in range(14):
        found = measurements.find(edge(summary, index), summary)
        assert (found.source, found.partial, found.result.edge) == ("stored", False, index)
        assert found.date == summary.scores["date"][:10]
    node = replace(edge(summary, 0), kind="node", cell="reduce", index=5)
    assert measurements.find(node, summary).result.node == 5
    accuracy = measurements.find(node.supernet, summary)
    assert (accuracy.source, accuracy.result.images) == ("stored", IMAGES)
    assert jobs.active() == []


@pytest.mark.parametrize(
    "change",
    [
        {"batch_size": 32},
        {"bn": "running"},
        {"criterion": "loss"},
        {"rescale": True},
        {"augment": True},
        {"data": "cifar10"},
    ],
)
def test_a_stored_sweep_answers_only_what_was_measured_alike(stored: Path, jobs: JobManager, change: dict) -> None:
    summary = read_summary(stored / OF_201)
    assert Measurements(jobs).find(edge(summary, 0).under(**change), summary) is None


@pytest.mark.parametrize("change", [{"digest": "other"}, {"content": "files-other"}])
def test_a_stored_sweep_answers_only_for_its_supernet_and_its_images(
    stored: Path, jobs: JobManager, change: dict
) -> None:
    summary = read_summary(stored / OF_201)
    assert Measurements(jobs).find(edge(summary, 0), summary) is not None
    assert Measurements(jobs).find(replace(edge(summary, 0), **change), summary) is None


@pytest.mark.parametrize("images", [16, 512, None])
def test_a_stored_sweep_answers_whatever_number_of_images_is_asked_for(
    stored: Path, jobs: JobManager, images: int | None
) -> None:
    summary = read_summary(stored / OF_201)
    found = Measurements(jobs).find(edge(summary, 0).under(images=images), summary)
    assert found.images == IMAGES and found.available == 15_000


def test_a_stored_sweep_says_nothing_about_a_supernet_with_decisions(stored: Path, jobs: JobManager) -> None:
    summary = read_summary(stored / OF_201)
    decided = undecided(summary).discretize("cell", 0, "none")
    assert Measurements(jobs).find(edge(summary, 1, decided), summary) is None


def test_a_stored_path_answers_for_the_moments_it_came_by_in_whatever_order_they_were_reached(
    stored: Path, jobs: JobManager
) -> None:
    summary = read_summary(stored / OF_201)
    (path,) = summary.scores["paths"]
    steps = [EdgeScores.from_dict(step) for step in path["steps"]]
    before = undecided(summary)
    for one in reversed(steps[:3]):
        before = before.discretize("cell", one.edge, one.best)
    found = Measurements(jobs).find(edge(summary, steps[3].edge, before), summary)
    assert found is not None and (found.result, found.source) == (steps[3], "stored")
    accuracy = Measurements(jobs).find(edge(summary, steps[3].edge, before).supernet, summary)
    assert accuracy is not None and accuracy.accuracy.accuracy == path["accuracies"][3]
    assert Measurements(jobs).find(edge(summary, steps[4].edge, before), summary) is None
    other = next(one.name for one in steps[0].operations if one.name != steps[0].best)
    elsewhere = undecided(summary).discretize("cell", steps[0].edge, other)
    assert Measurements(jobs).find(edge(summary, steps[1].edge, elsewhere), summary) is None
    assert len(Measurements(jobs).paths(edge(summary, 0), summary)) == 1
    assert Measurements(jobs).paths(edge(summary, 0, before), summary) == ()


def test_how_the_choice_was_made_does_not_matter_to_the_stored_accuracy(stored: Path, jobs: JobManager) -> None:
    summary = read_summary(stored / OF_201)
    request = edge(summary, 0, criterion="loss", rescale=True).supernet
    assert Measurements(jobs).find(request, summary) is not None


# Many measurements


def test_measuring_all_takes_what_is_missing_edges_and_inputs(of_s2: Summary, jobs: JobManager, fake: Fake) -> None:
    measurements = Measurements(jobs, fake)
    start = undecided(of_s2).discretize("normal", 3, "skip_connect")
    finished(measurements.start([edge(of_s2, 0, start)], "One edge", "me"))
    how = {"images": IMAGES, "batch_size": 16}
    finished(measurements.start_all(of_s2, start, "All", "me", **how))
    asked = [(request.kind, request.cell, request.index) for request in fake.asked]
    assert len(asked) == len(set(asked)) == 2 * 14 - 1 + 2 * 3
    assert ("edge", "normal", 3) not in asked and ("node", "reduce", 5) in asked
    assert measurements.start_all(of_s2, start, "All", "me", **how) is None


def test_an_estimate_comes_from_this_machine_else_from_the_stored_sweep(
    summary: Summary, stored: Path, jobs: JobManager, fake: Fake
) -> None:
    measurements = Measurements(jobs, fake)
    assert measurements.estimate([edge(summary, 0)], summary) is None
    assert measurements.estimate([], summary) is None
    with_sweep = read_summary(stored / OF_201)
    rows = with_sweep.scores["edges"]
    sweep_seconds = measurements.estimate([edge(with_sweep, index) for index in range(6)], with_sweep)
    assert sweep_seconds == pytest.approx(sum(row["seconds"] for row in rows))
    finished(measurements.start([edge(summary, 0)], "One edge", "me"))  # 300 passes in 1.5 s
    assert measurements.estimate([edge(summary, 1)], summary) == pytest.approx(IMAGES * 6 * 0.005)
    assert measurements.estimate([edge(summary, 1).supernet], summary) == pytest.approx(IMAGES * 0.005)
    assert measurements.estimate([edge(summary, 1, images=None)], summary) is None


# Measured paths


def follow(summary: Summary, measurements: Measurements, seeds: Sequence[int | None], selection=None, **how):
    request = edge(summary, 0, selection, **how)
    finished(measurements.start_paths(request, seeds, "me"))
    return measurements.paths(request, summary)


def test_a_path_is_the_one_the_engine_follows(summary: Summary, measurements: Measurements) -> None:
    from engine.scoring.paths import measured_path
    from engine.selection.orders import edge_order, index_order

    start = undecided(summary).discretize("cell", 2, "skip_connect")
    loaded = engine.load(summary.path)
    scorer = Scorer.of(loaded, Settings(images=IMAGES, batch_size=16))
    found = follow(summary, measurements, [None, 5], start)
    for path, order in zip(found, (index_order(summary.space), edge_order(summary.space, 5)), strict=True):
        *_, last = steps = list(measured_path(scorer, start, order))
        assert path.decisions == last.selection.decisions
        assert path.genotype == str(last.selection.genotype())
        assert path.accuracies == tuple(step.scores.baseline.accuracy for step in steps)
        assert (path.source, path.images) == ("live", IMAGES)


def test_paths_of_two_cell_types_end_with_the_inputs(of_s2: Summary, measurements: Measurements) -> None:
    (path,) = follow(of_s2, measurements, [0], images=32)
    complete = undecided(of_s2).replay(path.decisions)
    assert complete.is_complete and path.genotype == str(complete.genotype())
    assert [hasattr(decision, "node") for decision in path.decisions] == [False] * 28 + [True] * 6


def test_paths_use_what_is_measured_and_what_they_measure_can_be_found(summary: Summary, jobs: JobManager) -> None:
    asked = []

    def counting(request: Request, begun: Begun | None) -> Iterator[Taken]:
        asked.append(request.key)
        return worker.take(request, begun)

    measurements = Measurements(jobs, counting)
    first = follow(summary, measurements, [None])
    assert len(asked) == 6
    assert all(measurements.find(request, summary) is not None for request in asked)
    assert follow(summary, measurements, [None]) == first
    assert len(asked) == 6
    assert {path.seed for path in follow(summary, measurements, [None, 3])} == {None, 3}
    assert len(asked) == len(set(asked)) <= 12


@pytest.mark.slow
def test_paths_that_take_long_are_followed_by_processes_to_the_same_end(
    stored: Path, jobs: JobManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPERNET_RUNS", str(tmp_path))
    summary = read_summary(stored / OF_201)
    start = undecided(summary).discretize("cell", 2, "skip_connect")
    here = follow(summary, Measurements(jobs), [None, 5], start)
    asked: list[Request] = []

    def never(request: Request, begun: Begun | None = None) -> Iterator[Taken]:
        asked.append(request)
        raise AssertionError

    monkeypatch.setattr("app.work.measurements.LONG", 0.0)
    request = edge(summary, 0, start)
    for number in range(2):  # the second time they are read
        elsewhere = Measurements(jobs, never, store=Store(lambda number=number: tmp_path / str(number)))
        job = elsewhere.start_paths(request, [None, 5], "me", summary)
        assert job.wait(240) and (job.status, job.error) == ("done", None)
        assert elsewhere.paths(request, summary) == here and not asked
    assert len(list(tmp_path.glob("paths/*/run/selection.json"))) == 2


def test_a_cancelled_path_stops_within_an_edge_and_paths_before_it_stay(summary: Summary, jobs: JobManager) -> None:
    measurements = Measurements(jobs)
    known = follow(summary, measurements, [0])
    count, seen = itertools.count(), []

    def slow(request: Request, begun: Begun | None) -> Iterator[Taken]:
        for taken in worker.take(request, begun):
            if next(count) == 2:
                seen.append(measurements.path_job(edge(summary, 3).supernet, "me"))
                jobs.cancel(job, "me")
            yield taken

    measurements._taker.take_live = slow
    job = measurements.start_paths(edge(summary, 0), [0, 1, 2], "me")
    assert job.wait(SOON)
    assert job.status == "cancelled"
    assert seen == [job] and measurements.path_job(edge(summary, 0), "me") is None
    assert measurements.paths(edge(summary, 0), summary) == known
    assert next(count) == 3


def test_paths_from_elsewhere_or_by_another_rule_are_other_paths(summary: Summary, measurements: Measurements) -> None:
    follow(summary, measurements, [None], images=32)
    decided = undecided(summary).discretize("cell", 0, "none")
    assert measurements.paths(edge(summary, 0, decided, images=32), summary) == ()
    assert measurements.paths(edge(summary, 0, images=64), summary) != ()
    assert measurements.paths(edge(summary, 0, images=32, criterion="loss"), summary) == ()
    assert measurements.paths(edge(summary, 3, images=32).supernet, summary) != ()


# Without torch


def test_finding_needs_no_torch(stored: Path) -> None:
    code = f"""
import sys
from app.work.questions import Request
from app.work.workshop import workshop
from engine.selection import Selection
measurements = workshop().measurements
entry = workshop().catalog.entries()["{OF_201}"]
selection = Selection(entry.summary.space, entry.summary.alphas)
request = Request.of(entry.summary, selection, "edge", "cell", 0, images={IMAGES}, batch_size=16)
assert measurements.find(request, entry.summary).source == "stored"
assert measurements.estimate([request], entry.summary) > 0
print({{"torch", "streamlit"}} & set(sys.modules))
"""
    environment = {"SUPERNET_CHECKPOINTS": str(stored), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_an_accuracy_speaks_for_itself() -> None:
    accuracy = Accuracy(Baseline(54.3, 1.2, (51.0, 57.0)), 1024, "batch", "cpu", 0.5)
    assert accuracy.accuracy == 54.3
    assert Measurement(accuracy, "live", "today").accuracy is accuracy
