"""The app's pages without a browser.

visit    visit("decide", run="small-s2", d="n0-2.S3") -> AppTest: the app on a page, with the small runs beside the
         bundled ones; every call is another session, nothing is measured yet
finish   wait until all background work has ended, then draw again
heading  what the page says in its first line
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import measure
from app.jobs import MANAGER

SECONDS = 120
BUTTONS = {"explore": "to-explore", "decide": "to-decide"}
"""Page -> the button of the start page that leads there."""


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch, root: Path, small_runs: Path) -> Iterator[Callable[..., AppTest]]:
    monkeypatch.setenv("SUPERNET_CHECKPOINTS", str(small_runs))
    monkeypatch.setattr(measure.MEASUREMENTS, "_kept", OrderedDict())

    def open_at(page: str = "start", run: str | None = None, **params: str) -> AppTest:
        app = AppTest.from_file(root / "app" / "main.py", default_timeout=SECONDS)
        app.session_state["visitor"] = "tests"  # there is no cookie to tell visitors by
        if run is not None:
            app.session_state["run"] = run
        app.query_params.update(params)
        app.run()
        return app.button(key=BUTTONS[page]).click().run() if page in BUTTONS else app

    yield open_at
    for job in MANAGER.active():
        job.cancel()
        assert job.wait(SECONDS)


def finish(app: AppTest) -> AppTest:
    for job in MANAGER.active():
        assert job.wait(SECONDS)
    return app.run()


def heading(app: AppTest) -> str:
    """The page's first line as text."""
    (line,) = re.findall(r'<h1 class="finding">(.*?)</h1>', " ".join(html.proto.body for html in app.get("html")))
    return re.sub(r"<.*?>", "", line)


def keys(app: AppTest) -> set[str]:
    """Keys of the buttons on the page."""
    return {str(button.key) for button in app.button}


def text(app: AppTest) -> str:
    """All words on the page, buttons and messages included."""
    parts = [*app.caption, *app.markdown, *app.warning, *app.error, *app.info, *app.toast, *app.code]
    return " ".join([*(str(part.value) for part in parts), *(b.label for b in app.button), *(h.proto.body for h in app.get("html"))])
