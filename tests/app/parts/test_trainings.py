"""Networks trained from scratch are found on every page and after a reload, and their end is told once."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.state import memory, session
from app.work import retraining
from app.work.retraining import small
from engine.runs.folder import PLAN
from engine.runs.status import STATUS, Status, now
from engine.selection.genotype_text import parse_genotype
from tests.app.conftest import heading, keys, text

Visit = Callable[..., AppTest]
WHO = "0" * 64
CELL = "|none~0|+|skip_connect~0|none~1|+|none~0|none~1|skip_connect~2|"
TESTED = {"accuracy": 61.5, "ci": [60.5, 62.5], "images": 10_000, "bn": "running", "epoch": 10}
RESULT = {"last": TESTED, "best": TESTED, "parameters": 1000, "multiply_adds": 1e6, "train_images": 20_000}


@pytest.fixture
def trained(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """A visitor who has let a cell be trained."""
    monkeypatch.setattr(session, "browser", lambda cookie: WHO)
    say("running", done=3)
    memory.remember(WHO, memory.Kept(), memory.Kept(trained={CELL: False}))
    return visit


def say(state: str, **more: object) -> Path:
    """The training's folder says this now."""
    folder = retraining.folder() / "0123456789ab"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PLAN).write_text(json.dumps(small(parse_genotype(CELL)).plan()))
    status = Status(state, "elsewhere", 1, now(), total=10, unit="epochs", **more)  # type: ignore[arg-type]
    (folder / STATUS).write_text(status.to_json())
    return folder


def messages(app: AppTest) -> list[str]:
    return [toast.value for toast in app.toast]


def spoken(app: AppTest) -> str:
    return app.session_state["spoken-last"][1] if "spoken-last" in app.session_state else ""


@pytest.mark.parametrize("page", ["start", "explore", "decide", "compare"])
def test_a_running_one_stands_on_every_page_after_a_reload(trained: Visit, page: str) -> None:
    app = trained(page)
    assert not app.exception and not messages(app)
    assert "show-training-0123456789ab" in keys(app) and "forget-training-0123456789ab" not in keys(app)


def test_the_end_is_told_once_in_a_message_and_in_the_live_region(trained: Visit) -> None:
    app = trained("explore")
    say("done", done=10, details={"epoch": 10, "result": RESULT})
    app.run()
    assert messages(app) == ["Training from scratch: done"] and spoken(app) == "Training from scratch: done."
    said = text(app).replace("\\", "")
    assert "61.5 % [60.5, 62.5] on 10,000 test images, running statistics" in said
    assert messages(app.run()) == [] and messages(trained("start")) == []
    # It is taken away with what the page said, so that this is not read out again for nothing.
    assert spoken(app) == "Training from scratch: done."
    app.query_params["edge"] = "c0-1"
    assert spoken(app.run()) == ""


def test_an_end_that_came_while_nobody_looked_is_told_at_the_next_visit(trained: Visit) -> None:
    say("failed", done=3, details={"epoch": 3})
    app = trained("start")
    assert messages(app) == ["Training from scratch: stopped"]
    assert "stopped after epoch 3 of 10" in text(app)


def test_its_result_is_shown_from_another_page_and_put_away(trained: Visit) -> None:
    say("done", done=10, details={"epoch": 10, "result": RESULT})
    app = trained("start")
    app.button(key="show-training-0123456789ab").click().run()
    assert not app.exception and heading(app).startswith("Step 1")
    assert CELL in text(app) and "chosen on the test images" in text(app)
    app.button(key="close-training").click().run()
    assert "chosen on the test images" not in text(app)
    app.button(key="forget-training-0123456789ab").click().run()
    assert "show-training-0123456789ab" not in keys(app) and retraining.find(parse_genotype(CELL)) is not None
    assert not memory.recall(WHO).trained


def test_nobody_else_is_told_and_a_run_that_is_gone_has_no_line(
    trained: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in say("done", done=10, details={"epoch": 10, "result": RESULT}).iterdir():
        path.unlink()
    assert not [key for key in keys(trained("start")) if "training" in key]
    say("done", done=10, details={"epoch": 10, "result": RESULT})
    monkeypatch.setattr(session, "browser", lambda cookie: "1" * 64)
    app = trained("start")
    assert not [key for key in keys(app) if "training" in key] and not messages(app)
