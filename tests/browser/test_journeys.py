"""What a visitor does, in a real browser: look, measure, decide, undo, come back, share."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import Browser, Locator, Page, expect

from app.state.address import ECHO_SECONDS
from engine.checkpoint.format import read_summary
from engine.selection.selection import Selection
from engine.spaces import search_space
from tests.app.small_runs import OF_201, OF_S2
from tests.browser.conftest import serve, settle
from tests.engine.foreign import alphas_of, darts_net, saved

OpenPage = Callable[..., Page]

LIVE = 120_000  # milliseconds for work that shares the machine
PAUSE = 0.3  # seconds that even a quick visitor takes to see that the page has changed
SMALL = f"run={OF_201}&budget=512"
DECIDED = "Every edge is decided"
SHORTCUTS = {
    "a": "use-alpha",
    "n": "skip",
    "u": "undo",
    "y": "redo",
    "ArrowRight": "decide",
}
"""Key on the keyboard -> the button it stands for."""


@pytest.fixture(autouse=True)
def patient() -> Iterator[None]:
    """Conditions are waited for; how long they take is measured only where a test says so."""
    expect.set_options(timeout=30_000)
    yield
    expect.set_options(timeout=5_000)


def edge(page: Page, name: str) -> Locator:
    return page.locator(f'[data-edge="{name}"]')


def button(page: Page, key: str) -> Locator:
    # A button with help lies twice in the document, once hidden.
    return page.locator(f".st-key-{key}").get_by_role("button")


def title(page: Page) -> Locator:
    return page.locator("h1.finding")


def strip(page: Page) -> Locator:
    """Running work, in the sidebar."""
    return page.get_by_test_id("stSidebar").get_by_test_id("stProgress")


def messages(page: Page) -> list[str]:
    return page.get_by_test_id("stToast").all_inner_texts()


def has(**parts: str) -> re.Pattern[str]:
    """Addresses that hold all of these parameters."""
    return re.compile("".join(rf"(?=.*[?&]{key}={re.escape(text)}(&|$))" for key, text in parts.items()))


def press(page: Page, key: str) -> None:
    """A key of the page itself, not of whatever has the focus. It works once its button is drawn and still."""
    settle(page, quiet=PAUSE)
    expect(button(page, SHORTCUTS[key])).to_be_enabled()
    page.evaluate("document.activeElement?.blur()")
    page.keyboard.press(key)


def back_to(page: Page, path: str) -> None:
    """Streamlit may enter a page in two steps, so it may take two to leave it."""
    for _ in range(2):
        if path not in page.url:
            page.go_back()
            settle(page, quiet=PAUSE)
    assert path in page.url


def alpha_genotype(small_runs: Path) -> str:
    summary = read_summary(small_runs / OF_201)
    return str(Selection(summary.space, summary.alphas).alpha_path().genotype())


# Start


def test_a_click_on_an_edge_shows_its_bars_and_stands_in_the_address(page: Page) -> None:
    edge(page, "c2-3").click()
    expect(page.locator("h2.edge-name")).to_have_text("node 2 → output")
    expect(page).to_have_url(has(edge="c2-3"))
    expect(edge(page, "c2-3")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".st-key-butterfly .bars path").first).to_be_attached()


def test_the_keyboard_does_what_a_click_does(page: Page) -> None:
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.locator("[data-edge]:focus").count():
            break
    before = page.locator("[data-edge]:focus").get_attribute("data-edge")
    page.keyboard.press("ArrowUp" if before == "c2-3" else "ArrowDown")
    chosen = page.locator("[data-edge]:focus").get_attribute("data-edge")
    assert chosen and chosen != before
    page.keyboard.press("Enter")
    expect(page).to_have_url(has(edge=chosen))
    expect(edge(page, chosen)).to_have_attribute("aria-pressed", "true")
    settle(page)
    expect(edge(page, chosen)).to_be_focused()


@pytest.mark.parametrize(("name", "address"), [("to-explore", "/explore"), ("to-decide", "/decide")])
def test_start_leads_on_and_the_address_keeps_run_and_edge(open_page: OpenPage, name: str, address: str) -> None:
    page = open_page(f"?run={OF_S2}&budget=4k")
    edge(page, "n1-2").click()
    expect(page).to_have_url(has(edge="n1-2"))
    page.locator(f".st-key-{name}").get_by_text(re.compile(r"\w")).first.click()
    expect(page).to_have_url(re.compile(address))
    settle(page)
    expect(page).to_have_url(has(run=OF_S2, edge="n1-2", budget="4k"))
    expect(edge(page, "n1-2")).to_have_attribute("aria-pressed", "true")


def test_the_navigation_keeps_the_supernet(open_page: OpenPage) -> None:
    page = open_page(f"?run={OF_S2}")
    for name in ("Decide", "Explore", "Start"):
        page.get_by_role("link", name=name).click()
        settle(page)
        expect(page).to_have_url(has(run=OF_S2))
        expect(edge(page, "n0-2")).to_be_visible()


def test_the_chosen_supernet_stands_in_the_address_by_its_name(page: Page) -> None:
    page.get_by_role("combobox", name="Supernet").click()
    page.get_by_role("option", name=OF_S2).click()
    expect(page).to_have_url(has(run=OF_S2))
    expect(edge(page, "n0-2")).to_be_visible()
    page.reload()
    settle(page)
    expect(edge(page, "n0-2")).to_be_visible()


# Explore


def test_measuring_an_edge_streams_and_ends_live(open_page: OpenPage) -> None:
    page = open_page(f"explore?{SMALL}&edge=c2-3&d=c0-1.NO")
    button(page, "measure-edge").click()
    inspector = page.locator(".st-key-inspector-card")
    expect(inspector.get_by_text(re.compile("preliminary: |live"))).to_be_visible(timeout=LIVE)
    expect(inspector.get_by_text(re.compile("^512 images.*live"))).to_be_visible(timeout=LIVE)
    expect(strip(page)).to_have_count(0)
    settle(page)
    button(page, "more-images").click()
    expect(inspector.get_by_text(re.compile("^1,024 images.*live"))).to_be_visible(timeout=LIVE)
    expect(page).to_have_url(has(budget="512"))


def test_all_edges_are_measured_while_one_looks_on(open_page: OpenPage) -> None:
    page = open_page(f"explore?{SMALL}&d=c0-1.C1")
    expect(title(page)).to_contain_text("nothing is measured")
    button(page, "measure-all").click()
    expect(strip(page)).to_be_in_viewport(timeout=LIVE)  # however long the sidebar is
    expect(title(page)).to_contain_text("of 5 measured", timeout=LIVE)
    expect(button(page, "measure-all")).to_have_count(0, timeout=LIVE)
    expect(strip(page)).to_have_count(0, timeout=LIVE)
    expect(page.locator("[data-edge] .missing")).to_have_count(0)


def test_what_is_not_measured_can_be_estimated_and_stays_unmeasured(open_page: OpenPage) -> None:
    page = open_page(f"explore?{SMALL}&edge=c2-3&d=c0-1.C3")
    matrix = page.locator(".st-key-matrix-card")
    beside = matrix.locator(".annotation-text")
    expect(beside.filter(has_text="not measured")).to_have_count(5)
    said = title(page).inner_text()
    button(page, "estimate").click()
    expect(matrix.get_by_text("never a verdict")).to_be_visible(timeout=LIVE)
    expect(beside.filter(has_text="estimate")).to_have_count(5)
    expect(beside.filter(has_text="not measured")).to_have_count(0)
    expect(button(page, "estimate")).to_have_count(0)
    expect(strip(page)).to_have_count(0)
    # nothing else on the page takes it for a measurement
    assert title(page).inner_text() == said
    expect(button(page, "measure-edge")).to_be_enabled()
    expect(button(page, "measure-all")).to_contain_text("Measure all 5 edges")


def test_a_reload_finds_running_work_again_and_can_cancel_it(open_page: OpenPage) -> None:
    page = open_page(f"explore?run={OF_201}&budget=all&d=c0-1.AP")
    button(page, "measure-all").click()
    expect(strip(page)).to_be_visible(timeout=LIVE)
    page.reload()
    expect(strip(page)).to_be_visible(timeout=LIVE)
    page.get_by_role("button", name="Cancel").first.click()
    expect(strip(page)).to_have_count(0, timeout=LIVE)
    expect(button(page, "measure-all")).to_be_enabled()


def test_the_list_view_is_a_table_that_selects_an_edge_by_click_and_keys(open_page: OpenPage) -> None:
    page = open_page("explore")
    page.get_by_text("List view").click()
    table = page.get_by_role("grid", name="Cell")
    expect(page.locator("svg.cell")).to_have_count(0)
    heads = ["edge", "α keeps", "measured best", "lead, points", "verdict", "images"]
    expect(table.get_by_role("columnheader")).to_have_text(heads)
    third, fourth = (table.get_by_role("row", name=name) for name in ("node 1 → node 2", "input → output"))
    third.click()
    expect(page).to_have_url(has(edge="c1-2"))
    expect(page.locator("h2.edge-name")).to_have_text("node 1 → node 2")
    expect(third).to_have_attribute("aria-selected", "true")
    expect(table.get_by_role("row", selected=True)).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(fourth).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(has(edge="c0-3"))
    expect(fourth).to_have_attribute("aria-selected", "true")
    expect(fourth).to_be_focused()


def test_the_truth_is_asked_for_and_remembered_over_a_reload(open_page: OpenPage) -> None:
    page = open_page("explore?run=nas-bench-201&edge=c1-2")
    expect(page.get_by_text("Who is right?")).to_have_count(0)
    page.get_by_text("Show the truth", exact=True).click()
    expect(page.get_by_text("Who is right?")).to_be_visible()
    expect(page.get_by_role("cell", name=re.compile("3 of 6"))).to_be_visible()
    assert "truth" not in page.url
    page.reload()
    expect(page.get_by_text("Who is right?")).to_be_visible()
    other = open_page(page.url.rpartition("/")[2])
    expect(other.get_by_text("Show the truth", exact=True)).to_be_visible()
    expect(other.get_by_text("Who is right?")).to_have_count(0)


# Decide


def test_decisions_by_keys_with_back_as_undo_and_forward_as_redo(open_page: OpenPage, small_runs: Path) -> None:
    page = open_page(f"decide?{SMALL}")
    for step in range(1, 7):
        expect(title(page)).to_contain_text(f"Step {step} of 6")
        press(page, "a")
    expect(title(page)).to_have_text(DECIDED)
    expect(page.get_by_test_id("stCode")).to_contain_text(alpha_genotype(small_runs))
    whole = page.url
    settle(page, quiet=ECHO_SECONDS)  # whoever goes back sooner has not seen the page
    page.go_back()
    expect(title(page)).to_contain_text("Step 6 of 6")
    page.go_back()
    expect(title(page)).to_contain_text("Step 5 of 6")
    page.go_forward()
    expect(title(page)).to_contain_text("Step 6 of 6")
    press(page, "y")
    expect(title(page)).to_have_text(DECIDED)
    press(page, "u")
    expect(title(page)).to_contain_text("Step 6 of 6")
    press(page, "u")
    expect(title(page)).to_contain_text("Step 5 of 6")
    settle(page, quiet=PAUSE)  # a click counts once the page is whole
    button(page, "redo").click()
    expect(title(page)).to_contain_text("Step 6 of 6")
    settle(page, quiet=PAUSE)
    button(page, "redo").click()
    expect(title(page)).to_have_text(DECIDED)
    expect(page).to_have_url(re.compile(re.escape(re.search(r"[?&]d=[^&]+", whole)[0])))  # type: ignore[index]


def test_auto_play_by_alpha_runs_to_the_genotype_by_itself(open_page: OpenPage, small_runs: Path) -> None:
    page = open_page(f"decide?{SMALL}")
    page.get_by_role("button", name="Play").click()
    button(page, "play-alpha").click()
    expect(title(page)).to_have_text(DECIDED, timeout=LIVE)
    expect(page.get_by_test_id("stCode")).to_contain_text(alpha_genotype(small_runs))
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)


def test_an_operation_is_chosen_and_decided_by_keys_alone(open_page: OpenPage) -> None:
    page = open_page(f"decide?{SMALL}&edge=c1-3")
    expect(title(page)).to_have_text("Step 1 of 6 · node 1 → output")
    third = page.locator(".st-key-decision-card [data-id]").nth(2)
    expect(third).to_have_attribute("aria-checked", "false")  # drawn, so that its key is listened to
    settle(page, quiet=PAUSE)
    page.keyboard.press("3")
    expect(third).to_have_attribute("aria-checked", "true")
    press(page, "ArrowRight")
    expect(title(page)).to_contain_text("Step 2 of 6")
    expect(page).to_have_url(re.compile(r"d=c1-3\.\w\w"))


def test_a_reload_and_another_visitor_find_the_decisions_in_the_link(open_page: OpenPage) -> None:
    page = open_page(f"decide?{SMALL}")
    press(page, "a")
    expect(title(page)).to_contain_text("Step 2 of 6")
    press(page, "a")
    expect(title(page)).to_contain_text("Step 3 of 6")
    expect(page).to_have_url(re.compile("d=c0-1.*c0-2"))
    page.reload()
    settle(page)
    expect(title(page)).to_contain_text("Step 3 of 6")
    other = open_page(page.url.rpartition("/")[2])
    expect(title(other)).to_contain_text("Step 3 of 6")
    press(other, "u")
    expect(title(other)).to_contain_text("Step 2 of 6")
    page.reload()
    expect(title(page)).to_contain_text("Step 3 of 6")


def test_decisions_go_along_from_page_to_page(open_page: OpenPage) -> None:
    page = open_page(f"decide?{SMALL}")
    press(page, "a")
    expect(title(page)).to_contain_text("Step 2 of 6")
    page.get_by_role("link", name="Explore").click()
    expect(edge(page, "c0-1")).to_have_class(re.compile("decided"))
    page.get_by_role("link", name="Decide").click()
    expect(title(page)).to_contain_text("Step 2 of 6")
    back_to(page, "/explore")
    expect(edge(page, "c0-1")).to_have_class(re.compile("decided"))
    back_to(page, "/decide")
    expect(title(page)).to_contain_text("Step 2 of 6")
    press(page, "u")
    expect(title(page)).to_contain_text("Step 1 of 6")


def test_two_visitors_do_not_see_each_others_decisions(open_page: OpenPage) -> None:
    one, other = open_page(f"decide?{SMALL}"), open_page(f"decide?{SMALL}")
    press(one, "a")
    expect(title(one)).to_contain_text("Step 2 of 6")
    button(other, "skip").click()
    expect(title(other)).to_contain_text("Step 1 of 6 · input → node 2")
    press(other, "a")
    expect(title(other)).to_contain_text("Step 2 of 6 · node 1 → node 2")
    expect(title(one)).to_contain_text("Step 2 of 6 · input → node 2")


def test_two_tabs_of_one_visitor_decide_at_once(open_page: OpenPage, observed: Any) -> None:
    one = open_page(f"decide?{SMALL}")
    other = one.context.new_page()
    observed.watch(other)
    other.goto(one.url)
    settle(other)
    for _ in range(3):
        press(one, "a")
        press(other, "n")
        press(other, "a")
    for tab in (one, other):
        tab.wait_for_function(PAGE_AND_ADDRESS_AGREE)
        assert not messages(tab)
    assert re.search("d=c0-1", one.url)


PAGE_AND_ADDRESS_AGREE = """() => {
    const decisions = new URLSearchParams(location.search).get('d');
    const step = document.querySelector('h1.finding')?.innerText.match(/Step (\\d) of/)?.[1];
    return decisions && Number(step) === decisions.split(',').length + 1;
}"""


# Everywhere


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("path", ["", "explore?edge=c0-3", "decide?edge=c1-2"])
def test_pages_draw_in_both_themes_without_an_error(open_page: OpenPage, path: str, scheme: str) -> None:
    page = open_page(path, color_scheme=scheme)
    expect(edge(page, "c0-1")).to_be_visible()
    background = page.get_by_test_id("stApp").evaluate("node => getComputedStyle(node).backgroundColor")
    assert background == {"dark": "rgb(14, 17, 23)", "light": "rgb(255, 255, 255)"}[scheme]
    assert page.get_by_test_id("stException").count() == 0


@pytest.mark.parametrize("path", ["explore?edge=c0-3", "decide"])
def test_a_laptops_window_shows_the_page_without_scrolling(open_page: OpenPage, path: str) -> None:
    page = open_page(path)
    expect(edge(page, "c0-1")).to_be_visible()
    main = page.get_by_test_id("stMain")
    seen, needed = main.evaluate("node => [node.clientHeight, node.scrollHeight]")
    assert needed <= seen, f"{needed - seen} pixels do not fit"
    assert main.evaluate("node => node.scrollWidth <= node.clientWidth")


@pytest.mark.parametrize("page_name", ["", "explore", "decide"])
def test_an_absurd_link_gives_messages_and_a_working_page(open_page: OpenPage, page_name: str) -> None:
    page = open_page(
        f"{page_name}?run=..%2F..%2Fetc&cell=bogus&budget=-1&edge=c9-9&d=c0-1.ZZ&order=up&seed=-5",
        reduced_motion="reduce",
    )
    expect(page.get_by_test_id("stToast").first).to_be_visible()
    said = " ".join(messages(page))
    for key in ("run", "edge", "decisions", "order", "seed", "budget"):
        assert key in said
    expect(edge(page, "c0-1")).to_be_visible()
    edge(page, "c0-1").click()
    expect(page).to_have_url(has(edge="c0-1"))


def test_a_small_supernet_of_another_space_is_decided_up_to_its_inputs(open_page: OpenPage, small_runs: Path) -> None:
    summary = read_summary(small_runs / OF_S2)
    start = Selection(summary.space, summary.alphas)
    words = [
        f"{prefix}{each.source}-{each.target}.{'S3' if start.best_by_alpha(cell, each) == 'sep_conv_3x3' else 'SK'}"
        for cell, prefix in (("normal", "n"), ("reduce", "r"))
        for each in summary.space.edges(cell)
    ]
    page = open_page(f"decide?run={OF_S2}&budget=512&d={','.join(words)}")
    for step in range(29, 35):
        expect(title(page)).to_contain_text(f"Step {step} of 34")
        press(page, "a")
    expect(title(page)).to_have_text(DECIDED)
    expect(page.get_by_test_id("stCode")).to_contain_text("Genotype(normal=")


# Back, and what is kept


def test_undo_is_a_step_back_so_that_back_does_not_redo_it(open_page: OpenPage) -> None:
    page = open_page(f"decide?{SMALL}")
    for step in (2, 3, 4):
        press(page, "a")
        expect(title(page)).to_contain_text(f"Step {step} of 6")
    entries = page.evaluate("history.length")
    press(page, "u")
    expect(title(page)).to_contain_text("Step 3 of 6")
    settle(page)
    expect(page).to_have_url(re.compile(r"d=c0-1\.\w\w(,|%2C)c0-2\.\w\w(&|$)"))
    assert page.evaluate("history.length") == entries
    settle(page, quiet=ECHO_SECONDS)
    page.go_back()
    expect(title(page)).to_contain_text("Step 2 of 6")
    settle(page)
    press(page, "y")
    expect(title(page)).to_contain_text("Step 3 of 6")
    press(page, "y")
    expect(title(page)).to_contain_text("Step 4 of 6")
    settle(page)
    assert page.evaluate("history.length") == entries
    for _ in range(2):
        page.locator(".st-key-undo").get_by_role("button").click()
    expect(title(page)).to_contain_text(re.compile("Step [23] of 6"))
    page.wait_for_function(PAGE_AND_ADDRESS_AGREE)


def test_back_over_a_change_of_supernet_is_one_step_to_the_other_as_it_was_left(open_page: OpenPage) -> None:
    page = open_page(f"decide?{SMALL}")
    for step in (2, 3):
        press(page, "a")
        expect(title(page)).to_contain_text(f"Step {step} of 6")
    settle(page)
    page.get_by_role("combobox", name="Supernet").click()
    page.get_by_role("option", name=OF_S2).click()
    expect(title(page)).to_contain_text("Step 1 of 34")
    settle(page)
    expect(page).to_have_url(has(run=OF_S2))
    page.wait_for_timeout(1000 * ECHO_SECONDS + 500)  # whoever goes back sooner has not seen the page
    page.go_back()
    expect(title(page)).to_contain_text("Step 3 of 6")
    expect(page).to_have_url(has(run=OF_201))
    page.go_forward()
    expect(title(page)).to_contain_text("Step 1 of 34")
    page.go_back()
    expect(title(page)).to_contain_text("Step 3 of 6")
    page.go_back()
    expect(title(page)).to_contain_text("Step 2 of 6")


def test_start_over_asks_and_back_finds_the_old_line(open_page: OpenPage) -> None:
    page = open_page(f"decide?{SMALL}")
    press(page, "a")
    expect(title(page)).to_contain_text("Step 2 of 6")
    page.get_by_role("button", name="Order").click()
    button(page, "start-over").click()
    button(page, "start-over-not").click()
    expect(button(page, "start-over-now")).to_have_count(0)
    expect(title(page)).to_contain_text("Step 2 of 6")
    button(page, "start-over").click()
    button(page, "start-over-now").click()
    expect(title(page)).to_contain_text("Step 1 of 6")
    settle(page, quiet=1.5)  # an address that was left a moment ago may be one that is still on its way
    page.go_back()
    expect(title(page)).to_contain_text("Step 2 of 6")


def test_an_import_is_looked_at_renamed_and_deleted(open_page: OpenPage, tmp_path: Path) -> None:
    space = search_space("s2")
    file = tmp_path / "my-search.pth.tar"
    torch.save(saved("darts-pt", darts_net(space), alphas_of(space)), file)
    page = open_page()
    page.get_by_text("Bring your own checkpoint").click()
    page.locator(".st-key-upload input[type=file]").set_input_files(file)
    button(page, "upload-look").click()
    expect(page).to_have_url(has(run="my-search"))
    expect(page.get_by_test_id("stSidebar")).to_contain_text("not kept")
    expect(title(page)).to_contain_text("α keeps")
    other = open_page()
    expect(button(other, "open-nas-bench-201")).to_be_visible()
    expect(button(other, "open-my-search")).to_have_count(0)
    # It outlives a reload.
    page.reload()
    expect(page.get_by_test_id("stSidebar")).to_contain_text("not kept")
    settle(page)
    page.get_by_role("button", name="Keep, rename, delete").click()
    name = page.get_by_label("Name", exact=True)
    name.fill("renamed")
    button(page, "import-rename-sidebar-my-search").click()
    expect(page).to_have_url(has(run="renamed"))
    settle(page)
    if not button(page, "import-delete-sidebar-renamed").is_visible():
        page.get_by_role("button", name="Keep, rename, delete").click()
    button(page, "import-delete-sidebar-renamed").click()
    button(page, "import-delete-now-sidebar-renamed").click()
    expect(page).to_have_url(has(run="nas-bench-201"))
    expect(page.get_by_test_id("stSidebar")).not_to_contain_text("not kept")
    settle(page)
    assert not [message for message in messages(page) if "left out" in message]


def test_a_reload_and_a_restart_of_the_server_find_branches_and_what_was_undone(
    browser: Browser, root: Path, tmp_path: Path
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    with serve("app/main.py", root, tmp_path) as address:
        page.goto(f"{address}/decide")
        for step in (1, 2):
            expect(title(page)).to_contain_text(f"Step {step} of 6")
            press(page, "a")
        expect(title(page)).to_contain_text("Step 3 of 6")
        press(page, "u")
        expect(title(page)).to_contain_text("Step 2 of 6")
        # The browser's step back in its history comes after the drawing; an address from before it would say two.
        expect(page).to_have_url(re.compile("by=[ab](&|$)"))
        settle(page)
        page.reload()
        expect(button(page, "redo")).to_be_enabled()
        settle(page)
    with serve("app/main.py", root, tmp_path) as address:
        page.goto(f"{address}/decide")
        expect(title(page)).to_contain_text("Step 2 of 6")
        press(page, "y")
        expect(title(page)).to_contain_text("Step 3 of 6")
        expect(page).to_have_url(re.compile("by=aa|by=b"))
    context.close()
