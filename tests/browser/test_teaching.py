"""A teacher's link in a real browser: it goes along over pages and reloads, is larger, and changes its theme; and a
task on its way from the teacher to a student and back."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.small_runs import OF_201
from tests.browser.conftest import settle
from tests.browser.test_journeys import DECIDED, button, has, press, title

OpenPage = Callable[..., Page]
BESIDE = """() => ['.st-key-supernets [class*="-card"]', 'table.legend tr', '.verdict-marks i']
    .flatMap(part => [...document.querySelectorAll(part)])
    .map(node => node.getBoundingClientRect())
    .map(box => [Math.round(box.top), Math.round(box.left), Math.round(box.width), Math.round(box.height)])"""
HIDDEN = re.compile("(?=.*[?&]hide=truth(,|%2C)train(&|$))(?=.*[?&]present=1(&|$))")
LETTERS = "parseFloat(getComputedStyle(document.documentElement).fontSize)"
GROUND = "getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme"


@pytest.fixture(autouse=True)
def patient() -> Iterator[None]:
    expect.set_options(timeout=30_000)
    yield
    expect.set_options(timeout=5_000)


def go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    expect(page).to_have_url(HIDDEN)
    settle(page)


def test_what_a_link_asks_for_goes_along_over_pages_and_reloads(open_page: OpenPage) -> None:
    page = open_page("explore?run=nas-bench-201&edge=c1-2&hide=truth,train&present=1")
    expect(page.get_by_role("link", name="Train", exact=True)).to_have_count(0)
    expect(page.locator(".st-key-show-the-truth")).to_have_count(0)
    for name in ("Decide", "Learn", "Start"):
        go(page, name)
        assert page.evaluate(LETTERS) == 20
    expect(page.get_by_text("True accuracies are hidden by this link.")).to_be_visible()
    page.reload()
    settle(page)
    go(page, "Decide")
    expect(page.locator(".st-key-outcomes-card")).to_have_count(0)


def test_before_a_room_the_sidebar_is_shut_figures_are_higher_and_the_theme_can_be_switched(
    open_page: OpenPage,
) -> None:
    plain = open_page("explore?run=nas-bench-201&edge=c1-2")
    page = open_page("explore?run=nas-bench-201&edge=c1-2&present=1")
    heights = []
    for one in (plain, page):
        chart = one.locator(".st-key-butterfly .main-svg").first
        expect(chart).to_be_visible()
        heights.append(chart.bounding_box()["height"])  # type: ignore[index]
    assert heights[1] > 1.2 * heights[0]
    expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "true")
    main = page.locator(".stMainBlockContainer").bounding_box()
    assert main is not None and main["x"] == 0, "no room is left for a sidebar that is shut"
    assert page.evaluate(GROUND) == "light"
    page.get_by_role("button", name="Dark theme").click()
    expect(page.get_by_role("button", name="Light theme")).to_be_visible()
    assert page.evaluate(GROUND) == "dark"
    expect(page).to_have_url(has(present="1"))
    settle(page)


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_beside_the_question_moves_when_the_answer_comes(open_page: OpenPage, width: int) -> None:
    page = open_page("?run=nas-bench-201")
    page.set_viewport_size({"width": width, "height": 800})
    settle(page, quiet=0.8)
    expect(page.locator(".verdict-marks .covered").first).to_be_attached()
    before = page.evaluate(BESIDE)
    button(page, "show-all").click()
    expect(page.locator(".verdict-marks .covered")).to_have_count(0)
    settle(page, quiet=0.8)
    after = page.evaluate(BESIDE)
    assert len(before) == len(after) and all(
        abs(a - b) <= 1 for old, new in zip(before, after, strict=True) for a, b in zip(old, new, strict=True)
    )


def code(page: Page, part: str) -> str:
    """The link in the Export menu that holds this."""
    found = page.get_by_test_id("stCode").filter(has_text=part)
    expect(found).to_have_count(1)
    return "decide?" + (found.inner_text().strip().partition("?")[2])


def test_a_task_is_set_handed_in_and_opened_beside_the_others(open_page: OpenPage, tmp_path: Path) -> None:
    decisions = "c0-1.C3,c0-2.SK,c1-2.C3,c0-3.SK,c1-3.C1"
    teacher = open_page(f"decide?run={OF_201}&budget=512&d={decisions}&by=ayyya")
    teacher.get_by_role("button", name="Export").click()
    set_task = code(teacher, "task=")

    student = open_page(set_task)
    expect(title(student)).to_contain_text("Step 6 of 6")
    press(student, "a")
    expect(title(student)).to_contain_text(DECIDED)
    settle(student)
    student.get_by_role("button", name="Export").click()
    field = student.get_by_label("Your name")
    field.fill("Ana <b>Müller</b>")
    field.press("Enter")
    with student.expect_download() as handed:
        button(student, "export-hand-in").click()
    handed.value.save_as(tmp_path / "ana.json")
    line = code(student, "name=")
    student.keyboard.press("Escape")
    student.get_by_role("button", name="Order").click()
    button(student, "start-over").click()
    button(student, "start-over-now").click()
    expect(title(student)).to_contain_text("Step 6 of 6")
    given = decisions.replace(",", "(,|%2C)")
    expect(student).to_have_url(re.compile(f"(?=.*[?&]d={given}(&|$))(?=.*[?&]task={given}(&|$))"))

    (tmp_path / "broken.json").write_text("{")
    teacher = open_page(f"?run={OF_201}")
    teacher.get_by_text("Open selections").click()
    settle(teacher)
    teacher.locator(".st-key-selections input[type=file]").set_input_files(
        [tmp_path / "ana.json", tmp_path / "broken.json"]
    )
    expect(teacher.get_by_text("True accuracy of 1 finished cell")).to_be_visible()
    expect(teacher.get_by_text("broken was left out")).to_be_visible()
    links = teacher.get_by_label("Links")
    links.fill(line.replace("Ana", "Ben"))
    links.press("Control+Enter")
    expect(teacher.get_by_text("True accuracy of 2 finished cells")).to_be_visible()
    settle(teacher)
    button(teacher, "open-selection").first.click()  # a button with help may lie twice in the document
    expect(title(teacher)).to_contain_text(DECIDED)
    expect(teacher.get_by_text("Handed in by Ana <b>Müller</b>")).to_be_visible()
