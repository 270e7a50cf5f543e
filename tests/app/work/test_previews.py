"""First-order estimates in the background: kept by content, cancelled as other work, and never a measurement."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.work import worker
from app.work.jobs import JobManager
from app.work.measurements import Measurements
from app.work.previews import Previews
from app.work.questions import Request
from engine.checkpoint.folder import read_summary
from engine.checkpoint.format import Summary
from engine.errors import BadInput
from engine.results import Preview
from engine.scoring.paths import Report
from engine.scoring.settings import PREVIEW_IMAGES
from tests.app.small_runs import OF_201

SOON = 120


@pytest.fixture
def summary(small_runs: Path) -> Summary:
    return read_summary(small_runs / OF_201)


@pytest.fixture
def jobs() -> Iterator[JobManager]:
    manager = JobManager()
    yield manager
    manager.shutdown(SOON)


def accuracy(summary: Summary, **how: object) -> Request:
    return Request.of(summary, summary.start, "accuracy", "", 0, **how)


def test_the_whole_matrix_is_estimated_once_for_everybody_and_is_no_measurement(
    summary: Summary, jobs: JobManager
) -> None:
    measurements = Measurements(jobs)
    previews, asked = measurements.previews, accuracy(summary, images=1024)
    assert previews.find(asked) is None
    job = previews.start(asked, "ann")
    assert previews.start(replace(asked, settings=replace(asked.settings, images=None)), "bob") is job
    assert measurements.job(asked, "ann") is None
    assert job.wait(SOON) and job.status == "done"
    found = previews.find(asked)
    assert found is not None and found.images == PREVIEW_IMAGES
    assert [each.edge for each in found.edges] == [*range(6)]
    assert measurements.find(asked, summary) is None
    # other decisions are another question
    decided = summary.start.discretize("cell", 0, "none")
    assert previews.find(Request.of(summary, decided, "accuracy", "", 0)) is None


def test_it_stops_when_nobody_wants_it_any_more(summary: Summary, jobs: JobManager) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(request: Request, report: Report) -> Preview:
        begun.set()
        assert go.wait(SOON)
        report(0.5)
        raise AssertionError("went on after it was cancelled")

    previews, asked = Previews(jobs, slow), accuracy(summary)
    job = previews.start(asked, "ann")
    assert begun.wait(SOON) and previews.job(asked, "ann") is job and previews.job(asked, "bob") is None
    jobs.cancel(job, "ann")
    go.set()
    assert job.wait(SOON) and job.status == "cancelled"
    assert previews.find(asked) is None and previews.job(asked, "ann") is None


def test_images_that_have_changed_are_refused(summary: Summary) -> None:
    with pytest.raises(BadInput, match="reload the page"):
        worker.preview(replace(accuracy(summary), content="other"), lambda share: None)
