"""What a training will take on this machine: from runs of the same sizes, else from a few steps that a process takes.

Expected    seconds of an epoch and of all, memory, and where that is from
expected    what is known; None while nothing is
measure     let a process take a few steps, where nothing is known; the last question counts
measuring   whether it does so now

Kept for as long as this program runs: another start may be on another machine.
"""

import json
import statistics
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from app.library import catalog
from app.work import processes, supernets
from app.work.threads import process_threads
from engine.training.recipe import Recipe

MOST_KEPT = 100
LAST = 3
"""Epochs of an earlier run that count: its first ones may have shared the machine."""
PATIENCE = 300.0
"""Seconds after which a process that takes a few steps is given up."""


class Expected(NamedTuple):
    """seconds: of all epochs; per_epoch: of one; memory: peak bytes, None where that is not known. source: "run" or
    "steps". problem: why nothing can be said, then the numbers are 0."""

    seconds: float
    per_epoch: float
    memory: int | None
    source: str
    problem: str | None = None


@dataclass
class _Found:
    """per_epoch: mean seconds over the epochs that were asked about."""

    per_epoch: float = 0.0
    memory: int | None = None
    problem: str | None = None


_lock = threading.Lock()
_found: OrderedDict[tuple[str, ...], _Found] = OrderedDict()
_asked: list[tuple[str, ...]] = []
_process: list[subprocess.Popen[str]] = []


def expected(recipe: Recipe) -> Expected | None:
    """What is known of this recipe with any number of epochs and any seed."""
    size = _size(recipe)
    with _lock:
        found = _found.get(size)
    seconds = _as_before(size)
    if seconds is not None:
        return Expected(seconds * recipe.epochs, seconds, None if found is None else found.memory, "run")
    if found is None:
        return None
    return Expected(found.per_epoch * recipe.epochs, found.per_epoch, found.memory, "steps", found.problem)


def measure(recipe: Recipe) -> None:
    """Begin to find out; a process that looks at another recipe is stopped for it."""
    size = _size(recipe)
    with _lock:
        if size in _found or size in _asked:
            return
        _asked[:] = [size]
        for process in _process:
            process.kill()
    threading.Thread(target=_look, args=(size,), name="estimate", daemon=True).start()


def measuring(recipe: Recipe) -> bool:
    with _lock:
        return _size(recipe) in _asked


def forget() -> None:
    """Know nothing any more, and look at nothing; for tests."""
    with _lock:
        _found.clear()
        _asked.clear()
        for process in _process:
            process.kill()


def _size(recipe: Recipe) -> tuple[str, ...]:
    """What the time of an epoch depends on, as words of a command line. The schedule is that of a few epochs."""
    return tuple(supernets.arguments(replace(recipe, seed=0, epochs=10)))


def _as_before(size: Sequence[str]) -> float | None:
    """Seconds an epoch of the last run of this size that was made here with as many threads."""
    threads = process_threads(catalog.trained())
    for run in reversed(list(supernets.trainings())):
        lines = supernets.history(run)[-LAST:]
        if lines and run.status.threads == threads and _size(run.recipe) == tuple(size):
            return statistics.median(float(line["seconds"]) for line in lines)
    return None


def _look(size: tuple[str, ...]) -> None:
    threads = process_threads(catalog.trained())
    command = [sys.executable, "-m", "engine", "estimate", *size, "--threads", str(threads), "--json"]
    process = subprocess.Popen(
        command,
        cwd=catalog.ROOT,
        env=processes.environment(threads),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with _lock:
        _process.append(process)
        stale = size not in _asked
    if stale:  # another question came before the process was known
        process.kill()
    try:
        output, errors = process.communicate(timeout=PATIENCE)
        found = _read(output, errors)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        found = _Found(problem=f"a few steps took more than {PATIENCE / 60:.0f} minutes")
    with _lock:
        _process.remove(process)
        if size in _asked:
            _asked.remove(size)
            _found[size] = found
            while len(_found) > MOST_KEPT:
                _found.popitem(last=False)


def _read(output: str, errors: str) -> _Found:
    try:
        said = json.loads(output)
        return _Found(said["seconds"] / 10, said["memory"])
    except (ValueError, KeyError, TypeError):
        lines = [line.removeprefix("error: ") for line in errors.splitlines() if line.startswith("error: ")]
        return _Found(problem=lines[-1] if lines else "the few steps that were to be timed failed")
