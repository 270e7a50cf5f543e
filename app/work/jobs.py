"""Shared background work: one worker, single-flight by content, visible progress, cancel. No Streamlit, no torch.

Job          one piece of work: how far it is, how it ended
JobManager   submits, queues and finds jobs for all visitors of this process
Cancelled    raised inside work when nobody wants it any more

A job's thread never touches the page: it writes into the job, and pages read it when they are drawn. One worker, as
two torch programs that each take all cores run several times slower than one. What a process does for a job beforehand
is followed by a thread of its own, one process at a time, so that it holds up nobody's measurement.
"""

import itertools
import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Any, Literal, NamedTuple

from engine.errors import BadInput

Status = Literal["queued", "running", "done", "failed", "cancelled"]
Work = Callable[["Job"], Any]
Before = Callable[["Job"], None]
QUEUE = 8
KEPT = 64
"""Ended jobs that can still be asked about."""
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

    `number` is given to no other job of this process: what is drawn for a job goes by it.
    `value` is in the end the result, an immutable value. `error` is a
    sentence for the visitor and `details` a line for the curious, where the work failed.
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
        return self._attempt(self.before)

    def run(self) -> None:
        """Do the work and record how it ended."""
        if self._attempt(self.work):
            self.end("done")

    def _attempt(self, work: Work) -> bool:
        """Do something and keep what it gives; what goes wrong ends the job, and is False."""
        self.status = "running"
        try:
            self.check()
            self.value = work(self)
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
        self.status = status
        self._ended.set()


class _Lane:
    """Jobs that are done one after the other by a thread."""

    def __init__(self) -> None:
        self.waiting: deque[Job] = deque()
        self.current: Job | None = None
        self.thread: threading.Thread | None = None

    def jobs(self) -> list[Job]:
        """Those that have not ended, the running one first."""
        return [job for job in (self.current, *self.waiting) if job is not None and job.active]


class JobManager:
    """All jobs of one process: measured one after the other, and before that, where asked for, followed one after the
    other while a process works for them."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._jobs: OrderedDict[Hashable, Job] = OrderedDict()  # by key, the latest last
        self._working, self._following = _Lane(), _Lane()
        self._stopping = False

    def submit(self, key: Hashable, title: str, work: Work, visitor: str, before: Before | None = None) -> Job:
        """Start `work`, or join the job with this key if it has not ended.

        key: everything that the result depends on. before: what follows a process until it has done its part; the job
        waits for the worker only then. A visitor has one waiting job of a kind at most besides a running one: a new one
        takes the place of the one that waits, unless somebody else waits for it too, or a process has worked for it.
        Raises BadInput when the queue is full.
        """
        lane = self._working if before is None else self._following
        with self._lock:
            found = self._jobs.get(key)
            if found is not None and found.active and not found.stopping:
                found.visitors.add(visitor)
                return found
            if self._stopping:
                raise BadInput("the app is stopping; start it again to measure")
            replaced = [
                job
                for job in lane.waiting
                if job.visitors == {visitor} and (job.before is None or lane is self._following)
            ]
            if len(lane.waiting) - len(replaced) >= QUEUE:
                raise BadInput(f"{QUEUE} measurements are waiting already; try again when one has finished")
            for job in replaced:
                self._drop(job)
            job = self._jobs[key] = Job(key, title, work, visitor, before)
            self._jobs.move_to_end(key)
            self._put(lane, job)
            self._forget()
            return job

    def retry(self, job: Job, visitor: str) -> Job:
        """Do the work of an ended job again."""
        return self.submit(job.key, job.title, job.work, visitor, job.before)

    def get(self, key: Hashable) -> Job | None:
        """The latest job with this key, however it ended."""
        with self._lock:
            return self._jobs.get(key)

    def active(self) -> list[Job]:
        """Everybody's jobs that have not ended, the running one first."""
        with self._lock:
            return [*self._working.jobs(), *self._following.jobs()]

    def of(self, visitor: str) -> list[Job]:
        """The visitor's jobs that have not ended, the running one first."""
        return [job for job in self.active() if visitor in job.visitors]

    def failed(self, visitor: str) -> list[Job]:
        """The visitor's jobs that went wrong and have not been dismissed."""
        with self._lock:
            return [job for job in self._jobs.values() if job.status == "failed" and visitor in job.visitors]

    def finished(self, visitor: str) -> list[Job]:
        """The visitor's jobs that took long, are done, and have not been told: each is told once."""
        with self._lock:
            found = [job for job in self._jobs.values() if visitor in job.to_tell]
            for job in found:
                job.to_tell.discard(visitor)
        return found

    def dismiss(self, job: Job, visitor: str) -> None:
        """The visitor has read why a job failed."""
        with self._lock:
            job.visitors.discard(visitor)

    def ahead(self, job: Job) -> int:
        """How many jobs come before a waiting one."""
        with self._lock:
            lanes = [lane.jobs() for lane in (self._working, self._following)]
        return next((jobs.index(job) for jobs in lanes if job in jobs), 0)

    def cancel(self, job: Job, visitor: str) -> None:
        """Leave a job; it stops when nobody else watches it."""
        with self._lock:
            job.visitors.discard(visitor)
            if not job.visitors:
                self._drop(job)

    def shutdown(self, timeout: float = 30) -> None:
        """Cancel everything and wait for the worker: a live torch thread can abort the interpreter's exit.

        Processes go on without the app.
        """
        with self._lock:
            self._stopping = True
            for lane in (self._working, self._following):
                for job in lane.jobs():
                    job.leaving = True
                    self._drop(job)
            self._lock.notify_all()
            threads = [lane.thread for lane in (self._working, self._following) if lane.thread is not None]
        for thread in threads:
            thread.join(timeout)

    def _drop(self, job: Job) -> None:
        job.cancel()
        for lane in (self._working, self._following):
            if job in lane.waiting:
                lane.waiting.remove(job)
                job.end("cancelled")

    def _put(self, lane: _Lane, job: Job) -> None:
        """Let a job wait in a lane. Needs the lock."""
        job.status = "queued"
        lane.waiting.append(job)
        if lane.thread is None:
            name = "measuring" if lane is self._working else "following"
            lane.thread = threading.Thread(target=self._serve, args=(lane,), name=name, daemon=True)
            lane.thread.start()
        self._lock.notify_all()

    def _serve(self, lane: _Lane) -> None:
        while True:
            with self._lock:
                lane.current = None
                self._lock.wait_for(lambda: lane.waiting or self._stopping)
                if not lane.waiting:
                    return
                lane.current = job = lane.waiting.popleft()
            if lane is self._working:
                job.run()
            elif job.prepare():
                with self._lock:
                    lane.current = None  # it is in one lane at a time
                    if job.stopping or self._stopping:
                        job.end("cancelled")
                    else:
                        self._put(self._working, job)

    def _forget(self) -> None:
        ended = [key for key, job in self._jobs.items() if not job.active]
        for key in ended[:-KEPT]:
            del self._jobs[key]
