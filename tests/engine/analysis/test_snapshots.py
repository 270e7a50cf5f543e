"""Lab "snapshots": what files tell, which checkpoints are moments of one training, and a run that measures."""

from dataclasses import replace
from pathlib import Path

import pytest

import engine
from engine.analysis import registry, relatives, running
from engine.analysis.settings import read_settings
from engine.analysis.snapshots.results import Epoch, Measured, SnapshotsResult
from engine.checkpoint.format import read_summary
from tests.engine.small_runs import SMALL, write_photos

LAB = registry.find("snapshots")


def made(true: list[float], ends: dict[int, tuple[float, ...]], method: str = "darts") -> SnapshotsResult:
    epochs = tuple(
        Epoch(
            number,
            50.0,
            value,
            0.5,
            None,
            Measured(ends[number][0], ends[number], 512, False) if number in ends else None,
        )
        for number, value in enumerate(true, start=1)
    )
    return SnapshotsResult(epochs, 512, 2, "batch", method, True)


def test_the_bundled_run_has_two_moments_with_weights(root: Path) -> None:
    found = LAB.known(read_summary(root / "checkpoints" / "nas-bench-201"))
    assert found is not None and len(found.epochs) == 30
    assert [(epoch, each.at_once, len(each.paths)) for epoch, each in found.measured] == [(6, 93.30, 8), (30, 93.31, 8)]
    assert [each.true for each in found.epochs][:7] == [54.30] * 6 + [80.57] and found.epochs[-1].true == 54.30
    assert found.epochs[5].name == "nas-bench-201-epoch-6" and found.epochs[6].name is None
    assert "nothing can be said about a trend" in LAB.verdict(found) and LAB.agrees(found) is None
    assert SnapshotsResult.from_dict(found.to_dict()) == found


def test_another_training_is_no_moment_of_this_one(root: Path) -> None:
    summary = read_summary(root / "checkpoints" / "nas-bench-201-fixed-alpha")
    assert list(relatives.moments(summary)) == [30]
    assert list(relatives.moments(read_summary(root / "checkpoints" / "nas-bench-201-epoch-6"))) == [6]


def test_one_epoch_is_no_history(small_runs: Path) -> None:
    refused = LAB.refuses(read_summary(small_runs / "small-201"))
    assert refused is not None and "earlier epochs were not kept" in refused


def test_a_run_measures_every_snapshot_and_goes_on_after_a_kill(cli, tmp_path: Path, monkeypatch) -> None:
    photos, out = str(write_photos(tmp_path / "photos")), tmp_path / "run"
    words = ["--space", "nas-bench-201", "--epochs", 2, "--snapshots", 1, "--data", photos, "--out", out, *SMALL]
    assert cli("train", *words)[0] == 0
    summary = read_summary(out)
    assert list(relatives.moments(summary)) == [1, 2]
    changes = {"images": "80", "batch_size": "16", "orders": "1", "data": photos}
    settings, checkpoint = read_settings(LAB.settings, "snapshots", changes), engine.load(out)
    monkeypatch.setattr(running, "KEEP", 0.0)

    class Stop(BaseException):
        pass

    def die(share: float, label: str) -> None:
        if share > 0.6:
            raise Stop

    with pytest.raises(Stop):
        running.analyse(checkpoint, LAB, settings, tmp_path / "lab", report=die)
    labels = set()
    found = running.analyse(
        checkpoint, LAB, settings, tmp_path / "lab", resume=True, report=lambda share, label: labels.add(label)
    )
    assert labels == {"epoch 2"}, "the first moment is not measured again"
    numbers = found.numbers
    assert [epoch for epoch, _ in numbers.measured] == [1, 2] and numbers.final
    assert all(len(each.paths) == 1 and not each.stored and each.images == 80 for _, each in numbers.measured)
    assert numbers.epochs[0].name == "epoch-001"


def test_a_trend_needs_three_measured_moments() -> None:
    falling = [80.0, 70.0, 60.0, 54.0, 54.0, 54.0]
    stays = {1: (92.0, 93.0), 3: (91.0, 93.0), 6: (92.5, 93.5)}
    assert LAB.agrees(made(falling, stays)) is True and "As the paper says" in LAB.verdict(made(falling, stays))
    assert LAB.agrees(made(falling[::-1], stays)) is False
    assert "not to be seen" in LAB.verdict(made(falling[::-1], stays))
    few = made(falling, {6: (92.0, 93.0)})
    assert LAB.agrees(few) is None and "nothing can be said" in LAB.verdict(few)
    assert "No moment has been measured" in LAB.verdict(made(falling, {}))


def test_a_supernet_whose_alphas_were_never_trained_is_compared_with_its_kind() -> None:
    ends = {6: (92.0, 93.0)}
    assert [each.paper for each in LAB.compared(made([54.3] * 6, ends))] == [54.30, 88.11]
    fixed = made([10.0] * 6, ends, "fixed-alpha")
    assert [each.paper for each in LAB.compared(fixed)] == [None, 93.80]
    assert "stays at 10.00 %" in LAB.verdict(fixed) and "never trained" in LAB.verdict(fixed)


def test_rows_and_lines_have_every_epoch() -> None:
    found = made([54.3, 60.0], {2: (92.0, 93.0)})
    assert [row["at_once_true"] for row in LAB.rows(found)] == [None, 92.0]
    assert len(LAB.lines(found).splitlines()) == 3
    assert replace(found, final=False).final is False


def test_on_the_command_line(cli, root: Path) -> None:
    code, _, said = cli("analyse", "snapshots", "s2")
    assert code == 2 and "true accuracies exist" in said
