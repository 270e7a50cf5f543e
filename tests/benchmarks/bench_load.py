"""Many visitors at once, without browsers: thirty who measure, a hundred who look around.

Run with `make bench`. The figures go to results/app.json, with the machine that they were measured on.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import engine
from app.library.catalog import Catalog
from app.work.questions import Request
from app.work.store import FOLDER, Store
from engine.checkpoint.format import Summary
from engine.drawing import palette
from engine.scoring.scorer import Scorer
from engine.selection.selection import Selection
from tests.benchmarks.record import machine, record
from tests.benchmarks.visitors import Visitor
from tests.browser.conftest import serve

pytestmark = pytest.mark.timeout(1200)
RUN = "nas-bench-201"
IMAGES = 512
MEASURING, LOOKING = 30, 100
PAUSE = 5.0, 25.0
"""Seconds that a visitor looks at a page before the next one."""
PAGES = ("explore", "decide", "compare", "runs", "labs", "learn")


class Asked(NamedTuple):
    """A question: an edge after two decisions, and the link that leads to it."""

    edge: int
    selection: Selection
    link: str


class Waits(NamedTuple):
    """Seconds from the click to: the page that shows it, the first partial bars, all images."""

    click: float
    first: float
    all: float


def questions(summary: Summary) -> list[Asked]:
    """Every edge, after each of five decisions on the edge that follows it, and one more."""
    edges = summary.space.edges("cell")
    names = [f"c{edge.source}-{edge.target}" for edge in edges]
    found = []
    for edge in range(len(edges)):
        one, other = (edge + 1) % len(edges), (edge + 2) % len(edges)
        for operation in summary.space.operations("cell", one):
            selection = summary.start.discretize("cell", one, operation).discretize("cell", other, "skip_connect")
            codes = [palette.operation(each).code for each in (operation, "skip_connect")]
            decisions = f"{names[one]}.{codes[0]},{names[other]}.{codes[1]}"
            found.append(Asked(edge, selection, f"run={RUN}&budget={IMAGES}&edge={names[edge]}&d={decisions}"))
    return found


def is_shown(visitor: Visitor) -> bool:
    return visitor.says("images so far") or is_done(visitor)


def is_done(visitor: Visitor) -> bool:
    return any(label.startswith("More images") for _, label in visitor.buttons.values())


async def measure(address: str, asked: Asked, all_here: asyncio.Barrier) -> Waits:
    visitor = Visitor(address)
    await visitor.open("decide", asked.link)
    async with all_here:
        began = time.perf_counter()
    await visitor.press("Measure this step")
    click = time.perf_counter() - began
    await visitor.until(is_shown, 600)
    first = time.perf_counter() - began
    await visitor.until(is_done, 600)
    waits = Waits(click, first, time.perf_counter() - began)
    await visitor.close()
    return waits


async def look_around(address: str, number: int) -> list[float]:
    chance = random.Random(number)
    await asyncio.sleep(chance.uniform(0, PAUSE[1]))
    visitor = Visitor(address)
    await visitor.open("", f"run={RUN}")
    for page in PAGES:
        await asyncio.sleep(chance.uniform(*PAUSE))
        await visitor.open(page, f"run={RUN}")
    await visitor.close()
    return visitor.waits[1:]


@pytest.fixture
def app(root: Path, tmp_path: Path) -> Iterator[str]:
    with serve("app/main.py", root, tmp_path) as address:
        asyncio.run(warm(address))
        yield address


async def warm(address: str) -> None:
    """Somebody was here before, as on every server that is not just starting."""
    visitor = Visitor(address)
    for page in PAGES:
        await visitor.open(page, f"run={RUN}")
    await asyncio.sleep(35)
    await visitor.close()


def bench_thirty_visitors_who_measure_at_once(app: str, tmp_path: Path) -> None:
    summary = Catalog().entries()[RUN].summary
    assert summary is not None
    asked = questions(summary)[:MEASURING]
    assert len(asked) == MEASURING

    async def all_of_them() -> list[Waits]:
        all_here = asyncio.Barrier(MEASURING)
        return await asyncio.gather(*(measure(app, each, all_here) for each in asked))

    found = asyncio.run(all_of_them())
    figures = {
        f"{name} {what}": round(how(getattr(each, name) for each in found), 2)
        for name in Waits._fields
        for what, how in (("median", statistics.median), ("slowest", max))
    }
    print(f"\n{MEASURING} visitors measure {IMAGES} images each, on {machine()}")
    print("seconds:", ", ".join(f"{name} {value}" for name, value in figures.items()))
    print("wanted: first bars within 10 s, all images within 90 s on two quiet cores")

    # What they see is what the engine says: one of each edge.
    store = Store(lambda: tmp_path / "own" / FOLDER)
    loaded = engine.load(summary.path)
    for each in asked[:: len(asked) // len(summary.space.edges("cell"))]:
        request = Request.of(summary, each.selection, "edge", "cell", each.edge, images=IMAGES)
        seen = store.best(request)
        assert seen is not None and seen.images == IMAGES
        expected = Scorer.of(loaded, request.settings).edge(each.selection, "cell", each.edge)
        assert [row.drop for row in seen.edge.operations] == pytest.approx([row.drop for row in expected.operations])
    record("thirty visitors measuring", figures | {"images": IMAGES})


def bench_a_hundred_visitors_who_look_around(app: str) -> None:
    async def all_of_them() -> list[list[float]]:
        return await asyncio.gather(*(look_around(app, number) for number in range(LOOKING)))

    found = sorted(seconds for waits in asyncio.run(all_of_them()) for seconds in waits)
    assert len(found) == LOOKING * len(PAGES)
    median, p95 = statistics.median(found), found[int(0.95 * len(found))]
    print(f"\n{LOOKING} visitors, another page every {PAUSE[0]:.0f} to {PAUSE[1]:.0f} s, on {machine()}")
    print(f"a page takes {median:.2f} s in the median, {p95:.2f} s at the 95th percentile (wanted: 0.3)")
    record("a hundred visitors looking around", {"median": round(median, 3), "p95": round(p95, 3)})
