"""The examples of CONTRIBUTING.md, taken from the page and run: what it says about adding things is true."""

import dataclasses
import json
import re
import sys
from collections.abc import Callable
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest
import torch

import engine
from engine.checkpoint.importers import import_checkpoint, spelling
from engine.cli import main
from engine.data.load import Images, load_data
from engine.network.network import Network
from engine.selecting.plan import Plan
from engine.selecting.run import select
from engine.selection.genotype_text import parse_genotype
from engine.training import methods
from engine.training.loop import train
from engine.training.recipe import Recipe
from tests.engine.foreign import alphas_of, darts_net, saved


@pytest.fixture(scope="module")
def examples(root_of_module: Path) -> dict[str, str]:
    """Heading -> code."""
    text = (root_of_module / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.findall(r"^### \.\.\. an? (.+?)\n.*?^```\w+\n(.+?)^```", text, flags=re.MULTILINE | re.DOTALL)
    return dict(found)


@pytest.fixture(scope="module")
def root_of_module() -> Path:
    return Path(__file__).resolve().parents[1]


@pytest.fixture
def module(tmp_path: Path) -> Callable[[str, str], ModuleType]:
    def load(name: str, code: str) -> ModuleType:
        path = tmp_path / f"{name}.py"
        path.write_text(code, encoding="utf-8")
        spec = util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        made = util.module_from_spec(spec)
        spec.loader.exec_module(made)
        return made

    return load


@pytest.fixture(scope="module")
def few():
    """80 real images a half."""
    full = load_data("bundled")

    def cut(images: Images) -> Images:
        return Images(images.pixels[:80], images.labels[:80])

    return dataclasses.replace(full, train=cut(full.train), search=cut(full.search))


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    loaded = engine.load(folder)
    return {**loaded.supernet.state_dict(), **loaded.alphas}


def test_every_heading_has_its_example(examples: dict[str, str]) -> None:
    assert set(examples) == {"training method", "search space", "operation", "figure", "importer"}


def test_a_method_is_one_file(examples, few, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    folder = tmp_path / "methods"
    folder.mkdir()
    (folder / "falling_heat.py").write_text(examples["training method"], encoding="utf-8")
    monkeypatch.setattr(methods, "__path__", [*methods.__path__, str(folder)])
    assert "falling-heat" in methods.names()
    settings = methods.settings_for("falling-heat", "s2", {"heat": "3"})
    size = {"channels": 4, "cells": 3, "image_size": 16}
    recipe = Recipe(space="s2", method="falling-heat", epochs=2, settings=settings, **size)
    train(recipe, tmp_path / "whole", data=few)

    class Stop(Exception):
        pass

    def stop(line: object) -> None:
        raise Stop

    with pytest.raises(Stop):
        train(recipe, tmp_path / "parts", data=few, epoch_done=stop)
    train(recipe, tmp_path / "parts", data=few, resume_run=True)
    whole, parts = tensors(tmp_path / "whole"), tensors(tmp_path / "parts")
    assert all(torch.equal(value, parts[name]) for name, value in whole.items())
    assert engine.load(tmp_path / "whole").meta["hyperparameters"]["heat"] == 3.0
    plain = dataclasses.replace(recipe, method="darts", settings=None)
    train(plain, tmp_path / "plain", data=few)
    assert not torch.equal(tensors(tmp_path / "plain")["normal"], whole["normal"])
    monkeypatch.delitem(sys.modules, "engine.training.methods.falling_heat")


def test_a_declared_space_with_an_operation_of_ones_own_goes_all_the_way(
    examples, few, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPERNET_EXPLORER_PLUGINS", "")
    (tmp_path / "my_operations.py").write_text(examples["operation"], encoding="utf-8")
    (tmp_path / "three-nodes.toml").write_text(examples["search space"], encoding="utf-8")
    recipe = Recipe(
        space=str(tmp_path / "three-nodes.toml"), method="darts", epochs=1, channels=4, cells=1, image_size=16
    )
    train(recipe, tmp_path / "run", data=few)
    train(dataclasses.replace(recipe, epochs=1), tmp_path / "run", data=few, resume_run=True)
    checkpoint = engine.load(tmp_path / "run")
    assert checkpoint.space.operations("cell", 0)[-1] == "swish_conv"
    batches = engine.scoring_batches("bundled", images=64, batch_size=16, checkpoint=checkpoint)
    scores = engine.score_edge(checkpoint.supernet, checkpoint.start, cell="cell", edge=1, batches=batches)
    assert scores.operation("swish_conv").masked_loss != scores.baseline.loss
    record = select(checkpoint, Plan(strategy="magnitude"), tmp_path / "selected")
    genotype = record.selection.decoded()
    assert parse_genotype(str(genotype)) == genotype
    picture = tmp_path / "cell.svg"
    selection = tmp_path / "selected" / "selection.json"
    assert main(["export", str(selection), "--format", "svg", "--out", str(picture)]) == 0
    assert picture.read_text(encoding="utf-8").startswith("<svg")
    code = tmp_path / "module.py"
    assert main(["export", str(selection), "--format", "torch", "--out", str(code)]) == 0
    network = Network(genotype, channels=4, layers=1)
    assert network(torch.zeros(2, 3, 16, 16))[0].shape == (2, 10)
    short = ["--epochs", "1", "--channels", "4", "--layers", "1", "--image-size", "16", "--batch-size", "500"]
    assert main(["retrain", str(selection), *short, "--out", str(tmp_path / "scratch")]) == 0
    assert json.loads((tmp_path / "scratch" / "status.json").read_text(encoding="utf-8"))["state"] == "done"


def test_a_figure_draws_a_result_and_nothing_else(examples, module, root: Path) -> None:
    drops = module("drops", examples["figure"])
    checkpoint = engine.checkpoint.read_summary(root / "checkpoints" / "nas-bench-201")
    scores = engine.results.EdgeScores.from_dict(checkpoint.scores["edges"][2])
    info = drops.drops_info(scores)
    assert dict(info.drops)["nor_conv_3x3"] == pytest.approx(scores.operation("nor_conv_3x3").drop, abs=1e-3)
    light, dark = (drops.plot_drops(info, theme) for theme in ("light", "dark"))
    assert light["data"][0]["y"] == dark["data"][0]["y"] and light != dark
    assert drops.plot_drops(drops.drops_info(scores), "light") == light


def test_another_layout_of_a_known_supernet_is_two_rows(examples, tmp_path: Path, monkeypatch) -> None:
    space = engine.search_space("s2")
    net, alphas = darts_net(space), alphas_of(space)
    known = saved("darts-pt", net, alphas)
    state = {re.sub(r"^cells\.", "blocks.", name): value for name, value in known.pop("state_dict").items()}
    torch.save({**known, "supernet": state}, tmp_path / "other.pt")
    with pytest.raises(engine.BadInput):
        import_checkpoint(tmp_path / "other.pt", space="s2")
    for table in ("CELLS", "SPELLINGS"):
        monkeypatch.setattr(spelling, table, getattr(spelling, table))  # put back after the test
    exec(examples["importer"], {})
    found = import_checkpoint(tmp_path / "other.pt", space="s2")
    torch.save({**known, "state_dict": {re.sub("^blocks", "cells", k): v for k, v in state.items()}}, tmp_path / "a.pt")
    expected = import_checkpoint(tmp_path / "a.pt", space="s2")
    assert all(
        torch.equal(value, found.supernet.state_dict()[name]) for name, value in expected.supernet.state_dict().items()
    )
