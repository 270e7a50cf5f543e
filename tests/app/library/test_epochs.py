"""A run at an earlier epoch of its training."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.library.catalog import read_entry
from app.library.epochs import at_epoch, count
from engine import nasbench201


@pytest.fixture
def bundled(root: Path) -> Path:
    return root / "checkpoints" / "nas-bench-201"


def test_the_alphas_are_those_of_the_epoch_and_nothing_measured_is_taken_for_it(bundled: Path) -> None:
    entry = read_entry("one", bundled)
    assert entry.summary is not None and count(entry) == 30
    then = at_epoch(entry, 14)
    assert then.summary is not None and not then.has_weights and (then.id, then.epoch) == ("one", 14)
    assert np.allclose(then.summary.start.alphas["cell"], entry.summary.history["cell"][13], rtol=0, atol=0)
    genotype = str(then.summary.start.alpha_path().decoded())
    assert nasbench201.lookup(genotype).cifar10 == 80.57
    assert then.summary.scores is None and then.summary.digest != entry.summary.digest
    assert then.summary.meta["epochs"] == len(then.summary.log) == len(then.summary.history["cell"]) == 14
    assert then.summary.meta["accuracies"]["search"]["batch"]["accuracy"] == pytest.approx(57.0, abs=0.05)


@pytest.mark.parametrize("epoch", [None, 0, 30, 31, -1])
def test_the_last_epoch_and_those_that_are_none_are_the_run_itself(bundled: Path, epoch: int | None) -> None:
    entry = read_entry("one", bundled)
    assert at_epoch(entry, epoch) is entry


def test_where_a_snapshot_kept_the_weights_they_can_be_measured(root: Path, bundled: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(bundled, run, ignore=shutil.ignore_patterns("selections"))
    early = shutil.copytree(
        root / "checkpoints" / "nas-bench-201-epoch-6",
        run / "snapshots" / "epoch-006",
        ignore=shutil.ignore_patterns("selections"),
    )
    then = at_epoch(read_entry("run", run), 6)
    assert then.has_weights and then.path == early and then.epoch == 6
    assert then.summary is not None and then.summary.scores is not None
    (early / "weights.safetensors").write_bytes(b"")
    (early / "meta.json").touch()
    assert not at_epoch(read_entry("run", run), 6).has_weights


def test_a_checkpoint_without_history_has_no_epochs(bundled: Path) -> None:
    entry = read_entry("one", bundled)
    assert entry.summary is not None
    none = {cell: rows[:0] for cell, rows in entry.summary.history.items()}
    bare = replace(entry, summary=replace(entry.summary, history=none))
    assert count(bare) == 0 and at_epoch(bare, 3) is bare
