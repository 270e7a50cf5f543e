"""A researcher's way, in a real browser: bring a checkpoint, tune between steps, branch, finish, take it along."""

import io
import os
import re
from pathlib import Path

import torch
from playwright.sync_api import Browser, Page, expect

from engine.checkpoint.format import read_summary
from engine.data.sources import BUNDLED
from engine.selection.decisions import OperationDecision
from engine.selection.genotype_text import parse_genotype
from engine.selection.selection import Selection
from engine.spaces import search_space
from tests.app.small_runs import OF_201
from tests.browser.conftest import serve, settle
from tests.browser.test_journeys import DECIDED, LIVE, PAUSE, SMALL, OpenPage, button, edge, has, press, strip, title
from tests.browser.test_journeys import patient as patient
from tests.engine.foreign import alphas_of, darts_net, saved


def choose_tuning(page: Page, name: str) -> None:
    page.get_by_role("button", name="Tuning").click()
    page.get_by_text(name, exact=True).click()
    settle(page)
    page.keyboard.press("Escape")


def test_tuning_follows_a_decision_and_is_part_of_the_link(open_page: OpenPage) -> None:
    page = open_page(f"decide?{SMALL}")
    choose_tuning(page, "quick")
    press(page, "a")
    expect(title(page)).to_contain_text("Step 2 of 6")
    expect(page).to_have_url(has(tune="q"))
    tape = page.locator(".st-key-tape-card [data-id='1']").first  # while it is drawn anew there may be two
    expect(tape).to_contain_text(re.compile(r"[\d.]+ → [\d.]+ %"), timeout=LIVE)
    expect(strip(page)).to_have_count(0, timeout=LIVE)
    before_and_after = tape.get_attribute("aria-label") or ""
    settle(page)
    press(page, "u")
    expect(title(page)).to_contain_text("Step 1 of 6")
    press(page, "y")
    expect(tape).to_have_attribute("aria-label", before_and_after)
    other = open_page(page.url.rpartition("/")[2])
    accuracy = before_and_after.split("; ")[2]
    expect(other.locator(".st-key-tape-card [data-id='1']")).to_have_attribute(
        "aria-label", re.compile(re.escape(accuracy))
    )
    assert other.get_by_text("not on this machine").count() == 0


def test_the_past_is_looked_at_and_gone_on_from_in_a_branch(open_page: OpenPage) -> None:
    page = open_page(f"decide?{SMALL}")
    press(page, "a")
    expect(title(page)).to_contain_text("Step 2 of 6")
    press(page, "a")
    expect(title(page)).to_contain_text("Step 3 of 6")
    settle(page, quiet=PAUSE)
    page.locator(".st-key-tape-card [data-id='1']").click()
    expect(page.get_by_text("You look at the supernet after 1 decision of 2.")).to_be_visible()
    expect(page.locator(".st-key-use-alpha")).to_have_count(0)
    expect(page.locator(".st-key-tape-card [data-id='2']")).to_have_class(re.compile("quiet"))
    button(page, "branch-off").click()
    expect(title(page)).to_contain_text("Step 2 of 6")
    expect(page).to_have_url(re.compile(r"d=c0-1\.\w\w(&|$)"))
    settle(page, quiet=PAUSE)
    page.get_by_role("button", name="Branch A; 2 of 6 decided").click()
    expect(title(page)).to_contain_text("Step 3 of 6")


def test_a_finished_cell_is_exported_and_its_network_can_be_trained(open_page: OpenPage, small_runs: Path) -> None:
    summary = read_summary(small_runs / OF_201)
    whole = Selection(summary.space, summary.alphas).replay(
        [OperationDecision("cell", index, "nor_conv_3x3") for index in range(6)]
    )
    decisions = ",".join(f"{name}.C3" for name in ("c0-1", "c0-2", "c1-2", "c0-3", "c1-3", "c2-3"))
    page = open_page(f"decide?{SMALL}&d={decisions}")
    expect(title(page)).to_have_text(DECIDED)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as taken:
        button(page, "export-nas-bench-201").click()
    assert parse_genotype(Path(taken.value.path()).read_text()) == whole.genotype()
    with page.expect_download() as taken:
        button(page, "export-html").click()
    report = Path(taken.value.path()).read_text(encoding="utf-8")
    assert report.startswith("<!doctype html>") and summary.digest in report
    page.keyboard.press("Escape")
    button(page, "to-train-it").click()
    expect(button(page, "retrain-start")).to_be_enabled()


def test_a_checkpoint_of_another_program_is_uploaded_kept_and_opened(open_page: OpenPage) -> None:
    space = search_space("s2")
    buffer = io.BytesIO()
    torch.save(saved("darts-pt", darts_net(space), alphas_of(space)), buffer)
    for name, content in (("virus.pt", b"cos\nsystem\n."), ("mine.pt", buffer.getvalue())):
        page = open_page()
        page.get_by_text("Bring your own checkpoint").click()
        upload = page.get_by_test_id("stFileUploaderDropzoneInput").first
        upload.set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": content})
        if name == "virus.pt":
            expect(page.get_by_text("virus.pt contains Python objects that do things (os.system)")).to_be_visible()
    page.get_by_role("button", name="Keep it").click(timeout=LIVE)
    expect(edge(page, "n0-2")).to_be_visible(timeout=LIVE)


def test_ones_own_images_are_chosen_measured_on_and_part_of_the_link(
    browser: Browser, root: Path, small_runs: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    os.link(BUNDLED / "cifar10-test.parquet", photos / "train.parquet")
    own = {"SUPERNET_CHECKPOINTS": str(small_runs), "SUPERNET_DATA": str(photos)}
    with serve("app/main.py", root, tmp_path, **own) as address, browser.new_context() as visitor:
        page = visitor.new_page()
        page.goto(f"{address}/explore?{SMALL}&edge=c0-1")
        settle(page)
        page.get_by_role("combobox", name="Images from").click()
        page.get_by_role("option", name="photos").click()
        expect(page).to_have_url(has(data="photos"))
        settle(page)
        button(page, "measure-edge").click()
        measured = page.locator(".st-key-inspector-card").get_by_text(re.compile("^500 images of photos.*live"))
        expect(measured).to_be_visible(timeout=LIVE)
        page.get_by_role("link", name="Decide").click()
        expect(page).to_have_url(re.compile("/decide.*data=photos"))
        page.reload()
        settle(page)
        expect(page.get_by_role("combobox", name="Images from")).to_have_value("photos")
