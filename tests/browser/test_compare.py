"""The Compare page in a real browser: presets, one selection for both sides, links."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from app.state.address import ECHO_SECONDS
from tests.browser.conftest import settle
from tests.browser.test_journeys import back_to, has, messages, title

OpenPage = Callable[..., Page]

RUN, EARLY = "nas-bench-201", "nas-bench-201-epoch-6"


@pytest.fixture(autouse=True)
def patient() -> Iterator[None]:
    expect.set_options(timeout=30_000)
    yield
    expect.set_options(timeout=5_000)


def side(page: Page, letter: str, name: str) -> Locator:
    return page.locator(f'.st-key-side-{letter}-graph [data-edge="{name}"]')


def encoded(run: str, ending: str) -> str:
    return f"{run}%3A{ending}"


def preset(page: Page, name: str) -> None:
    page.locator(".st-key-compare-preset").get_by_text(name).click()
    settle(page)


def test_the_page_opens_with_the_finding_and_both_cells(open_page: OpenPage) -> None:
    page = open_page("compare")
    expect(title(page)).to_have_text(re.compile(r"α ends at \d\d\.\d\d %, measurement \(order 0\) at .*edges differ"))
    for letter in "ab":
        expect(page.locator(f".st-key-side-{letter}-graph [data-edge]")).to_have_count(6)
    for chart in ("differences", "edge-pair", "totals", "order-wins", "order-ends"):
        expect(page.locator(f".st-key-{chart} .main-svg").first).to_be_visible()


def test_presets_set_both_sides_and_stand_in_the_address(open_page: OpenPage) -> None:
    page = open_page("compare")
    preset(page, "order vs order")
    expect(title(page)).to_have_text(re.compile(r"^measurement \(order 0\) ends at .* measurement \(order 1\)"))
    expect(page).to_have_url(has(a=encoded(RUN, "order-0"), b=encoded(RUN, "order-1")))
    preset(page, "early vs late epoch")
    expect(title(page)).to_have_text(re.compile(EARLY))
    expect(page).to_have_url(has(a=encoded(EARLY, "alpha"), b=encoded(RUN, "alpha")))
    settle(page, quiet=ECHO_SECONDS)  # whoever goes back sooner has not seen the page
    page.go_back()
    expect(title(page)).to_have_text(re.compile(r"^measurement \(order 0\)"))


@pytest.mark.parametrize(("clicked", "other"), [("a", "b"), ("b", "a")])
def test_an_edge_chosen_in_one_cell_is_chosen_in_both(open_page: OpenPage, clicked: str, other: str) -> None:
    page = open_page("compare")
    side(page, clicked, "c2-3").click()
    expect(side(page, other, "c2-3")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".st-key-edge-card .card-title")).to_contain_text("node 2 → output")
    expect(page.locator(".st-key-edge-pair .bars path").first).to_be_attached()
    expect(page).to_have_url(has(edge="c2-3"))


def test_an_edge_pointed_at_in_one_cell_stands_out_in_both(open_page: OpenPage) -> None:
    page = open_page("compare")
    side(page, "a", "c2-3").hover()
    hot = re.compile(r"\bhot\b")
    for letter in "ab":
        expect(side(page, letter, "c2-3")).to_have_class(hot)
        expect(side(page, letter, "c0-1")).not_to_have_class(hot)
    title(page).hover()
    expect(side(page, "b", "c2-3")).not_to_have_class(hot)


def test_a_click_in_the_strip_chooses_the_edge_in_both_cells(open_page: OpenPage) -> None:
    page = open_page("compare")
    box = page.locator(".st-key-differences .bglayer").first
    expect(box).to_be_attached()
    page.wait_for_timeout(500)
    page.locator(".st-key-differences .point path").nth(4).click(force=True)
    for letter in "ab":
        expect(side(page, letter, "c1-3")).to_have_attribute("aria-pressed", "true")


def test_the_selection_is_linked_where_the_sidebar_speaks_of_another_space(open_page: OpenPage) -> None:
    page = open_page("compare?a=s2:alpha&b=s2:at-once")
    side(page, "a", "n0-2").click()
    expect(side(page, "b", "n0-2")).to_have_attribute("aria-pressed", "true")
    page.locator(".st-key-compare-cell").get_by_text("reduce").click()
    expect(side(page, "b", "r0-2")).to_be_attached()


def test_a_link_restores_both_sides_the_edge_and_ones_own_decisions(open_page: OpenPage) -> None:
    page = open_page(f"compare?a={RUN}:mine&b={RUN}:order-2&d=c0-1.NO,c1-3.C3&edge=c1-3&run={RUN}")
    expect(title(page)).to_have_text(re.compile(r"^my decisions beside measurement \(order 2\): .* 4 undecided"))
    expect(side(page, "a", "c1-3")).to_have_attribute("aria-pressed", "true")
    address = page.url
    second = open_page(address.removeprefix(address.split("/compare")[0]))
    expect(title(second)).to_have_text(re.compile(r"^my decisions beside measurement \(order 2\)"))


def test_what_a_link_says_wrong_is_told(open_page: OpenPage) -> None:
    page = open_page("compare?a=nowhere:alpha")
    expect(page.get_by_test_id("stToast").first).to_be_visible()
    assert any("The link's a was left out" in message for message in messages(page))
    expect(title(page)).to_have_text(re.compile("^α ends at"))


def test_the_sides_are_still_there_after_a_look_at_another_page(open_page: OpenPage) -> None:
    page = open_page("compare")
    preset(page, "order vs order")
    page.get_by_role("link", name="Explore").first.click()
    expect(title(page)).to_have_text(re.compile("^α keeps"))
    settle(page)
    page.get_by_role("link", name="Compare").first.click()
    expect(title(page)).to_have_text(re.compile(r"^measurement \(order 0\) ends at"))
    settle(page)
    expect(page).to_have_url(has(a=encoded(RUN, "order-0"), b=encoded(RUN, "order-1")))
    back_to(page, "explore")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["compare", "compare?run=s2", "compare?a=s2:mine&b=nas-bench-201:order-1"])
def test_every_kind_of_pair_draws_in_both_themes(open_page: OpenPage, path: str, scheme: str) -> None:
    page = open_page(path, color_scheme=scheme)
    expect(title(page)).to_be_visible()
    expect(page.locator(".st-key-totals .main-svg").first).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    overflow = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
