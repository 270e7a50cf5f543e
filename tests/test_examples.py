"""The notebook in examples/, run cell by cell as Jupyter would, without Jupyter."""

import ast
import json
import sys
import time
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest

from engine import nasbench201
from engine.results import EdgeScores
from engine.selection import Genotype, Selection

NOTEBOOK = Path(__file__).resolve().parents[1] / "examples" / "masking.ipynb"


def cells(kind: str) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def run(source: str, names: dict[str, Any]) -> Any:
    """The value of the last line, which a notebook shows."""
    tree = ast.parse(source)
    last = ast.Expression(tree.body.pop().value) if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(NOTEBOOK), "exec"), names)
    return None if last is None else eval(compile(last, str(NOTEBOOK), "eval"), names)


def test_the_notebook_is_kept_without_outputs() -> None:
    whole = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (whole["nbformat"], whole["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in whole["cells"]}) == len(whole["cells"])
    assert [cell["outputs"] for cell in cells("code")] == [[] for _ in cells("code")]
    assert {cell["execution_count"] for cell in cells("code")} == {None}


@pytest.mark.slow
def test_the_notebook_runs_from_its_own_folder_in_under_a_minute_of_one_core(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(NOTEBOOK.parent)
    monkeypatch.setattr(sys, "path", list(sys.path))
    names: dict[str, Any] = {"__name__": "__main__"}
    began = time.process_time()  # of all threads: no matter what else the machine does
    shown = [run("".join(cell["source"]), names) for cell in cells("code")]
    pictures = [value._repr_html_() for value in shown if isinstance(value, EdgeScores | Selection | Genotype)]
    assert time.process_time() - began < 60
    assert len(pictures) == 5 and all(picture.startswith("<div") for picture in pictures)
    assert sum(isinstance(value, go.Figure) for value in shown) == 4
    scores, decided = names["scores"], names["decided"]
    assert scores.images == 512 and scores.final and all(one.ci for one in scores.operations)
    assert scores.verdict == "disagree" and decided.operation("cell", 2) == scores.best
    assert decided.is_complete
    ends = names["truth"]
    assert ends["measured"] == nasbench201.lookup(decided.genotype())
    assert ends["measured"].cifar10 > ends["α"].cifar10 + 20
    assert "15,625 cells" in capsys.readouterr().out
