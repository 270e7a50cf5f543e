"""Imports on the disk: looked at by one visitor, kept for all, renamed, annotated, deleted; whole or absent."""

import json
import logging
import os
import shutil
import time
from pathlib import Path

import pytest

from app.library import catalog, imports
from app.library.catalog import Catalog, Entry
from engine.checkpoint.folder import load
from engine.errors import BadInput
from tests.app.small_runs import OF_201

WHO = "a" * 64


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SUPERNET_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv(catalog.OWN, raising=False)
    return tmp_path / "runs"


def entries(visitor: str = WHO) -> dict[str, Entry]:
    return Catalog(Path("nothing")).entries(visitor)


@pytest.fixture
def kept(runs: Path, small_runs: Path) -> Entry:
    shutil.copytree(small_runs / OF_201, runs / "imported" / "mine")
    return entries()["mine"]


@pytest.fixture
def visited(runs: Path, small_runs: Path) -> Entry:
    shutil.copytree(small_runs / OF_201, catalog.looked_at(WHO) / "mine")
    return entries()["mine"]


def test_what_one_visitor_looks_at_nobody_else_sees_until_it_is_kept(visited: Entry) -> None:
    assert visited.origin == "visit" and not visited.is_kept and entries("b" * 64) == entries("") == {}
    assert imports.keep(visited, "ours").name == "ours"
    assert [(name, entry.is_kept) for name, entry in entries("b" * 64).items()] == [("ours", True)]
    assert list(entries()) == ["ours"]


def test_a_written_import_is_a_checkpoint_and_its_name_is_not_taken_twice(runs: Path, small_runs: Path) -> None:
    found = load(small_runs / OF_201)
    folder = imports.add(found, "../../my net.pth.tar", WHO)
    assert folder == catalog.looked_at(WHO) / "my-net" and load(folder).space == found.space
    with pytest.raises(BadInput, match="nothing is overwritten"):
        imports.add(found, "my-net", WHO)
    with pytest.raises(BadInput, match="letter or a digit"):
        imports.add(found, "/..", WHO)
    assert [path.name for path in catalog.looked_at(WHO).iterdir()] == ["my-net"]


def test_an_import_that_fails_half_way_leaves_nothing(small_runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(BadInput, match="free some space"):
        imports.add(load(small_runs / OF_201), "mine", WHO)
    monkeypatch.undo()
    assert entries() == {}


def test_a_new_name_keeps_everything_and_overwrites_nothing(kept: Entry, runs: Path) -> None:
    imports.annotate(kept, "seen *twice*")
    (runs / "imported" / "other").mkdir()
    with pytest.raises(BadInput, match="choose another name"):
        imports.rename(kept, "other")
    assert imports.rename(kept, "mine") == kept.path
    imports.rename(kept, "yours")
    assert entries()["yours"].note == "seen *twice*" and list(entries()) == ["yours"]
    with pytest.raises(BadInput, match="is gone"):
        imports.rename(kept, "theirs")


def test_a_note_stands_beside_the_checkpoint_and_damage_costs_only_the_note(
    kept: Entry, caplog: pytest.LogCaptureFixture
) -> None:
    meta = (kept.path / "meta.json").read_bytes()
    imports.annotate(kept, "  two\nlines  ")
    assert entries()["mine"].note == "two\nlines" and (kept.path / "meta.json").read_bytes() == meta
    assert entries()["mine"].summary.digest == kept.summary.digest
    with pytest.raises(BadInput, match="500"):
        imports.annotate(kept, "x" * 501)
    for damaged in ("{", "[]", json.dumps({"n": 1}), "[" * 5000):
        (kept.path / catalog.NOTE).write_text(damaged)
        with caplog.at_level(logging.WARNING):
            assert entries()["mine"].note == "" and entries()["mine"].summary is not None
        assert "note.json" in caplog.records[-1].getMessage()
    imports.annotate(kept, " ")
    assert not (kept.path / catalog.NOTE).exists()


def test_only_imports_can_be_changed(small_runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for entry in (Catalog(small_runs).entries()[OF_201], catalog.read_entry("own", small_runs / OF_201, "named")):
        for act in (
            imports.delete,
            lambda entry: imports.rename(entry, "x"),
            lambda entry: imports.annotate(entry, "x"),
        ):
            with pytest.raises(BadInput, match=r"was not (imported|made or brought) here"):
                act(entry)
    assert (small_runs / OF_201 / "meta.json").exists()


def test_what_is_deleted_is_gone(kept: Entry, runs: Path) -> None:
    imports.delete(kept)
    assert entries() == {} and list((runs / "imported").iterdir()) == []


def test_imports_of_ended_visits_and_halves_are_swept_and_others_stay(visited: Entry, kept: Entry, runs: Path) -> None:
    old = time.time() - imports.LASTS - 1
    fresh, ended = catalog.looked_at(WHO), catalog.looked_at("b" * 64)
    shutil.copytree(visited.path, ended / "theirs")
    half = runs / "imported" / ".gone-1"
    half.mkdir()
    for path in (fresh, ended, half, kept.path):
        os.utime(path, (old, old))
    imports.stay(WHO)
    imports.sweep()
    assert fresh.is_dir() and kept.path.is_dir() and not ended.exists() and not half.exists()


def test_neither_visits_nor_kept_imports_fill_the_disk(small_runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = load(small_runs / OF_201)
    monkeypatch.setattr(imports, "MOST_LOOKED_AT", 1)
    monkeypatch.setattr(imports, "MOST_VISITS", 1)
    imports.add(found, "one", WHO)
    with pytest.raises(BadInput, match="1 imports are looked at already"):
        imports.add(found, "two", WHO)
    with pytest.raises(BadInput, match="visitors look at imports already"):
        imports.add(found, "two", "b" * 64)
