"""The clickable cell graph in a real browser, on a page of its own (apps/cell_graph_app.py)."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from app.figures.cell_layout import WIDTHS, Shape, cell_layout
from engine.drawing.geometry import parallels, point
from engine.spaces import search_space
from tests.browser.conftest import serve

DARTS = Shape.of(search_space("darts"), "normal")
SCRIPT = "tests/browser/apps/cell_graph_app.py"
OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def app_server(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page with the graph alone, in place of the app."""
    with serve(SCRIPT, root, tmp_path_factory.mktemp("home"), PYTHONPATH=str(root)) as address:
        yield address


def edge(page: Page, name: str) -> Locator:
    return page.locator(f'[data-edge="{name}"]')


def line(page: Page, name: str) -> Locator:
    return page.locator(f'[data-line="{name}"]')


def pill(page: Page, index: int) -> Locator:
    return page.locator(f'.pill[data-index="{index}"]')


def report(page: Page) -> str:
    return page.locator('[data-testid="stCode"]').inner_text()


def numbers(text: str | None) -> np.ndarray:
    return np.array(re.findall(r"-?\d+\.?\d*", text or ""), float)


def click_on_line(page: Page, name: str, along: float) -> None:
    """Click a place on an edge's line, not its pill."""
    graph_box = page.locator("svg.cell").bounding_box()
    view_box = numbers(page.locator("svg.cell").get_attribute("viewBox"))
    assert graph_box
    curve = numbers(line(page, name).locator(".line").get_attribute("d")).reshape(1, 4, 2)
    x, y = point(curve, along) * graph_box["width"] / view_box[2]
    page.mouse.click(graph_box["x"] + x, graph_box["y"] + y)


def test_a_click_on_a_line_or_pill_chooses_the_edge_exactly_once(
    open_page: OpenPage, settled: Callable[..., None]
) -> None:
    page = open_page()
    pill(page, 2).click()
    settled(page)
    assert "log=['c1-2']" in report(page)
    expect(edge(page, "c1-2")).to_have_attribute("aria-pressed", "true")
    click_on_line(page, "c0-2", 0.2)
    settled(page)
    assert "log=['c1-2', 'c0-2']" in report(page)
    pill(page, 1).click()
    settled(page)
    assert "log=['c1-2', 'c0-2', 'c0-2']" in report(page)
    expect(page.locator('[aria-pressed="true"]')).to_have_count(1)


def test_the_choice_is_reported_in_one_run_only(open_page: OpenPage, settled: Callable[..., None]) -> None:
    page = open_page()
    pill(page, 0).click()
    settled(page)
    assert "reported='c0-1' runs=2" in report(page)
    page.get_by_role("button", name="Rerun").click()
    settled(page)
    assert "reported=None runs=3" in report(page)


def test_arrow_keys_walk_and_enter_or_space_chooses(open_page: OpenPage, settled: Callable[..., None]) -> None:
    page = open_page("?space=darts&shortcut=1")
    edge(page, "n0-2").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(edge(page, "n0-3")).to_be_focused()
    expect(page.locator('.pill[tabindex="0"]')).to_have_count(1)
    settled(page)
    assert "log=[]" in report(page) and "runs=1" in report(page), "the page's ArrowDown shortcut acted too"
    page.keyboard.press("Enter")
    settled(page)
    assert "log=['n0-3']" in report(page)
    page.keyboard.press("End")
    expect(edge(page, "n4-5")).to_be_focused()
    page.keyboard.press("Space")
    settled(page)
    assert "log=['n0-3', 'n4-5']" in report(page)


def test_tab_reaches_the_graph_once_and_leaves_it(open_page: OpenPage) -> None:
    page = open_page("?focus=3")
    page.locator(".st-key-card").click(position={"x": 20, "y": 20})
    page.keyboard.press("Tab")
    expect(edge(page, "c0-3")).to_be_focused()
    page.keyboard.press("Tab")
    expect(edge(page, "c0-3")).not_to_be_focused()
    assert not page.locator(".pill:focus").count()


def test_escape_and_the_background_clear_the_choice(open_page: OpenPage, settled: Callable[..., None]) -> None:
    page = open_page("?focus=1")
    edge(page, "c0-2").focus()
    page.keyboard.press("Escape")
    settled(page)
    assert "log=[None]" in report(page)
    expect(page.locator('[aria-pressed="true"]')).to_have_count(0)
    page.keyboard.press("Escape")
    settled(page)
    assert "log=[None]" in report(page), "nothing was chosen, so there was nothing to clear"
    page.keyboard.press("Enter")
    settled(page)
    page.locator("svg.cell").click(position={"x": 3, "y": 3})
    settled(page)
    assert "log=[None, 'c0-2', None]" in report(page)


def test_the_same_nodes_and_the_focus_survive_a_rerun(open_page: OpenPage, settled: Callable[..., None]) -> None:
    page = open_page()
    edge(page, "c0-3").focus()
    nodes = page.locator(".edge, .pill, .node, .strand").element_handles()
    lines = [node.get_attribute("d") for node in page.locator(".strand").element_handles()]
    page.keyboard.press("Enter")
    settled(page)
    page.get_by_text("both", exact=True).dispatch_event("click")
    settled(page)
    assert lines != [node.get_attribute("d") for node in page.locator(".strand").element_handles()]
    assert all(node.evaluate("node => node.isConnected") for node in nodes)
    expect(edge(page, "c0-3")).to_be_focused()


def test_hovering_fades_the_other_edges_and_opens_strands_and_tooltip(open_page: OpenPage) -> None:
    page = open_page("?space=darts")
    strands = line(page, "n1-4").locator(".strands")
    expect(strands).to_have_css("opacity", "0")
    pill(page, 6).hover()
    expect(strands).to_have_css("opacity", "1")
    for part in (line, edge):
        expect(part(page, "n0-4")).to_have_css("opacity", "0.35")
        expect(part(page, "n1-4")).to_have_css("opacity", "1")
    tip = page.locator(".tip")
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("ck-1 → node 2")
    expect(tip).to_contain_text("α favours")
    box, frame = tip.bounding_box(), page.locator("svg.cell").bounding_box()
    assert box and frame and box["x"] >= frame["x"] - 4 and box["x"] + box["width"] <= frame["x"] + frame["width"] + 4
    page.mouse.move(5, 5)
    expect(tip).to_be_hidden()
    expect(edge(page, "n0-4")).to_have_css("opacity", "1")


def test_every_edge_says_what_it_is(open_page: OpenPage) -> None:
    page = open_page("?space=darts&measured=7")
    buttons = page.get_by_role("button", name=re.compile("α favours"))
    expect(buttons).to_have_count(14)
    label = buttons.first.get_attribute("aria-label") or ""
    assert re.fullmatch(
        r"cₖ₋₂ → node 0 · α favours .+ \(0\.\d\d\) · measured: .+ \(drop .+ pts\) · [a-z ]+, on 1,024 images",
        label,
    )
    expect(page.locator(".pill .missing")).to_have_count(7)


def test_a_theme_switch_needs_no_rerun(open_page: OpenPage) -> None:
    page = open_page("?measured=0&measure=alpha", color_scheme="light")
    strand = line(page, "c0-1").locator('[data-operation="skip_connect"]')
    expect(strand).to_have_css("stroke", "rgb(183, 79, 155)")
    page.emulate_media(color_scheme="dark")
    expect(strand).to_have_css("stroke", "rgb(245, 181, 245)")
    assert "runs=1" in report(page)


@pytest.mark.parametrize(("reduced", "seconds"), [("reduce", "0s"), ("no-preference", "0.2s")])
def test_motion_follows_the_visitors_preference(open_page: OpenPage, reduced: Any, seconds: str) -> None:
    page = open_page(reduced_motion=reduced)
    durations = page.locator(".pill").first.evaluate("node => getComputedStyle(node).transitionDuration")
    assert set(durations.split(", ")) == {seconds}


@pytest.mark.parametrize(("space", "width"), [("darts", 430), ("darts", 600), ("nas-bench-201", 430)])
def test_the_graph_fits_its_column_with_readable_text(open_page: OpenPage, space: str, width: int) -> None:
    page = open_page(f"?space={space}&width={width}")
    svg = page.locator("svg.cell")
    box, view_box = svg.bounding_box(), numbers(svg.get_attribute("viewBox"))
    assert box and box["width"] <= width
    sizes = page.locator("svg.cell text").evaluate_all(
        "all => all.map(one => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert min(sizes) * box["width"] / view_box[2] >= 12
    assert view_box[2] == max(one for one in WIDTHS if one <= box["width"])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    overlaps = page.locator(".pill").evaluate_all(
        """pills => pills.flatMap((pill, i) => pills.slice(i + 1).filter((other) => {
            const [a, b] = [pill.getBoundingClientRect(), other.getBoundingClientRect()];
            return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
        }))"""
    )
    assert overlaps == []


def test_a_narrower_window_gets_another_layout(open_page: OpenPage) -> None:
    page = open_page("?space=darts&width=640")
    view_box = page.locator("svg.cell")
    expect(view_box).to_have_attribute("viewBox", f"0 0 560 {cell_layout(DARTS, 560).height}")
    page.set_viewport_size({"width": 500, "height": 800})
    expect(view_box).to_have_attribute("viewBox", f"0 0 380 {cell_layout(DARTS, 380).height}")


def test_the_browser_draws_strands_where_the_static_picture_does(open_page: OpenPage) -> None:
    page = open_page("?space=darts&focus=4&measure=alpha&width=600")
    beside = parallels(cell_layout(DARTS, 560).lines[4])
    strands = line(page, "n2-3").locator(".strand")
    expect(strands).to_have_count(7)
    drawn = strands.evaluate_all("all => all.map((one) => [one.getAttribute('d'), parseFloat(one.style.strokeWidth)])")
    top = sum(width for _, width in drawn) / 2
    for shape, width in drawn:
        np.testing.assert_allclose(numbers(shape), numbers(beside.path(top - width / 2)), atol=0.15)
        top -= width


def test_text_from_the_data_is_never_markup(open_page: OpenPage) -> None:
    page = open_page("?hostile=1")
    expect(page.locator(".node text").first).to_have_text("<img src=x onerror=alert(1)>")
    assert page.locator("svg.cell img").count() == 0
