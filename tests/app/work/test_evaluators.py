"""Processes that compute for the pages: the same numbers, errors that arrive, and nothing lost with a killed one."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from app.library import catalog
from app.work import tuned, worker
from app.work.evaluators import LOST, TRIES, Evaluators
from app.work.jobs import JobManager
from app.work.questions import Measurement, Request
from app.work.workshop import Workshop
from engine.checkpoint.folder import read_summary
from engine.checkpoint.format import Summary
from engine.errors import BadInput
from tests.app.small_runs import OF_201

IMAGES, SOON = 48, 120


@pytest.fixture(scope="module")
def evaluators() -> Iterator[Evaluators]:
    found = Evaluators(2)
    yield found
    found.close()


@pytest.fixture
def summary(small_runs: Path) -> Summary:
    return read_summary(small_runs / OF_201)


def edge(summary: Summary, index: int = 0) -> Request:
    return Request.of(summary, summary.start, "edge", "cell", index, images=IMAGES, batch_size=16)


def kill_all(evaluators: Evaluators) -> None:
    for each in evaluators._all:
        each.process.kill()


def numbers(measurement: Measurement) -> dict[str, object]:
    return asdict(replace(measurement.edge, seconds=0.0))


def test_numbers_are_those_of_this_process_batch_by_batch(evaluators: Evaluators, summary: Summary) -> None:
    asked = edge(summary)
    there, here = list(evaluators.take(asked)), list(worker.take(asked))
    assert [numbers(each.measurement) for each in there] == [numbers(each.measurement) for each in here]
    assert [each.share for each in there] == [1 / 3, 2 / 3, 1]
    assert there[1].begun is not None
    (rest,) = evaluators.take(asked, there[1].begun)
    assert numbers(rest.measurement) == numbers(here[-1].measurement)


def test_two_measurements_at_once_live_in_two_processes(evaluators: Evaluators, summary: Summary) -> None:
    both = evaluators.take(edge(summary, 1)), evaluators.take(edge(summary, 2))
    first = [next(each).measurement.edge.edge for each in both]
    assert first == [1, 2] and [each.users for each in evaluators._all] == [1, 1]
    for each in both:
        each.close()
    assert [each.users for each in evaluators._all] == [0, 0]


def test_a_killed_process_costs_nothing_that_was_measured(evaluators: Evaluators, summary: Summary) -> None:
    asked = edge(summary, 3)
    steps = evaluators.take(asked)
    next(steps)
    kill_all(evaluators)
    rest = list(steps)
    assert [each.measurement.images for each in rest] == [32, 48]
    assert numbers(rest[-1].measurement) == numbers(list(worker.take(asked))[-1].measurement)


def test_processes_that_are_killed_again_and_again_end_in_a_message(
    evaluators: Evaluators, summary: Summary, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, asked = evaluators._ask, []

    def killed(evaluator, *message):  # type: ignore[no-untyped-def]
        asked.append(message)
        evaluator.process.kill()
        evaluator.process.wait()
        return ask(evaluator, *message)

    monkeypatch.setattr(evaluators, "_ask", killed)
    with pytest.raises(BadInput) as error:
        list(evaluators.take(edge(summary)))
    assert str(error.value) == LOST and len(asked) == TRIES


def test_what_is_wrong_is_said_as_over_there(evaluators: Evaluators, summary: Summary) -> None:
    with pytest.raises(BadInput, match="have changed since this page was opened"):
        next(evaluators.take(replace(edge(summary), content="other")))
    with pytest.raises(RuntimeError, match="AttributeError"):
        next(evaluators.take(replace(edge(summary), decisions=("nothing that could be decided",))))  # type: ignore[arg-type]
    assert next(evaluators.take(edge(summary))).measurement.images == 16


def test_an_estimate_reports_and_stops_when_nobody_wants_it(evaluators: Evaluators, summary: Summary) -> None:
    asked = Request.of(summary, summary.start, "accuracy", "", 0, images=IMAGES, batch_size=16)
    shares: list[float] = []
    found = evaluators.preview(asked, shares.append)
    here = worker.preview(asked, lambda share: None)
    assert found.edges == here.edges and shares == [1 / 3, 2 / 3, 1]

    class Enough(Exception):
        pass

    def stop(share: float) -> None:
        raise Enough

    with pytest.raises(Enough):
        evaluators.preview(asked, stop)
    assert evaluators.preview(asked, shares.append).edges == found.edges


def test_tuning_leaves_its_stage_and_how_long_a_batch_took(
    evaluators: Evaluators, summary: Summary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(catalog.RUNS, str(tmp_path))
    own = Evaluators(2)  # a process takes its folder from where it was started
    own.leave()
    own.get_ready()
    assert [each.device is not None for each in own._all] == [True], "an app that stops starts no more of them"
    decisions = summary.start.discretize("cell", 0, "nor_conv_3x3").decisions
    monkeypatch.setattr(tuned, "_rates", {})
    done: list[tuple[int, int]] = []
    try:
        own.tune(summary, decisions, "q", lambda *said: done.append(said), "bundled")
    finally:
        own.close()
    assert not tuned.stage(summary, decisions, "q").missing
    assert done[-1] == (50, 50) and (tuned.rate(summary) or 0) > 0


def test_a_server_leaves_its_measurements_to_processes(evaluators: Evaluators, summary: Summary) -> None:
    jobs = JobManager(4)
    shop = Workshop(jobs=jobs, evaluators=evaluators)
    asked = edge(summary, 4)
    job = shop.measurements.start([asked], "One edge", "me")
    assert job.wait(SOON) and job.status == "done"
    found = shop.measurements.find(asked, summary)
    assert found is not None and numbers(found) == numbers(list(worker.take(asked))[-1].measurement)
    jobs.shutdown(SOON)


def test_whoever_measures_while_the_app_stops_is_told_so(summary: Summary) -> None:
    gone = Evaluators(1)
    gone.close()
    with pytest.raises(BadInput, match="stopping"):
        next(gone.take(edge(summary)))
