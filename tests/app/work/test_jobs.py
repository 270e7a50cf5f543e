"""Background work: joined, queued, watched, cancelled, retried."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.work.jobs import KEPT, QUEUE, Job, JobManager
from app.work.threads import process_threads, threads, threads_of_runs
from engine.errors import BadInput
from engine.runs.status import Status, now

SOON = 10


@pytest.fixture
def manager() -> Iterator[JobManager]:
    found = JobManager()
    yield found
    found.shutdown(SOON)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def held(gate: threading.Event) -> Callable[[Job], str]:
    """Work that reports and goes on until the gate opens."""

    def work(job: Job) -> str:
        while not gate.wait(0.005):
            job.progress(1, 2, "images")
        return "result"

    return work


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.002)


def test_work_runs_in_the_background_and_its_result_can_be_found(manager: JobManager) -> None:
    job = manager.submit("key", "Adding", lambda job: 1 + 1, "me")
    assert job.wait(SOON)
    assert (job.status, job.value, job.active) == ("done", 2, False)
    assert manager.get("key") is job
    assert manager.get("other") is None


def test_jobs_have_numbers_of_their_own(manager: JobManager) -> None:
    numbers = [Job("key", "Again", lambda job: None, "me").number for _ in range(3)]
    assert len(set(numbers)) == 3  # ids of objects are given out again


def test_three_quick_clicks_and_a_second_visitor_share_one_job(manager: JobManager, gate: threading.Event) -> None:
    runs = []

    def work(job: Job) -> None:
        runs.append(job)
        held(gate)(job)

    jobs = {manager.submit("key", "Once", work, visitor) for visitor in ("me", "me", "me", "you")}
    assert len(jobs) == 1
    assert manager.of("me") == manager.of("you") == list(jobs)
    gate.set()
    assert jobs.pop().wait(SOON)
    assert len(runs) == 1


def test_every_visitor_of_a_long_job_is_told_once_that_it_is_done(
    manager: JobManager, monkeypatch: pytest.MonkeyPatch, gate: threading.Event
) -> None:
    assert manager.submit("short", "Short", lambda job: 1, "me").wait(SOON)
    monkeypatch.setattr("app.work.jobs.LONG", 0.0)
    job = manager.submit("long", "Long", held(gate), "me")
    manager.submit("long", "Long", held(gate), "you")
    assert manager.finished("me") == []
    gate.set()
    assert job.wait(SOON)
    assert [each.title for each in manager.finished("me")] == ["Long"] and manager.finished("me") == []
    assert manager.finished("you") == [job] and manager.finished("she") == []


def test_a_job_that_failed_or_was_left_is_not_done(manager: JobManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.work.jobs.LONG", 0.0)
    assert manager.submit("key", "Broken", lambda job: 1 / 0, "me").wait(SOON)
    assert manager.finished("me") == []


def test_a_finished_job_is_done_again_when_asked_again(manager: JobManager) -> None:
    first = manager.submit("key", "Twice", lambda job: 1, "me")
    assert first.wait(SOON)
    second = manager.submit("key", "Twice", lambda job: 2, "me")
    assert second.wait(SOON)
    assert second is not first
    assert manager.get("key").value == 2


def test_progress_is_seen_while_it_runs(manager: JobManager, gate: threading.Event) -> None:
    job = manager.submit("key", "Halves", held(gate), "me")
    until(lambda: job.done)
    assert (job.status, job.value, job.done, job.total, job.unit, job.share) == ("running", None, 1, 2, "images", 0.5)
    gate.set()
    assert job.wait(SOON)
    assert job.value == "result"


def test_remaining_time_follows_the_rate_since_the_first_report(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 103.0])
    job = Job("key", "Timed", lambda job: None, "me")
    monkeypatch.setattr("app.work.jobs.time.monotonic", lambda: next(clock))
    assert job.remaining is None
    job.progress(10, 40)  # at 100 s: however long it took to get here
    assert job.remaining is None
    job.progress(20, 40)
    assert job.remaining == pytest.approx(6.0)  # 10 took 3 s and 20 are left


def test_cancel_stops_running_work_at_its_next_report(manager: JobManager, gate: threading.Event) -> None:
    job = manager.submit("key", "Long", held(gate), "me")
    until(lambda: job.status == "running")
    manager.cancel(job, "me")
    assert job.wait(SOON)
    assert (job.status, job.error) == ("cancelled", None)
    assert manager.active() == []


def test_work_that_somebody_else_watches_goes_on(manager: JobManager, gate: threading.Event) -> None:
    job = manager.submit("key", "Shared", held(gate), "me")
    manager.submit("key", "Shared", held(gate), "you")
    manager.cancel(job, "me")
    assert (manager.of("me"), manager.of("you")) == ([], [job])
    gate.set()
    assert job.wait(SOON)
    assert job.status == "done"


def test_what_is_being_stopped_is_not_joined_but_done_again(manager: JobManager) -> None:
    release = threading.Event()

    def work(job: Job) -> str:
        release.wait(SOON)
        job.check()
        return "result"

    first = manager.submit("key", "Stubborn", work, "me")
    until(lambda: first.status == "running")
    manager.cancel(first, "me")
    second = manager.submit("key", "Stubborn", work, "me")
    assert second is not first
    release.set()
    assert first.wait(SOON) and second.wait(SOON)
    assert (first.status, second.status, second.value) == ("cancelled", "done", "result")


def test_jobs_run_one_after_the_other_and_know_how_many_are_ahead(manager: JobManager, gate: threading.Event) -> None:
    order = []
    first = manager.submit("first", "First", held(gate), "a")
    until(lambda: first.status == "running")
    waiting = [manager.submit(n, "Next", lambda job, n=n: order.append(n), f"visitor {n}") for n in range(3)]
    assert [manager.ahead(job) for job in (first, *waiting)] == [0, 1, 2, 3]
    assert manager.active() == [first, *waiting]
    gate.set()
    assert all(job.wait(SOON) for job in waiting)
    assert order == [0, 1, 2]


def test_a_visitors_newer_request_takes_the_place_of_the_one_that_waits(
    manager: JobManager, gate: threading.Event
) -> None:
    running = manager.submit("running", "Running", held(gate), "me")
    until(lambda: running.status == "running")
    old = manager.submit("old", "Old", lambda job: None, "me")
    others = manager.submit("others", "Others", lambda job: None, "you")
    manager.submit("others", "Others", lambda job: None, "me")
    new = manager.submit("new", "New", lambda job: "new", "me")
    assert (old.status, running.status) == ("cancelled", "running")
    assert others.status == "queued"  # somebody else waits for it too
    gate.set()
    assert new.wait(SOON) and others.wait(SOON)
    assert (new.value, others.status) == ("new", "done")


def test_a_full_queue_refuses_in_a_sentence_and_loses_nothing(manager: JobManager, gate: threading.Event) -> None:
    running = manager.submit("running", "Running", held(gate), "a")
    until(lambda: running.status == "running")
    waiting = [manager.submit(n, "Waiting", lambda job: None, f"visitor {n}") for n in range(QUEUE)]
    with pytest.raises(BadInput, match="waiting already; try again"):
        manager.submit("more", "One more", lambda job: None, "late")
    replaced = manager.submit("instead", "Instead", lambda job: None, "visitor 0")
    assert (waiting[0].status, replaced.status) == ("cancelled", "queued")
    gate.set()
    assert replaced.wait(SOON)
    assert {job.status for job in waiting[1:]} == {"done"}


def test_bad_input_is_told_word_for_word_and_can_be_retried(manager: JobManager) -> None:
    answers = iter([BadInput("there are no images; give some"), None])

    def work(job: Job) -> str:
        if error := next(answers):
            raise error
        return "fine"

    job = manager.submit("key", "Trying", work, "me")
    assert job.wait(SOON)
    assert (job.status, job.error, job.details) == ("failed", "there are no images; give some", None)
    assert (manager.failed("me"), manager.failed("you")) == ([job], [])
    again = manager.retry(job, "me")
    assert again.wait(SOON)
    assert (again.status, again.value, again.title) == ("done", "fine", "Trying")
    assert manager.failed("me") == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (RuntimeError("shape\n mismatch"), "stopped unexpectedly"),
        (MemoryError(), "not enough memory; take fewer images"),
    ],
)
def test_an_unexpected_error_gives_a_short_text_and_one_line_of_details(
    manager: JobManager, error: Exception, sentence: str
) -> None:
    def work(job: Job) -> None:
        raise error

    job = manager.submit("key", "Failing", work, "me")
    assert job.wait(SOON)
    assert sentence in job.error
    assert job.details.startswith(type(error).__name__) and "\n" not in job.details
    manager.dismiss(job, "me")
    assert manager.failed("me") == []
    after = manager.submit("after", "After", lambda job: "still working", "me")
    assert after.wait(SOON)
    assert after.value == "still working"


def test_only_the_latest_ended_jobs_are_remembered(manager: JobManager) -> None:
    for number in range(KEPT + 5):
        assert manager.submit(number, "One of many", lambda job: None, "me").wait(SOON)
    assert manager.get(0) is None
    assert manager.get(KEPT + 4) is not None


def test_shutdown_cancels_what_runs_and_waits_and_then_refuses(gate: threading.Event) -> None:
    manager = JobManager()
    running = manager.submit("running", "Running", held(gate), "me")
    waiting = manager.submit("waiting", "Waiting", lambda job: None, "you")
    manager.shutdown(SOON)
    assert running.wait(0) and waiting.wait(0)
    assert running.status == waiting.status == "cancelled"
    assert "measuring" not in {thread.name for thread in threading.enumerate() if thread is manager._working.thread}
    with pytest.raises(BadInput, match="stopping"):
        manager.submit("late", "Late", lambda job: None, "me")


def test_an_interpreter_that_ends_first_stops_its_work() -> None:
    code = """
import time
from app.work.workshop import workshop
def work(job):
    while True:
        time.sleep(0.01)
        job.check()
job = workshop().jobs.submit("key", "Endless", work, "me")
import atexit
time.sleep(0.1)
atexit.register(lambda: None)
print(job.status, flush=True)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "running\n", "")


def test_what_a_process_does_holds_up_nobodys_measurement(manager: JobManager, gate: threading.Event) -> None:
    done: list[str] = []

    def follow(job: Job) -> None:
        held(gate)(job)
        done.append("process")

    tuning = manager.submit("tuned", "Tuning", lambda job: done.append("work"), "you", follow)
    behind = manager.submit("next", "Tuning", lambda job: None, "they", lambda job: None)
    until(lambda: tuning.share)
    quick = manager.submit("edge", "Measuring", lambda job: done.append("edge"), "me")
    assert quick.wait(SOON) and tuning.active
    assert (manager.ahead(behind), manager.ahead(tuning), behind.status) == (1, 0, "queued")
    gate.set()
    assert tuning.wait(SOON) and behind.wait(SOON)
    assert done == ["edge", "process", "work"] and tuning.status == behind.status == "done"


def test_a_job_whose_process_did_its_part_keeps_its_place(manager: JobManager, gate: threading.Event) -> None:
    first = manager.submit("first", "Measuring", held(gate), "you")
    until(lambda: first.share)
    tuned = manager.submit("tuned", "Tuning", lambda job: "measured", "me", lambda job: None)
    until(lambda: manager.ahead(tuned) == 1 and tuned in manager.of("me"))
    edge = manager.submit("edge", "Measuring", lambda job: "edge", "me")
    other = manager.submit("other", "Measuring", lambda job: "other", "me")
    assert (edge.status, tuned.status) == ("cancelled", "queued")
    gate.set()
    assert tuned.wait(SOON) and other.wait(SOON) and (tuned.value, other.value) == ("measured", "other")


@pytest.mark.parametrize("problem", [BadInput("no such images"), None])
def test_a_process_that_fails_or_is_left_ends_its_job(
    manager: JobManager, gate: threading.Event, problem: Exception | None
) -> None:
    def follow(job: Job) -> None:
        if problem:
            raise problem
        held(gate)(job)

    job = manager.submit("key", "Tuning", lambda job: "never", "me", follow)
    if problem is None:
        until(lambda: job.share)
        manager.cancel(job, "me")
    assert job.wait(SOON) and job.value is None and not job.leaving
    assert (job.status, job.error) == (("failed", "no such images") if problem else ("cancelled", None))


def test_an_app_that_stops_leaves_its_processes(gate: threading.Event) -> None:
    manager = JobManager()
    job = manager.submit("key", "Tuning", lambda job: None, "me", lambda job: held(gate)(job) and None)
    until(lambda: job.share)
    manager.shutdown(SOON)
    assert job.status == "cancelled" and job.leaving


def test_jobs_need_neither_streamlit_nor_torch() -> None:
    code = "import sys, app.work.jobs, app.work.threads; print({'streamlit', 'torch'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_one_core_is_left_to_the_pages_and_the_threads_of_living_runs_to_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SUPERNET_RUNS", str(tmp_path))
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(8)), raising=False)
    assert (threads(), process_threads()) == (7, 6)
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0}, raising=False)
    assert (threads(), process_threads()) == (1, 1)
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(8)), raising=False)
    long_ago = "2026-01-01T00:00:00+00:00"
    statuses = {
        "a": Status("running", "here", 1, now(), threads=4),
        "deep/in/b": Status("running", "elsewhere", 1, now()),
        "deep/dead": Status("running", "here", 1, long_ago, threads=9),
        "deep/done": Status("done", "here", 1, now(), threads=9),
    }
    for name, status in statuses.items():
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "status.json").write_text(status.to_json())
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "status.json").write_text("{")
    assert (threads_of_runs(), threads(), process_threads()) == (5, 2, 1)
