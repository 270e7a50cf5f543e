"""`import` on the command line: exit codes, one line for every mistake, and files that stay as they were."""

import json
import os
from pathlib import Path

import pytest
import torch

import engine
from engine.spaces import search_space
from tests.engine.checkpoint.test_importers import selecting
from tests.engine.foreign import alphas_of, bench_net, saved

BENCH, S2 = search_space("nas-bench-201"), search_space("s2")


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    torch.save(saved("darts-pt", bench_net(), alphas_of(BENCH)), tmp_path / "checkpoint_100.pth.tar")
    return tmp_path / "checkpoint_100.pth.tar"


def test_an_import_is_a_checkpoint_like_any_other(cli, bench: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    code, text, error = cli("import", bench, "--space", "nas-bench-201", "--dataset", "cifar10", "--out", out)
    assert (code, error) == (0, "") and f"saved in {out}" in text
    assert engine.load(out).meta["source"]["format"] == "darts-pt"
    code, text, _ = cli("info", out, "--json")
    assert code == 0 and json.loads(text)["space"] == "nas-bench-201"
    code, text, _ = cli("score", out, "--cell", "cell", "--edge", "0", "--images", "64", "--json")
    assert code == 0 and len(json.loads(text)["operations"]) == 5


def test_a_begun_selection_is_told(cli, tmp_path: Path) -> None:
    torch.save(selecting(S2, alphas_of(S2)), tmp_path / "checkpoint_70.pth.tar")
    code, text, _ = cli("import", tmp_path / "checkpoint_70.pth.tar", "--out", tmp_path / "run", "--json")
    found = json.loads(text)
    assert code == 0 and found["decisions"] == 17 and found["source"]["file"] == "checkpoint_70.pth.tar"
    assert any("17 of 34 decisions" in note for note in found["notes"])
    assert (tmp_path / "run" / "selection.json").is_file()


def test_weights_alone_say_that_alpha_is_unknown_wherever_it_is_asked_for(cli, tmp_path: Path) -> None:
    out, weights = tmp_path / "run", tmp_path / "weights.pt"
    torch.save(saved("weights", bench_net(), alphas_of(BENCH)), weights)
    code, text, _ = cli("import", weights, "--out", out)
    assert code == 0 and "unknown on 6 edges" in text and "no alphas were found in the file" in text
    found = json.loads(cli("info", out, "--json")[1])
    assert found["alpha_unknown"] == {"cell": [0, 1, 2, 3, 4, 5]} and any(
        "no alphas" in note for note in found["notes"]
    )

    ask = ("score", out, "--cell", "cell", "--edge", "0", "--images", "320")
    code, text, note = cli(*ask, "--json")
    scores = json.loads(text)
    assert scores["best_by_alpha"] is scores["verdict"] is scores["difference"] is scores["difference_ci"] is None
    assert {row["alpha"] for row in scores["operations"]} == {None} and scores["rival"] and scores["lead_ci"]
    assert {round(row["weight"], 6) for row in scores["operations"]} == {
        0.2
    } and "note: no alphas were found in the file" in note
    code, text, _ = cli(*ask)
    assert "alpha keeps     unknown" in text and "none, alpha is unknown" in text

    code, text, error = cli("select", out, "--strategy", "magnitude", "--out", tmp_path / "chosen")
    assert (code, text) == (2, "") and "alpha is unknown at edge 0 (cell)" in error.splitlines()[-1]
    code, text, error = cli(
        "select",
        out,
        "--strategy",
        "perturbation",
        "--images",
        "64",
        "--tune-epochs",
        "0",
        "--out",
        tmp_path / "chosen",
    )
    assert code == 0, error
    chosen = tmp_path / "chosen" / "selection.json"
    report, table = (cli("export", chosen, "--format", kind)[1] for kind in ("html", "csv"))
    assert "no alphas were found in the file" in report and "alpha alone" not in report and "unknown" in report
    head, *rows = (line.split(",") for line in table.splitlines())
    assert {(row[head.index("alpha")], row[head.index("alpha_keeps")]) for row in rows} == {("", "")}


class Evil:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return os.system, (f"touch {self.target}",)


@pytest.mark.parametrize("bad", ["code", "none", "cut", "few", "absent", "space"])
def test_bad_input_changes_nothing(cli, bench: Path, tmp_path: Path, bad: str) -> None:
    content = saved("darts-pt", bench_net(), alphas_of(BENCH))
    out, path, more = tmp_path / "run", tmp_path / "bad.pth.tar", []
    if bad == "code":
        torch.save(content | {"args": Evil(tmp_path / "ran")}, path)
    elif bad == "none":
        path.write_text("no checkpoint")
    elif bad == "cut":
        path.write_bytes(bench.read_bytes()[:-1000])
    elif bad == "few":
        content["state_dict"].popitem()
        torch.save(content, path)
    elif bad == "space":
        torch.save(content, path)
        more = ["--space", "s9"]
    before = sorted(tmp_path.iterdir())
    code, text, error = cli("import", path, "--out", out, *more)
    assert (code, text) == (2, "") and error.startswith("error: ") and error.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_with_something_in_it_is_kept(cli, bench: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert cli("import", bench, "--out", out)[0] == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    code, _, error = cli("import", bench, "--out", out)
    assert code == 2 and "overwrites nothing" in error
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
