"""Runs: the table of all supernets."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from app.library import catalog
from app.screens.runs import page, table
from engine.population import Ends, Member
from tests.app.conftest import heading, text
from tests.app.conftest import keys as buttons
from tests.app.small_runs import RUNS

Visit = Callable[..., AppTest]
ENDS = Ends("no tuning", "bundled", 1024, ("a", "b"), (90.0, 93.0))
ROWS = [
    Member("one", "one", space="nas-bench-201", alpha_true=54.3, ends=(ENDS,), command="python -m engine train"),
    Member("two", "two", space="s2", verdicts={"agree": 3, "indistinct": 11}),
    Member("torn", "torn", problem="meta.json is damaged"),
]


def tick(monkeypatch: pytest.MonkeyPatch, *rows: int) -> None:
    """Let these rows be ticked."""
    drawn = table.st.dataframe

    def ticked(*args: object, **options: object) -> object:
        drawn(*args, **options)
        return SimpleNamespace(selection=SimpleNamespace(rows=list(rows)))

    monkeypatch.setattr(table.st, "dataframe", ticked)


def test_every_supernet_is_a_row(visit: Visit, root: Path) -> None:
    app = visit("runs", run="nas-bench-201")
    count = len([*root.glob("checkpoints/*/meta.json")]) + len(RUNS)
    assert not app.exception and heading(app).startswith(f"{count} supernets; where the truth is known, α ends at ")
    (table,) = app.dataframe
    assert {"nas-bench-201", "s2", "darts", "small-201", "small-s2"} <= set(table.value["name"])
    first = table.value.set_index("name").loc["nas-bench-201"]
    assert first["α ends at %"] == 54.3 and first["verdicts"] == "≠ 1  = 3  ≈ 2" and "8" in first["over orders"]
    assert "2 to 8 to compare" in text(app)


def test_ticked_rows_lie_side_by_side_with_the_commands_that_repeat_them(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "members", lambda entries: ROWS)
    tick(monkeypatch, 0, 1, 2, 9)
    app = visit("runs", run="nas-bench-201")
    assert not app.exception and "Where they end" in text(app)
    assert [code.value for code in app.code] == ["python -m engine train --out RUN"]
    assert "Without a table of true accuracies" in text(app) and "is damaged" in text(app)


def test_the_file_has_a_line_for_every_run_and_procedure() -> None:
    lines = list(csv.DictReader(io.StringIO(table.as_csv(ROWS, {"two": "a #control"}))))
    assert [line["name"] for line in lines] == ["one", "two", "torn"]
    assert (lines[0]["orders"], lines[0]["lowest"], lines[0]["median"], lines[0]["highest"]) == (
        "2",
        "90.0",
        "91.5",
        "93.0",
    )
    assert (
        lines[1]["median"] == ""
        and lines[1]["note"] == "a #control"
        and lines[0]["note"] == ""
        and lines[2]["problem"] == "meta.json is damaged"
    )


def test_without_a_table_of_true_accuracies_nothing_is_claimed() -> None:
    assert table.headline(ROWS[1:]) == "2 supernets" and table.headline(ROWS[1:2]) == "1 supernet"


@pytest.mark.parametrize(
    ("words", "found"), [("", 3), ("NAS", 1), ("s2 two", 1), ("#control", 1), ("s2 #control", 1), ("nothing", 0)]
)
def test_rows_are_filtered_by_every_word_in_name_space_method_or_note(words: str, found: int) -> None:
    assert len(table.filtered(ROWS, words, {"two": "a #Control"})) == found


def test_what_nothing_matches_is_said(visit: Visit) -> None:
    app = visit("runs", run="nas-bench-201")
    app.text_input(key="runs-filter").set_value("no such run").run()
    assert not app.exception and not app.dataframe and "No row holds no such run" in text(app)


def test_runs_of_one_space_are_compared_by_wins_and_over_training(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visit("runs", run="nas-bench-201")
    (shown,) = app.dataframe
    names = list(shown.value["name"])
    tick(monkeypatch, names.index("nas-bench-201"), names.index("nas-bench-201-fixed-alpha"))
    app.run()
    app.button_group(key="runs-view").set_value("Which operations win").run()
    assert not app.exception and "finished cells by measurement in 2 of 2 runs" in text(app)
    app.button_group(key="runs-view").set_value("α over training").run()
    assert not app.exception and "what the largest alphas would give" in text(app)
    tick(monkeypatch, names.index("nas-bench-201"), names.index("s2"))
    app.button_group(key="runs-view").set_value("Which operations win").run()
    assert not app.exception and "several search spaces (nas-bench-201, s2)" in text(app)


def test_one_ticked_run_is_opened_and_noted_about(visit: Visit, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    app = visit("runs", run="nas-bench-201")
    mine = catalog.trained() / "mine"
    shutil.copytree(root / "checkpoints" / "s2", mine)
    app.run()
    names = list(app.dataframe[0].value["name"])
    tick(monkeypatch, names.index("mine"))
    app.run()
    app.text_area(key="run-note-mine").set_value("seed 3 #control").run()
    app.button(key="run-annotate").click().run()
    assert not app.exception and json.loads((mine / "note.json").read_text()) == {"note": "seed 3 #control"}
    assert list(app.dataframe[0].value["note"])[names.index("mine")] == "seed 3 #control"
    tick(monkeypatch, names.index("s2"))
    app.run()
    assert "your own runs and imports" in text(app) and "run-annotate" not in buttons(app)
    assert "run-open" in buttons(app)
