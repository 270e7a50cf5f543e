"""The menu of an import on the pages: kept, renamed, annotated and deleted, with whatever is open following."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.library import catalog, imports
from app.state import memory, session
from app.work.questions import Request
from app.work.workshop import workshop
from tests.app.conftest import finish, heading, keys, text
from tests.app.small_runs import OF_201

Visit = Callable[..., AppTest]
WHO = "0" * 64
TILE, SIDE = "tile-mine", "sidebar-mine"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A visitor with a cookie: every visit is the same browser's."""
    monkeypatch.setattr(session, "browser", lambda cookie: WHO)


@pytest.fixture
def seen(visit: Visit, known: None, small_runs: Path) -> Visit:
    """There is one import that this visitor looks at."""
    shutil.copytree(small_runs / OF_201, catalog.looked_at(WHO) / "mine")
    return visit


@pytest.fixture
def kept(visit: Visit, known: None, small_runs: Path) -> Visit:
    """There is one kept import."""
    shutil.copytree(small_runs / OF_201, catalog.imported() / "mine")
    return visit


def press(app: AppTest, *names: str) -> AppTest:
    for name in names:
        app.button(key=name).click().run()
        assert not app.exception
    return app


def test_what_is_not_kept_says_so_and_is_kept_from_where_it_is_open(seen: Visit) -> None:
    app = seen("explore", run="mine")
    assert not app.exception and not app.warning and app.session_state["run"] == "mine"
    assert "mine (not kept)" in app.selectbox(key="run").options
    assert any("not kept" in line.value for line in app.markdown)
    press(app, f"import-keep-{SIDE}")
    assert "mine is kept" in text(app) and app.session_state["run"] == "mine"
    assert "mine" in app.selectbox(key="run").options and f"import-keep-{SIDE}" not in keys(app)
    assert workshop().catalog.entries()["mine"].is_kept


def test_every_button_of_a_menu_says_which_supernet_it_is_about(kept: Visit, small_runs: Path) -> None:
    shutil.copytree(small_runs / OF_201, catalog.imported() / "other")
    app = kept("start", run="mine")
    named = [
        button for button in app.button if button.key and button.key.startswith("import-") and "tile" in button.key
    ]
    assert len(named) >= 6 and all(button.key.rpartition("-")[2] in button.label for button in named)
    labels = [button.label for button in named]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("missing", ["weights.safetensors", "alphas.safetensors"])
def test_a_damaged_import_says_what_is_wrong_and_can_be_deleted_on_start(kept: Visit, missing: str) -> None:
    folder = catalog.imported() / "mine"
    (folder / "alphas.safetensors").write_bytes(b"torn") if missing.startswith("alphas") else (
        folder / missing
    ).unlink()
    app = kept("start")
    assert not app.exception and "open-mine" not in keys(app)
    assert any("mine" in part.value and "safetensors" in part.value for part in app.text)
    press(app, f"import-delete-{TILE}")
    assert "its files are gone" in text(app) and folder.exists()
    press(app, f"import-delete-not-{TILE}")
    assert folder.exists()
    press(app, f"import-delete-{TILE}", f"import-delete-now-{TILE}")
    assert not folder.exists() and f"import-delete-{TILE}" not in keys(app) and "mine is deleted" in text(app)


def test_others_do_not_see_it(seen: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "browser", lambda cookie: "1" * 64)
    app = seen("start")
    assert not app.exception and "open-mine" not in keys(app)


def test_all_that_is_open_follows_a_new_name(seen: Visit) -> None:
    app = press(seen("decide", run="mine"), "use-alpha", "use-alpha")
    assert heading(app).startswith("Step 3 of 6")
    app.text_input(key=f"import-name-{SIDE}").set_value("yours").run()
    press(app, f"import-rename-{SIDE}")
    assert heading(app).startswith("Step 3 of 6") and app.query_params["run"] == "yours"
    assert not [toast for toast in app.toast if "left out" in toast.value]
    assert "yours" in memory.recall(WHO).runs and "mine" not in memory.recall(WHO).runs
    assert heading(seen("decide")).startswith("Step 1 of 6")  # of the first supernet
    # The link stays the document, and says of no decision; what was made here can be redone.
    assert len(seen("decide", run="yours").session_state["states"]["yours"].undone) == 2


def test_what_was_measured_stays_under_a_new_name_and_more_can_be(seen: Visit) -> None:
    decided = {"d": "c0-1.C1", "budget": "512"}
    app = finish(press(seen("explore", run="mine", edge="c0-2", **decided), "measure-edge"))
    assert "measure-edge" not in keys(app) and not app.error
    app.text_input(key=f"import-name-{SIDE}").set_value("yours").run()
    press(app, f"import-keep-{SIDE}")
    assert app.session_state["run"] == "yours" and "measure-edge" not in keys(app) and not app.error
    other = finish(press(seen("explore", run="yours", edge="c0-3", **decided), "measure-edge"))
    assert "measure-edge" not in keys(other) and not other.error


def test_work_on_one_that_is_gone_ends_with_a_line(seen: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.work.worker._checkpoints", type("Empty", (), {"get": lambda self, key, make: make()})())
    app = seen("explore", run="mine")
    shop = workshop()
    summary = shop.catalog.entries(WHO)["mine"].summary
    assert summary is not None
    request = Request.of(summary, summary.start.alpha_path(), "accuracy", "", 0, images=512)
    shutil.rmtree(catalog.looked_at(WHO) / "mine")
    job = shop.measurements.start([request], "Measuring", WHO)
    assert job.wait(120) and job.error and "\n" not in job.error and job.details is None
    app.run()
    assert not app.exception and app.session_state["run"] == "nas-bench-201" and job.error in text(app)


def test_a_taken_name_is_refused_and_nothing_is_lost(kept: Visit, small_runs: Path) -> None:
    shutil.copytree(small_runs / OF_201, catalog.imported() / "yours")
    app = kept("start", run="mine")
    app.text_input(key=f"import-name-{TILE}").set_value("yours").run()
    press(app, f"import-rename-{TILE}")
    assert "choose another name" in text(app).replace("\\", "")
    assert {"open-mine", "open-yours"} <= keys(app) and app.session_state["run"] == "mine"


def test_a_note_is_plain_text_wherever_the_supernet_is_named(kept: Visit) -> None:
    words = "**loud** <b>x</b> ![](http://evil)"
    app = kept("start", run="mine")
    app.text_area(key=f"import-note-{TILE}").set_value(words).run()
    press(app, f"import-annotate-{TILE}")
    assert [line.value for line in app.text].count(words) == 2  # on its tile, and in the sidebar
    for name in ("explore", "decide", "compare"):
        assert words in [line.value for line in kept(name, run="mine").text]


@pytest.mark.parametrize("page", ["start", "explore", "decide", "compare"])
def test_what_an_import_could_not_know_stands_beside_its_numbers(kept: Visit, page: str) -> None:
    path = catalog.imported() / "mine" / "meta.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"notes": ["taken as *cifar10*"]}))
    app = kept(page, run="mine")
    assert any("taken as \\*cifar10\\*" in line.value for line in app.main.caption)


def test_deleting_asks_and_shows_the_first_supernet_instead(kept: Visit) -> None:
    app = press(kept("start", run="mine"), f"import-delete-{TILE}")
    assert "What was measured of it stays" in text(app) and "open-mine" in keys(app)
    press(app, f"import-delete-not-{TILE}")
    assert "open-mine" in keys(app)
    press(app, f"import-delete-{TILE}", f"import-delete-now-{TILE}")
    assert "open-mine" not in keys(app) and "mine is deleted" in text(app)
    assert app.session_state["run"] == next(iter(workshop().catalog.entries()))
    assert not [toast for toast in app.toast if "left out" in toast.value]
    assert not (catalog.imported() / "mine").exists()


def test_one_that_somebody_else_deleted_is_a_line(kept: Visit) -> None:
    app = kept("start", run="mine")
    imports.delete(workshop().catalog.entries()["mine"])
    press(app, f"import-annotate-{TILE}")
    assert "mine is gone" in text(app) and not app.exception


def test_bundled_supernets_and_those_of_the_named_folder_have_no_menu(visit: Visit) -> None:
    app = visit("start")
    assert not [key for key in keys(app) if key.startswith("import-")]
    assert "all others stay as they are" in text(app)
