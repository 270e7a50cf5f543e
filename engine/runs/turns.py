"""Runs that take turns: one at a time for each device, in the order in which they came.

turn      wait until no earlier run works there any more, and keep later ones waiting
reserve   take the turn of a process that has just been started, before others that are started later

A run that waits is alive: its status says "waiting" and how many are before it, and it can be stopped like any other.
Turns are kept as small files in one folder, so that they outlive the program that started the runs; a run that was
killed loses its turn as soon as it counts as dead.
"""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.runs import files
from engine.runs.status import HEARTBEAT, STATUS, State, Status, now, read_status

LOOK = 0.5
"""Seconds between two looks at the runs before."""


@contextmanager
def turn(queue: Path, device: str, run: Path) -> Iterator[None]:
    """Hold a turn of the run in folder `run` for a device: begun when it comes, over when the block is left.

    queue: the folder in which the turns of all devices are kept. Raises BadInput where a folder cannot be written.
    """
    place, run = queue / device, run.absolute()
    try:
        place.mkdir(parents=True, exist_ok=True)
        run.mkdir(parents=True, exist_ok=True)
        _tell(run, "waiting", None)  # before there is a ticket, which of a run that is not alive counts for nothing
        ticket = _ticket(place, run, os.getpid())
    except OSError as error:
        raise files.unwritable(place, error) from None
    try:
        _wait(ticket, run)
        yield
    finally:
        with suppress(OSError):
            ticket.unlink(missing_ok=True)


def reserve(queue: Path, device: str, run: Path, pid: int) -> None:
    """Let a process of this machine, whose run says that it lives, have its turn from now on. Raises BadInput as
    `turn`."""
    place = queue / device
    try:
        place.mkdir(parents=True, exist_ok=True)
        _ticket(place, run.absolute(), pid)
    except OSError as error:
        raise files.unwritable(place, error) from None


def _ticket(place: Path, run: Path, pid: int) -> Path:
    """The ticket of a process: the one that was reserved for it, else a new one."""
    said = {"run": str(run), "host": socket.gethostname(), "pid": pid}
    with files.locked(place):
        tickets = _tickets(place)
        reserved = next((path for path in tickets if _read(path) == said), None)
        if reserved is not None:
            return reserved
        ticket = place / f"{int(tickets[-1].name) + 1 if tickets else 1:06d}"
        files.replace(ticket, json.dumps(said).encode())
    return ticket


def _read(ticket: Path) -> dict[str, Any] | None:
    try:
        said = json.loads(ticket.read_bytes())
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) and set(said) == {"run", "host", "pid"} else None


def _tickets(place: Path) -> list[Path]:
    return sorted(path for path in place.iterdir() if path.name.isdecimal())


def _wait(ticket: Path, run: Path) -> None:
    told: tuple[int, float] | None = None
    try:
        while before := _before(ticket):
            if told is None or told[0] != before or time.monotonic() - told[1] >= HEARTBEAT:
                _tell(run, "waiting", before)
                told = before, time.monotonic()
            time.sleep(LOOK)
    except BaseException:
        with suppress(OSError):
            _tell(run, "interrupted", None)
        raise


def _before(ticket: Path) -> int:
    """How many living runs have an earlier turn; turns of dead ones are taken away."""
    found = 0
    for path in _tickets(ticket.parent):
        if path.name >= ticket.name:
            break
        if _lives(path):
            found += 1
        else:
            path.unlink(missing_ok=True)
    return found


def _lives(ticket: Path) -> bool:
    said = _read(ticket)
    status = read_status(Path(said["run"])) if said else None
    return (
        said is not None
        and status is not None
        and status.alive
        and (status.host, status.pid) == (said["host"], said["pid"])
    )


def _tell(run: Path, state: State, before: int | None) -> None:
    """Say in the run's status that it waits, or that it does so no longer; how far it had come is left as it was."""
    last = read_status(run) or Status(state, "", 0, "")
    said = replace(last, state=state, label="" if before is None else f"{before} before it", error=None, remaining=None)
    said = replace(said, host=socket.gethostname(), pid=os.getpid(), heartbeat=now())
    with files.locked(run):
        files.replace(run / STATUS, said.to_json().encode())
