"""The population as the app lists it."""

import shutil
from pathlib import Path

import pytest

from app.library.catalog import OWN, Catalog
from app.library.members import members


def test_snapshots_follow_their_run_and_what_cannot_be_read_says_why(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = root / "checkpoints" / "nas-bench-201-epoch-6"
    no_selections = shutil.ignore_patterns("selections")
    shutil.copytree(of, tmp_path / "mine", ignore=no_selections)
    shutil.copytree(of, tmp_path / "mine" / "snapshots" / "epoch-006", ignore=no_selections)
    shutil.copytree(of, tmp_path / "torn", ignore=no_selections)
    (tmp_path / "torn" / "weights.safetensors").write_bytes(b"")
    monkeypatch.setenv(OWN, str(tmp_path))
    rows = {row.name: row for row in members(Catalog(tmp_path / "none").entries())}
    assert list(rows) == ["mine", "mine/snapshots/epoch-006", "torn"]
    assert rows["mine"].alpha_true == rows["mine/snapshots/epoch-006"].alpha_true == 54.3
    assert rows["torn"].space is None and "weights.safetensors" in (rows["torn"].problem or "")


def test_a_row_follows_its_files(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of = root / "checkpoints" / "nas-bench-201-epoch-6"
    shutil.copytree(of, tmp_path / "mine", ignore=shutil.ignore_patterns("selections"))
    monkeypatch.setenv(OWN, str(tmp_path))
    catalog = Catalog(tmp_path / "none")
    assert len(members(catalog.entries())[0].ends) == 1
    (tmp_path / "mine" / "selections").mkdir()
    shutil.copy(of / "selections" / "perturbation-order-0.json", tmp_path / "mine" / "selections")
    assert len(members(catalog.entries())[0].ends) == 2
