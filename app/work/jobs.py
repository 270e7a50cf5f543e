"""Shared background work: by turns, single-flight by content, visible progress, cancel. No Streamlit, no torch.

JobManager   submits and finds jobs for all visitors of this process
Place        what else goes on beside a job, or before it

Nobody waits until others are done: a worker takes a step of one job, then of the next. What a process does for a job
beforehand is followed by a thread of its own, one process at a time, so that it holds up nobody's measurement.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import NamedTuple

from app.work.job import Before, Job, Work
from app.work.turns import Turns
from engine.errors import BadInput

MOST_OF_ONE = 16
"""Jobs of one visitor that go on at a time: a click on every edge of a large cell. They share that visitor's turn."""
KEPT = 64
"""Ended jobs that can still be asked about."""


class Place(NamedTuple):
    """beside: other jobs that a job takes turns with. ahead: jobs whose process has to end before its own begins."""

    beside: int = 0
    ahead: int = 0


class JobManager:
    """All jobs of one process: they advance by turns, and before that, where asked for, are followed one after the
    other while a process works for them. workers: how many steps are done at a time."""

    def __init__(self, workers: int = 1) -> None:
        self._lock = threading.Condition()
        self._jobs: OrderedDict[Hashable, Job] = OrderedDict()  # by key, the latest last
        self._turns = Turns()
        self._to_follow: deque[Job] = deque()
        self._followed: Job | None = None
        self._workers = workers
        self._threads: dict[str, threading.Thread] = {}
        self._stopping = False

    def submit(self, key: Hashable, title: str, work: Work, visitor: str, before: Before | None = None) -> Job:
        """Start `work`, or join the job with this key if it has not ended.

        key: everything that the result depends on. before: what follows a process until it has done its part; the job
        takes turns only then. title: what is asked for anew when a visitor goes on, such as what comes next after his
        decision, has the same one. Of these the first that has begun goes on, and the latest takes the place of those
        between, unless somebody else waits for them too, or a process has worked for them. Raises BadInput for more
        jobs of one visitor than can be meant.
        """
        with self._lock:
            found = self._jobs.get(key)
            if found is not None and found.active and not found.stopping:
                found.visitors.add(visitor)
                return found
            if self._stopping:
                raise BadInput("the app is stopping; start it again to measure")
            for other in self._outdated(title, visitor):
                self._drop(other)
            if sum(visitor in job.visitors for job in self._active()) >= MOST_OF_ONE:
                raise BadInput(f"{MOST_OF_ONE} measurements of yours are under way; start more when one of them ends")
            job = self._jobs[key] = Job(key, title, work, visitor, before)
            self._jobs.move_to_end(key)
            if before is None:
                self._join(job)
            else:
                self._to_follow.append(job)
                self._start("following", self._follow)
            self._forget()
            return job

    def get_ready(self, load: Callable[[], None]) -> None:
        """Load in the background what the first job will need, once."""
        with self._lock:
            if not self._stopping:
                self._start("getting ready", load)

    def retry(self, job: Job, visitor: str) -> Job:
        """Do the work of an ended job again."""
        return self.submit(job.key, job.title, job.work, visitor, job.before)

    def get(self, key: Hashable) -> Job | None:
        """The latest job with this key, however it ended."""
        with self._lock:
            return self._jobs.get(key)

    def active(self) -> list[Job]:
        """Everybody's jobs that have not ended, those that take turns first."""
        with self._lock:
            return self._active()

    def of(self, visitor: str) -> list[Job]:
        """The visitor's jobs that have not ended."""
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

    def place(self, job: Job) -> Place:
        """What else goes on beside a job, or before it."""
        with self._lock:
            following, sharing = self._following(), self._turns.jobs()
        if job in following:
            return Place(ahead=following.index(job))
        return Place(beside=len(sharing) - 1 if job in sharing else 0)

    def cancel(self, job: Job, visitor: str) -> None:
        """Leave a job; it stops when nobody else watches it."""
        with self._lock:
            job.visitors.discard(visitor)
            if not job.visitors:
                self._drop(job)

    def shutdown(self, timeout: float = 30) -> None:
        """Cancel everything and wait for the workers: a live torch thread can abort the interpreter's exit.

        Processes go on without the app.
        """
        with self._lock:
            self._stopping = True
            for job in self._active():
                job.leaving = True
                self._drop(job)
            self._lock.notify_all()
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(timeout)

    def _active(self) -> list[Job]:
        return [job for job in (*self._turns.jobs(), *self._following()) if job.active]

    def _following(self) -> list[Job]:
        return [job for job in (self._followed, *self._to_follow) if job is not None]

    def _outdated(self, title: str, visitor: str) -> list[Job]:
        """The visitor's jobs that a new one of this title takes the place of."""
        alike = [
            job
            for job in (*self._following(), *(each for each in self._turns.jobs() if each.before is None))
            if job.active and not job.stopping and (job.title, job.visitors) == (title, {visitor})
        ]
        first = next((job for job in alike if job.status == "running"), None)
        return [job for job in alike if job is not first]

    def _drop(self, job: Job) -> None:
        """Cancel a job. One that has begun tidies up in its next turn. Needs the lock, as what stands around it."""
        job.cancel()
        if job in self._to_follow:
            self._to_follow.remove(job)
            job.end("cancelled")
        elif job in self._turns.waiting and job.status == "queued":
            self._turns.leave(job)
            job.end("cancelled")

    def _join(self, job: Job) -> None:
        """Let a job take turns."""
        job.status = "queued"
        self._turns.join(job)
        for number in range(min(self._workers, len(self._turns.jobs()))):
            self._start(f"measuring {number}", self._work)

    def _start(self, name: str, target: Callable[[], None]) -> None:
        """Start a thread, if it is not there yet, and let all look for what there is to do."""
        if name not in self._threads:
            self._threads[name] = threading.Thread(target=target, name=name, daemon=True)
            self._threads[name].start()
        self._lock.notify_all()

    def _work(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._turns.waiting or self._stopping)
                if not self._turns.waiting:
                    return
                job = self._turns.take()
            job.step()
            with self._lock:
                if job.active:
                    self._turns.give_back(job)
                else:
                    self._turns.leave(job)

    def _follow(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._to_follow or self._stopping)
                if not self._to_follow:
                    return
                self._followed = job = self._to_follow.popleft()
            prepared = job.prepare()
            with self._lock:
                self._followed = None  # it is in one place at a time
                if prepared and (job.stopping or self._stopping):
                    job.end("cancelled")
                elif prepared:
                    self._join(job)

    def _forget(self) -> None:
        ended = [key for key, job in self._jobs.items() if not job.active]
        for key in ended[:-KEPT]:
            del self._jobs[key]
