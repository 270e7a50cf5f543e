"""Measurements that are being taken, batch by batch, by whichever job has its turn. Needs no torch.

Taker   answers a request from the store, or goes on measuring it; jobs with the same question share one measurement
"""

import threading
from collections.abc import Callable, Iterator

from app.work.job import Steps
from app.work.questions import Measurement, Request
from app.work.rates import Rates
from app.work.store import Begun, Store
from app.work.worker import Taken
from engine.scoring.paths import Report

TakeLive = Callable[[Request, Begun | None], Iterator[Taken]]


class _Live:
    """A measurement that is being taken. users: how many jobs wait for it. latest: how far it is."""

    def __init__(self, steps: Iterator[Taken]) -> None:
        self.steps = steps
        self.users = 0
        self.latest: Taken | None = None
        self.ended: bool | Exception = False
        self.lock = threading.Lock()


class Taker:
    """take_live: answers a request, see `worker.take`. store: where what is measured is kept. rates: learn how long it
    took."""

    def __init__(self, take_live: TakeLive, store: Store, rates: Rates) -> None:
        self.take_live, self._store, self._rates = take_live, store, rates
        self._lock = threading.Lock()
        self._live: dict[Request, _Live] = {}  # by key

    def partial(self, request: Request) -> Measurement | None:
        """How far a measurement of what is asked is that is being taken right now: on as many images, if there is one
        like that, else the furthest."""
        with self._lock:
            mine = self._live.get(request.key)
            found = [mine] if mine else [live for key, live in self._live.items() if key.place == request.place]
            taken = [live.latest.measurement for live in found if live.latest is not None]
        return max(taken, key=lambda each: each.images, default=None)

    def take(self, request: Request, report: Report, exactly: bool = False) -> Steps[Measurement]:
        """A measurement from the store or from the supernet, a batch a step, going on from the batches that were
        evaluated before.

        report: told the share of it that is done; what it raises ends the measurement, and nothing evaluated is lost.
        exactly: whether one on more images than asked for is no answer.
        """
        known, asked = self._store.best(request), request.settings.images
        if known and asked and (known.images == asked or (known.images > asked and not exactly)):
            report(1.0)
            return known
        report(0.0)
        live = self._join(request)
        taken: Taken | None = None
        try:
            while taken is None or taken.measurement.partial:
                if taken is not None:
                    yield
                taken = self._advance(live, request, taken)
                report(taken.share)
        finally:
            self._leave(live, request)
        return taken.measurement

    def _join(self, request: Request) -> _Live:
        with self._lock:
            live = self._live.get(request.key)
            if live is None:
                live = self._live[request.key] = _Live(self.take_live(request, self._store.begun(request)))
            live.users += 1
            return live

    def _advance(self, live: _Live, request: Request, seen: Taken | None) -> Taken:
        """The next state after the one that a job has seen: what another job brought about, else one batch more."""
        with live.lock:
            if live.latest is not None and live.latest is not seen:
                return live.latest
            if isinstance(live.ended, Exception):
                raise live.ended
            try:
                taken = live.latest = next(live.steps)
            except Exception as error:
                live.ended = error
                raise
            if not taken.measurement.partial:
                self._keep(request, taken)
            return taken

    def _leave(self, live: _Live, request: Request) -> None:
        """A job needs this measurement no more. After the last one, what was evaluated is kept."""
        with self._lock:
            live.users -= 1
            if live.users:
                return
            del self._live[request.key]
        taken = live.latest
        if taken is not None and taken.measurement.partial and taken.begun is not None:
            self._store.keep(request, None, taken.begun)

    def _keep(self, request: Request, taken: Taken) -> None:
        found = taken.measurement
        self._store.keep(request, found, taken.begun)
        if request.kind != "accuracy":
            self._store.keep(request.supernet, found._replace(result=found.accuracy))
        if taken.passes:
            self._rates.note(request, taken.seconds / taken.passes)
