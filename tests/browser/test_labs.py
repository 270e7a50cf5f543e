"""Labs in a browser: the one on screen stands in the address, Back returns to the one before, figures are saved."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from app.state.address import ECHO_SECONDS


def test_labs_are_chosen_kept_in_the_address_and_saved(
    open_page: Callable[..., Page], settled: Callable[..., None]
) -> None:
    page = open_page("labs?run=nas-bench-201&lab=ablations")
    title = page.locator("h1.finding")
    expect(title).to_contain_text("Ablations")
    page.get_by_role("radio", name="Selection from snapshots").click()
    settled(page)
    expect(title).to_contain_text("Selection from snapshots")
    assert "lab=snapshots" in page.url and "run=nas-bench-201" in page.url
    settled(page, quiet=ECHO_SECONDS)  # whoever goes back sooner has not seen the page
    page.go_back()
    settled(page)
    expect(title).to_contain_text("Ablations")
    figure = page.locator(".st-key-lab-figure")
    figure.hover()
    with page.expect_download() as found:
        figure.locator(".modebar-btn").first.click()
    assert found.value.suggested_filename == "ablations-nas-bench-201.svg"
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as table:
        page.get_by_role("button", name="Data as CSV").click()
    assert table.value.path().read_text().startswith("procedure,order,true")
