"""The Export menu: the document of what is on screen, and the same bytes as on the command line."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.parts.export_menu import module_name
from app.state import url
from app.work.questions import Request
from app.work.workshop import workshop
from engine.cli import main
from engine.export import FORMATS
from engine.selecting.hand_in import Answer, HandIn
from engine.selecting.record import SelectionRecord
from engine.selection.selection import Selection
from tests.app.conftest import text
from tests.app.small_runs import OF_201, OF_S2

Buttons = dict[str, dict[str, Any]]


def _page() -> None:
    import streamlit as st

    from app.parts import export_menu
    from app.screens.decide.step import at_step
    from app.state import live
    from app.state.questions import Questions
    from app.work.workshop import workshop

    page = live.begin()
    assert page is not None
    ask = at_step(Questions(page, workshop().measurements)).ask
    export_menu.menu(ask)
    st.session_state["document"] = export_menu.document_of(ask)


@pytest.fixture
def buttons(monkeypatch: pytest.MonkeyPatch) -> Buttons:
    """The menu's downloads of the last drawing, by format."""
    drawn: Buttons = {}

    def button(label: str, data: Callable[[], bytes], *, key: str, **how: Any) -> bool:
        drawn[key.removeprefix("export-")] = {"label": label, "data": data, **how}
        return False

    monkeypatch.setattr(st, "download_button", button)
    return drawn


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch, small_runs: Path) -> Callable[..., AppTest]:
    """draw(run, selection): the opened menu for a run on which these decisions have been taken."""
    monkeypatch.setenv("SUPERNET_CHECKPOINTS", str(small_runs))

    def open_at(run: str, selection: Selection | None = None, open: bool = True, **link: str) -> AppTest:
        app = AppTest.from_function(_page, default_timeout=60)
        app.session_state["run"] = run
        app.session_state["export"] = open
        app.query_params["run"] = run
        for key, value in link.items():
            app.query_params[key] = value
        if selection is not None:
            app.query_params["d"] = url.format_decisions(selection.decisions, selection.space)
        app.run()
        assert not app.exception
        return app

    return open_at


def _start(run: str) -> Selection:
    summary = workshop().catalog.entries()[run].summary
    assert summary is not None
    return Selection(summary.space, summary.alphas)


def _made(button: dict[str, Any]) -> bytes:
    """What a click gives, on a thread of its own as in the running app."""
    made: list[bytes] = []
    thread = threading.Thread(target=lambda: made.append(button["data"]()))
    thread.start()
    thread.join()
    return made[0]


@pytest.mark.parametrize("run", [OF_201, OF_S2])
def test_app_and_command_line_give_the_same_bytes(
    draw: Callable[..., AppTest], buttons: Buttons, tmp_path: Path, run: str
) -> None:
    app = draw(run, _start(run).alpha_path())
    writes = _start(run).space.genotype_format
    assert set(buttons) == {name for name, format in FORMATS.items() if format.holds in (None, writes)}
    (tmp_path / "selection.json").write_bytes(_made(buttons["json"]))
    assert SelectionRecord.from_json((tmp_path / "selection.json").read_text()) == app.session_state["document"]
    for name, button in buttons.items():
        out = tmp_path / button["file_name"]
        command = ["export", str(tmp_path / "selection.json"), "--format", name, "--out", str(out)]
        assert main(command) == 0
        assert out.read_bytes() == _made(button)
        assert not button["disabled"] and button["on_click"] == "ignore"


def test_before_the_end_there_are_selection_and_measurements(draw: Callable[..., AppTest], buttons: Buttons) -> None:
    start = _start("s2")
    app = draw("s2", start.discretize("normal", 0, start.best_by_alpha("normal", 0)))
    assert {name for name, button in buttons.items() if not button["disabled"]} == {"json", "csv"}
    assert "33 decisions are missing" in text(app)
    assert _made(buttons["csv"]).count(b"\n") == 1 + 2
    draw(OF_201, _start(OF_201).alpha_path().undo())
    assert buttons["html"]["disabled"]


def test_a_closed_menu_makes_nothing(draw: Callable[..., AppTest], buttons: Buttons) -> None:
    draw("s2", open=False)
    assert buttons == {}


def test_stored_measurements_of_undecided_edges_are_exported(draw: Callable[..., AppTest], buttons: Buttons) -> None:
    document = draw("s2").session_state["document"]
    assert len(document.undecided) == 28 + 6 and document.steps == ()
    assert [point.decisions for point in document.path] == [0]


def test_the_document_knows_checkpoint_settings_and_command(draw: Callable[..., AppTest]) -> None:
    app = draw("s2", _start("s2").alpha_path())
    document = app.session_state["document"]
    summary = workshop().catalog.entries()["s2"].summary
    assert document.checkpoint["digest"] == summary.digest and document.checkpoint["name"] == "s2"
    assert document.settings["images"] == 1024 and document.settings["bn"] == "batch"
    shown = [code.value for code in app.code]
    assert shown[0].startswith("python -m engine score checkpoints/s2 --all")
    assert "d=n0-2.SK" in shown[1]


def test_decisions_keep_who_took_them_and_on_which_scores(draw: Callable[..., AppTest]) -> None:
    summary = workshop().catalog.entries()["s2"].summary
    start = _start("s2")
    selection = start.alpha_path()
    document = draw("s2", selection, by="amby").session_state["document"]
    expected = ["alpha", "measured", "measured", "person", "person"]
    assert [step.by for step in document.steps[:5]] == expected
    first = selection.decisions[0]
    stored = workshop().measurements.find(Request.of(summary, start, "edge", first.cell, first.edge), summary)
    # The sweep was taken before any decision, so it says nothing about those after the first.
    assert document.steps[0].scores == stored.result
    assert not any(step.scores for step in document.steps[1:])
    assert [point.decisions for point in document.path] == [0]


def test_what_tuning_left_unknown_is_not_made_up(draw: Callable[..., AppTest]) -> None:
    """The link says that the first decision was followed by quick tuning, and its weights are not on this machine."""
    decisions = _start("s2").alpha_path().decisions[:2]
    app = draw("s2", _start("s2").replay(decisions), tune="q")
    document = app.session_state["document"]
    assert document.tuning is None
    assert document.settings["tuned"] == "50 batches at 0.01 after decisions 1"
    assert [(point.decisions, point.tuned) for point in document.path] == [(0, 0)]
    assert document.steps[0].scores is not None and document.steps[1].scores is None
    assert document.undecided == ()


def test_a_student_hands_in_one_file_or_link(draw: Callable[..., AppTest], buttons: Buttons) -> None:
    decisions = _start(OF_201).alpha_path().decisions[:3]
    app = draw(OF_201, _start(OF_201).replay(decisions), by="lay", hide="truth")
    assert "hand-in" not in buttons and "With your name" in text(app)
    app.session_state["lesson-answers"] = {"masking/sum": Answer("masking/sum", "10.4 points", True)}
    app.text_input(key="hand-in-name").set_value("  Ana <b>&é ").run()
    assert not app.exception and "your 1 answer to questions" in text(app)
    handed = SelectionRecord.from_json(_made(buttons["hand-in"]).decode())
    assert handed.hand_in == HandIn("Ana <b>&é", (0,), (Answer("masking/sum", "10.4 points", True),))
    assert buttons["hand-in"]["file_name"] == "hand-in-ana-b.json"
    assert replace(handed, hand_in=None) == app.session_state["document"]
    params = dict(parse_qsl(urlsplit(app.code[0].value).query))
    assert params["name"] == "Ana <b>&é" and params["by"] == "lay" and params["hide"] == "truth"
    for other in app.code[1:]:
        assert "name=" not in other.value, "only the hand-in names the student"


def test_a_task_is_a_link_whose_decisions_are_given(draw: Callable[..., AppTest]) -> None:
    assert "Set as a task" not in text(draw(OF_201))
    decisions = _start(OF_201).alpha_path().decisions[:2]
    app = draw(OF_201, _start(OF_201).replay(decisions), by="ay", tune="q", hide="answers", order="random", seed="3")
    params = dict(parse_qsl(urlsplit(app.code[-1].value).query))
    assert params["task"] == f"{params['d']}~q" and "by" not in params
    assert (params["tune"], params["hide"], params["order"], params["seed"]) == ("q", "answers", "random", "3")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nas-bench-201", "nas_bench_201"),
        ("my run (2)", "my_run_2"),
        ("201", "cell_201"),
        ("class", "cell_class"),
        ("—", "supernet"),
    ],
)
def test_exported_files_can_be_imported_by_their_name(name: str, expected: str) -> None:
    assert module_name(name) == expected and module_name(name).isidentifier()


def test_a_report_is_not_offered_where_a_link_hides_the_truth(draw: Callable[..., AppTest], buttons: Buttons) -> None:
    app = draw(OF_201, hide="truth")
    assert "html" not in buttons and "json" in buttons
    assert any("hide=truth" in code.value for code in app.code), "the shared link hides the same"
