"""One piece of background work: how far it is, how it ended. No Streamlit, no torch.

Job        work that is done in one go, or step by step
Steps      work that can be cut: a generator that yields where others may have their turn, and returns the result
Cancelled  raised inside work when nobody wants it any more

A job's thread never touches the page: it writes into the job, and pages read it when they are drawn.
"""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Generator, Hashable
from typing import Any, Literal, NamedTuple, TypeVar

from engine.errors import BadInput

T = TypeVar("T")
Status = Literal["queued", "running", "done", "failed", "cancelled"]
Steps = Generator[None, None, T]
Work = Callable[["Job"], Any]
"""What a job does: gives the result, or `Steps` to it."""
Before = Callable[["Job"], None]
LONG = 3.0
"""Seconds from which on a visitor is told that a job is done; shorter ones end before the eyes."""

_log = logging.getLogger(__name__)
_numbers = itertools.count()


class Cancelled(Exception):
    """The work was cancelled; nothing is wrong."""


class _Progress(NamedTuple):
    done: int
    total: int
    unit: str


class Job:
    """One piece of work. `progress` and `check` are for the work itself, the rest for whoever draws it.

    `number` is given to no other job of this process: what is drawn for a job goes by it. `value` is in the end the
    result, an immutable value. `error` is a sentence for the visitor and `details` a line for the curious, where the
    work failed.
    """

    def __init__(self, key: Hashable, title: str, work: Work, visitor: str, before: Before | None = None) -> None:
        self.number = next(_numbers)
        self.before = before
        self.leaving = False  # the app is stopping: what a process does goes on
        self.key, self.title, self.work, self.visitors = key, title, work, {visitor}
        self.to_tell: set[str] = set()  # visitors who have not been told yet that it is done
        self._began = time.monotonic()
        self.status: Status = "queued"
        self.value: Any = None
        self.error: str | None = None
        self.details: str | None = None
        # Replaced as one value, so that a reader never sees half of a step.
        self._progress = _Progress(0, 0, "")
        self._first: tuple[int, float] | None = None
        self._steps: Steps[Any] | None = None
        self._cancel = threading.Event()
        self._ended = threading.Event()

    @property
    def active(self) -> bool:
        """Whether it is waiting or running."""
        return self.status in ("queued", "running")

    @property
    def stopping(self) -> bool:
        """Whether it has been asked to stop."""
        return self._cancel.is_set()

    @property
    def done(self) -> int:
        return self._progress.done

    @property
    def total(self) -> int:
        return self._progress.total

    @property
    def unit(self) -> str:
        return self._progress.unit

    @property
    def share(self) -> float:
        """Finished share, 0 to 1."""
        done, total, _ = self._progress
        return min(1.0, done / total) if total else 0.0

    @property
    def remaining(self) -> float | None:
        """Seconds left at the rate since the first report, so that loading does not count; None before the second."""
        (done, total, _), first = self._progress, self._first
        if first is None or done <= first[0]:
            return None
        return (time.monotonic() - first[1]) / (done - first[0]) * max(0, total - done)

    def cancel(self) -> None:
        """Ask the work to stop; it does at its next report."""
        self._cancel.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the job has ended; False if it has not by then."""
        return self._ended.wait(timeout)

    def progress(self, done: int, total: int, unit: str = "") -> None:
        """Say how far the work is. Raises Cancelled when nobody wants it any more."""
        self._progress = _Progress(done, total, unit)
        if self._first is None:
            self._first = (done, time.monotonic())
        self.check()

    def check(self) -> None:
        """Raises Cancelled when nobody wants the work any more."""
        if self._cancel.is_set():
            raise Cancelled

    def prepare(self) -> bool:
        """Do what comes before the work; whether that went well."""
        assert self.before is not None
        before = self.before
        return self._attempt(lambda: before(self))

    def step(self) -> None:
        """Do the next step of the work, up to where it can be cut, and record how it ended if it did."""
        if self._attempt(self._step) and self._steps is None:
            self.end("done")

    def _step(self) -> None:
        if self._steps is None:
            found = self.work(self)
            if not isinstance(found, Generator):
                self.value = found
                return
            self._steps = found
        try:
            next(self._steps)
        except StopIteration as ended:
            self.value, self._steps = ended.value, None

    def _attempt(self, part: Callable[[], None]) -> bool:
        """Do a part; what goes wrong ends the job, and is False."""
        self.status = "running"
        try:
            if self.stopping and self._steps is not None:
                self._steps.throw(Cancelled())  # it tidies up where it waits, as if its last report had raised this
            self.check()
            part()
            return True
        except Cancelled:
            self.end("cancelled")
        except BadInput as error:
            self.error = str(error)
            self.end("failed")
        except Exception as error:
            _log.exception("%s failed", self.title)
            out_of_memory = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
            self.error = (
                "There was not enough memory; take fewer images, or close other programs, and try again."
                if out_of_memory
                else "The work stopped unexpectedly. Try again."
            )
            self.details = " ".join(f"{type(error).__name__}: {error}".split())
            self.end("failed")
        return False

    def end(self, status: Status) -> None:
        """Record the last state; whoever waits goes on. Who has waited long may have turned to something else."""
        if status == "done" and time.monotonic() - self._began >= LONG:
            self.to_tell = set(self.visitors)
        self._steps = None
        self.status = status
        self._ended.set()
