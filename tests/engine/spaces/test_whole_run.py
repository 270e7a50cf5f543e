"""A declared space with an operation of one's own goes the whole way: train, resume, score, select, draw, export,
retrain, and open elsewhere."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.small_runs import SMALL, write_photos
from tests.engine.spaces.test_plugins import PLUGIN, TOML

VARIABLE = "SUPERNET_EXPLORER_PLUGINS"


@pytest.fixture
def toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, "")
    (tmp_path / "swish_plugin.py").write_text(PLUGIN)
    path = tmp_path / "space.toml"
    path.write_text(TOML.format(module="swish_plugin"))
    return path


def test_a_declared_space_with_a_plug_in_goes_the_whole_way(cli, tmp_path: Path, toml: Path, root: Path) -> None:
    photos, run = write_photos(tmp_path / "photos", per_class=8), tmp_path / "run"
    train = ("train", "--space", toml, "--data", photos, "--epochs", 2, "--out", run, *SMALL)
    assert cli("train", "--space", toml, "--data", photos, "--epochs", 2, "--out", tmp_path / "whole", *SMALL)[0] == 0
    code, _, said = cli(*train)
    assert code == 0, said
    assert cli(*train, "--resume")[0] == 0
    meta = json.loads((run / "meta.json").read_text())
    assert meta["space"] == "with-swish" and meta["declaration"]["plugin"] == {"module": "swish_plugin"}
    assert meta["digest"] == json.loads((tmp_path / "whole" / "meta.json").read_text())["digest"]

    score = ("score", run, "--cell", "cell", "--edge", 1, "--data", photos, "--images", 40, "--json")
    code, out, said = cli(*score)
    assert code == 0, said
    assert [row["name"] for row in json.loads(out)["operations"]] == ["none", "nor_conv_1x1", "swish_conv"]
    select = ("select", run, "--strategy", "perturbation", "--tune-batches", 1, "--images", 40, "--data", photos)
    code, out, said = cli(*select, "--out", tmp_path / "path", "--json")
    assert code == 0, said
    selection = tmp_path / "path" / "selection.json"
    for format in ("json", "svg", "dot", "csv", "html"):
        code, out, said = cli("export", selection, "--format", format)
        assert code == 0, said
        assert out
    shutil.copytree(photos / "train", photos / "test")
    size = ("--channels", 2, "--layers", 1, "--image-size", 16, "--batch-size", 40, "--device", "cpu")
    code, _, said = cli("retrain", selection, "--data", photos, "--epochs", 1, *size, "--out", tmp_path / "net")
    assert code == 0, said

    # Elsewhere: without the .toml, and without the plug-in until somebody names it.
    toml.unlink()
    command = [sys.executable, "-m", "engine", "info", str(run), "--json"]
    environment = os.environ | {"PYTHONPATH": str(root), VARIABLE: ""}
    elsewhere = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=False)
    assert elsewhere.returncode == 2
    assert "plug-in swish_plugin, which is not loaded; install it" in elsewhere.stderr
    assert len(elsewhere.stderr.strip().splitlines()) == 1
    environment[VARIABLE] = str(tmp_path / "swish_plugin.py")
    elsewhere = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=False)
    assert elsewhere.returncode == 0, elsewhere.stderr
    assert json.loads(elsewhere.stdout)["space"] == "with-swish"
