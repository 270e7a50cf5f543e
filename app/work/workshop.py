"""What all visitors share: one catalog, one queue of work, one store of measurements. Without Streamlit and torch.

Workshop   these three
workshop   that of this server, made at the first use
replaced   another one for a while, in tests
"""

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from app.library import imports
from app.library.catalog import Catalog
from app.work import worker
from app.work.evaluators import Evaluators
from app.work.jobs import JobManager
from app.work.measurements import Measurements


@dataclass(frozen=True)
class Workshop:
    """catalog: which supernets there are. jobs: work in the background. measurements: what is known, and the jobs that
    find out more; with their previews, guesses of where to begin. evaluators: the processes that compute; without them
    the threads of the jobs do."""

    catalog: Catalog = field(default_factory=Catalog)
    jobs: JobManager = field(default_factory=JobManager)
    evaluators: Evaluators | None = None
    measurements: Measurements = field(init=False)

    def __post_init__(self) -> None:
        do = self.evaluators
        found = Measurements(self.jobs) if do is None else Measurements(self.jobs, do.take, do.preview, do.tune)
        object.__setattr__(self, "measurements", found)

    @classmethod
    def of_a_server(cls) -> "Workshop":
        """One whose jobs leave what they compute to processes."""
        evaluators = Evaluators()
        return cls(jobs=JobManager(WAITING * evaluators.most), evaluators=evaluators)

    def get_ready(self) -> None:
        """Start in the background what the first measurement would have to wait for."""
        self.jobs.get_ready(worker.load if self.evaluators is None else self.evaluators.get_ready)

    def close(self) -> None:
        """Stop all work."""
        if self.evaluators is not None:
            self.evaluators.leave()
        self.jobs.shutdown()
        if self.evaluators is not None:
            self.evaluators.close()


WAITING = 4
"""Threads of jobs for each process that computes: they only wait for it, and always for one of them."""

_open: list[Workshop] = []
"""The workshops in use, the present one last."""


def workshop() -> Workshop:
    """The server's workshop; its work ends with the server."""
    if not _open:
        imports.sweep()
        _open.append(Workshop.of_a_server())
        atexit.register(_open[0].close)
    return _open[-1]


@contextmanager
def replaced(other: Workshop) -> Iterator[Workshop]:
    """Let everybody use another workshop; its work is stopped at the end."""
    _open.append(other)
    try:
        yield other
    finally:
        _open.remove(other)
        other.close()
