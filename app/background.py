"""Shared background work: one worker, single-flight by content, visible progress, cancel.

Job          one piece of work: what it publishes, how far it is, how it ended
JobManager   submits, queues and finds jobs for all visitors of this process
Cancelled    raised inside work when its visitor no longer wants it

A job's thread never touches the page: it writes into the job, and pages read it when they are drawn. One worker and
one thread budget: two torch programs that each take all cores run several times slower than one.
"""

import atexit
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, Literal

from engine.errors import BadInput

Status = Literal["queued", "running", "done", "failed", "cancelled"]
QUEUE = 8
KEPT = 64
"""Finished jobs that can still be asked about."""


class Cancelled(Exception):
    """The work was cancelled; nothing is wrong."""


class Job:
    """One piece of work. Its own methods are for the worker, the attributes for whoever draws it."""

    def __init__(self, key: Hashable, title: str, work: "Callable[[Job], Any]", visitor: str) -> None:
        self.key, self.title, self.visitors = key, title, {visitor}
        self.status: Status = "queued"
        self.done, self.total, self.unit = 0, 0, ""
        self.value: Any = None
        self.error: str | None = None
        self.details: str | None = None
        self.started: float | None = None
        self.ended: float | None = None
        self._work = work
        self._cancel = threading.Event()
        self._finished = threading.Event()

    @property
    def active(self) -> bool:
        return self.status in ("queued", "running")

    @property
    def share(self) -> float:
        """Finished share, 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def remaining(self) -> float | None:
        """Seconds left at the rate so far; None before anything is done."""
        if self.started is None or not self.done or not self.total:
            return None
        return (time.monotonic() - self.started) / self.done * (self.total - self.done)

    def cancel(self) -> None:
        self._cancel.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the job has ended; False if it has not by then."""
        return self._finished.wait(timeout)

    def progress(self, done: int, total: int, unit: str = "") -> None:
        """Say how far the work is. Raises Cancelled when nobody wants it any more."""
        self.done, self.total, self.unit = done, total, unit
        self.check()

    def publish(self, value: Any) -> None:
        """Show a partial result. Values are immutable results, so readers need no lock."""
        self.value = value
        self.check()

    def check(self) -> None:
        if self._cancel.is_set():
            raise Cancelled

    def run(self) -> None:
        """Do the work and record how it ended. Called by the worker."""
        self.status, self.started = "running", time.monotonic()
        try:
            self.check()
            result = self._work(self)
            self.value = self.value if result is None else result
            self.status = "done"
        except Cancelled:
            self.status = "cancelled"
        except BadInput as error:
            self.status, self.error = "failed", str(error)
        except Exception as error:
            self.status, self.error = "failed", "The work stopped unexpectedly. Try again."
            self.details = f"{type(error).__name__}: {error}"
        finally:
            self.ended = time.monotonic()
            self._finished.set()


class JobManager:
    """All jobs of this process."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._jobs: dict[Hashable, Job] = {}
        self._waiting: deque[Job] = deque()
        self._current: Job | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False

    def submit(self, key: Hashable, title: str, work: Callable[[Job], Any], visitor: str) -> Job:
        """Start `work`, or join the job that already does the same.

        A visitor has one waiting job at most: a new one takes its place. Raises BadInput when the queue is full.
        """
        with self._lock:
            found = self._jobs.get(key)
            if found is not None and found.active:
                found.visitors.add(visitor)
                return found
            for job in [job for job in self._waiting if job.visitors == {visitor}]:
                self._waiting.remove(job)
                job.status = "cancelled"
                job._finished.set()
            if len(self._waiting) >= QUEUE:
                raise BadInput(f"{QUEUE} measurements are waiting already; try again when one has finished")
            job = self._jobs[key] = Job(key, title, work, visitor)
            self._waiting.append(job)
            self._forget()
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="measuring", daemon=True)
                self._thread.start()
            self._lock.notify()
            return job

    def get(self, key: Hashable) -> Job | None:
        return self._jobs.get(key)

    def of(self, visitor: str) -> list[Job]:
        """The visitor's active jobs, the running one first."""
        with self._lock:
            jobs = [job for job in (self._current, *self._waiting) if job is not None]
        return [job for job in jobs if visitor in job.visitors and job.active]

    def failed(self, visitor: str) -> list[Job]:
        """The visitor's jobs that went wrong and have not been dismissed."""
        with self._lock:
            return [job for job in self._jobs.values() if job.status == "failed" and visitor in job.visitors]

    def dismiss(self, job: Job, visitor: str) -> None:
        """The visitor has read why a job failed."""
        with self._lock:
            job.visitors.discard(visitor)

    def ahead(self, job: Job) -> int:
        """How many jobs come before a waiting one."""
        with self._lock:
            if job not in self._waiting:
                return 0
            return self._waiting.index(job) + (self._current is not None)

    def cancel(self, job: Job, visitor: str) -> None:
        """Leave a job; it stops when nobody else watches it."""
        with self._lock:
            job.visitors.discard(visitor)
            if job.visitors:
                return
            job.cancel()
            if job in self._waiting:
                self._waiting.remove(job)
                job.status = "cancelled"
                job._finished.set()

    def shutdown(self) -> None:
        """Cancel everything and wait for the worker: a live torch thread can abort the interpreter's exit."""
        with self._lock:
            self._stopping = True
            for job in (self._current, *self._waiting):
                if job is not None:
                    job.cancel()
            self._lock.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout=30)

    def _serve(self) -> None:
        while True:
            with self._lock:
                while not self._waiting and not self._stopping:
                    self._lock.wait()
                if self._stopping:
                    return
                self._current = self._waiting.popleft()
            self._current.run()
            with self._lock:
                self._current = None

    def _forget(self) -> None:
        ended = [key for key, job in self._jobs.items() if not job.active]
        for key in ended[: max(0, len(ended) - KEPT)]:
            del self._jobs[key]


MANAGER = JobManager()
atexit.register(MANAGER.shutdown)
