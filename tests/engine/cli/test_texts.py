"""Genotypes, selections and alphas as people have them, at the doors of the command line."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import engine
from engine.selection.genotype_text import parse_genotype
from engine.spaces import search_space
from tests.engine.checkpoint.test_given_alphas import NORMAL, REDUCE, WEIGHTS, npy, quark_log

BEST = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"
PAIRS = [("sep_conv_3x3", 0), ("skip_connect", 1)] * 4
DARTS = f"Genotype(normal={PAIRS}, normal_concat=range(2, 6), reduce={PAIRS}, reduce_concat=range(2, 6))"


@pytest.mark.parametrize(
    "text", [f"Structure(4 nodes with {BEST})", "6111", "333132", BEST.replace("|", " | "), f"arch: '{BEST}'"]
)
def test_lookup_takes_a_cell_in_any_form_or_file(cli, tmp_path: Path, text: str) -> None:
    code, out, _ = cli("lookup", text, "--json")
    assert code == 0 and json.loads(out)["index"] == 6111
    (tmp_path / "best.txt").write_text(text, encoding="utf-16")
    code, out, _ = cli("lookup", tmp_path / "best.txt", "--json")
    assert code == 0 and json.loads(out)["index"] == 6111


def test_lookup_says_how_six_numbers_were_counted_and_what_is_not_its_own(cli) -> None:
    code, _, error = cli("lookup", "(4, 0, 3, 1, 4, 3)", "--json")
    assert code == 0 and "as NASLib counts they would be |avg_pool_3x3~0|" in error
    code, _, error = cli("lookup", DARTS)
    assert code == 2 and "a DARTS genotype is not in the NAS-Bench-201 table" in error and error.count("\n") == 1


def test_export_takes_the_last_genotype_of_a_log_of_any_encoding(cli, tmp_path: Path) -> None:
    log = f"11/26 07:58:50 PM genotype = {DARTS.replace('skip_connect', 'max_pool_3x3')}\n" * 3
    (tmp_path / "log.txt").write_text(f"{log}11/26 07:59:50 PM genotype = {DARTS}\n", encoding="utf-8-sig")
    code, out, error = cli("export", tmp_path / "log.txt", "--format", "darts")
    assert code == 0 and parse_genotype(out) == parse_genotype(DARTS)
    assert "a log with 4 genotypes: the last was read" in error


def test_refusals_name_the_difference(cli, tmp_path: Path) -> None:
    gcn = "Cri1_PPI = Genotype(normal=[('gat', 0), ('gat', 1), ('gin', 1), ('gat', 0)], normal_concat=range(1, 5))"
    for argv in (("export", gcn, "--format", "svg"), ("retrain", gcn, "--out", tmp_path / "run")):
        code, _, error = cli(*argv)
        assert code == 2 and "operation gat is in no space here" in error and error.count("\n") == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_selection_and_a_declared_space_may_be_of_any_encoding(cli, tmp_path: Path, encoding: str) -> None:
    checkpoint = engine.load("checkpoints/nas-bench-201")
    selection = checkpoint.start.alpha_path()
    (tmp_path / "selection.json").write_text(selection.to_json(), encoding=encoding)
    code, out, _ = cli("export", tmp_path / "selection.json", "--format", "nas-bench-201")
    assert code == 0 and out.strip() == str(selection.decoded())
    toml = (
        'name = "three"\n[cells.cell]\ninputs = 1\nnodes = 3\noutput = "last"\noperations = ["none", "skip_connect"]\n'
    )
    (tmp_path / "three.toml").write_text(f'{toml}[skeleton]\nlike = "nas-bench-201"\n', encoding=encoding)
    assert search_space(tmp_path / "three.toml").name == "three"


def test_alphas_may_be_given_file_by_file(cli, tmp_path: Path) -> None:
    for cell, table in (("normal", NORMAL), ("reduce", REDUCE)):
        (tmp_path / f"{cell}.npy").write_bytes(npy(table))
    argv = ["import", WEIGHTS, "--out", tmp_path / "run", "--alphas", tmp_path / "normal.npy"]
    code, _, error = cli(*argv)
    assert code == 2 and "give the file with those of reduce too" in error and not (tmp_path / "run").exists()
    code, _, error = cli(*argv, "--alphas", tmp_path / "reduce.npy")
    assert (code, error) == (0, "")
    kept = engine.load(tmp_path / "run")
    assert np.array_equal(kept.alphas["normal"], NORMAL) and np.array_equal(kept.alphas["reduce"], REDUCE)


def test_a_log_gives_the_curve_that_info_prints(cli, tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text(quark_log(6)[0])
    code, out, _ = cli("import", WEIGHTS, "--alphas", tmp_path / "log.txt", "--out", tmp_path / "run", "--json")
    history = json.loads(out)["history"]
    assert code == 0 and [line["epoch"] for line in history] == [1, 2, 3, 4, 5, 6]
    assert parse_genotype(history[-1]["magnitude"]) == parse_genotype(
        json.loads((WEIGHTS.parent / "quark0-weights-3l.expected.json").read_text())["genotype"]
    )
    code, out, _ = cli("info", tmp_path / "run")
    assert code == 0 and "6 printings, epoch 0 to 5 of the log" in out and "normal: edges won by alpha" in out
    code, out, _ = cli("runs", tmp_path)
    assert code == 0 and "damaged" not in out


def test_a_log_is_no_supernet(cli, tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text(quark_log(2)[0])
    code, _, error = cli("import", tmp_path / "log.txt", "--out", tmp_path / "run")
    assert code == 2 and "is a text, which holds no supernet" in error
    torch.save({"x": 1}, tmp_path / "other.pt")
    code, _, error = cli("import", WEIGHTS, "--alphas", tmp_path / "other.pt", "--out", tmp_path / "run")
    assert code == 2 and "no alphas were recognised in other.pt, which holds entries named x" in error
