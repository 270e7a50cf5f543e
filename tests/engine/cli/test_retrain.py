"""`retrain` on the command line: its one JSON object, its text, one line for every mistake, and Ctrl-C."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.selection.selection import Selection
from engine.spaces import search_space
from tests.engine.published_networks import DARTS_PT, genotype
from tests.engine.small_runs import write_photos

BENCH = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"
DARTS = str(genotype(*DARTS_PT[0][1:3]))
SMALL = ("--channels", "2", "--image-size", "16", "--batch-size", "40", "--device", "cpu", "--threads", "1")
KEYS = {
    "auxiliary", "batch_size", "best", "channels", "classes", "clip", "command", "cutout", "data", "dataset",
    "device", "drop_path", "epochs", "family", "genotype", "image_size", "label_smoothing", "last", "layers", "lr",
    "lr_decay", "multiply_adds", "nesterov", "parameters", "seconds", "seed", "train_images", "weight_decay",
}  # fmt: skip


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty images to train on and the same to test on."""
    folder = write_photos(tmp_path_factory.mktemp("photos"), per_class=4)
    shutil.copytree(folder / "train", folder / "test")
    return folder


def test_it_gives_exactly_one_json_object(cli, photos, tmp_path):
    out = tmp_path / "run"
    run = ("retrain", BENCH, "--data", photos, "--epochs", 1, "--layers", 1, "--out", out, *SMALL, "--json")
    code, printed, said = cli(*run)
    assert code == 0, said
    found = json.loads(printed)
    assert printed.count("\n") == 1 and found.keys() == KEYS
    assert (found["genotype"], found["train_images"], found["last"]["images"]) == (BENCH, 40, 40)
    assert set(found["last"]) == {"epoch", "accuracy", "ci", "loss", "images", "bn"}
    assert "epoch 1: loss" in said and "running statistics" in said
    code, again, _ = cli(*run, "--resume")
    assert code == 0 and json.loads(again) == found


def test_it_says_which_epoch_and_images_an_accuracy_is_of(cli, photos, tmp_path):
    run = ("retrain", DARTS, "--data", photos, "--epochs", 1, "--layers", 3, "--out", tmp_path / "run", *SMALL)
    code, printed, said = cli(*run)
    assert code == 0, said
    assert "test, last epoch" in printed and "chosen on the test images" in printed and "[" in printed
    assert "40 images, running statistics" in printed and f"saved in {tmp_path / 'run'}" in printed


def test_it_takes_a_selection_file(cli, photos, tmp_path):
    selection = Selection(search_space("nas-bench-201"), {"cell": [[0.0] * 5] * 6})
    for edge in range(6):
        selection = selection.discretize("cell", edge, "skip_connect")
    path = tmp_path / "selection.json"
    path.write_text(selection.to_json())
    run = ("retrain", path, "--data", photos, "--epochs", 1, "--layers", 1, "--out", tmp_path / "run", *SMALL, "--json")
    code, printed, said = cli(*run)
    assert code == 0, said
    assert json.loads(printed)["genotype"] == str(selection.genotype())


@pytest.mark.parametrize(
    ("argv", "names"),
    [
        ("nothing --out OUT", "no genotype"),
        ("PHOTOS --out OUT", "is a folder; give the file in it that holds a genotype"),
        ("BENCH", "--out"),
        ("BENCH --out OUT --epochs 0", "--epochs"),
        ("BENCH --out OUT --auxiliary", "auxiliary"),
        ("BENCH --out OUT --drop-path 0.2", "drop path"),
        ("DARTS --out OUT --layers 2", "layers"),
        ("DARTS --out OUT --image-size 16 --auxiliary", "--no-auxiliary"),
        ("DARTS --out OUT --image-size 20", "image size"),
        ("DARTS --out OUT --image-size 224", "train/<class>"),
        ("BENCH --out OUT --image-size 224", "no protocol for large images"),
        ("DARTS --out OUT --lr 0", "learning rate"),
        ("DARTS --out OUT --drop-path nan", "--drop-path"),
        ("DARTS --out OUT --data nowhere", "no data"),
        ("DARTS --out PHOTOS", "--out"),
        ("DARTS --out OUT --data UNTESTED --image-size 16 --channels 2 --layers 3", "test part"),
    ],
)
def test_a_mistake_is_one_line_with_exit_code_2(cli, photos, tmp_path, argv, names):
    (tmp_path / "untested").mkdir()
    shutil.copytree(photos / "train", tmp_path / "untested" / "train")
    places = {
        "OUT": tmp_path / "run",
        "PHOTOS": photos,
        "BENCH": BENCH,
        "DARTS": DARTS,
        "UNTESTED": tmp_path / "untested",
    }
    code, printed, said = cli("retrain", *(places.get(word, word) for word in argv.split()))
    assert (code, printed) == (2, "")
    assert said.startswith("error: ") and said.count("\n") == 1 and names in said
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_not_finite_is_a_failure_that_names_the_fix(cli, photos, tmp_path):
    run = ("retrain", DARTS, "--data", photos, "--epochs", 1, "--layers", 3, "--lr", 1e30, "--out", tmp_path / "run")
    code, printed, said = cli(*run, *SMALL)
    assert (code, printed) == (1, "")
    assert "no epoch was finished" in said and "--lr" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_process_exits_130_and_goes_on(root, photos, tmp_path, cli, number):
    """As Ctrl-C, or the app, stop it."""
    out = tmp_path / "run"
    argv = ["retrain", BENCH, "--data", photos, "--epochs", 4000, "--layers", 1, "--out", out, *SMALL]
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", *map(str, argv)], cwd=root, stderr=subprocess.PIPE, text=True
    )
    for line in process.stderr:
        if "epoch 2: loss" in line:
            process.send_signal(number)
            break
    rest = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 130, rest
    assert "is saved" in rest and "--resume" in rest and "Traceback" not in rest
    assert json.loads((out / "status.json").read_text())["state"] == "interrupted"
