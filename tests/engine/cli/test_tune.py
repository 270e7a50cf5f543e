"""`tune` on the command line: what it leaves, that it goes on, and one line for every mistake."""

import json

import pytest
import torch

import engine
from engine.cli import main
from engine.selecting import tuning_run
from engine.selecting.settings import Tuning
from engine.selecting.tuning import Tuner
from tests.engine.small_runs import SMALL, write_photos

KEYS = {"out", "from", "digest", "passes", "unit", "amount", "lr", "data", "seed"}


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return str(write_photos(tmp_path_factory.mktemp("photos")))


@pytest.fixture(scope="module")
def run(tmp_path_factory, photos):
    out = tmp_path_factory.mktemp("runs") / "nb201"
    options = ["--space", "nas-bench-201", "--epochs", "1", "--data", photos, "--out", str(out), *SMALL]
    assert main(["train", *options]) == 0
    return out


@pytest.fixture
def begun(run, tmp_path):
    selection = engine.load(run).start.discretize("cell", 0, "nor_conv_3x3")
    (tmp_path / "begun.json").write_text(selection.to_json())
    return selection


class Stop(BaseException):
    pass


def test_it_leaves_the_checkpoint_that_a_selection_run_would_go_on_with(cli, run, begun, photos, tmp_path):
    out = tmp_path / "tuned"
    words = ("tune", run, "--selection", tmp_path / "begun.json", "--tune-epochs", 2, "--data", photos, "--out", out)
    code, printed, said = cli(*words, "--device", "cpu", "--json")
    assert code == 0, said
    found, loaded = json.loads(printed), engine.load(run)
    assert set(found) == KEYS and (found["passes"], found["from"]) == (2, loaded.digest)
    tuner = Tuner(loaded, data=photos)
    for _ in range(2):
        tuner.tune(tuner.selection(begun.decisions))
    tuned = engine.load(out)
    assert tuned.digest == found["digest"] and not (out / "state").exists()
    expected = tuner.supernet.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in tuned.supernet.state_dict().items())
    code, printed, _ = cli(*words, "--device", "cpu", "--json", "--resume")
    assert code == 0 and json.loads(printed) == found
    assert cli(*words)[0] == 2


def test_a_killed_run_goes_on_after_its_last_epoch_to_the_same_end(run, begun, photos, tmp_path):
    loaded, tuning = engine.load(run), Tuning("epochs", 3)
    whole = tuning_run.tune(loaded, begun, tuning, tmp_path / "whole", data=photos)

    def die(done, total):
        if done > 1:
            raise Stop

    with pytest.raises(Stop):
        tuning_run.tune(loaded, begun, tuning, tmp_path / "killed", data=photos, report=die)
    assert not (tmp_path / "killed" / "meta.json").exists()
    told = []
    again = tuning_run.tune(
        loaded, begun, tuning, tmp_path / "killed", data=photos, resume=True, report=lambda *at: told.append(at)
    )
    assert 1 < told[0][0] < 2 and told[-1] == (3, 3)
    assert again.digest == whole.digest and again.meta["tuned"] == whole.meta["tuned"]


@pytest.mark.parametrize(
    ("more", "fix"),
    [
        (("--tune-epochs", "1", "--tune-batches", "2"), "not by both"),
        (("--tune-epochs", "0"), "at least one"),
        (("--tune-lr", "0"), "greater than 0"),
        (("--selection", "missing.json"), "cannot read"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_fix(cli, run, photos, tmp_path, more, fix):
    code, out, err = cli("tune", run, "--data", photos, "--out", tmp_path / "run", "--device", "cpu", *more)
    assert code == 2 and not out and err.startswith("error: ") and err.count("\n") == 1 and fix in err
    assert not (tmp_path / "run").exists()
