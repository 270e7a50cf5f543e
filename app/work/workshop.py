"""What all visitors share: one catalog, one queue of work, one store of measurements. Without Streamlit and torch.

Workshop   these three
workshop   that of this server, made at the first use
replaced   another one for a while, in tests
"""

import atexit
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from app.library import imports
from app.library.catalog import Catalog
from app.work.jobs import JobManager
from app.work.measurements import Measurements


@dataclass(frozen=True)
class Workshop:
    """catalog: which supernets there are. jobs: work in the background. measurements: what is known, and the jobs that
    find out more; with their previews, guesses of where to begin."""

    catalog: Catalog = field(default_factory=Catalog)
    jobs: JobManager = field(default_factory=JobManager)
    measurements: Measurements = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "measurements", Measurements(self.jobs))


SWITCH = 0.0005
"""Seconds for which a thread keeps the interpreter while others wait for it. A worker needs it anew after every
operation on tensors, a fraction of a millisecond each: at Python's own 5 ms pages that are drawn would hold it up."""

_open: list[Workshop] = []
"""The workshops in use, the present one last."""


def workshop() -> Workshop:
    """The server's workshop; its work ends with the server."""
    if not _open:
        sys.setswitchinterval(SWITCH)
        imports.sweep()
        _open.append(Workshop())
        atexit.register(_open[0].jobs.shutdown)
    return _open[-1]


@contextmanager
def replaced(other: Workshop) -> Iterator[Workshop]:
    """Let everybody use another workshop; its work is stopped at the end."""
    _open.append(other)
    try:
        yield other
    finally:
        _open.remove(other)
        other.jobs.shutdown()
