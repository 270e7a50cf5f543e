"""Measurements that several jobs take together: one computation, whoever has the turn."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.work.job import Steps
from app.work.questions import Measurement, Request
from app.work.rates import Rates
from app.work.store import Begun, Store
from app.work.taking import Taker
from app.work.worker import Taken
from engine.checkpoint.folder import read_summary
from engine.errors import BadInput
from tests.app.small_runs import OF_201

STEPS = 4


class Live:
    """Answers in so many steps of 16 images; counts what it computes."""

    def __init__(self) -> None:
        self.computed: list[int] = []
        self.problem: Exception | None = None

    def __call__(self, request: Request, begun: Begun | None) -> Iterator[Taken]:
        for step in range(1 if begun is None else begun.images // 16 + 1, STEPS + 1):
            if self.problem is not None:
                raise self.problem
            self.computed.append(step)
            found = cast(Measurement, SimpleNamespace(partial=step < STEPS, images=16 * step, result=None))
            yield Taken(found, step / STEPS, 1.0, 0, Begun(16 * step, 1.0, {}))


class Kept:
    """A store that only remembers."""

    def __init__(self) -> None:
        self.found: Measurement | None = None
        self.sums: Begun | None = None

    def best(self, request: Request) -> Measurement | None:
        return self.found

    def begun(self, request: Request) -> Begun | None:
        return self.sums

    def keep(self, request: Request, found: Measurement | None, begun: Begun | None = None) -> None:
        self.found, self.sums = found or self.found, begun or self.sums


@pytest.fixture
def live() -> Live:
    return Live()


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def taker(live: Live, kept: Kept) -> Taker:
    return Taker(live, cast(Store, kept), Rates())


@pytest.fixture
def request_(small_runs: Path) -> Request:
    summary = read_summary(small_runs / OF_201)
    return Request.of(summary, summary.start, "accuracy", "", 0, images=16 * STEPS)


def finish(steps: Steps[Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            return ended.value


def test_two_jobs_with_one_question_share_every_batch(taker: Taker, live: Live, request_: Request) -> None:
    mine: list[float] = []
    yours: list[float] = []
    one, other = taker.take(request_, mine.append), taker.take(replace(request_, path="elsewhere"), yours.append)
    next(one), next(other), next(other), next(one)
    assert live.computed == [1, 2] and taker.partial(request_).images == 32
    assert finish(one) is finish(other)
    assert live.computed == [1, 2, 3, 4]
    assert mine == [0.0, 0.25, 0.5, 0.75, 1.0] and yours == [0.0, 0.25, 0.5, 1.0]
    assert taker.partial(request_) is None


def test_who_leaves_takes_nothing_from_who_stays_and_the_last_keeps_what_was_evaluated(
    taker: Taker, live: Live, kept: Kept, request_: Request
) -> None:
    one, other = taker.take(request_, lambda share: None), taker.take(request_, lambda share: None)
    next(one), next(other), next(other)
    one.close()
    assert kept.sums is None and taker.partial(request_).images == 32
    next(other)
    other.close()
    assert kept.sums is not None and kept.sums.images == 48 and taker.partial(request_) is None
    finish(taker.take(request_, lambda share: None))
    assert live.computed == [1, 2, 3, 4]


def test_what_goes_wrong_goes_wrong_for_all_who_wait_and_not_for_who_asks_later(
    taker: Taker, live: Live, request_: Request
) -> None:
    one, other = taker.take(request_, lambda share: None), taker.take(request_, lambda share: None)
    next(one), next(other)
    live.problem = BadInput("no such images")
    for each in (one, other):
        with pytest.raises(BadInput, match="no such images"):
            next(each)
    live.problem = None
    assert finish(taker.take(request_, lambda share: None)).images == 64


def test_another_number_of_images_is_another_measurement_and_the_page_sees_its_own(
    taker: Taker, live: Live, request_: Request
) -> None:
    few, many = request_, request_.under(images=None)
    one, other = taker.take(few, lambda share: None), taker.take(many, lambda share: None)
    next(one), next(other), next(other)
    assert (taker.partial(few).images, taker.partial(many).images) == (16, 32)
    assert taker.partial(request_.under(images=512)).images == 32
    one.close()
    assert taker.partial(few).images == 32
