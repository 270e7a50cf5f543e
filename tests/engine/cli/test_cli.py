"""The command line: one JSON object or readable text, one line for every mistake, exit codes that scripts can use."""

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import engine
from engine import results
from engine.cli import console, main
from engine.runs.status import STATUS, read_status
from tests.engine.small_runs import SMALL, write_photos

CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Path:
    """A NAS-Bench-201 run of two epochs."""
    out = tmp_path_factory.mktemp("runs") / "bench"
    train = ["train", "--space", "nas-bench-201", "--epochs", "2", "--data", str(photos), "--out", str(out), *SMALL]
    assert main([*train, "--json"]) == 0
    return out


@pytest.fixture(scope="module")
def s2(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Path:
    """An S2 run of one epoch."""
    out = tmp_path_factory.mktemp("runs") / "s2"
    small = [*SMALL, "--cells", "3", "--method", "fixed-alpha"]
    assert main(["train", "--space", "s2", "--epochs", "1", "--data", str(photos), "--out", str(out), *small]) == 0
    return out


@pytest.fixture
def answer(cli):
    """The one JSON object of a command that must work."""

    def run(*argv: object) -> dict:
        code, out, err = cli(*argv, "--json")
        assert code == 0, err
        assert out.count("\n") == 1
        return json.loads(out)

    return run


# spaces, lookup, help


def test_spaces_lists_every_edge_and_operation_of_every_space(answer):
    found = {space["name"]: space for space in answer("spaces")["spaces"]}
    assert tuple(found) == engine.SPACES
    for name, listed in found.items():
        space = engine.search_space(name)
        assert set(listed["cells"]) == set(space.cells) and listed["steps"] == space.steps
        for cell in space.cells:
            for edge, row in zip(space.edges(cell), listed["cells"][cell], strict=True):
                assert (row["edge"], row["source"], row["target"]) == (edge.index, edge.source, edge.target)
                assert tuple(row["operations"]) == space.operations(cell, edge)


def test_spaces_reads_as_text(cli):
    code, out, err = cli("spaces")
    assert code == 0 and not err
    assert all(re.search(rf"^{re.escape(name)}: ", out, flags=re.MULTILINE) for name in engine.SPACES)
    assert "2: 0->3   skip_connect, dil_conv_5x5  max_pool_3x3, avg_pool_3x3" in out


def test_lookup_answers_what_the_table_holds(answer, cli):
    found = answer("lookup", CELL)
    assert found == json.loads(json.dumps(engine.nasbench201.lookup(CELL).to_dict()))
    _, out, _ = cli("lookup", CELL)
    assert f"{found['cifar10']:.2f} %" in out and f"{found['rank']['cifar100']:,}" in out and CELL in out


def test_help_names_every_command_and_option(cli):
    code, out, _ = cli("--help")
    assert code == 0 and all(name in out for name in ("spaces", "info", "score", "train", "lookup"))
    _, out, _ = cli("score", "--help")
    options = "cell edge all selection data data-dir download images batch-size bn criterion until-sure augment rescale"
    assert all(f"--{name}" in out for name in (*options.split(), "preview", "published", "json", "device", "seed"))


def test_light_commands_never_import_torch(root):
    code = f"""if True:
        import sys
        from engine.cli import main
        codes = [main(argv) for argv in (["spaces"], ["lookup", {CELL!r}], ["--help"], ["train", "--help"], ["oops"])]
        assert codes == [0, 0, 0, 0, 2], codes
        sys.exit("torch was imported" if "torch" in sys.modules else 0)"""
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_closed_pipe_is_no_error(root):
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", "spaces"], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.close()
    assert process.wait(60) == 0
    assert process.stderr.read() == ""
    process.stderr.close()


# info and train


def test_info_says_what_a_checkpoint_is(answer, bench, photos):
    found = answer("info", bench)
    loaded = engine.load(bench)
    assert found["space"] == "nas-bench-201" and found["method"] == "darts"
    assert (found["channels"], found["cells"], found["classes"], found["image_size"]) == (4, 1, 10, 16)
    assert found["epochs"] == 2 and found["data"] == str(photos)
    assert found["parameters"] == sum(p.numel() for p in loaded.supernet.parameters())
    assert found["accuracy"] == found["accuracies"]["batch"]["accuracy"] == found["history"][-1]["accuracy"]
    assert [line["epoch"] for line in found["history"]] == [1, 2]
    for line, alphas in zip(found["history"], loaded.history["cell"], strict=True):
        assert line["magnitude"] == str(engine.magnitude_genotype(loaded.space, {"cell": alphas}))
        assert sum(line["winners"]["cell"].values()) == 6
        assert torch.equal(torch.tensor(line["alphas"]["cell"]), alphas)


def test_info_reads_as_text_with_images_statistics_and_interval(cli, bench, answer):
    code, out, err = cli("info", bench)
    assert code == 0 and not err
    found = answer("info", bench)
    assert re.search(r"accuracy +\d+\.\d\d % .*on 80 search images, batch statistics", out)
    assert re.search(r"accuracy +\d+\.\d\d % \[.*on 80 search images, running statistics", out)
    assert found["digest"] in out and found["history"][-1]["magnitude"] in out


def test_long_histories_leave_alphas_out(answer, s2, monkeypatch):
    from engine.cli import info

    assert answer("info", s2)["history"][0]["alphas"] is not None
    monkeypatch.setattr(info, "MOST_ALPHAS", 10)
    assert answer("info", s2)["history"][0]["alphas"] is None


def test_train_prints_info_as_json_and_progress_on_stderr(cli, tmp_path, photos):
    train = ["train", "--space", "s1", "--epochs", "1", "--data", photos, "--out", tmp_path / "run", *SMALL]
    code, out, err = cli(*train, "--cells", 3, "--json", "--threads", torch.get_num_threads())
    assert code == 0
    info = json.loads(cli("info", tmp_path / "run", "--json")[1])
    assert json.loads(out) == info and info["hyperparameters"]["batch_size"] == 40
    assert "epoch 1: loss" in err and "80 images, batch statistics" in err
    assert "step/s" in err or "s/step" in err


def test_an_interrupted_run_names_the_command_that_completes_it_identically(cli, tmp_path, photos, monkeypatch, bench):
    train = ["train", "--space", "nas-bench-201", "--epochs", "2", "--data", photos, "--out", tmp_path / "run", *SMALL]

    def stop(text: str) -> None:
        if text.startswith("epoch 1"):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("engine.cli.train.console.note", lambda text: (print(text, file=sys.stderr), stop(text)))
        code, out, err = cli(*train)
    assert code == 130 and not out
    assert "epoch 1 is saved" in err
    again = shlex.split(err.partition("Go on with: ")[2])
    assert again[:3] == ["python", "-m", "engine"] and again[-1] == "--resume"
    assert cli(*again[3:])[0] == 0
    mine, whole = engine.load(tmp_path / "run"), engine.load(bench)
    assert all(
        torch.equal(value, whole.supernet.state_dict()[name]) for name, value in mine.supernet.state_dict().items()
    )
    assert torch.equal(mine.alphas["cell"], whole.alphas["cell"])


def test_ctrl_c_ends_a_training_process_with_130_and_its_state_saved(root, tmp_path, photos):
    train = [
        "train",
        "--space",
        "nas-bench-201",
        "--epochs",
        "5000",
        "--data",
        photos,
        "--out",
        tmp_path / "run",
        *SMALL,
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", *map(str, train)], cwd=root, stderr=subprocess.PIPE, text=True
    )
    for line in process.stderr:
        if "epoch 2: loss" in line:
            process.send_signal(signal.SIGINT)
            break
    rest = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 130, rest
    assert "is saved" in rest and "--resume" in rest and "Traceback" not in rest
    assert engine.load(tmp_path / "run").meta["epochs"] >= 2


def test_a_finished_run_resumes_to_itself_at_once(cli, bench, photos):
    def held() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in bench.iterdir() if path.name != STATUS}

    before = held()
    train = ["train", "--space", "nas-bench-201", "--epochs", "2", "--data", photos, "--out", bench, *SMALL]
    assert cli(*train, "--resume")[0] == 0
    assert held() == before and read_status(bench).state == "done"


def test_a_diverged_run_exits_1_with_one_line(cli, tmp_path, photos):
    train = ["train", "--space", "nas-bench-201", "--epochs", "1", "--data", photos, "--out", tmp_path / "run", *SMALL]
    code, out, err = cli(*train, "--lr", "1e30")
    lines = [line for line in err.splitlines() if line.startswith("error")]
    assert code == 1 and not out and len(lines) == 1
    assert "no epoch was finished" in lines[0] and "--lr" in lines[0]


# score


def test_score_prints_what_score_edge_measures(answer, bench, photos):
    found = answer("score", bench, "--cell", "cell", "--edge", 2, "--data", photos, "--batch-size", 10)
    loaded = engine.load(bench)
    batches = engine.scoring_batches(str(photos), batch_size=10, checkpoint=loaded)
    selection = engine.Selection(loaded.space, loaded.alphas)
    scores = engine.score_edge(loaded.supernet, selection, cell="cell", edge=2, batches=batches)
    expected = json.loads(json.dumps(scores.to_dict())) | {"seconds": found["seconds"]}
    assert {name: found[name] for name in expected} == expected
    assert found["data"] == str(photos) and found["split"] == loaded.meta["split"] and found["images"] == 80
    assert not found["published"] and "warning" not in found


def test_score_reads_as_text(cli, bench, photos):
    code, out, _ = cli("score", bench, "--cell", "cell", "--edge", 2, "--data", photos, "--batch-size", 10)
    assert code == 0
    assert f"80 images of {photos}, batch statistics over 10, criterion accuracy, on cpu" in out
    assert re.search(r"unmasked accuracy \d+\.\d\d % \[.*\] on 80 images", out)
    assert all(name in out for name in engine.search_space("nas-bench-201").operations("cell", 2))
    assert re.search(r"verdict +(agree|disagree|too close to call|nothing to tell apart) \(\w+ leads \w+ by [-+]", out)
    _, out, _ = cli("score", bench, "--cell", "cell", "--edge", 2, "--data", photos)
    assert "need more images" in out


def test_options_reach_the_measurement(answer, bench, photos):
    ask = ("score", bench, "--cell", "cell", "--edge", 5, "--data", photos, "--batch-size", 8)
    plain = answer(*ask)
    assert answer(*ask)["operations"] == plain["operations"]
    for option in (["--bn", "running"], ["--augment"], ["--rescale"], ["--images", 24], ["--batch-size", 20]):
        assert answer(*ask, *option)["operations"] != plain["operations"]
    assert answer(*ask, "--augment", "--seed", 1)["operations"] != answer(*ask, "--augment")["operations"]
    assert answer(*ask, "--seed", 1)["operations"] == plain["operations"]
    assert answer(*ask, "--images", "all")["operations"] == plain["operations"]
    loss = answer(*ask, "--criterion", "loss")
    assert loss["criterion"] == "loss"
    assert loss["best"] == max(loss["operations"], key=lambda row: row["rise"])["name"]


def test_until_sure_says_whether_it_was_and_ends_at_the_budget(answer, bench, photos):
    ask = ("score", bench, "--cell", "cell", "--edge", 0, "--data", photos, "--batch-size", 8)
    assert answer(*ask)["separated"] is None
    sure = answer(*ask, "--until-sure", 0.95)
    assert sure["separated"] in (True, False) and sure["until_sure"] == 0.95
    short = answer(*ask, "--until-sure", 0.999999, "--images", 20)
    assert short["images"] <= 16 and short["separated"] is False


def test_published_uses_all_images_unpaired(answer, cli, bench, photos):
    ask = ("score", bench, "--cell", "cell", "--edge", 3, "--data", photos, "--batch-size", 8)
    found = answer(*ask, "--published")
    assert found["published"] and found["images"] == 80
    assert all(row["ci"] is None for row in found["operations"]) and found["difference_ci"] is None
    assert answer(*ask, "--published")["operations"] == found["operations"]
    assert answer(*ask, "--published", "--seed", 3)["operations"] != found["operations"]
    assert "unpaired" in cli(*ask, "--published")[1]


def test_all_scores_what_is_undecided(answer, cli, s2, photos, tmp_path):
    loaded = engine.load(s2)
    selection = engine.Selection(loaded.space, loaded.alphas)
    for edge in range(14):
        selection = selection.discretize("normal", edge, "sep_conv_3x3")
    selection = selection.keep_inputs("normal", 4, (5, 6)).discretize("reduce", 3, "skip_connect")
    (tmp_path / "selection.json").write_text(selection.to_json())
    ask = ("score", s2, "--all", "--data", photos, "--images", 8, "--selection", tmp_path / "selection.json")
    found = answer(*ask)
    assert [(row["cell"], row["edge"]) for row in found["edges"]] == [("reduce", e) for e in range(14) if e != 3]
    nodes = [("normal", 3), ("normal", 5), ("reduce", 3), ("reduce", 4), ("reduce", 5)]
    assert [(row["cell"], row["node"]) for row in found["inputs"]] == nodes
    assert all(row["data"] == str(photos) for row in found["edges"] + found["inputs"])
    code, out, err = cli(*ask)
    assert code == 0 and "13 edges:" in out and "keep edges" in out
    assert "img/s" in err
    code, _, err = cli("score", s2, "--cell", "normal", "--edge", 0, "--selection", tmp_path / "selection.json")
    assert code == 2 and "decided" in err


def test_store_keeps_a_sweep_in_the_checkpoint(answer, cli, bench, photos):
    digest = answer("info", bench)["digest"]
    found = answer("score", bench, "--all", "--data", photos, "--images", 40, "--store")
    stored = json.loads((bench / "scores.json").read_text())
    assert stored["edges"] == found["edges"] and stored["digest"] == digest == answer("info", bench)["digest"]
    assert results.EdgeScores.from_dict(stored["edges"][0]).images == 40
    info = answer("info", bench)
    assert info["scores"] == {"current": True, **{name: stored[name] for name in ("date", "device", "settings")}}
    assert stored["date"] in cli("info", bench)[1]
    (bench / "scores.json").unlink()


def test_other_data_than_the_training_data_is_pointed_out(answer, cli, bench):
    ask = ("score", bench, "--cell", "cell", "--edge", 0, "--images", 8, "--batch-size", 4, "--data", "bundled")
    assert "training images may be included" in answer(*ask)["warning"]
    assert "training images may be included" in cli(*ask)[2]


@pytest.fixture(scope="module")
def svhn(tmp_path_factory: pytest.TempPathFactory, bench: Path) -> Path:
    """A supernet that says it was trained on SVHN."""
    folder = tmp_path_factory.mktemp("svhn") / "run"
    shutil.copytree(bench, folder)
    meta = json.loads((folder / "meta.json").read_text())
    (folder / "meta.json").write_text(json.dumps(meta | {"dataset": "svhn", "data": "svhn", "split": "svhn-halves"}))
    return folder


def test_of_ones_own_images_it_is_said_that_nobody_knows_what_they_are(answer, bench):
    found = answer("score", bench, "--cell", "cell", "--edge", 0, "--images", 8, "--batch-size", 4)
    assert "photos" in found["warning"] and "cifar10 is not known to be that data set" in found["warning"]


def test_images_of_another_data_set_are_refused_unless_they_are_asked_for(cli, svhn, tmp_path):
    for command in (
        ("score", svhn, "--cell", "cell", "--edge", 0),
        ("select", svhn, "--strategy", "magnitude", "--out", tmp_path / "selected"),
        ("tune", svhn, "--tune-batches", 1, "--out", tmp_path / "tuned"),
    ):
        code, _, err = cli(*command)
        assert code == 2 and "svhn" in err and "cifar10" in err and "--data svhn, or --data bundled" in err
        assert err.count("\n") == 1 and not (tmp_path / "selected").exists() and not (tmp_path / "tuned").exists()


def test_a_network_is_not_trained_on_another_data_set_than_its_supernet_unless_asked(cli, answer, svhn, tmp_path):
    out = tmp_path / "selected"
    found = answer("select", svhn, "--strategy", "magnitude", "--images", 8, "--out", out, "--data", "bundled")
    assert found["checkpoint"]["dataset"] == "svhn"
    small = ["--epochs", 1, "--channels", 2, "--layers", 1, "--image-size", 16, "--out", tmp_path / "scratch"]
    code, _, err = cli("retrain", out / "selection.json", *small)
    assert code == 2 and "svhn" in err and "cifar10" in err and "--data bundled" in err


# bad input


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ("", "spaces, info, score, select, tune, import, export, train, retrain, lookup, runs, estimate"),
        ("frobnicate", "use one of: spaces"),
        ("score", "CHECKPOINT"),
        ("spaces --colour", "--colour"),
        ("lookup oops", "no genotype and there is no such file"),
        ("lookup |none~0|+|none~0|none~1|+|none~0|none~1|dil_conv_3x3~2|", "dil_conv_3x3"),
        ("info NOWHERE", "NOWHERE"),
        ("info PHOTOS", "PHOTOS"),
        ("score BENCH", "--all"),
        ("score BENCH --cell cell", "--edge"),
        ("score BENCH --all --edge 3", "leave out"),
        ("score BENCH --cell reduce --edge 0", "use one of: cell"),
        ("score BENCH --cell cell --edge 6", "0 to 5"),
        ("score BENCH --cell cell --edge -1", "0 to 5"),
        ("score BENCH --cell cell --edge two", "--edge"),
        ("score BENCH --all --images 0", "at least 1"),
        ("score BENCH --all --images -5", "at least 1"),
        ("score BENCH --all --images abc", "or all"),
        ("score BENCH --all --batch-size 0", "at least 2"),
        ("score BENCH --all --batch-size 1", "bn running"),
        ("score BENCH --all --data PHOTOS --images 1", "at least 2 images"),
        ("score BENCH --all --until-sure 1.5", "between 0 and 1"),
        ("score BENCH --all --until-sure nan", "between 0 and 1"),
        ("score BENCH --all --until-sure 0.9 --criterion loss", "accuracy"),
        ("score BENCH --all --until-sure 0.9 --published", "one of the two"),
        ("score BENCH --all --bn frozen", "'running'"),
        ("score BENCH --preview --all --truth", "measures nothing; leave out --all, --truth"),
        ("score BENCH --preview --cell cell --edge 0", "leave out --cell, --edge"),
        ("score BENCH --preview --until-sure 0.9", "leave out --until-sure"),
        ("score BENCH --all --device tpu", "'cuda'"),
        ("score BENCH --all --seed -1", "--seed"),
        ("score BENCH --all --seed 4294967296", "--seed"),
        ("score BENCH --all --data NOWHERE", "bundled"),
        ("score BENCH --all --data TWO", "10 classes"),
        ("score BENCH --all --selection NOWHERE", "NOWHERE"),
        ("score BENCH --all --selection README", "selection"),
        ("score BENCH --cell cell --edge 0 --store", "--all"),
        ("score BENCH --cell cell --edge 0 --workers 2", "add --all"),
        ("score BENCH --cell cell --edge 0 --out NEW", "add --all"),
        ("score BENCH --all --workers none", "or ray"),
        ("score BENCH --all --out README/kept", "choose another"),
        ("train --space s2 --out NEW", "--epochs"),
        ("train --space s2 --out NEW --epochs 0", "--epochs"),
        ("train --space s9 --out NEW --epochs 1", "use one of: nas-bench-201"),
        ("train --space s2 --out NEW --epochs 1 --method magic", "fixed-alpha"),
        ("train --space s2 --out NEW --epochs 1 --channels 7", "even"),
        ("train --space s2 --out NEW --epochs 1 --cells 2", "at least 3"),
        ("train --space s2 --out NEW --epochs 1 --image-size 24", "16, 32, or a multiple of 32"),
        ("train --space s2 --out NEW --epochs 1 --alpha-lr nan", "greater than 0"),
        ("train --space s2 --out NEW --epochs 1 --alpha-lr -1", "greater than 0"),
        ("train --space s2 --out NEW --epochs 1 --seed 99999999999", "--seed"),
        ("train --space s2 --out NEW --epochs 1 --data NOWHERE", "bundled"),
        ("train --space s2 --out NEW --epochs 1 --data cifar100 --data-dir NEW", "--download"),
        ("train --space s2 --out README/run --epochs 1", "choose another"),
        ("train --space s2 --out README --epochs 1", "choose another"),
        ("train --space s2 --out PHOTOS --epochs 1", "choose another"),
        ("train --space nas-bench-201 --out BENCH --epochs 2", "--resume"),
        ("train --space nas-bench-201 --out BENCH --epochs 9 --resume", "epochs"),
    ],
)
def test_bad_input_takes_one_line_that_names_the_fix(cli, argv, says, bench, photos, root, tmp_path):
    def word(text: str) -> str:
        text = text.replace("TWO", str(tmp_path / "two")).replace("README", str(root / "README.md"))
        text = text.replace("BENCH", str(bench)).replace("PHOTOS", str(photos))
        return text.replace("NOWHERE", str(tmp_path / "NOWHERE")).replace("NEW", str(tmp_path / "new"))

    if "TWO" in argv:
        write_photos(tmp_path / "two", per_class=4, classes=2)
    before = sorted(tmp_path.iterdir())
    code, out, err = cli(*map(word, argv.split()))
    lines = [line for line in err.splitlines() if not line.startswith("warning:")]
    assert code == 2 and out == ""
    assert len(lines) == 1 and lines[0].startswith("error: ")
    assert (word(says) if says.isupper() and says in ("PHOTOS", "NOWHERE") else says) in lines[0]
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_bad_input(cli, bench):
    code, _, err = cli("score", bench, "--all", "--device", "cuda")
    assert code == 2 and "--device cpu" in err


def test_a_full_disk_is_one_line_and_exit_code_1(cli, monkeypatch):
    def full(text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(console, "out", full)
    code, _, err = cli("spaces")
    assert code == 1 and len(err.splitlines()) == 1 and "No space left" in err


# first-order estimates


def test_a_preview_estimates_every_undecided_edge_and_says_that_it_is_a_guess(answer, cli, bench, photos):
    found = answer("score", bench, "--preview", "--images", 8, "--batch-size", 4, "--data", photos)
    assert [row["edge"] for row in found["edges"]] == [*range(6)] and found["images"] == 8
    assert all(row["operations"][0] == {"name": "none", "rise": 0.0} for row in found["edges"])
    assert not {"verdict", "best", "drop"} & {key for row in found["edges"] for key in row}
    assert (
        answer("score", bench, "--preview", "--images", 8, "--batch-size", 4, "--data", photos)["edges"]
        == (found["edges"])
    )
    _, out, _ = cli("score", bench, "--preview", "--images", 8, "--data", photos)
    assert "rough guess" in out and "no verdict" in out


# what the reference beside the commands promises


def listed(root: Path, heading: str) -> set[str]:
    text = (root / "engine" / "cli" / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(.+?)` \| (.+) \|$", text, re.MULTILINE))
    return set(re.findall(r"`(\w+)`", rows[heading]))


def test_the_reference_lists_the_keys_of_every_command(root, answer, bench, s2, photos, tmp_path):
    edge = answer("score", bench, "--cell", "cell", "--edge", 0, "--images", 8, "--data", "bundled")
    assert "warning" in edge and set(edge) == listed(root, "score")
    found = answer("score", s2, "--all", "--images", 2, "--data", "bundled")
    assert set(found) == listed(root, "score --all")
    assert set(found["edges"][0]) == set(edge)
    assert set(found["inputs"][0]) == listed(root, "inputs[]")
    assert set(found["settings"]) == listed(root, "settings")
    found = answer("score", s2, "--preview", "--images", 2, "--data", "bundled")
    assert set(found) == listed(root, "score --preview")
    info = answer("info", bench)
    assert set(info) == listed(root, "info")
    assert set(info["history"][0]) == listed(root, "history[]")
    spaces = answer("spaces")
    assert set(spaces) == listed(root, "spaces")
    assert set(spaces["spaces"][0]) == listed(root, "spaces[]")
    assert set(spaces["spaces"][0]["cells"]["cell"][0]) == listed(root, "cells.CELL[]")
    assert set(answer("lookup", CELL)) == listed(root, "lookup")
    found = answer("runs", root / "checkpoints" / "s2")
    assert set(found) == listed(root, "runs") and set(found["runs"][0]) == listed(root, "runs[]")
    assert set(found["runs"][0]["ends"][0]) == listed(root, "ends[]")
    select = (
        "select",
        bench,
        "--strategy",
        "perturbation",
        "--tune-epochs",
        0,
        "--images",
        4,
        "--data",
        photos,
        "--out",
    )
    found = answer(*select, tmp_path / "one")
    assert set(found) == listed(root, "select") and set(found["path"][0]) == listed(root, "path[]")
    assert set(answer(*select, tmp_path / "two", "--orders", 1)) == listed(root, "select --orders")
    exported = answer("export", tmp_path / "one" / "selection.json", "--format", "csv")
    assert set(exported) | {"file"} == listed(root, "export")
