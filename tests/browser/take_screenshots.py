"""Take the README's screenshots anew: `python -m tests.browser.take_screenshots` (`make screenshots`)."""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.browser.conftest import IDLE, serve

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "screenshots"
SHOTS = {
    "explore-light": ("/explore?edge=c1-3", "light"),
    "start-dark": ("/", "dark"),
    "decide-light": ("/decide", "light"),
    "compare-light": ("/compare", "light"),
    "darts-family-light": ("/explore?run=s2&edge=n0-3", "light"),
}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        serve("app/main.py", ROOT, Path(home)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.ARGUMENTS))
        for name, (path, theme) in SHOTS.items():
            context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=theme)
            page = context.new_page()
            page.goto(address + path)
            page.locator("[data-edge]").first.wait_for()
            page.wait_for_function(IDLE, arg=500)
            page.wait_for_timeout(1500)  # plotly draws after Streamlit has finished
            page.screenshot(path=FOLDER / f"{name}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
