"""Every lesson walked to its end by a visitor, with one page for all; leaving, reloading, going back; on a phone."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from app.library.lessons import Step, lessons
from app.parts.guide.anchors import ANCHORS
from tests.browser.conftest import settle
from tests.browser.test_journeys import button, edge, has
from tests.browser.test_start import back

OpenPage = Callable[..., Page]
TEN_SECONDS = 10_000


@pytest.fixture(autouse=True)
def patient() -> Iterator[None]:
    """Nothing in a lesson is waited for longer."""
    expect.set_options(timeout=TEN_SECONDS)
    yield
    expect.set_options(timeout=5_000)


def guess(page: Page) -> None:
    page.locator(".st-key-guesses").get_by_role("button").first.click()


def take_conv(page: Page) -> None:
    page.locator(".st-key-decision-grid").get_by_text("conv 3×3", exact=True).first.click()
    expect(button(page, "decide")).to_contain_text("conv 3×3")
    settle(page)  # whoever decides has seen what is chosen
    button(page, "decide").click()


def highlight(page: Page) -> None:
    page.get_by_test_id("stSidebar").get_by_test_id("stButtonGroup").get_by_text("SK", exact=True).click()


DOES: dict[str, Callable[[Page], None]] = {
    "edge c1-2": lambda page: edge(page, "c1-2").click(),
    "highlighted": highlight,
    "earlier-epoch": lambda page: button(page, "play-epochs").click(),
    "uncovered": guess,
    "decided 1": take_conv,
    "undone": lambda page: button(page, "undo").click(),
    "truth-shown": lambda page: page.locator(".st-key-show-the-truth label").click(),
}
"""What a visitor does where a step waits for it."""


def at(page: Page, number: int, steps: tuple[Step, ...]) -> None:
    expect(page.locator(".guide-number")).to_have_text(f"Step {number} of {len(steps)}")


def answer(page: Page, step: Step) -> None:
    expect(button(page, "guide-next").or_(button(page, "guide-next-lesson")).first).to_be_disabled()
    button(page, f"guide-answer-{len(step.question.options) if step.question else 0}").click()
    expect(page.locator(".st-key-guide-question")).to_contain_text("✓")


def walk(page: Page, steps: tuple[Step, ...]) -> None:
    """From the first step to the last."""
    for number, step in enumerate(steps, start=1):
        at(page, number, steps)
        if step.spotlight:
            expect(page.locator(ANCHORS[step.spotlight].selector).first).to_be_in_viewport()
        if step.question is not None:
            answer(page, step)
        if step.until:
            settle(page)
            DOES[step.until](page)
        elif number < len(steps):
            button(page, "guide-next").click()
    expect(page.locator(".guide-takeaway")).to_be_visible()
    assert "{" not in page.locator(".st-key-guide").inner_text()


def test_all_lessons_are_walked_one_after_the_other(open_page: OpenPage) -> None:
    page = open_page("learn")
    button(page, "begin-supernet").click()
    for number, (name, lesson) in enumerate(lessons().items(), start=1):
        expect(page).to_have_url(has(lesson=name))
        walk(page, lesson.steps)
        if number < len(lessons()):
            button(page, "guide-next-lesson").click()
    button(page, "guide-finish").click()
    expect(page.locator(".st-key-guide")).to_have_count(0)
    page.get_by_role("link", name="Learn", exact=True).click()
    expect(page.get_by_text(re.compile("^finished"))).to_have_count(len(lessons()))


def test_the_place_is_kept_over_other_pages_a_reload_and_after_leaving(open_page: OpenPage) -> None:
    page = open_page("explore?run=nas-bench-201&lesson=noise&at=more")
    steps = lessons()["noise"].steps
    at(page, 3, steps)
    page.get_by_role("link", name="Decide", exact=True).click()
    expect(page.locator(".st-key-guide")).to_contain_text("This step is on page Explore")
    expect(page).to_have_url(has(lesson="noise", at="more"))
    button(page, "guide-go").click()
    expect(page.locator(".guide-title")).to_have_text("What more images buy")
    settle(page)
    page.reload()
    at(page, 3, steps)
    button(page, "guide-close").click()
    expect(page.locator(".st-key-guide")).to_have_count(0)
    back(page)
    at(page, 3, steps)
    button(page, "guide-close").click()
    page.get_by_role("link", name="Learn", exact=True).click()
    expect(page.locator(".st-key-lesson-noise-card")).to_contain_text("step 3 of 5")
    button(page, "begin-noise").click()
    at(page, 3, steps)


@pytest.mark.parametrize("size", [(390, 844), (1280, 800), (1920, 1080)])
def test_the_guide_covers_nothing_that_it_speaks_of_and_is_itself_whole(
    open_page: OpenPage, size: tuple[int, int]
) -> None:
    page = open_page("explore?run=nas-bench-201&edge=c1-2&lesson=supernet&at=mix")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    settle(page, quiet=0.8)
    guide, card = (page.locator(place).bounding_box() for place in (".st-key-guide", ".st-key-inspector-card"))
    assert guide is not None and card is not None
    assert guide["x"] >= 0 and guide["x"] + guide["width"] <= size[0] and guide["y"] + guide["height"] <= size[1] + 1
    beside = card["x"] + card["width"] <= guide["x"] + 1
    above = size[0] < 900
    assert beside or above
    expect(button(page, "guide-next")).to_be_in_viewport(ratio=1)
    narrow = "document.querySelector('[data-testid=stMain]').scrollWidth <= innerWidth"
    assert page.evaluate(narrow)
