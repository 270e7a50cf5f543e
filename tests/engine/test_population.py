"""Every checkpoint and snapshot as a row."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import BadInput
from engine.population import Member, member, population

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def runs(tmp_path: Path, root: Path) -> Path:
    """A run with two selections, a snapshot of it, and a folder that is none."""
    folder = tmp_path / "runs"
    bundled = root / "checkpoints" / "nas-bench-201-epoch-6"
    shutil.copytree(bundled, folder / "mine", ignore=lambda at, names: [n for n in names if "order-" in n])
    for name in ("perturbation-order-0", "perturbation-quick-order-1"):
        shutil.copy(bundled / "selections" / f"{name}.json", folder / "mine" / "selections")
    shutil.copytree(bundled, folder / "mine" / "snapshots" / "epoch-003", ignore=shutil.ignore_patterns("s*"))
    (folder / "notes").mkdir()
    return folder


def test_a_row_says_what_a_run_is_and_where_alpha_and_measurement_lead(runs: Path) -> None:
    first, snapshot = population([runs])
    assert (first.name, snapshot.name) == ("mine", "mine/snapshots/epoch-003") and first.problem is None
    assert (first.space, first.method, first.channels, first.cells, first.image_size) == (
        "nas-bench-201",
        "darts",
        8,
        5,
        16,
    )
    assert (first.epoch, first.epochs, first.seed, first.images) == (6, 30, 0, 2048)
    assert first.accuracy == pytest.approx(47.2, abs=0.05) and first.ci is not None and first.ci[0] < first.accuracy
    assert first.verdicts is not None and sum(first.verdicts.values()) == 6 and first.measured_on == 4096
    assert first.alpha_true == 54.3
    by = {(ends.tuning, ends.data): ends for ends in first.ends}
    paths = by["no tuning", "bundled"]
    assert len(paths.genotypes) == len(paths.true) == 8 and paths.true[0] <= paths.median <= paths.true[-1]
    assert {len(ends.genotypes) for ends in first.ends if ends is not paths} == {1} and len(first.ends) == 3
    assert snapshot.verdicts is None and snapshot.ends == ()
    assert Member.from_dict(json.loads(json.dumps(first.to_dict()))) == first


def test_selections_by_another_rule_are_a_procedure_of_their_own(runs: Path) -> None:
    file = runs / "mine" / "selections" / "perturbation-order-0.json"
    document = json.loads(file.read_text())
    document["settings"] |= {"rescale": True, "criterion": "loss"}
    file.with_name("other.json").write_text(json.dumps(document))
    first, *_ = population([runs])
    counts = {each.words: len(each.true) for each in first.ends if each.data == document["settings"]["data"]}
    assert counts["rescaled mask, loss, no tuning"] == 1 and counts["no tuning"] == 1


def test_the_command_repeats_the_training_with_what_differs_from_the_published_settings(runs: Path) -> None:
    meta = runs / "mine" / "meta.json"
    text = json.loads(meta.read_text())
    text["hyperparameters"] |= {"alpha_lr": 0.001, "alpha_betas": [0.5, 0.9]}
    meta.write_text(json.dumps(text))
    command = population([runs])[0].command
    assert command is not None and command.startswith("python -m engine train --space nas-bench-201 --method darts")
    assert command.endswith("--seed 0 --set alpha_lr=0.001 --set alpha_betas=0.5,0.9")
    text["hyperparameters"] = None
    meta.write_text(json.dumps(text))
    assert population([runs])[0].command is None


def test_what_cannot_be_read_is_said_in_a_line_and_costs_no_other_row(runs: Path) -> None:
    (runs / "mine" / "selections" / "perturbation-order-0.json").write_text("{")
    (runs / "mine" / "snapshots" / "epoch-003" / "weights.safetensors").write_bytes(b"no")
    first, snapshot = population([runs])
    assert first.problem is not None and "selections/perturbation-order-0.json was left out" in first.problem
    assert first.space and len(first.ends) == 2
    assert snapshot.problem is not None and snapshot.space is None and "\n" not in snapshot.problem


def test_a_folder_without_checkpoints_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no checkpoint lies in"):
        population([tmp_path])
    with pytest.raises(BadInput, match="is no folder"):
        population([tmp_path / "absent"])


def test_a_single_checkpoint_goes_by_its_own_name(runs: Path) -> None:
    assert [row.name for row in population([runs / "mine"])] == ["mine", "snapshots/epoch-003"]


def test_alphas_that_are_unknown_lead_nowhere(small_runs: Path) -> None:
    from engine.checkpoint.format import read_summary

    row = member(read_summary(small_runs / "small-s2"))
    assert row.alpha_end is not None and row.alpha_true is None and row.ends == () and row.verdicts is None
