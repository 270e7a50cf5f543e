"""Lab "skip-minus-conv": gaps by hand, which runs stand beside each other, and what is said of them."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.analysis import registry, relatives
from engine.analysis.skip_minus_conv import GapResult
from engine.checkpoint.format import read_summary
from engine.errors import BadInput

LAB = registry.find("skip-minus-conv")


@pytest.fixture(scope="module")
def bundled(root: Path) -> GapResult:
    return LAB.known(read_summary(root / "checkpoints" / "nas-bench-201"))


def test_the_gap_is_that_of_the_recorded_alphas(root: Path, bundled: GapResult) -> None:
    summary = read_summary(root / "checkpoints" / "nas-bench-201")
    own = bundled.courses[0]
    assert [each.epoch for each in own.epochs] == list(range(1, 31)) and own.edges == 6
    rows = np.asarray(summary.history["cell"], float)
    weights = np.exp(rows) / np.exp(rows).sum(-1, keepdims=True)
    gaps = weights[..., 1] - weights[..., 2:4].mean(-1)  # skip; conv 1x1 and 3x3
    assert np.allclose([each.gap for each in own.epochs], gaps.mean(1), atol=1e-6)
    assert np.allclose([each.low for each in own.epochs], gaps.min(1), atol=1e-6)
    assert own.epochs[-1].accuracy == pytest.approx(63.33, abs=0.01) and own.epochs[-1].ci[0] < 63.33
    assert bundled.images == 2048


def test_other_trainings_of_the_space_stand_beside_it_and_moments_of_the_same_do_not(
    root: Path, bundled: GapResult
) -> None:
    names = [each.name for each in bundled.courses]
    assert names[0] == "nas-bench-201" and {"nas-bench-201-gdas", "nas-bench-201-fixed-alpha"} <= set(names)
    assert "nas-bench-201-epoch-6" not in names and "s2" not in names
    early = read_summary(root / "checkpoints" / "nas-bench-201-epoch-6")
    assert "nas-bench-201" not in [each.name for each in relatives.beside(early)]


def test_runs_are_taken_by_name_or_folder(root: Path, tmp_path: Path) -> None:
    summary = read_summary(root / "checkpoints" / "nas-bench-201")
    shutil.copytree(root / "checkpoints" / "nas-bench-201-gdas", tmp_path / "mine")
    found = relatives.named(summary, f"nas-bench-201-gdas, {tmp_path / 'mine'}")
    assert [each.name for each in found] == ["nas-bench-201-gdas", "mine"]
    with pytest.raises(BadInput, match=r"no run nowhere; .* beside nas-bench-201: .*nas-bench-201-gdas"):
        relatives.named(summary, "nowhere")
    with pytest.raises(BadInput, match="of space s2"):
        relatives.named(summary, "s2")


def test_what_is_said_goes_by_the_sign(root: Path, bundled: GapResult) -> None:
    assert LAB.agrees(bundled) is True and "As in the paper" in LAB.verdict(bundled)
    on_s2 = LAB.known(read_summary(root / "checkpoints" / "s2"))
    assert LAB.agrees(on_s2) is False and "against what the paper shows" in LAB.verdict(on_s2)
    own = bundled.courses[0]
    flat = replace(own, epochs=tuple(replace(each, accuracy=50.0 + each.epoch % 2) for each in own.epochs))
    told = replace(bundled, courses=(flat,))
    assert LAB.agrees(told) is None and "cannot be told" in LAB.verdict(told)
    fixed = replace(bundled, courses=(replace(own, method="fixed-alpha"),))
    assert LAB.agrees(fixed) is None and "never trained" in LAB.verdict(fixed) and not LAB.compared(fixed)
    short = replace(bundled, courses=(replace(own, epochs=own.epochs[:5]),))
    assert LAB.agrees(short) is True, "five epochs in one order"
    assert GapResult.from_dict(bundled.to_dict()) == bundled
    assert len(LAB.rows(bundled)) == sum(len(each.epochs) for each in bundled.courses)


def test_without_past_or_log_it_is_refused(cli, root: Path, small_runs: Path) -> None:
    assert "alphas of at least 3 epochs" in LAB.refuses(read_summary(small_runs / "small-201"))
    summary = read_summary(root / "checkpoints" / "nas-bench-201")
    assert "no accuracies" in LAB.refuses(replace(summary, log=[]))
    words = ("analyse", "skip-minus-conv", "nas-bench-201", "--set")
    code, printed, _ = cli(*words, "runs=nas-bench-201-gdas", "--set", "bn=running")
    assert code == 0 and "nas-bench-201-gdas" in printed and "fixed-alpha" not in printed and "70.5 %" in printed
    code, _, said = cli(*words, "runs=nas-bench-201-gdsa")
    assert code == 2 and "there is no run nas-bench-201-gdsa" in said
