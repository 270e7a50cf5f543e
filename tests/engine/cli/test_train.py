"""`train`: settings by name, and several seeds at once."""

import json

import pytest

import engine
from engine.cli.train import read_seeds
from engine.errors import BadInput
from tests.engine.small_runs import SMALL, write_photos


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return write_photos(tmp_path_factory.mktemp("photos"), per_class=4)


def train(photos, out, *options):
    return ("train", "--space", "nas-bench-201", "--epochs", "1", "--data", photos, "--out", out, *SMALL, *options)


def test_settings_given_by_name_are_stored_and_kept_to(cli, photos, tmp_path):
    out = tmp_path / "run"
    options = ["--set", "alpha-betas=0.4,0.9", "--set", "clip=3", "--alpha-lr", "0.01", "--json"]
    code, text, _ = cli(*train(photos, out, *options))
    found = json.loads(text)["hyperparameters"]
    assert code == 0 and found["alpha_betas"] == [0.4, 0.9] and found["clip"] == 3.0 and found["alpha_lr"] == 0.01
    code, _, said = cli(*train(photos, out, "--resume"))
    assert code == 2 and "clip 3.0 (now 5.0)" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--set", "alpha-rl=1"], "did you mean alpha_lr?"),
        (["--set", "lr"], "KEY=VALUE"),
        (["--set", "lr=fast"], "lr must be a number"),
        (["--seeds", "0,0"], "different whole numbers"),
        (["--workers", "2"], "add --seeds"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_one_line(cli, photos, tmp_path, options, said):
    code, _, line = cli(*train(photos, tmp_path / "run", *options))
    assert code == 2 and said in line and not (tmp_path / "run").exists()


def test_several_seeds_are_trained_in_folders_of_their_own_and_summed_up(cli, photos, tmp_path):
    out = tmp_path / "runs"
    code, text, _ = cli(*train(photos, out, "--seeds", "3,5", "--json"))
    found = json.loads(text)
    assert code == 0 and found["seeds"] == [3, 5] and found == json.loads((out / "seeds.json").read_text())
    for seed, accuracy, genotype in zip(found["seeds"], found["accuracies"], found["magnitude"], strict=True):
        run = engine.load(out / f"seed-{seed}")
        assert run.meta["seed"] == seed and run.meta["accuracies"]["search"]["batch"]["accuracy"] == accuracy
        assert run.log[-1]["magnitude"] == genotype
    assert found["accuracy"]["lowest"] <= found["accuracy"]["mean"] <= found["accuracy"]["highest"]
    code, _, said = cli(*train(photos, out, "--seeds", "3,5"))
    assert code == 2 and "--resume" in said
    code, text, _ = cli(*train(photos, out, "--seeds", "3,5", "--resume"))
    assert code == 0 and "accuracy:" in text
    code, _, said = cli(*train(photos, out / "seed-3", "--seeds", "3,5"))
    assert code == 2 and "single run" in said


def test_seeds_are_read_in_order():
    assert read_seeds("4, 0,2") == (4, 0, 2)
    for wrong in ("", "1,", "-1", "1,1", "a"):
        with pytest.raises(BadInput):
            read_seeds(wrong)
