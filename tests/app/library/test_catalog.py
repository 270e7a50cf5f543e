"""The supernets there are to look at, damaged ones included."""

import shutil
from pathlib import Path

import pytest

from app.library import catalog
from app.library.catalog import Catalog
from tests.app.small_runs import OF_201, OF_S2


@pytest.fixture
def own(small_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = shutil.copytree(small_runs, tmp_path / "own")
    monkeypatch.setenv(catalog.OWN, str(folder))
    return folder


def test_own_checkpoints_stand_beside_the_bundled_ones(own: Path, small_runs: Path) -> None:
    (own / "notes").mkdir()
    found = Catalog(small_runs).entries()
    assert {name: entry.bundled for name, entry in found.items()} == {
        OF_201: True,
        OF_S2: True,
        f"my-{OF_201}": False,
        f"my-{OF_S2}": False,
    }
    assert all(entry.summary is not None and entry.error is None for entry in found.values())


def test_the_named_folder_may_be_a_checkpoint_itself(own: Path, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv(catalog.OWN, str(own / OF_S2))
    assert list(Catalog(tmp_path / "nothing").entries()) == [OF_S2]


def test_a_damaged_checkpoint_is_listed_with_the_reason(own: Path, tmp_path: Path) -> None:
    (own / OF_S2 / "weights.safetensors").write_bytes(b"cut off")
    (own / OF_201 / "meta.json").unlink()
    found = Catalog(tmp_path / "nothing").entries()
    assert set(found) == {OF_201, OF_S2}
    assert all(entry.summary is None for entry in found.values())
    assert "weights.safetensors" in found[OF_S2].error and "meta.json" in found[OF_201].error


@pytest.mark.parametrize("scores", ['{"edges": []}', '{"settings": [], "edges": 3}'])
def test_a_sweep_that_is_none_is_told_and_not_drawn(own: Path, tmp_path: Path, scores: str) -> None:
    (own / OF_201 / "scores.json").write_text(scores)
    assert "score --all --store" in Catalog(tmp_path / "nothing").entries()[OF_201].error


def test_a_folder_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(catalog.OWN, str(tmp_path / "gone"))
    (entry,) = Catalog(tmp_path / "nothing").entries().values()
    assert "gone" in entry.error and catalog.OWN in entry.error


def test_a_checkpoint_is_read_again_only_when_it_changes(own: Path, tmp_path: Path) -> None:
    found = Catalog(tmp_path / "nothing")
    first = found.entries()
    assert found.entries()[OF_201] is first[OF_201]
    (own / OF_201 / "scores.json").write_text("{")
    assert found.entries()[OF_201].error is not None
