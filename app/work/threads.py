"""One thread budget for all torch work on this machine.

threads            how many threads the app's worker may use now
process_threads    how many a process may use that the app starts now
"""

import os
from pathlib import Path

from app.work import processes
from engine.runs.status import STATUS, read_status


def threads() -> int:
    """The cores that are left by the pages, which need one, and by the runs in the folder of runs; at least one.

    Two torch programs that each take all cores run several times slower than one.
    """
    return max(1, cores() - 1 - threads_of_runs())


def process_threads(turns: Path | None = None) -> int:
    """As `threads`, and one less: the worker goes on measuring beside the process. turns: a folder of runs with which
    it takes turns, so that it does not work beside them."""
    return max(1, cores() - 2 - threads_of_runs(turns))


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_of_runs(but: Path | None = None) -> int:
    """Threads of the working runs in the folder of runs, whoever started them; those right in `but` are left out."""
    root = processes.root()
    folders = {path.parent for depth in ("*", "*/*", "*/*/*") for path in root.glob(f"{depth}/{STATUS}")}
    found = (read_status(folder) for folder in folders if folder.parent != but)
    working = (status for status in found if status is not None and status.state == "running")
    return sum(status.threads or 1 for status in working if processes.is_alive(status))
