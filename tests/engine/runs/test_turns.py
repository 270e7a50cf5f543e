"""Runs that take turns: one at a time for each device, in the order in which they came."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.errors import BadInput
from engine.runs import files, turns
from engine.runs.folder import Paused, RunFolder, pause
from engine.runs.status import STATUS, Status, now, read_status
from engine.runs.turns import reserve, turn

WORKER = """
import sys
from pathlib import Path
from engine.cli.console import interruptible
from engine.runs.folder import RunFolder
from engine.runs.turns import turn
queue, run = map(Path, sys.argv[1:3])
with interruptible(), turn(queue, "cpu", run), RunFolder(run, {"command": "work"}, {}, resume=True) as folder:
    folder.append({"begun": run.name})
    print("works", flush=True)
    sys.stdin.readline()
"""


class Worker:
    """A process that takes a turn and then works until it is told to end."""

    def __init__(self, root: Path, queue: Path, run: Path) -> None:
        self.run = run
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, queue, run],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def until(self, state: str, label: str | None = None) -> None:
        end = time.monotonic() + 30
        while (found := read_status(self.run)) is None or found.state != state or label not in (None, found.label):
            assert time.monotonic() < end, found
            time.sleep(0.05)

    def end(self) -> None:
        self.process.communicate("\n", timeout=30)

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)
        self.process.communicate(timeout=30)


@pytest.fixture
def workers(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made: list[Worker] = []

    def start(name: str) -> Worker:
        made.append(Worker(root, tmp_path / "queue", tmp_path / name))
        return made[-1]

    yield start
    for worker in made:
        worker.process.kill()
        worker.process.communicate()


def test_runs_begin_in_the_order_in_which_they_came(workers):
    first = workers("first")
    first.until("running")
    second = workers("second")
    second.until("waiting", "1 before it")
    third = workers("third")
    third.until("waiting", "2 before it")
    first.end()
    second.until("running")
    third.until("waiting", "1 before it")
    second.end()
    third.until("running")
    third.end()
    assert [read_status(each.run).state for each in (first, second, third)] == ["done"] * 3


def test_who_waits_can_be_stopped_and_loses_its_turn(workers, tmp_path):
    first = workers("first")
    first.until("running")
    second = workers("second")
    second.until("waiting", "1 before it")
    third = workers("third")
    third.until("waiting", "2 before it")
    second.signal(signal.SIGTERM)
    second.until("interrupted")
    third.until("waiting", "1 before it")
    first.end()
    third.until("running")
    third.end()
    assert list((tmp_path / "queue" / "cpu").iterdir()) == [], "no turn is left"


def test_the_turn_of_a_killed_run_is_over_when_it_counts_as_dead(workers, tmp_path, monkeypatch):
    monkeypatch.setattr("engine.runs.status.DEAD_AFTER", 1.0)
    first = workers("first")
    first.until("running")
    first.signal(signal.SIGKILL)
    with turn(tmp_path / "queue", "cpu", tmp_path / "second"):
        assert len(list((tmp_path / "queue" / "cpu").iterdir())) == 1


def test_who_was_started_first_begins_first_however_long_it_takes_to_begin(workers, tmp_path):
    first = workers("first")
    first.until("running")
    status = Status("running", socket.gethostname(), os.getpid(), now())
    files.write(tmp_path / "late" / STATUS, status.to_json())
    reserve(tmp_path / "queue", "cpu", tmp_path / "late", os.getpid())
    third = workers("third")
    third.until("waiting", "2 before it")
    first.end()
    with turn(tmp_path / "queue", "cpu", tmp_path / "late"):
        third.until("waiting", "1 before it")
    third.until("running")
    third.end()


def test_devices_have_turns_of_their_own(tmp_path):
    with turn(tmp_path / "queue", "cpu", tmp_path / "one"), turn(tmp_path / "queue", "cuda", tmp_path / "other"):
        pass


def test_a_damaged_turn_is_taken_away(tmp_path):
    place = tmp_path / "queue" / "cpu"
    place.mkdir(parents=True)
    (place / "000001").write_text("not JSON")
    with turn(tmp_path / "queue", "cpu", tmp_path / "one"):
        assert [path.name for path in place.iterdir()] == ["000002"]


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "queue").write_text("a file")
    with pytest.raises(BadInput, match="cannot write"), turn(tmp_path / "queue", "cpu", tmp_path / "one"):
        pass


def test_waiting_leaves_how_far_a_run_had_come(workers, tmp_path, monkeypatch):
    monkeypatch.setattr(turns, "LOOK", 0.01)
    with RunFolder(tmp_path / "one", {"command": "work"}, {}, resume=True) as folder:
        folder.tell(3, 5, "epochs")
    with turn(tmp_path / "queue", "cpu", tmp_path / "one"):
        found = read_status(tmp_path / "one")
    assert found is not None and (found.state, found.done, found.total) == ("waiting", 3, 5)


def test_a_run_that_is_asked_to_pause_ends_where_it_can(tmp_path):
    with pytest.raises(Paused), RunFolder(tmp_path / "one", {"command": "work"}, {}, resume=True) as folder:
        folder.pausing()
        pause(tmp_path / "one")
        folder.pausing()
    found = read_status(tmp_path / "one")
    assert found is not None and found.state == "interrupted"
    with RunFolder(tmp_path / "one", {"command": "work"}, {}, resume=True) as folder:
        folder.pausing()


def test_a_pause_asked_of_an_earlier_process_is_forgotten(tmp_path):
    with RunFolder(tmp_path / "one", {"command": "work"}, {}, resume=True):
        pass
    pause(tmp_path / "one")
    with RunFolder(tmp_path / "one", {"command": "work"}, {}, resume=True) as folder:
        folder.pausing()
