"""The folder of a run that can be killed, gone on with and looked at: the same for every command that takes a while.

RunFolder       one run's folder, held as long as the run goes on
Paused          a run that ended where it was asked to pause
pause           ask the run in a folder to end after what it is doing
read_events     the events so far
PLAN ...        the files' names

plan.json       what was asked, frozen
lock            which process works here now (engine.runs.lock)
status.json     how far it is, with a heartbeat (engine.runs.status)
events.jsonl    a line per finished action, appended
pause           that the run is to end after what it is doing; whoever may write here can leave it
output.log      what the command said, where a program started it
progress.json   where to go on, replaced in one step together with the other files of a state
"""

import json
import os
import socket
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from engine.errors import BadInput
from engine.runs import files, status
from engine.runs.lock import LOCK, Lock, hold
from engine.runs.plan import difference
from engine.runs.status import STATUS, State, Status, now

__all__ = ["EVENTS", "OUTPUT", "PLAN", "PROGRESS", "STATUS", "Paused", "RunFolder", "now", "pause", "read_events"]

PLAN, PROGRESS, EVENTS, OUTPUT, PAUSE = "plan.json", "progress.json", "events.jsonl", "output.log", "pause"
OWN = {PLAN, PROGRESS, STATUS, EVENTS, LOCK}


class Paused(KeyboardInterrupt):
    """A run has ended where it was asked to pause: an interruption that loses nothing."""


def pause(path: Path) -> None:
    """Ask the run in a folder to end after what it is doing now. Raises BadInput where the folder cannot be written."""
    files.write(path / PAUSE, b"")


class RunFolder:
    """`with RunFolder(path, plan, defaults, resume=True) as folder:` is one run, to its end or to what stops it.

    plan: what is asked, as plain JSON values. defaults: what a setting was before it existed, see `engine.runs.plan`.
    recorded: the plan of a run from before there were plans, as its other files tell it. threads: how many CPU threads
    the run was given. Entering takes the lock and starts the heartbeat; leaving says how the run ended, in status.json,
    and lets go.

    Entering raises BadInput for a folder that holds another run, or this one without `resume`, or anything else; that
    another process works in, which is named; and that cannot be written.
    """

    def __init__(
        self,
        path: Path,
        plan: Mapping[str, Any],
        defaults: Mapping[str, Any],
        *,
        resume: bool,
        recorded: Mapping[str, Any] | None = None,
        threads: int | None = None,
    ) -> None:
        self.path = Path(path).expanduser()
        self._plan, self._defaults, self._resume, self._recorded = plan, defaults, resume, recorded
        self._status = Status("running", socket.gethostname(), os.getpid(), now(), threads=threads)
        self._lock: Lock | None = None
        self._ended = threading.Event()
        self._heart: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._check()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = hold(self.path)
        except OSError as error:
            raise files.unwritable(self.path, error) from None
        try:
            with files.locked(self.path):
                files.settle(self.path, OWN)
                (self.path / PAUSE).unlink(missing_ok=True)  # asked of an earlier process
            self._check()  # again: the other process may have left something
            if not (self.path / PLAN).exists():
                files.write(self.path / PLAN, json.dumps(self._plan, indent=1))
            self._tell()
        except BaseException as error:
            self._lock.release()
            if isinstance(error, OSError):
                raise files.unwritable(self.path, error) from None
            raise
        self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._heart.start()
        return self

    def __exit__(self, kind: type | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        assert self._heart is not None and self._lock is not None
        self._ended.set()
        self._heart.join()
        state: State = "done" if kind is None else "interrupted" if issubclass(kind, KeyboardInterrupt) else "failed"
        self._status = replace(self._status, state=state, error=str(problem) or None if problem else None)
        try:
            with suppress(OSError):  # the folder has vanished, or the disk is full: that is said elsewhere
                self._tell()
        finally:
            self._lock.release()

    # Where the run stands

    def tell(
        self,
        done: float,
        total: float,
        unit: str,
        label: str = "",
        remaining: float | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Say how far the run is; whoever looks on sees it at the next heartbeat. details None: as they were."""
        said = self._status.details if details is None else details
        self._status = replace(
            self._status, done=done, total=total, unit=unit, label=label, remaining=remaining, details=said
        )

    def pausing(self) -> None:
        """To be called where the run can end without losing anything. Raises Paused if it was asked to (`pause`)."""
        asked = self.path / PAUSE
        if asked.exists():
            asked.unlink(missing_ok=True)
            raise Paused("paused")

    def progress(self) -> dict[str, Any] | None:
        """What `keep` was given last; None at the beginning. Raises BadInput if it is damaged."""
        found = files.locate(self.path, PROGRESS)
        return None if found is None else _read(found)

    def keep(
        self, progress: Mapping[str, Any], event: Mapping[str, Any], state: Mapping[str, bytes | None] | None = None
    ) -> None:
        """Record a finished action: what to go on from, with the files of that state, in one step; and an event.

        Raises BadInput for a folder that cannot be written or that another process has taken over.
        """
        content = json.dumps(progress, allow_nan=False).encode()
        self._guard()
        try:
            with files.locked(self.path):
                files.commit(self.path, {**(state or {}), PROGRESS: content})
        except OSError as error:
            raise files.unwritable(self.path, error) from None
        self.append(event)

    def append(self, *events: Mapping[str, Any]) -> None:
        """Add events to the log; for a state that is saved by other means than `keep`. Raises BadInput as `keep`."""
        self._guard()
        try:
            with (self.path / EVENTS).open("a", encoding="utf-8") as log:
                log.writelines(json.dumps({"time": now(), **event}) + "\n" for event in events)
        except OSError as error:
            raise files.unwritable(self.path, error) from None

    def mend_events(self, last: Sequence[Mapping[str, Any]], total: int) -> None:
        """A run that was killed between a state and its event, or within the event, has it written when it goes on.

        last: the latest events, as far as the state knows them. total: how many there are in all.
        """
        path = self.path / EVENTS
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            files.write(path, whole)
        missing = min(len(last), total - whole.count("\n"))
        if missing > 0:
            self.append(*last[-missing:])

    # Inside

    def _check(self) -> None:
        path = self.path
        plan = files.locate(path, PLAN)
        found = self._recorded if plan is None else _read(plan)
        if found is not None:
            if not self._resume:
                raise BadInput(f"{path} already holds a run; add --resume to continue it, or choose another --out")
            if differing := difference(found, self._plan, self._defaults):
                raise BadInput(f"{path} holds another run: {differing}; give the same settings or another --out")
        elif path.is_dir() and not {each.name for each in path.iterdir()} <= _ALLOWED:
            raise BadInput(f"{path} is not empty and holds no run; choose another --out")

    def _guard(self) -> None:
        if self._lock is not None:
            self._lock.check()

    def _tell(self) -> None:
        with files.locked(self.path):
            files.replace(self.path / STATUS, replace(self._status, heartbeat=now()).to_json().encode())

    def _beat(self) -> None:
        while not self._ended.wait(status.HEARTBEAT):
            with suppress(OSError):
                self._tell()


_ALLOWED = {LOCK, STATUS, OUTPUT, PAUSE, files.NEXT, files.COMMIT, *(f".{name}.tmp" for name in OWN)}
"""What a run that was killed at its very beginning may have left."""


def read_events(path: Path) -> list[dict[str, Any]]:
    """The events of the run in a folder; the last line may be half written. [] where there are none."""
    try:
        lines = (Path(path) / EVENTS).read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    except OSError:
        return []
    return [json.loads(line) for line in _whole(lines)]


def _whole(lines: Iterable[str]) -> Iterable[str]:
    return (line for line in lines if line.endswith("\n"))


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise BadInput(f"{path} is damaged; delete the run's folder and start it again")
    return found
