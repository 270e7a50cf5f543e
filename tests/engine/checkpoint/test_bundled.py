"""The project's own supernets and data are found from any folder, as the installed command is started in any."""

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import engine
from engine.checkpoint.bundled import FOLDER, ROOT, found
from engine.data import identity
from engine.data.identity import data_root


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_bundled_supernets_are_found_by_path_and_by_name(elsewhere: Path) -> None:
    inside = ROOT / FOLDER / "nas-bench-201"
    assert found("checkpoints/nas-bench-201") == found("nas-bench-201") == inside
    assert found("checkpoints") == ROOT / FOLDER
    selection = "selections/perturbation-order-0.json"
    assert found(f"checkpoints/nas-bench-201/{selection}") == inside / selection
    assert engine.load("nas-bench-201").space.name == "nas-bench-201"


def test_what_lies_here_comes_first_and_what_lies_nowhere_stays_as_it_was_said(elsewhere: Path) -> None:
    (elsewhere / "nas-bench-201").mkdir()
    assert found("nas-bench-201") == Path("nas-bench-201")
    for path in (
        "nowhere",
        "checkpoints/nowhere",
        "checkpoints/../engine",
        "../engine",
        "/nowhere",
        "x" * 5000,
        "README.md",
    ):
        assert found(path) == Path(path)


def test_published_sets_lie_in_data_here_else_in_the_projects(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "ROOT", elsewhere / "project")
    assert data_root("mine") == Path("mine") and data_root() == Path("data")
    (elsewhere / "project" / "data").mkdir(parents=True)
    assert data_root() == elsewhere / "project" / "data"
    (elsewhere / "data").mkdir()
    assert data_root() == Path("data")


def test_the_installed_command_runs_in_any_folder(elsewhere: Path) -> None:
    module, name = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]["supernet"].split(":")
    assert callable(getattr(import_module(module), name))
    # What an installation adds to the path, and what its script does.
    script = f"import sys; sys.path.append({str(ROOT)!r}); from {module} import {name}; {name}()"
    done = subprocess.run(
        [sys.executable, "-c", script, "info", "checkpoints/s2"], capture_output=True, text=True, cwd=elsewhere
    )
    assert done.returncode == 0 and "s2" in done.stdout, done.stderr
