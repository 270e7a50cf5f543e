"""`--truth`: what the NAS-Bench-201 table says of every operation, beside what a command found."""

import json
import re

from engine import nasbench201

CELL = "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|nor_conv_3x3~2|"


def keys(root, heading):
    text = (root / "engine" / "cli" / "README.md").read_text(encoding="utf-8")
    return set(re.findall(r"`(\w+)`", dict(re.findall(r"^\| `(.+?)` \| (.+) \|$", text, re.MULTILINE))[heading]))


def test_score_prints_the_truth_of_its_edge_on_request(cli, root):
    ask = ("score", root / "checkpoints" / "nas-bench-201", "--cell", "cell", "--edge", 2, "--images", 32)
    code, out, err = cli(*ask, "--truth", "--json")
    assert code == 0, err
    found = json.loads(out)
    truth = found["truth"]
    assert set(truth) == keys(root, "truth") and truth["dataset"] == "cifar10"
    assert [edge["edge"] for edge in truth["edges"]] == [2]
    operations = {row["name"]: row for row in truth["edges"][0]["operations"]}
    assert set(operations["none"]) == keys(root, "truth.edges[].operations[]")
    means = [round(operations[name]["mean"], 2) for name in nasbench201.OPERATIONS]
    assert means == [86.62, 86.46, 87.82, 88.27, 86.15]
    alpha, drop, prior = truth["scoreboard"]
    assert set(alpha) == keys(root, "scoreboard[]")
    assert (alpha["score"], drop["score"], prior["score"]) == ("alpha", "drop", "prior")
    assert alpha["hits"] == [found["best_by_alpha"] == "nor_conv_3x3"]
    assert drop["hits"] == [found["best_by_drop"] == "nor_conv_3x3"]
    assert prior["hits"] == [True] and prior["edges"] == [2]


def test_the_truth_follows_what_is_decided(cli, root, tmp_path):
    import engine

    checkpoint = engine.load(root / "checkpoints" / "nas-bench-201")
    decided = checkpoint.start.discretize("cell", 0, "nor_conv_3x3").discretize("cell", 3, "skip_connect")
    (tmp_path / "two.json").write_text(decided.to_json(), encoding="utf-8")
    ask = ("score", root / "checkpoints" / "nas-bench-201", "--cell", "cell", "--edge", 4, "--images", 32)
    code, out, err = cli(*ask, "--selection", tmp_path / "two.json", "--truth")
    assert code == 0, err
    assert "truth: mean and best cifar10 accuracy of the 125 reachable cells with the operation" in out
    assert re.search(r"^4 .*93\.20\*", out, re.MULTILINE)
    assert re.search(r"^alpha +[01] of 1 +[+-]\d\.\d\d$", out, re.MULTILINE)


def test_lookup_marks_the_cells_operations_in_the_truth(cli):
    code, out, _ = cli("lookup", CELL, "--truth")
    assert code == 0 and "the 3,125 reachable cells" in out
    rows = [line for line in out.splitlines() if re.match(r"^[0-5] +\d\d\.\d\d", line)]
    assert len(rows) == 6 and all(line.count("<") == line.count("*") == 1 for line in rows)
    assert "90.54* 94.37<" in rows[5] and "87.24  94.01<" in rows[0]
    _, out, _ = cli("lookup", CELL, "--truth", "--truth-data", "cifar100", "--json")
    found = json.loads(out)["truth"]
    assert found["dataset"] == "cifar100" and len(found["edges"]) == 6 and "scoreboard" not in found
    assert max(row["best"] for row in found["edges"][3]["operations"]) == 73.51


def test_without_the_option_there_is_no_truth(cli):
    _, out, _ = cli("lookup", CELL, "--json")
    assert "truth" not in json.loads(out)
    _, out, _ = cli("lookup", CELL)
    assert "truth" not in out


def test_a_space_without_a_table_is_refused_before_anything_is_measured(cli, root):
    ask = ("score", root / "checkpoints" / "s2", "--cell", "normal", "--edge", 2, "--truth")
    code, out, err = cli(*ask)
    assert (code, out) == (2, "") and err.count("\n") == 1
    assert "true accuracies exist for space nas-bench-201 only, not for s2" in err
    code, _, err = cli("lookup", CELL, "--truth", "--truth-data", "svhn")
    assert code == 2 and "use one of: cifar10, cifar100, imagenet16_120" in err
