"""Background work: joined, by turns, watched, cancelled, retried."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.work.job import Job, Steps
from app.work.jobs import KEPT, MOST_OF_ONE, JobManager, Place
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
    monkeypatch.setattr("app.work.job.LONG", 0.0)
    job = manager.submit("long", "Long", held(gate), "me")
    manager.submit("long", "Long", held(gate), "you")
    assert manager.finished("me") == []
    gate.set()
    assert job.wait(SOON)
    assert [each.title for each in manager.finished("me")] == ["Long"] and manager.finished("me") == []
    assert manager.finished("you") == [job] and manager.finished("she") == []


def test_a_job_that_failed_or_was_left_is_not_done(manager: JobManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.work.job.LONG", 0.0)
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
    monkeypatch.setattr("app.work.job.time.monotonic", lambda: next(clock))
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


def steps(number: int, seen: list[str], name: str) -> Callable[[Job], Steps[str]]:
    """Work of so many steps, each of which is noted."""

    def work(job: Job) -> Steps[str]:
        for step in range(1, number + 1):
            seen.append(name)
            job.progress(step, number)
            yield
        return name

    return work


def together(manager: JobManager, *works: tuple[str, Callable[[Job], object], str]) -> list[Job]:
    """Jobs that begin at the same moment: key, work, visitor."""
    gate = threading.Event()
    block = manager.submit("block", "Blocking", lambda job: gate.wait(SOON), "nobody")
    until(lambda: block.status == "running")
    jobs = [manager.submit(key, key, work, visitor) for key, work, visitor in works]
    gate.set()
    assert all(job.wait(SOON) for job in jobs)
    return jobs


def test_jobs_advance_by_turns_and_a_long_one_holds_up_nobody(manager: JobManager) -> None:
    seen: list[str] = []
    jobs = together(
        manager, ("a", steps(6, seen, "a"), "me"), ("b", steps(2, seen, "b"), "you"), ("c", steps(3, seen, "c"), "her")
    )
    assert [job.value for job in jobs] == ["a", "b", "c"]
    rounds = ["".join(sorted(seen[:3])), "".join(sorted(seen[3:6])), "".join(sorted(seen[6:8])), "".join(seen[8:])]
    assert rounds == ["abc", "abc", "ac", "aaa"]


def test_nobody_is_refused_and_nobody_waits_for_anybody(manager: JobManager, gate: threading.Event) -> None:
    def work(job: Job) -> Steps[None]:
        while not gate.is_set():
            job.progress(1, 2)
            yield

    jobs = [manager.submit(number, "Asked", work, f"visitor {number}") for number in range(40)]
    until(lambda: all(job.share for job in jobs))
    assert {job.status for job in jobs} == {"running"} and manager.active() == jobs
    assert {manager.place(job) for job in jobs} == {Place(beside=39)}
    gate.set()
    assert all(job.wait(SOON) for job in jobs)
    assert manager.place(jobs[0]) == Place()


def test_a_visitor_with_many_jobs_has_one_turn_a_round(manager: JobManager) -> None:
    seen: list[str] = []
    mine = [(f"mine {number}", steps(4, seen, "mine"), "me") for number in range(5)]
    together(manager, *mine, ("yours", steps(4, seen, "yours"), "you"))
    assert "yours" not in seen[8:]  # four turns of each visitor
    assert seen.count("mine") == 20


def test_what_has_the_least_left_goes_first_in_a_round(manager: JobManager) -> None:
    seen: list[str] = []

    def timed(name: str, left: float) -> Callable[[Job], Steps[None]]:
        def work(job: Job) -> Steps[None]:
            for _ in range(3):
                seen.append(name)
                type(job).remaining = property(lambda job: {"long": 9.0, "short": 1.0}[str(job.key)])
                yield

        return work

    before = Job.remaining
    try:
        together(manager, ("long", timed("long", 9), "me"), ("short", timed("short", 1), "you"))
    finally:
        Job.remaining = before
    assert seen[2:] == ["short", "long", "short", "long"]


def test_who_comes_later_neither_waits_for_old_turns_nor_overtakes_for_longer(manager: JobManager) -> None:
    seen: list[str] = []
    late = threading.Event()

    def first(job: Job) -> Steps[None]:
        for step in range(40):
            if step == 20:
                late.set()
                until(lambda: manager.get("late"))
            seen.append("first")
            yield

    job = manager.submit("first", "First", first, "me")
    assert late.wait(SOON)
    assert manager.submit("late", "Late", steps(10, seen, "late"), "you").wait(SOON) and job.wait(SOON)
    assert sorted(seen[21:25]) == ["first", "first", "late", "late"] and seen[-1] == "first"


def test_what_has_begun_tidies_up_when_it_is_left_before_anything_else_goes_on(manager: JobManager) -> None:
    seen: list[str] = []

    def careful(job: Job) -> Steps[None]:
        try:
            while True:
                job.progress(1, 2)
                yield
        finally:
            seen.append("tidy")

    job = manager.submit("careful", "Careful", careful, "me")
    until(lambda: job.share)
    manager.cancel(job, "me")
    assert job.wait(SOON) and (job.status, seen) == ("cancelled", ["tidy"])


def test_several_workers_do_several_steps_at_a_time_but_one_of_a_job() -> None:
    manager = JobManager(workers=2)
    busy: list[str] = []
    most: list[int] = []

    def work(job: Job) -> Steps[None]:
        for _ in range(20):
            assert str(job.key) not in busy
            busy.append(str(job.key))
            most.append(len(busy))
            time.sleep(0.001)
            busy.remove(str(job.key))
            yield

    jobs = [manager.submit(str(number), "Asked", work, f"visitor {number}") for number in range(5)]
    assert all(job.wait(SOON) and job.status == "done" for job in jobs)
    assert max(most) == 2
    manager.shutdown(SOON)


def test_one_visitor_can_ask_for_much_but_not_for_everything(manager: JobManager, gate: threading.Event) -> None:
    jobs = [manager.submit(number, f"Edge {number}", held(gate), "me") for number in range(MOST_OF_ONE)]
    with pytest.raises(BadInput, match=f"{MOST_OF_ONE} measurements of yours are under way"):
        manager.submit("more", "One more", held(gate), "me")
    assert manager.submit(3, "Edge 3", held(gate), "me") is jobs[3]
    other = manager.submit("others", "Others", lambda job: "fine", "you")
    gate.set()
    assert other.wait(SOON) and other.value == "fine"


def test_a_visitors_newer_question_takes_the_place_of_those_of_its_kind_but_the_first(
    manager: JobManager, gate: threading.Event
) -> None:
    running = manager.submit("running", "What it cost", held(gate), "me")
    until(lambda: running.status == "running")
    old = manager.submit("old", "What it cost", lambda job: None, "me")
    edge = manager.submit("edge", "Measuring an edge", lambda job: "edge", "me")
    others = manager.submit("others", "What it cost", lambda job: None, "you")
    assert manager.submit("others", "What it cost", lambda job: None, "me") is others
    new = manager.submit("new", "What it cost", lambda job: "new", "me")
    assert (old.status, running.status, edge.status, others.status) == ("cancelled", "running", "queued", "queued")
    gate.set()
    assert new.wait(SOON) and others.wait(SOON) and edge.wait(SOON)
    assert (new.value, edge.value, others.status) == ("new", "edge", "done")


def test_a_visitors_newer_tuning_takes_the_place_of_the_one_that_waits(
    manager: JobManager, gate: threading.Event
) -> None:
    def tuning(key: str, visitor: str) -> Job:
        return manager.submit(key, "Tuning", lambda job: key, visitor, lambda job: held(gate)(job) and None)

    running = tuning("running", "me")
    until(lambda: running.status == "running")
    old = tuning("old", "me")
    others = tuning("others", "you")
    assert tuning("others", "me") is others
    new = tuning("new", "me")
    assert (old.status, running.status, others.status) == ("cancelled", "running", "queued")
    assert [manager.place(job) for job in (running, others, new)] == [Place(), Place(ahead=1), Place(ahead=2)]
    gate.set()
    assert new.wait(SOON) and others.wait(SOON)
    assert (new.value, others.status) == ("new", "done")


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
    assert not [thread for thread in manager._threads.values() if thread.is_alive()]
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
    assert (manager.place(behind).ahead, manager.place(tuning).ahead, behind.status) == (1, 0, "queued")
    gate.set()
    assert tuning.wait(SOON) and behind.wait(SOON)
    assert done == ["edge", "process", "work"] and tuning.status == behind.status == "done"


def test_a_job_whose_process_did_its_part_takes_turns(manager: JobManager, gate: threading.Event) -> None:
    first = manager.submit("first", "Measuring", held(gate), "you")
    until(lambda: first.share)
    tuned = manager.submit("tuned", "Tuning", lambda job: "measured", "me", lambda job: None)
    until(lambda: manager.place(tuned) == Place(beside=1) and tuned in manager.of("me"))
    edge = manager.submit("edge", "Measuring", lambda job: "edge", "me")
    assert (edge.status, tuned.status) == ("queued", "queued")
    gate.set()
    assert tuned.wait(SOON) and edge.wait(SOON) and (tuned.value, edge.value) == ("measured", "edge")


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
