"""What a visitor made is found again: after a reload, after a restart, and in the next link."""

import dataclasses
import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.state import memory, session, url
from app.state.memory import Kept, Run, pack, pack_opened, recall, remember, unpack, unpack_opened
from app.state.opened import Opened
from app.state.run import RunState
from app.state.url import Link
from engine.selection.decisions import InputsDecision, OperationDecision
from engine.selection.selection import Selection
from engine.spaces import search_space
from tests.app.conftest import heading
from tests.app.small_runs import OF_201, OF_S2

Visit = Callable[..., AppTest]
SPACE = search_space("nas-bench-201")
START = Selection(SPACE, {"cell": [[0.0] * 5] * 6})
A, B, C = (OperationDecision("cell", edge, "skip_connect") for edge in range(3))
WHO = "0" * 64


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SUPERNET_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def full() -> RunState:
    """A run in which everything has been used."""
    run = RunState(preset="q")
    run.set_order("random", 5)
    for decision, by in ((A, "α"), (B, "measured"), (C, "you")):
        run.take(decision, by, is_last=False)
    run.look(1)
    run.branch_off()
    run.take(C, "both", is_last=False)
    run.take(B, "you", is_last=False)
    run.undo()
    run.skip("cell", 4)
    run.look(1)
    return run


DEMO = Kept({"demo": pack(full(), SPACE)})


def found(run: RunState) -> RunState:
    remember(WHO, Kept(), Kept({"demo": pack(run, SPACE)}, {"list-view": True}))
    return unpack(recall(WHO).runs["demo"], START)


def test_all_that_was_done_in_a_run_is_found_again() -> None:
    run = full()
    again = found(run)
    assert again == dataclasses.replace(run, changed=False)
    assert again.by == {A: "α", C: "both"} and again.branches["A"].by == "amy" and again.looking == 1
    again.redo()
    assert again.by[B] == "you"
    assert recall(WHO).widgets == {"list-view": True}


def test_inputs_that_were_kept_are_found_again() -> None:
    space = search_space("s2")
    start = Selection(space, {cell: [[0.0, 0.0]] * 14 for cell in space.cells})
    operations = [OperationDecision("normal", edge, "skip_connect") for edge in range(5)]
    decisions = (*operations, InputsDecision("normal", 3, (2, 4)))
    run = RunState(link=Link(decisions=decisions))
    assert unpack(pack(run, space), start) == run


def test_runs_of_another_tab_stay() -> None:
    first = Kept({"one": Run({}, 0, preset="p")}, {"list-view": True})
    remember(WHO, Kept(), first)
    remember(WHO, Kept(), Kept({"two": Run({}, 0, preset="q")}))
    remember(WHO, first, Kept({"one": Run({}, 0, preset="q")}, {"list-view": True}))
    kept = recall(WHO)
    assert [(name, run.preset) for name, run in kept.runs.items()] == [("two", "q"), ("one", "q")]
    assert kept.widgets == {"list-view": True}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"runs": {"demo": 1}}',
        b'{"runs": {"demo": {"line": {}, "standing": "1"}}}',
        b"[" * 9999,
    ],
)
def test_a_damaged_file_is_left_out_with_a_line_in_the_log(content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    remember(WHO, Kept(), DEMO)
    (path,) = memory.folder().iterdir()
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert recall(WHO) == Kept()
    (record,) = caplog.records
    assert path.name in record.getMessage() and "\n" not in record.getMessage()
    remember(WHO, Kept(), DEMO)
    assert recall(WHO).runs


def test_a_file_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    remember(WHO, Kept(), DEMO)
    monkeypatch.setattr(memory, "MOST_BYTES", 20)
    assert recall(WHO) == Kept()


def test_what_is_no_longer_legal_is_left_out() -> None:
    odd = {"d": "c0-1.SK,c9-9.XX", "by": "ay", "order": "backwards"}
    run = unpack(
        Run(odd, 7, ("c0-2", "x"), "z", 9, "?", {"A": {"d": "n0-2.S3"}, "??": {}, "B": {"d": "c0-1.C3"}}), START
    )
    assert run.link == Link(decisions=(A,), by="a") and run.undone == [] and run.skipped == [("cell", 1)]
    assert (run.preset, run.looking, run.branch) == ("n", None, "A")
    assert {name: len(link.decisions) for name, link in run.branches.items()} == {"B": 1}


def test_a_disk_that_cannot_be_written_only_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SUPERNET_RUNS", str(tmp_path / "file"))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            remember(WHO, Kept(), DEMO)
    assert recall(WHO) == Kept()
    assert sum("not kept" in record.getMessage() for record in caplog.records) == 1


def test_neither_visitors_nor_runs_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_VISITORS", 3)
    monkeypatch.setattr(memory, "MOST", {"runs": 2})
    for number in range(5):
        remember(f"{number}", Kept(), Kept({"demo": Run({}, 0)}))
    assert sorted(path.stem for path in memory.folder().glob("*.json")) == ["2", "3", "4"]
    for name in ("a", "b", "c"):
        remember("4", Kept(), Kept({name: Run({}, 0)}))
    assert list(recall("4").runs) == ["b", "c"]


def test_opened_selections_are_found_again_and_another_tabs_stay() -> None:
    here = {"demo": START}
    one, two = (Opened(name, "demo", Link(decisions=(A, B), by="ay"), 1, 3) for name in ("one", "two"))
    mine = Kept(opened=pack_opened([one], {"demo": SPACE}))
    remember(WHO, Kept(), mine)
    remember(WHO, Kept(), Kept(opened=pack_opened([two], {"demo": SPACE})))
    assert unpack_opened(recall(WHO).opened, here) == [one, two]
    assert unpack_opened(recall(WHO).opened, {}) == []
    remember(WHO, mine, Kept())
    assert unpack_opened(recall(WHO).opened, here) == [two]


# On the pages


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A visitor with a cookie: every visit is the same browser's."""
    monkeypatch.setattr(session, "browser", lambda cookie: WHO)


def press(app: AppTest, *names: str) -> AppTest:
    for name in names:
        app.button(key=name).click().run()
        assert not app.exception
    return app


def test_a_reload_finds_branches_authors_redo_and_list_view(visit: Visit, known: None) -> None:
    app = press(visit("decide", run=OF_201, budget="512"), "use-alpha", "skip", "use-alpha", "undo")
    app.toggle(key="list-view").set_value(True).run()
    state = app.session_state["states"][OF_201]
    state.start_over()
    app.run()
    link = dict(app.query_params)
    again = visit("decide", **{key: str(text[0]) if isinstance(text, list) else text for key, text in link.items()})
    assert not again.exception and not again.toast
    kept = again.session_state["states"][OF_201]
    assert kept.branch == "B" and kept.branches == state.branches and kept.branches["A"].by == "a"
    assert again.session_state["list-view"] is True


def test_answers_of_lessons_are_still_there_after_a_reload(visit: Visit, known: None) -> None:
    app = press(visit("explore", run="nas-bench-201", lesson="supernet", at="cell"), "guide-answer-1")
    answers = app.session_state["lesson-answers"]
    assert list(answers) == ["supernet/cell"] and not answers["supernet/cell"].is_right
    again = visit("explore", run="nas-bench-201", lesson="supernet", at="cell")
    assert again.session_state["lesson-answers"] == answers and again.button(key="guide-answer-2").disabled


def test_who_comes_without_a_link_goes_on_and_a_link_to_another_line_loses_nothing(visit: Visit, known: None) -> None:
    press(visit("decide", run="nas-bench-201"), "use-alpha", "use-alpha")
    app = visit("decide")
    assert heading(app).startswith("Step 3 of 6")
    assert app.query_params["d"] and app.query_params["by"]
    other = visit("decide", run="nas-bench-201", d="c0-1.NO")
    assert heading(other).startswith("Step 2 of 6")
    state = other.session_state["states"]["nas-bench-201"]
    assert state.branch == "B" and len(state.branches["A"].decisions) == 2
    assert heading(visit("decide", run="nas-bench-201", d="c0-1.NO")).startswith("Step 2 of 6")


def test_other_visitors_find_nothing_and_who_only_looks_leaves_nothing(visit: Visit, runs: Path) -> None:
    press(visit("decide", run=OF_201), "use-alpha")
    assert not memory.folder().exists()
    assert heading(visit("decide", run=OF_S2)).startswith("Step 1 of 34")


def test_looking_leaves_no_file(visit: Visit, known: None) -> None:
    visit("explore", run=OF_201, edge="c0-1")
    assert not memory.folder().exists()


def test_a_file_that_another_version_wrote_does_not_break_a_page(visit: Visit, known: None) -> None:
    memory.folder().mkdir(parents=True)
    odd = {"runs": {OF_201: {"line": {"d": "n0-2.S3", "tune": "zz"}, "standing": 3}}, "widgets": {"list-view": True}}
    (memory.folder() / f"{WHO}.json").write_text(json.dumps(odd))
    app = visit("decide", run=OF_201)
    assert not app.exception and heading(app).startswith("Step 1 of 6")
    assert url.read(dict(app.query_params), START)[1] == []
