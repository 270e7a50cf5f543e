"""`select` on the command line."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

import engine
from engine.cli import main
from engine.selecting.record import SelectionRecord
from engine.selecting.settings import PUBLISHED
from tests.engine.small_runs import SMALL, write_photos


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return str(write_photos(tmp_path_factory.mktemp("photos")))


@pytest.fixture(scope="module")
def run(tmp_path_factory, photos):
    out = tmp_path_factory.mktemp("runs") / "nb201"
    assert (
        main(["train", "--space", "nas-bench-201", "--epochs", "1", "--data", photos, "--out", str(out), *SMALL]) == 0
    )
    return str(out)


def options(run, photos, out, *more):
    fixed = ("--data", photos, "--images", "32", "--batch-size", "16", "--device", "cpu")
    return ("select", run, "--strategy", "perturbation", *fixed, "--out", out, *more)


def test_a_run_prints_one_object_and_leaves_its_selection(cli, run, photos, tmp_path):
    code, out, _ = cli(*options(run, photos, tmp_path / "run", "--tune-batches", "1", "--json"))
    assert code == 0
    found = json.loads(out)
    document = SelectionRecord.from_json((tmp_path / "run" / "selection.json").read_text())
    assert found["genotype"] == str(document.selection.genotype())
    assert found["true"]["cifar10"] == engine.nasbench201.lookup(found["genotype"]).cifar10
    assert set(found) == {
        "out",
        "genotype",
        "notes",
        "true",
        "strategy",
        "settings",
        "checkpoint",
        "decisions",
        "path",
        "versions",
    }
    assert document.command.startswith("python -m engine select ") and "--json" not in document.command


def test_tuning_is_five_epochs_unless_told_otherwise(cli, run, photos, tmp_path):
    begun = engine.load(run).start
    for edge in range(4):
        begun = begun.discretize("cell", edge, "nor_conv_1x1")
    (tmp_path / "begun.json").write_text(begun.to_json())
    code, _, said = cli(*options(run, photos, tmp_path / "run", "--selection", tmp_path / "begun.json"))
    assert code == 0, said
    document = SelectionRecord.from_json((tmp_path / "run" / "selection.json").read_text())
    assert document.tuning == PUBLISHED and sum(point.tuned > 0 for point in document.path) == PUBLISHED.amount
    assert document.settings["order"] == "random"


def test_several_orders_are_run_resumed_and_summed_up(cli, run, photos, tmp_path):
    some = options(run, photos, tmp_path / "runs", "--tune-epochs", "0", "--orders", "2", "--seed", "5")
    code, out, _ = cli(*some)
    assert code == 0 and "how often an operation wins" in out
    more = [*some[: some.index("--orders")], "--orders", "3", "--seed", "5", "--resume", "--json", "--workers", "2"]
    code, out, _ = cli(*more)
    found = json.loads(out)
    assert code == 0 and found["seeds"] == [5, 6, 7] and len(found["genotypes"]) == 3
    assert found == json.loads((tmp_path / "runs" / "orders.json").read_text())
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == [
        "order-5",
        "order-6",
        "order-7",
        "orders.json",
        "selection.json",
    ]


@pytest.mark.parametrize(
    ("more", "fix"),
    [
        (("--tune-epochs", "1", "--tune-batches", "2"), "not by both"),
        (("--tune-epochs", "-1"), "0 or more"),
        (("--tune-lr", "0"), "greater than 0"),
        (("--published", "--order", "index"), "leave out"),
        (("--orders", "0"), "from 1 to"),
        (("--orders", "2", "--order", "index"), "random orders"),
        (("--workers", "2"), "add --orders"),
        (("--workers", "many", "--orders", "2"), "from 1 to 1024, or ray"),
        (("--images", "0"), "at least 1"),
        (("--order", "best"), "best"),
        (("--strategy", "guess"), "guess"),
        (("--published", "--cumulative"), "one of the two"),
        (("--selection", "missing.json"), "cannot read"),
    ],
)
def test_bad_options_are_one_line_that_names_the_fix(cli, run, photos, tmp_path, more, fix):
    code, out, err = cli(*options(run, photos, tmp_path / "run", *more))
    assert code == 2 and not out and err.startswith("error: ") and err.count("\n") == 1
    assert fix in err


def test_a_selection_of_another_space_is_refused_and_nothing_is_written(cli, run, photos, tmp_path):
    space = engine.search_space("s2")
    zeros = {cell: [[0.0, 0.0]] * 14 for cell in space.cells}
    file = tmp_path / "of-s2.json"
    file.write_text(engine.Selection(space, zeros).to_json())
    code, _, err = cli(*options(run, photos, tmp_path / "run", "--selection", file))
    assert code == 2 and "s2" in err
    assert not (tmp_path / "run").exists()


def test_a_selection_of_another_supernet_is_refused(cli, run, photos, tmp_path):
    assert cli(*options(run, photos, tmp_path / "one", "--tune-epochs", "0"))[0] == 0
    file = tmp_path / "one" / "selection.json"
    code, _, err = cli(*options(run, photos, tmp_path / "two", "--tune-epochs", "0", "--selection", file))
    assert code == 0, err
    file.write_text(file.read_text().replace(engine.load(run).digest, "0" * 64))
    code, _, err = cli(*options(run, photos, tmp_path / "three", "--selection", file))
    assert code == 2 and "another supernet" in err and not (tmp_path / "three").exists()


def test_ctrl_c_saves_and_says_how_to_go_on(run, photos, tmp_path):
    out = tmp_path / "run"
    command = [sys.executable, "-m", "engine", *map(str, options(run, photos, out, "--tune-epochs", "500"))]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    try:
        deadline = time.monotonic() + 90
        while not (out / "events.jsonl").exists() or (out / "events.jsonl").read_text().count("tune") < 2:
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "--resume" in err.splitlines()[-1]
    status = json.loads((out / "status.json").read_text())
    assert status["state"] == "interrupted"
    progress = json.loads((out / "progress.json").read_text())
    assert progress["done"] >= 3 and len(progress["document"]["decisions"]) == 1
