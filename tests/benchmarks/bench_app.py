"""What a visitor waits for in a browser, beside what the same browser needs for a page with one line on it.

Run with `make bench`. Pages of both servers are opened in turn, so that whatever else the machine does falls on both.
"""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser import chromium
from tests.browser.conftest import serve, settle

ROUNDS = 5


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    path = chromium.find()
    assert path is not None, "No Chromium or Chrome found. make test installs one."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.ARGUMENTS))
        yield browser.new_page(viewport={"width": 1280, "height": 800})
        browser.close()


def seconds_to(page: Page, address: str, what: str) -> float:
    page.goto("about:blank")
    began = time.perf_counter()
    page.goto(address)
    page.locator(what).first.wait_for(timeout=60_000)
    return time.perf_counter() - began


def bench_the_first_graph_against_a_page_with_one_line(page: Page, root: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.py"
    bare.write_text("import streamlit as st\n\nst.title('A line')\n", encoding="utf-8")
    homes = [tmp_path / name for name in ("app", "plain")]
    for home in homes:
        home.mkdir()
    with serve("app/main.py", root, homes[0]) as app, serve(str(bare), root, homes[1]) as plain:
        pairs = [(f"{app}/explore", "[data-edge]"), (plain, "h1")]
        first = seconds_to(page, *pairs[0])
        found = [[seconds_to(page, *pair) for pair in pairs] for _ in range(ROUNDS)]
        clicks = [_click(page, app, name) for name in ("c0-1", "c2-3", "c0-2", "c1-3", "c0-3")]
    graph, line = (statistics.median(column) for column in zip(*found, strict=True))
    print(
        f"\nfirst graph: {graph:.1f} s, {graph / line:.1f} times a page with one line; of a fresh server {first:.1f} s"
    )
    print(f"click to inspector: {statistics.median(clicks):.2f} s")
    assert graph / line < 5


def _click(page: Page, app: str, name: str) -> float:
    if not page.url.startswith(app):
        page.goto(f"{app}/explore")
    settle(page)
    edge = page.locator(f'[data-edge="{name}"]').first
    began = time.perf_counter()
    edge.click()
    expect(edge).to_have_attribute("aria-pressed", "true")
    return time.perf_counter() - began
