"""Start in a real browser: guess wrong, guess right, show all, go back; by keyboard, on a phone, and nothing moves."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.state.address import ECHO_SECONDS
from tests.browser.conftest import settle
from tests.browser.test_journeys import button, has

OpenPage = Callable[..., Page]
CARDS = """() => ["cell", "question", "stakes"].map(name => {
    const box = document.querySelector(`.st-key-${name}-card`).getBoundingClientRect();
    const scrolled = document.querySelector('[data-testid="stMain"]').scrollTop;
    return [name, Math.round(box.top + scrolled), Math.round(box.height)];
})"""
COVERED = "guess before you look"


def still(page: Page) -> list[list[str | int]]:
    """Where the cards stand once they stand still."""
    settle(page, quiet=0.8)
    seen: list[list[list[str | int]]] = []
    while len(seen) < 2 or seen[-1] != seen[-2]:
        assert len(seen) < 20, f"the cards go on moving: {seen[-2:]}"
        page.wait_for_timeout(500)
        seen.append(page.evaluate(CARDS))
    return seen[-1]


def press(page: Page, key: str) -> None:
    """A key of the page itself, not of whatever has the focus."""
    settle(page)
    page.evaluate("document.activeElement?.blur()")
    page.keyboard.press(key)


def back(page: Page) -> None:
    """As late as a visitor who has seen the page change."""
    settle(page, quiet=ECHO_SECONDS)
    page.go_back()
    settle(page, quiet=ECHO_SECONDS)


def test_guess_wrong_go_back_guess_right_go_back_show_all(open_page: OpenPage) -> None:
    page = open_page("?run=nas-bench-201")
    status = page.locator("[role=status][aria-live=polite]")
    expect(page.locator(".st-key-butterfly")).to_contain_text(COVERED)
    page.get_by_role("button", name=re.compile("^skip")).click()
    expect(page.locator("p.story-line")).to_contain_text("You said “skip”. Measurement says “conv 3×3”")
    expect(page).to_have_url(has(step="seen"))
    expect(status).to_contain_text("Follow α on every edge: 54.30 %, rank 15,231 of 15,625.")
    expect(page.locator('[data-edge="c1-2"].disagree')).to_be_visible()
    back(page)
    expect(page.locator(".st-key-butterfly")).to_contain_text(COVERED)
    expect(page.locator('[data-edge="c1-2"].unmeasured')).to_be_visible()
    press(page, "3")
    expect(page.locator("p.story-line")).to_contain_text("You said “conv 3×3”, and so does measurement")
    back(page)
    expect(page.locator(".st-key-butterfly")).to_contain_text(COVERED)
    button(page, "show-all").click()
    expect(page.locator("p.story-line")).to_have_text(re.compile("^Measurement says “conv 3×3”"))
    back(page)
    expect(page.locator(".st-key-butterfly")).to_contain_text(COVERED)
    settle(page)
    page.go_forward()
    expect(page.locator(".stakes")).to_contain_text("91.17 %")


@pytest.mark.parametrize(("size", "scheme"), [((1280, 800), "light"), ((390, 844), "dark")])
@pytest.mark.parametrize("run", ["nas-bench-201", "s2"])
def test_nothing_moves_when_the_answer_comes(open_page: OpenPage, run: str, size: tuple[int, int], scheme: str) -> None:
    page = open_page(f"?run={run}", color_scheme=scheme)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    before = still(page)
    press(page, "1")
    expect(page).to_have_url(has(step="seen"))
    assert still(page) == before


def test_other_supernets_come_into_view(page: Page) -> None:
    button(page, "to-supernets").click()
    settle(page)
    expect(page.locator(".st-key-supernets .card-title").first).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(("size", "scheme"), [((1280, 800), "light"), ((390, 844), "dark")])
def test_a_word_shows_its_definition_above_all_else_while_it_has_the_focus(
    open_page: OpenPage, size: tuple[int, int], scheme: str
) -> None:
    page = open_page(color_scheme=scheme)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    settle(page)
    for place in (".finding-line", ".story-note", ".stakes"):
        word = page.locator(f"{place} .term").first
        word.focus()
        at_bottom = "node => document.elementFromPoint(innerWidth / 2, innerHeight - 30) === node"
        assert word.evaluate(at_bottom), f"the definition of {word.inner_text()} is covered"
        assert word.get_attribute("title")
        word.blur()
        assert not word.evaluate(at_bottom)
