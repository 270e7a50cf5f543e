"""The processes that compute for the pages, so that neither waits for the other's interpreter. Needs no torch.

Evaluators   measurements, previews and tunings, each in one of a few processes; what they are is in `app.work.worker`

A measurement stays in the process that began it. If that is killed, another one goes on from the last batch.
"""

import itertools
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import Pipe
from typing import Any

from app.library import catalog
from app.work import tuned, worker
from app.work.processes import environment
from app.work.questions import Request
from app.work.store import Begun
from app.work.threads import cores, threads
from app.work.worker import Taken
from engine.checkpoint.format import Summary
from engine.errors import BadInput
from engine.results import Preview
from engine.scoring.paths import Report
from engine.selection.decisions import Decision

MOST = 4
"""Processes at most: each takes a third of a gigabyte."""
BEFOREHAND = 2
"""Processes that are started before anybody asks, as starting one takes seconds."""
LATER = 20.0
"""Seconds between the first of these and the next: whoever is alone does not need it, and it slows the first down."""
TRIES = 3
"""Processes that may be killed over the same batch."""
LOST = (
    "The process that measured was ended from outside, perhaps because memory ran out. Try again, or take fewer images."
)


class _Gone(Exception):
    """The process has ended."""


class _Evaluator:
    """One process. users: measurements that live in it. forgotten: those it can let go of, told with the next question.
    Questions are asked one at a time, by whoever holds `lock`."""

    def __init__(self) -> None:
        self.users = 0
        self.forgotten: list[int] = []
        self.lock = threading.Lock()
        self.device: str | None = None  # known once it is ready
        self._ours, theirs = Pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app.work.evaluator", str(theirs.fileno())],
            cwd=catalog.ROOT,
            env=environment(threads()),
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # the app's Ctrl-C does not reach it; it ends with the connection
        )
        theirs.close()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def wait_until_ready(self) -> None:
        """Needs the lock."""
        if self.device is None:
            _, self.device = self._receive()

    def ask(self, *message: Any) -> tuple[str, Any]:
        """The answer to a message; needs the lock. Raises _Gone, and what went wrong over there."""
        self.wait_until_ready()
        while self.forgotten:
            self.tell("forget", self.forgotten.pop(), 0)
        self.tell(*message)
        return self.answer()

    def answer(self) -> tuple[str, Any]:
        kind, value, notes = self._receive()
        worker.image_notes.update(notes)
        if kind == "fails":
            raise value
        return kind, value

    def tell(self, *message: Any) -> None:
        self._attempt(lambda: self._ours.send(message if len(message) > 1 else message[0]))

    def close(self) -> None:
        self._ours.close()
        self.process.terminate()
        self.process.wait()

    def _receive(self) -> Any:
        return self._attempt(self._ours.recv)

    def _attempt(self, what: Callable[[], Any]) -> Any:
        try:
            return what()
        except (EOFError, OSError):
            self.process.kill()
            self.process.wait()
            raise _Gone from None


class Evaluators:
    """Up to `most` processes, started when they are needed; on a GPU a single one."""

    def __init__(self, most: int | None = None) -> None:
        self.most = most or min(MOST, cores())
        self._lock = threading.Lock()
        self._all: list[_Evaluator] = []
        self._asking = 0  # questions that are being answered
        self._numbers = itertools.count()
        self._closed = False
        self._leaving = threading.Event()

    def get_ready(self) -> None:
        """Start what the first measurements will need, and wait until it is there."""
        for number in range(min(BEFOREHAND, self.most)):
            if number and self._leaving.wait(LATER):
                return
            with self._lock:
                if self._closed or number < len(self._all) or number >= self.most:
                    continue
                self._all.append(evaluator := _Evaluator())
            try:
                with evaluator.lock:
                    evaluator.wait_until_ready()
            except _Gone:
                return
            if evaluator.device == "cuda":
                self.most = 1

    def take(self, request: Request, begun: Begun | None = None) -> Iterator[Taken]:
        """As `worker.take`. Raises BadInput also where the process was killed, and so were those that went on."""
        lost = 0
        while True:
            try:
                for taken in self._take(request, begun):
                    begun, lost = taken.begun or begun, 0
                    yield taken
                return
            except _Gone:
                lost += 1
                if lost == TRIES or self._closed:
                    raise BadInput(LOST) from None

    def preview(self, request: Request, report: Report) -> Preview:
        """As `worker.preview`."""
        found: Preview = self._call("preview", (request,), report)
        return found

    def tune(
        self,
        base: Summary,
        decisions: Sequence[Decision],
        letters: str,
        report: Callable[[int, int], None],
        data: str,
    ) -> None:
        """As `tuned.tune`."""
        tuned.note(base, self._call("tune", (base.path, tuple(decisions), letters, data), report))

    def leave(self) -> None:
        """Start nothing more beforehand."""
        self._leaving.set()

    def close(self) -> None:
        """End all processes."""
        self.leave()
        with self._lock:
            self._closed = True
            found, self._all = self._all, []
        for evaluator in found:
            evaluator.close()

    def _take(self, request: Request, begun: Begun | None) -> Iterator[Taken]:
        evaluator, number = self._join(), next(self._numbers)
        message: tuple[Any, ...] = request, begun
        what = "take"
        try:
            while True:
                with evaluator.lock:
                    kind, taken = self._ask(evaluator, what, number, *message)
                if kind == "ends":
                    return
                yield taken
                what, message = "next", ()
        finally:
            self._leave(evaluator, number)

    def _call(self, what: str, arguments: tuple[Any, ...], report: Callable[..., None]) -> Any:
        """The result of a function over there. What `report` raises ends it."""
        evaluator, number = self._join(), next(self._numbers)
        problem: BaseException | None = None
        try:
            with evaluator.lock:
                kind, value = self._ask(evaluator, what, number, *arguments)
                while kind == "reports":
                    try:
                        report(*value)
                    except BaseException as error:
                        problem = error
                    evaluator.tell("go" if problem is None else "stop")
                    kind, value = evaluator.answer()
        except _Gone:
            raise BadInput(LOST) from None
        finally:
            self._leave(evaluator, None)
        if problem is not None:
            raise problem
        return value

    def _ask(self, evaluator: _Evaluator, what: str, number: int, *arguments: Any) -> tuple[str, Any]:
        with self._lock:
            self._asking += 1
            share = max(1, threads() // self._asking)
        try:
            return evaluator.ask(what, number, share, *arguments)
        finally:
            with self._lock:
                self._asking -= 1

    def _join(self) -> _Evaluator:
        """The process with the least to do, a new one where all have something."""
        with self._lock:
            if self._closed:
                raise BadInput("the app is stopping; start it again to measure")
            self._all = [each for each in self._all if each.alive]
            found = min(self._all, key=lambda each: each.users, default=None)
            if found is None or (found.users and len(self._all) < self.most):
                self._all.append(found := _Evaluator())
            found.users += 1
            return found

    def _leave(self, evaluator: _Evaluator, number: int | None) -> None:
        with self._lock:
            evaluator.users -= 1
            if number is not None:
                evaluator.forgotten.append(number)
