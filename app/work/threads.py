"""One thread budget for all torch work on this machine.

threads         how many threads the app's worker may use now
training_runs   how many runs of the command line are training on this machine
"""

import os
from pathlib import Path

_TRAINS = {b"train", b"select", b"retrain"}


def threads() -> int:
    """All cores but one, which the pages need; one where a training run shares the machine.

    Two torch programs that each take all cores run several times slower than one.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 1 if training_runs() else max(1, cores - 1)


def training_runs(processes: Path = Path("/proc")) -> int:
    """Processes of `python -m engine train`, `select` or `retrain`; 0 where processes cannot be listed."""
    return sum(_is_training(process / "cmdline") for process in processes.glob("[0-9]*"))


def _is_training(command_line: Path) -> bool:
    try:
        words = command_line.read_bytes().split(b"\0")
    except OSError:  # it has just ended
        return False
    return any(words[at : at + 2] == [b"-m", b"engine"] and words[at + 2] in _TRAINS for at in range(len(words) - 2))
