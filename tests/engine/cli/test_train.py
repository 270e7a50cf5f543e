"""`train`: settings by name, and several seeds at once."""

import json

import pytest

import engine
from engine.cli.train import read_seeds
from engine.errors import BadInput
from engine.runs.folder import RunFolder, pause
from tests.engine.cli.test_cli import listed
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


@pytest.mark.parametrize("method", ["darts", "pc-darts"])
def test_what_a_run_will_take_is_said_beforehand_and_nothing_is_written(
    cli, root, photos, tmp_path, monkeypatch, method
):
    monkeypatch.chdir(tmp_path)
    # pc-darts learns no alphas in its first 15 epochs: both kinds of step are timed
    size = ("--epochs", "20", "--channels", "8", "--cells", "1", "--image-size", "16", "--threads", "1")
    words = ("estimate", "--space", "nas-bench-201", "--method", method, "--data", photos, *size)
    code, text, _ = cli(*words, "--json")
    found = json.loads(text)
    assert code == 0 and set(found) == listed(root, "estimate")
    assert found["steps"] == 1 and found["timed"] >= (6 if method == "pc-darts" else 3)
    assert 0 < found["per_step"] < found["per_epoch"] and found["seconds"] <= 20 * found["per_epoch"] * 1.001
    code, text, _ = cli(*words)
    assert code == 0 and "for 20 epochs" in text and "were taken on cpu with 1 thread" in text
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_paused_says_how_to_go_on(cli, photos, tmp_path, monkeypatch):
    out = tmp_path / "run"
    words = [*train(photos, out), "--epochs", "3", "--turns", tmp_path / "turns"]
    keep = RunFolder.append

    def paused(self, *events):
        keep(self, *events)
        pause(out)

    monkeypatch.setattr(RunFolder, "append", paused)
    code, _, said = cli(*words)
    assert code == 130 and "epoch 1 is saved" in said and "--resume" in said and "--turns" in said
    monkeypatch.setattr(RunFolder, "append", keep)
    code, _, _ = cli(*words, "--resume")
    assert code == 0 and len(engine.load(out).log) == 3
