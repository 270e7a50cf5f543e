"""One thread budget for all torch work on this machine.

threads            how many threads the app's worker may use now
process_threads    how many a process may use that the app starts now
"""

import os

from app.work import processes
from engine.runs.status import STATUS, read_status


def threads() -> int:
    """The cores that are left by the pages, which need one, and by the runs in the folder of runs; at least one.

    Two torch programs that each take all cores run several times slower than one.
    """
    return max(1, cores() - 1 - threads_of_runs())


def process_threads() -> int:
    """As `threads`, and one less: the worker goes on measuring beside the process."""
    return max(1, cores() - 2 - threads_of_runs())


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_of_runs() -> int:
    """Threads of the living runs in the folder of runs, whoever started them."""
    root = processes.root()
    folders = {path.parent for depth in ("*", "*/*", "*/*/*") for path in root.glob(f"{depth}/{STATUS}")}
    found = (read_status(folder) for folder in folders)
    return sum(status.threads or 1 for status in found if status is not None and processes.is_alive(status))
