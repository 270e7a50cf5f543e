"""The running app and a browser on it.

serve        start a Streamlit script in a process of its own; gives its address
app_server   address of the app, with the small runs beside the bundled ones
open_page    opens the app in its own browser context (another visitor); keyword arguments of Playwright's emulate_media
page         one page of 1280x800 at the app's start
observed     what all pages of a test did wrong so far: console errors, requests to other hosts; a test fails unless
             both are empty at its end, so one that provokes an error takes it out
settled      function: waits until the page has nothing left to compute or draw

A missing browser fails every test here; none is skipped.
"""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, ViewportSize, WebSocket, sync_playwright

from tests.browser import chromium

START_SECONDS = 60
VIEWPORT: ViewportSize = {"width": 1280, "height": 800}

# Between a click and the start of its run the page still says notRunning, so it has to say so for a while; and before
# its first run it says so too, but is empty.
IDLE = """(quiet) => {
    const app = document.querySelector('[data-testid="stApp"]');
    const idle = app?.dataset.testConnectionState === 'CONNECTED' && app.dataset.testScriptState === 'notRunning'
        && app.querySelector('[data-testid="stMain"] [data-testid="stElementContainer"]');
    window.idleSince = idle ? (window.idleSince ?? performance.now()) : undefined;
    return idle && performance.now() - window.idleSince > quiet;
}"""


LEFT = re.compile(r"Exception in ASGI application\n(?:.*\n)*?.*WebSocketDisconnected: Cannot call .*\n")

# Streamlit's page looks for its server at every level of the address: one opened at /decide first asks /decide/_stcore.
PROBE = re.compile(r"/\w+/_stcore/(health|host-config)")


@dataclass
class Observed:
    console_errors: list[str] = field(default_factory=list)
    foreign_requests: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", self._hear)
        page.on("pageerror", self._fail)
        page.on("request", self._note)
        page.on("websocket", self._note)

    def leave(self, page: Page) -> None:
        page.remove_listener("console", self._hear)
        page.remove_listener("pageerror", self._fail)
        page.remove_listener("request", self._note)
        page.remove_listener("websocket", self._note)

    def _hear(self, message: ConsoleMessage) -> None:
        place = str(message.location.get("url", ""))
        is_probe = message.text.startswith("Failed to load resource") and PROBE.fullmatch(urlsplit(place).path)
        if message.type == "error" and not is_probe:
            self.console_errors.append(f"{message.text} ({place})")

    def _fail(self, error: Error) -> None:
        self.console_errors.append(str(error))

    def _note(self, asked: Request | WebSocket) -> None:
        address = urlsplit(asked.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname != "127.0.0.1":
            self.foreign_requests.append(asked.url)


class Visitors:
    """Browser contexts that test after test is lent: a page that opens where another was takes a third of the time.

    Whoever gets one starts anew: without cookies and storage, and with a session of his own in the app.
    """

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.idle: list[Page] = []

    def lend(self) -> Page:
        return self.idle.pop() if self.idle else self.browser.new_context(viewport=VIEWPORT).new_page()

    def take_back(self, page: Page) -> None:
        for other in page.context.pages:
            if other is not page:
                other.close()
        page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        page.context.clear_cookies()
        page.goto("about:blank")
        page.set_viewport_size(VIEWPORT)
        self.idle.append(page)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@contextmanager
def serve(script: str, root: Path, home: Path, **environment: str) -> Iterator[str]:
    """Address of a Streamlit script while the block runs; fails if one of its pages raised an exception.

    home: a folder for its log and its settings. environment: variables beside the developer's own.
    """
    log = home / "server.log"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # -P keeps the working directory off the import path, so the app starts the way `streamlit run app/main.py` does.
    command = [sys.executable, "-P", "-m", "streamlit", "run", script]
    address = ["--server.address", "127.0.0.1", "--server.port", str(port)]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, *address],
            cwd=root,
            env=_clean_environment(home) | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_healthy(server, f"http://127.0.0.1:{port}", log)
        yield f"http://127.0.0.1:{port}"
    finally:
        text = log.read_text(errors="replace")  # work that is cut off while the server ends may say so
        server.terminate()
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    # Visitors only see a short sentence, so an exception in a page shows here. That a browser has left while it was
    # being connected is no page's doing.
    text = LEFT.sub("", text)
    for sign in ("Uncaught app execution", "Traceback"):
        assert sign not in text, f"a page raised an exception:\n{text[text.index(sign) - 500 :][:6000]}"


@pytest.fixture(scope="package")
def app_server(root: Path, small_runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("home")
    with serve("app/main.py", root, home, SUPERNET_CHECKPOINTS=str(small_runs)) as address:
        yield address


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        pytest.fail("No Chromium or Chrome found. Install one (make test does), or set CHROMIUM=/path/to/it.")
    # Playwright keeps an event loop in this thread, so it ends with this folder's tests, before others run.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def visitors(browser: Browser) -> Visitors:
    return Visitors(browser)


@pytest.fixture
def observed() -> Observed:
    return Observed()


@pytest.fixture
def settled() -> Callable[..., None]:
    return settle


@pytest.fixture
def open_page(app_server: str, visitors: Visitors, observed: Observed) -> Iterator[Callable[..., Page]]:
    """open_page("?cell=normal", color_scheme="dark") -> Page; every call is another visitor."""
    lent = []

    def open_at(path: str = "", **media: Any) -> Page:
        page = visitors.lend()
        lent.append(page)
        page.emulate_media(**{"color_scheme": "light", "reduced_motion": "no-preference", **media})
        observed.watch(page)
        page.goto(f"{app_server}/{path.lstrip('/')}")
        settle(page)
        return page

    yield open_at
    for page in lent:
        observed.leave(page)
        visitors.take_back(page)
    assert not observed.foreign_requests, "the page asked another host"
    assert not observed.console_errors, "the browser's console shows errors"


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()


def settle(page: Page, seconds: float = 60, quiet: float = 0.3) -> None:
    """Wait until the app is connected and has run nothing for `quiet` seconds."""
    page.evaluate("() => { window.idleSince = undefined; }")
    # Asked at every frame, the question alone would make the browser draw all the time.
    page.wait_for_function(IDLE, arg=1000 * quiet, timeout=1000 * seconds, polling=30)


def _clean_environment(home: Path) -> dict[str, str]:
    """The developer's environment without what would change the app: own settings, own folders, proxies."""
    unwanted = ("STREAMLIT_", "SUPERNET_", "XDG_", "PYTHONPATH", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(unwanted)}
    own = {
        "HOME": str(home),
        "SUPERNET_RUNS": str(home / "own"),
        "PYTHONUNBUFFERED": "1",
        "STREAMLIT_LOGGER_ENABLE_RICH": "false",
    }
    return kept | own


def _wait_until_healthy(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if opener.open(f"{address}/_stcore/health", timeout=2).status == 200:
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    text = log.read_text(errors="replace")[-4000:]
    ended = f"ended with code {server.returncode}" if server.poll() is not None else "did not answer"
    pytest.fail(f"The app {ended}:\n{text}")
