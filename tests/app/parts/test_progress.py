"""How far work is, in words."""

import pytest

from app.parts.progress import progress_line
from app.work.job import Job
from app.work.jobs import Place


@pytest.fixture
def job() -> Job:
    return Job("key", "Measuring", lambda job: None, "me")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (Place(), "about to start"),
        (Place(beside=1), "about to start, by turns with 1 other"),
        (Place(beside=3), "about to start, by turns with 3 others"),
        (Place(ahead=2), "2 ahead of you"),
    ],
)
def test_what_goes_on_beside_work_is_said_and_nobody_is_ahead_who_only_shares(
    job: Job, place: Place, said: str
) -> None:
    assert progress_line(job, place) == said


def test_work_that_goes_on_says_how_far_it_is(job: Job) -> None:
    job.status = "running"
    assert progress_line(job) == "starting"
    job.progress(1, 4, "decisions")
    assert progress_line(job, Place(beside=2)) == "1 of 4 decisions, by turns with 2 others"
    job.progress(50, 100, "%")
    assert progress_line(job).startswith("50 %, ")
