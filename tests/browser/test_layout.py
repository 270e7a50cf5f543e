"""Nothing is cut and no page scrolls sideways, on a phone, at 200 % zoom, on half a screen and on a projector."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

PAGES = {
    "Start": "",
    "Explore": "explore?run=nas-bench-201",
    "Explore a DARTS cell": "explore?run=s2",
    "Decide": "decide?run=nas-bench-201",
    "Decide a DARTS cell": "decide?run=s2",
    "Compare": "compare?run=nas-bench-201",
    "Runs": "runs?run=nas-bench-201",
    "Train": "train?run=nas-bench-201",
    "Labs": "labs?run=nas-bench-201&lab=signals",
    "Learn": "learn?run=nas-bench-201",
    "Guide": "explore?run=nas-bench-201&lesson=supernet&at=cell",
}
SIZES = {"a phone": (390, 844), "200 % zoom": (640, 400), "half a screen": (820, 1180), "a projector": (1920, 1080)}
# Texts that are wider than their box; a line's own box is what it is cut at.
CUT = """() => [...document.querySelectorAll(
        ['[data-testid="stCaptionContainer"] p', 'h1', 'h2', 'button', 'button p', '.card-title', '.finding-line']
        .map(each => `[data-testid="stMain"] ${each}`))]
    .filter(node => node.offsetParent && getComputedStyle(node).display !== 'inline')
    .filter(node => node.scrollWidth > node.clientWidth + 1)
    .map(node => node.textContent.trim().slice(0, 80))"""
SIDEWAYS = """() => [document.documentElement, document.querySelector('[data-testid="stMain"]')]
    .map(node => node.scrollWidth - node.clientWidth).filter(Boolean)"""
# Cards that lie over each other.
OVERLAPS = """() => {
    const cards = [...document.querySelectorAll('[data-testid="stMain"] [class*="-card"][class*="st-key-"]')]
        .map(node => [node.className.match(/st-key-(\\S+)/)[1], node.getBoundingClientRect()])
        .filter(([, box]) => box.width && box.height);
    return cards.flatMap(([name, a], index) => cards.slice(index + 1)
        .filter(([, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
            && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1)
        .map(([other]) => `${name} and ${other}`));
}"""


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_or_overlaps_and_no_page_scrolls_sideways(
    name: str, open_page: Callable[..., Page], settled: Callable[..., None]
) -> None:
    page = open_page(PAGES[name])
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        settled(page)
        expect(page.locator("h1.finding")).to_be_visible()
        found = {}
        for _ in range(20):  # figures follow a change of the window a little later
            found = {"sideways": page.evaluate(SIDEWAYS), "cut": page.evaluate(CUT), "over": page.evaluate(OVERLAPS)}
            if not any(found.values()):
                break
            page.wait_for_timeout(250)
        assert not any(found.values()), f"on {size}: {found}"


def test_explore_of_a_darts_cell_fits_a_laptop_and_its_cards_stack_on_half_a_screen(
    open_page: Callable[..., Page], settled: Callable[..., None]
) -> None:
    page = open_page("explore?run=s2")
    assert page.get_by_test_id("stMain").evaluate("node => node.scrollHeight - node.clientHeight") <= 8
    rows = page.locator(".st-key-many-edges")
    assert rows.evaluate("node => node.scrollHeight > node.clientHeight"), "the matrix scrolls in its card"
    page.set_viewport_size({"width": 820, "height": 1180})
    settled(page)
    cell, inspector = (page.locator(f".st-key-{name}-card").bounding_box() for name in ("cell", "inspector"))
    assert cell and inspector and cell["y"] + cell["height"] <= inspector["y"]


def test_type_grows_on_a_projector(open_page: Callable[..., Page], settled: Callable[..., None]) -> None:
    page = open_page("explore?run=nas-bench-201")
    size = "node => parseFloat(getComputedStyle(node).fontSize)"
    places = page.locator("h1.finding"), page.locator(".st-key-matrix .annotation text").first
    small = [place.evaluate(size) for place in places]
    page.set_viewport_size({"width": 1920, "height": 1080})
    settled(page)
    for place, before in zip(places, small, strict=True):
        assert place.evaluate(size) >= 1.15 * before


def test_one_polite_region_says_which_edge_is_selected_and_what_was_decided(
    open_page: Callable[..., Page], settled: Callable[..., None]
) -> None:
    page = open_page("explore?run=nas-bench-201")
    region = "[role=status][aria-live=polite]"
    status = page.locator(region)
    expect(status).to_have_count(1)
    expect(status).to_contain_text("node 1 → node 2: disagree.")
    page.locator('[data-edge="c0-1"]').first.focus()
    page.keyboard.press("Enter")
    settled(page)
    expect(status).to_contain_text("input → node 1: ")
    page = open_page("decide?run=nas-bench-201&d=c0-1.SK&by=a")
    said = page.locator(region)
    expect(said).to_contain_text("skip taken on input → node 1, as α suggests. Step 2 of 6 · input → node 2.")
    page.get_by_role("button", name="Undo").click()
    expect(said).to_contain_text("Taken back: skip on input → node 1. Step 1 of 6 · input → node 1. agree. α keeps")


def test_on_a_phone_the_step_its_grid_and_the_choice_are_on_the_first_screen(
    open_page: Callable[..., Page], settled: Callable[..., None]
) -> None:
    page = open_page("decide?run=nas-bench-201")
    page.set_viewport_size({"width": 390, "height": 844})
    settled(page)
    tools = page.locator(".st-key-tools button")
    expect(tools).to_have_count(6)
    boxes = [box for tool in tools.all() if (box := tool.bounding_box())]
    assert len({box["y"] for box in boxes}) == 1, "the tools are one row"
    for name in ("Undo", "Redo", "Play", "Tuning", "Order", "Export"):
        expect(page.locator(".st-key-tools").get_by_role("button", name=name)).to_be_visible()
    for part in (page.locator(".st-key-decision-grid"), page.get_by_test_id("stBaseButton-primary")):
        box = part.bounding_box()
        assert box and box["y"] + box["height"] <= 844


@pytest.mark.parametrize("truth", [False, True])
def test_on_a_phone_an_edges_bars_are_whole(
    open_page: Callable[..., Page], settled: Callable[..., None], truth: bool
) -> None:
    page = open_page("explore?run=nas-bench-201&edge=c1-2")
    if truth:
        page.locator(".st-key-show-the-truth label").first.click()
        expect(page.locator(".st-key-three-columns .js-plotly-plot")).to_be_visible()
        expect(page.locator(".st-key-truth-below")).to_be_hidden()
    page.set_viewport_size({"width": 390, "height": 844})
    settled(page)
    if truth:
        expect(page.locator(".st-key-truth-narrow .js-plotly-plot .main-svg").first).to_be_visible()
        expect(page.locator(".st-key-three-columns")).to_be_hidden()
    card = page.locator(".st-key-inspector-card")
    card.scroll_into_view_if_needed()
    expect(card.locator(".js-plotly-plot .main-svg:visible").first).to_be_visible()
    page.wait_for_function("""() => {
        const card = document.querySelector('.st-key-inspector-card');
        const texts = [...card.querySelectorAll('.js-plotly-plot text')].map(node => node.getBoundingClientRect())
            .filter(box => box.width);
        const edge = card.getBoundingClientRect();
        return texts.length && card.scrollWidth <= card.clientWidth
            && texts.every(box => box.left >= edge.left && box.right <= edge.right);
    }""")
