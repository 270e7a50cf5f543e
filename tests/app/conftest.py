"""The app's pages without a browser.

visit     visit("decide", run="small-s2", d="n0-2.S3") -> AppTest: the app on a page, with the small runs beside the
          bundled ones; every call is another session, and nothing is measured yet
finish    wait until all background work has ended, then draw again
step      take the step in the browser's history that the page has asked for, if it has
heading   what the page says in its first line
text      everything the page says
keys      keys of the buttons on the page
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from app.work.workshop import Workshop, replaced, workshop

SECONDS = 120

# At every drawing AppTest looks through all installed packages for components, which takes longer than most pages do.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


@pytest.fixture
def visit(
    monkeypatch: pytest.MonkeyPatch, root: Path, small_runs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., AppTest]]:
    monkeypatch.setenv("SUPERNET_CHECKPOINTS", str(small_runs))
    # These visitors look at nothing, and have no browser to wait for.
    monkeypatch.setattr("app.state.run.SEEN", 0.0)
    monkeypatch.setattr("app.parts.text.FIRST", 0.0)
    # What is measured is kept there: every test begins where nothing is.
    monkeypatch.setenv("SUPERNET_RUNS", str(tmp_path_factory.mktemp("runs")))

    def open_at(page: str = "start", **params: str) -> AppTest:
        app = AppTest.from_file(root / "app" / "main.py", default_timeout=SECONDS)
        app.query_params.update(params)
        if page != "start":
            # Pages that are functions have no file that AppTest.switch_page could be told.
            app._page_hash = calc_hash(page)
        return app.run()

    with replaced(Workshop(workshop().catalog)):
        yield open_at


def finish(app: AppTest) -> AppTest:
    for job in workshop().jobs.active():
        assert job.wait(SECONDS)
    return app.run()


def step(app: AppTest) -> AppTest:
    address = app.session_state["address"]
    if address.steps:
        app.query_params.update(address.step.query)
        app.run()
    return app


def heading(app: AppTest) -> str:
    """The page's first line as text."""
    (line,) = re.findall(r'<h1 class="finding">(.*?)</h1>', " ".join(html.proto.body for html in app.get("html")))
    return re.sub(r"<.*?>", "", line)


def markup(app: AppTest) -> str:
    """Everything the page says, as it is written: lines, messages, labels of buttons."""
    lines = [str(part.value) for part in (*app.caption, *app.markdown, *app.code)]
    messages = [part.value for part in (*app.info, *app.warning, *app.error, *app.toast)]
    labels = [button.label for button in app.button]
    return " ".join([*lines, *messages, *labels, *(html.proto.body for html in app.get("html"))])


def text(app: AppTest) -> str:
    """The same where words that carry their definition are words."""
    return re.sub(r'<span class="term".*?>(.*?)</span>', r"\1", markup(app))


def keys(app: AppTest) -> set[str]:
    return {button.key for button in app.button if button.key}
