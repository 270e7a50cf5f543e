"""A run's folder: one process works in it, what it did is on the disk, and whoever looks on knows whether it lives."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import BadInput
from engine.runs import lock, status
from engine.runs.folder import RunFolder, read_events
from engine.runs.status import Status, read_status
from tests.engine.kills import Killed, dying, moments

PLAN = {"command": "count", "to": 3}
HOLDER = """
import signal, sys, time
from engine.runs.folder import RunFolder
signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background hands down that it is ignored
with RunFolder(sys.argv[1], {"command": "count", "to": 3}, {}, resume=True) as folder:
    folder.keep({"count": 1}, {"count": 1})
    print("holding", flush=True)
    time.sleep(60)
"""


def opened(path: Path, resume: bool = True, plan: dict = PLAN, defaults: dict | None = None) -> RunFolder:
    return RunFolder(path, plan, defaults or {}, resume=resume)


def count(path: Path, to: int = 3) -> list[int]:
    """A run: counts on from where the folder is."""
    with opened(path) as folder:
        kept = folder.progress() or {"count": 0}
        folder.mend_events([{"count": kept["count"]}] if kept["count"] else [], kept["count"])
        for number in range(kept["count"] + 1, to + 1):
            folder.keep({"count": number}, {"count": number})
    return [event["count"] for event in read_events(path)]


@pytest.fixture
def holder(root: Path, tmp_path: Path):
    """A process of its own that works in a folder."""
    path = tmp_path / "held"
    process = subprocess.Popen([sys.executable, "-c", HOLDER, path], cwd=root, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "holding\n"
    yield path, process
    process.kill()
    process.wait()
    process.stdout.close()


# One process


def test_a_second_process_is_refused_by_name_of_host_and_process(holder):
    path, process = holder
    before = {name.name: name.read_bytes() for name in path.iterdir() if name.name != "status.json"}
    with pytest.raises(BadInput, match=f"in use by process {process.pid} on {socket.gethostname()}"), opened(path):
        pass
    assert {name: (path / name).read_bytes() for name in before} == before
    found = read_status(path)
    assert found is not None and found.alive and (found.host, found.pid) == (socket.gethostname(), process.pid)


def test_the_folder_of_a_killed_process_is_free_at_once_and_gone_on_with(holder):
    path, process = holder
    process.kill()
    process.wait()
    assert (path / "lock").exists()
    assert count(path) == [1, 2, 3]
    assert not (path / "lock").exists()


def test_a_folder_is_not_held_twice_in_one_process_either(tmp_path):
    with opened(tmp_path / "run"), pytest.raises(BadInput, match=f"process {os.getpid()}"), opened(tmp_path / "run"):
        pass
    assert count(tmp_path / "run") == [1, 2, 3]


def elsewhere(path: Path, heard: datetime) -> None:
    """A lock as a process of another machine leaves it."""
    time = heard.isoformat(timespec="seconds")
    path.mkdir()
    (path / "lock").write_text(json.dumps({"host": "elsewhere", "pid": 7, "time": "2026-01-01T00:00:00+00:00"}))
    (path / "status.json").write_text(Status("running", "elsewhere", 7, time).to_json())


@pytest.mark.parametrize("without_locks", [False, True])
def test_another_machines_folder_is_free_when_it_was_not_heard_of_for_a_while(tmp_path, monkeypatch, without_locks):
    def refuse(handle: int, what: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    if without_locks:
        monkeypatch.setattr(lock.fcntl, "flock", refuse)
    elsewhere(tmp_path / "alive", datetime.now(UTC))
    with pytest.raises(BadInput, match="process 7 on elsewhere"), opened(tmp_path / "alive"):
        pass
    elsewhere(tmp_path / "dead", datetime.now(UTC) - timedelta(seconds=status.DEAD_AFTER + 1))
    assert count(tmp_path / "dead") == [1, 2, 3]


def test_who_was_taken_over_stops(tmp_path):
    with pytest.raises(BadInput, match="taken over by process 7 on elsewhere"), opened(tmp_path / "run") as folder:
        (tmp_path / "run" / "lock").write_text(json.dumps({"host": "elsewhere", "pid": 7}))
        folder.keep({}, {})
    assert (tmp_path / "run" / "lock").exists()


# What it holds


@pytest.mark.parametrize(
    ("plan", "resume", "says"),
    [(PLAN, False, "--resume"), ({**PLAN, "to": 4}, True, r"another run: to 3 \(now 4\)")],
)
def test_a_run_is_not_overwritten_nor_continued_with_other_settings(tmp_path, plan, resume, says):
    count(tmp_path / "run")
    with pytest.raises(BadInput, match=says), opened(tmp_path / "run", resume, plan):
        pass
    assert count(tmp_path / "run") == [1, 2, 3]


def test_a_setting_that_did_not_exist_then_had_its_default(tmp_path):
    count(tmp_path / "run")
    newer = {**PLAN, "by": 1}
    with opened(tmp_path / "run", plan=newer, defaults={"by": 1}):
        pass
    with pytest.raises(BadInput, match="by 1"), opened(tmp_path / "run", plan={**newer, "by": 2}, defaults={"by": 1}):
        pass


def test_a_folder_with_something_else_in_it_is_refused_and_left_alone(tmp_path):
    (tmp_path / "cat.jpg").write_bytes(b"")
    with pytest.raises(BadInput, match="not empty"), opened(tmp_path):
        pass
    assert [each.name for each in tmp_path.iterdir()] == ["cat.jpg"]


def test_a_run_killed_at_any_moment_goes_on_to_the_same_end(tmp_path):
    total = moments(lambda: count(tmp_path / "whole"))
    for moment in range(total):
        place = tmp_path / str(moment)
        with pytest.raises(Killed), dying(moment):
            count(place)
        assert count(place) == [1, 2, 3]
        assert sorted(each.name for each in place.iterdir()) == sorted(
            each.name for each in (tmp_path / "whole").iterdir()
        )


def test_a_half_written_event_is_read_past_and_written_again(tmp_path):
    count(tmp_path / "run")
    events = tmp_path / "run" / "events.jsonl"
    events.write_text(events.read_text()[:-3])
    assert [event["count"] for event in read_events(tmp_path / "run")] == [1, 2]
    assert count(tmp_path / "run") == [1, 2, 3]
    assert read_events(tmp_path / "nowhere") == []


@pytest.mark.parametrize("name", ["plan.json", "progress.json"])
def test_a_damaged_folder_is_refused(tmp_path, name):
    count(tmp_path / "run")
    (tmp_path / "run" / name).write_text("[")
    with pytest.raises(BadInput, match=f"{name} is damaged"):
        count(tmp_path / "run")


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot write"), opened(tmp_path / "file" / "run"):
        pass

    def refuse(*args: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(lock.os, "open", refuse)
    with pytest.raises(BadInput, match="may write"), opened(tmp_path / "run"):
        pass


def test_a_folder_that_vanishes_ends_the_run_in_one_line_and_stays_away(tmp_path, monkeypatch):
    monkeypatch.setattr(status, "HEARTBEAT", 0.01)
    with pytest.raises(BadInput, match="cannot write"), opened(tmp_path / "run") as folder:
        folder.keep({"count": 1}, {"count": 1})
        (tmp_path / "run").rename(tmp_path / "away")
        time.sleep(0.05)
        folder.keep({"count": 2}, {"count": 2})
    assert not (tmp_path / "run").exists()


# How it stands


def test_the_heart_beats_while_the_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(status, "HEARTBEAT", 0.01)
    with opened(tmp_path / "run") as folder:
        folder.tell(1, 4, "numbers", "counting", 3.0, {"last": 1})
        deadline = time.monotonic() + 10
        while (found := read_status(tmp_path / "run")) is None or not found.done:
            assert time.monotonic() < deadline
        assert found.alive and (found.share, found.label, found.remaining) == (0.25, "counting", 3.0)
    ended = read_status(tmp_path / "run")
    assert ended is not None and not ended.alive and (ended.state, ended.error) == ("done", None)
    assert ended.details == {"last": 1}


@pytest.mark.parametrize(
    ("problem", "state", "error"),
    [(KeyboardInterrupt(), "interrupted", None), (RuntimeError("no memory"), "failed", "no memory")],
)
def test_a_run_that_is_stopped_or_fails_says_so(tmp_path, problem, state, error):
    with pytest.raises(type(problem)), opened(tmp_path / "run"):
        raise problem
    found = read_status(tmp_path / "run")
    assert found is not None and (found.state, found.error, found.alive) == (state, error, False)
    assert not (tmp_path / "run" / "lock").exists()


def test_a_run_that_was_not_heard_of_for_a_while_is_dead(tmp_path):
    elsewhere(tmp_path / "run", datetime.now(UTC) - timedelta(seconds=status.DEAD_AFTER + 1))
    found = read_status(tmp_path / "run")
    assert found is not None and found.state == "running" and not found.alive


@pytest.mark.parametrize("text", ["", "{", "[]", '{"state": "done"}', '{"status": 3'])
def test_a_status_that_cannot_be_read_is_none(tmp_path, text):
    (tmp_path / "status.json").write_text(text)
    assert read_status(tmp_path) is None


def test_the_status_of_an_older_run_is_read(tmp_path):
    older = {"status": "done", "epoch": 2, "result": {"last": 1}, "pid": 5, "time": "2026-01-01T00:00:00+00:00"}
    (tmp_path / "status.json").write_text(json.dumps(older))
    found = read_status(tmp_path)
    assert found is not None and (found.state, found.pid, found.alive) == ("done", 5, False)
    assert found.details == {"epoch": 2, "result": {"last": 1}}


def test_a_politely_stopped_process_leaves_a_free_folder(holder):
    path, process = holder
    process.send_signal(signal.SIGINT)
    process.wait(20)
    found = read_status(path)
    assert found is not None and found.state == "interrupted" and not (path / "lock").exists()
