"""Processes of the command line that the app starts: they outlive page and app, and are followed by their folders.

launch     start a command on a run's folder, or go on with what is in it
environment   of a process with so many threads
stop       ask it politely to stop; what is finished is kept
running    whether a run's folder is worked in, by whatever process
follow     wait until a run has ended, and say how far it is
problem    the line in which the command said what is wrong
root       the folder of all runs

Nothing here asks for the processes of this machine: a run lives while its heartbeat is young, wherever it was started.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.library import catalog
from app.work.job import Cancelled, Job
from engine.errors import BadInput
from engine.runs import files
from engine.runs.folder import OUTPUT, PLAN
from engine.runs.status import STATUS, Status, now, read_status

LOOK = 0.3
"""Seconds between two looks at a run that is followed."""

_started: dict[int, subprocess.Popen[bytes]] = {}


def root() -> Path:
    """Where runs lie: in the folder that SUPERNET_RUNS names, else in runs/; it may be absent."""
    return Path(os.environ.get(catalog.RUNS) or catalog.ROOT / "runs").expanduser().absolute()


def launch(words: Sequence[str], path: Path, threads: int, plan: Mapping[str, Any] | None = None) -> int:
    """Start `python -m engine WORDS --out PATH --resume` with so many threads.

    The folder says at once that it is worked in, so that whoever looks on need not wait until the process has begun.
    plan: what the command itself writes there, where others look for it before that. Returns its process id.
    Raises BadInput where the folder cannot be written.
    """
    command = [sys.executable, "-m", "engine", *words, "--out", str(path), "--resume", "--threads", str(threads)]
    try:
        path.mkdir(parents=True, exist_ok=True)
        with _log(path).open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=catalog.ROOT,
                env=environment(threads),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # the app's own Ctrl-C does not reach it
            )
        _started[process.pid] = process
        if plan is not None and not (path / PLAN).exists():
            files.write(path / PLAN, json.dumps(plan, indent=1))
        host = socket.gethostname()
        before = read_status(path) or Status("running", host, process.pid, now())
        if before.pid != process.pid or before.state != "running":
            before = replace(before, state="running", host=host, pid=process.pid, heartbeat=now(), error=None)
        files.write(path / STATUS, replace(before, label="starting", threads=threads, remaining=None).to_json())
        return process.pid
    except OSError as error:
        raise files.unwritable(path, error) from None


def environment(threads: int) -> dict[str, str]:
    """That of a process which computes with so many threads."""
    return {**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}


def stop(path: Path) -> None:
    """Ask the process that works in a folder to stop, if it is one of this machine."""
    status = read_status(path)
    if status is not None and running(path) and status.host == socket.gethostname():
        with suppress(OSError):  # it has just ended
            os.kill(status.pid, signal.SIGTERM)


def running(path: Path) -> bool:
    """Whether a process works in a folder: a child of this one until it ends, any other while its heart beats."""
    status = read_status(path)
    return status is not None and is_alive(status)


def follow(path: Path, job: Job, report: Callable[[float], None]) -> None:
    """Wait until nobody works in a folder any more. report: told now and then which share of the run is done.

    When the visitors of the job leave it the run is stopped, and goes on from there another time; when the app stops
    the run goes on. Raises Cancelled in both cases, and BadInput, in the command's own words, where the run did not
    come to its end.
    """
    try:
        while running(path):
            status = read_status(path)
            report(status.share if status is not None else 0.0)
            job.check()
            time.sleep(LOOK)
    except Cancelled:
        if not job.leaving:
            stop(path)
        raise
    status = read_status(path)
    if status is None or status.state != "done":
        raise BadInput(problem(path) or "the work was stopped; it goes on where it was when it is started again")


def is_alive(status: Status) -> bool:
    """As `running`, by a status that has been read."""
    child = _started.get(status.pid) if status.host == socket.gethostname() else None
    return status.alive and (child is None or child.poll() is None)


def problem(path: Path) -> str | None:
    """The line in which the command said what is wrong; None where it said nothing."""
    try:
        lines = _log(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return next((line.removeprefix("error: ") for line in reversed(lines) if line.startswith("error: ")), None)


def _log(path: Path) -> Path:
    return path / OUTPUT
