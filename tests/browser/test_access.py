"""No page breaks WCAG 2.1 at level A or AA, as far as axe-core can see, in either theme."""

from collections.abc import Callable
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

DECIDED = "c0-1.SK,c0-2.SK,c0-3.SK,c1-2.C3,c1-3.C1,c2-3.C3"
PAGES = {
    "Start": "",
    "Explore": "explore?run=nas-bench-201&edge=c1-2",
    "Explore a DARTS cell": "explore?run=s2",
    "Explore, nothing measured": "explore?run=small-201",
    "Decide": "decide?run=nas-bench-201",
    "Decide a DARTS cell": "decide?run=s2",
    "Decide, finished": f"decide?run=nas-bench-201&d={DECIDED}",
    "Compare": "compare?run=nas-bench-201",
    "Runs": "runs?run=nas-bench-201",
    "Train": "train?run=nas-bench-201",
    "Labs": "labs?run=nas-bench-201&lab=signals",
    "Learn": "learn?run=nas-bench-201",
    "Guide": "explore?run=nas-bench-201&lesson=supernet&at=cell",
}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LEVELS = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


@pytest.mark.parametrize("name", PAGES)
def test_no_page_breaks_the_rules_of_access(
    name: str, open_page: Callable[..., Page], settled: Callable[..., None]
) -> None:
    page = open_page(PAGES[name], reduced_motion="reduce")  # what fades in is not yet what is read
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        settled(page)
        assert page.evaluate("getComputedStyle(document.querySelector('.stApp')).colorScheme") == theme
        found = Axe().run(page, options=LEVELS)
        assert not [_said(broken) for broken in found.response["violations"]], theme


def _said(broken: dict[str, Any]) -> str:
    places = "; ".join(f"{node['target']} {node['html'][:160]}" for node in broken["nodes"][:4])
    return f"{broken['id']} ({broken['impact']}), {len(broken['nodes'])} times: {places}"
