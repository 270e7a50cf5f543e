"""Runs: the table of all supernets."""

import csv
import io
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from app.screens import runs
from engine.population import Ends, Member
from tests.app.conftest import heading, text

Visit = Callable[..., AppTest]
ENDS = Ends("no tuning", "bundled", 1024, ("a", "b"), (90.0, 93.0))
ROWS = [
    Member("one", "one", space="nas-bench-201", alpha_true=54.3, ends=(ENDS,), command="python -m engine train"),
    Member("two", "two", space="s2", verdicts={"agree": 3, "indistinct": 11}),
    Member("torn", "torn", problem="meta.json is damaged"),
]


def test_every_supernet_is_a_row(visit: Visit) -> None:
    app = visit("runs", run="nas-bench-201")
    assert not app.exception and heading(app).startswith("7 supernets; where the truth is known, α ends at ")
    (table,) = app.dataframe
    assert {"nas-bench-201", "s2", "darts", "small-201", "small-s2"} <= set(table.value["name"])
    first = table.value.set_index("name").loc["nas-bench-201"]
    assert first["α ends at %"] == 54.3 and first["verdicts"] == "≠ 1  = 3  ≈ 2" and "8" in first["over orders"]
    assert "Tick 2 to 8 rows" in text(app)


def test_ticked_rows_lie_side_by_side_with_the_commands_that_repeat_them(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "members", lambda entries: ROWS)
    table = runs.st.dataframe

    def ticked(*args: object, **options: object) -> object:
        table(*args, **options)
        return SimpleNamespace(selection=SimpleNamespace(rows=[0, 1, 2, 9]))

    monkeypatch.setattr(runs.st, "dataframe", ticked)
    app = visit("runs", run="nas-bench-201")
    assert not app.exception and "Where they end" in text(app)
    assert [code.value for code in app.code] == ["python -m engine train --out RUN"]
    assert "Without a table of true accuracies" in text(app) and "is damaged" in text(app)


def test_the_file_has_a_line_for_every_run_and_procedure() -> None:
    lines = list(csv.DictReader(io.StringIO(runs._csv(ROWS))))
    assert [line["name"] for line in lines] == ["one", "two", "torn"]
    assert (lines[0]["orders"], lines[0]["lowest"], lines[0]["median"], lines[0]["highest"]) == (
        "2",
        "90.0",
        "91.5",
        "93.0",
    )
    assert lines[1]["median"] == "" and lines[2]["problem"] == "meta.json is damaged"


def test_without_a_table_of_true_accuracies_nothing_is_claimed() -> None:
    assert runs._headline(ROWS[1:]) == "2 supernets" and runs._headline(ROWS[1:2]) == "1 supernet"
