"""`runs`."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def runs(tmp_path: Path, root: Path) -> Path:
    bundled = root / "checkpoints" / "nas-bench-201-epoch-6"
    shutil.copytree(bundled, tmp_path / "mine", ignore=shutil.ignore_patterns("selections"))
    return tmp_path


def test_a_table_for_people_and_one_object_for_programs(cli: Run, runs: Path) -> None:
    code, out, err = cli("runs", runs)
    assert (code, err) == (0, "")
    head, row, _, title, end = out.splitlines()
    assert head.startswith("name") and row.startswith("mine") and "6 of 30" in row and "54.30 %" in row
    assert "on 4,096 images" in row and title.startswith("Where full selections by measurement lead")
    assert end.startswith("mine, no tuning, 1,024 images of bundled, 8 orders: ") and " to " in end
    code, out, err = cli("runs", runs, "--json")
    (found,) = json.loads(out)["runs"]
    assert code == 0 and found["name"] == "mine" and found["ends"][0]["median"] == pytest.approx(92.69, abs=0.01)


def test_what_cannot_be_read_is_listed_below(cli: Run, runs: Path) -> None:
    (runs / "mine" / "alphas.safetensors").unlink()
    code, out, _ = cli("runs", runs)
    assert code == 0 and out.startswith("What cannot be read:\nmine: ")


def test_a_folder_without_checkpoints_is_one_line_and_exit_code_2(cli: Run, tmp_path: Path) -> None:
    code, out, err = cli("runs", tmp_path)
    assert (code, out) == (2, "") and "no checkpoint lies in" in err and err.count("\n") == 1
