"""Lab "depth": which trainings differ in depth alone, and what is said of their alphas."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from engine.analysis import registry
from engine.analysis.depth import Depth, DepthResult
from engine.analysis.relatives import alike, differences
from engine.checkpoint.format import read_summary
from engine.data.load import load_data
from engine.training.loop import train
from engine.training.recipe import Recipe

LAB = registry.find("depth")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same recipe with one and two cells a stage, one with another seed, and one of fewer epochs."""
    folder, full = tmp_path_factory.mktemp("depths"), load_data("bundled")
    halves = {name: getattr(full, name).take(np.arange(64)) for name in ("train", "search")}
    data = dataclasses.replace(full, **halves)
    for name, cells, seed, epochs in (("one", 1, 0, 2), ("two", 2, 0, 2), ("seed", 2, 1, 2), ("short", 2, 0, 1)):
        recipe = Recipe(
            space="nas-bench-201", method="darts", epochs=epochs, channels=4, cells=cells, image_size=16, seed=seed
        )
        train(recipe, folder / name, data=data)
    return folder


def test_trainings_that_differ_in_depth_alone_are_found(trained: Path, cli) -> None:
    one, two, seed, short = (read_summary(trained / name) for name in ("one", "two", "seed", "short"))
    assert alike(one, two) and not alike(one, one)
    assert differences(one, seed) == ("seed 1, not 0",)
    assert "epochs 1, not 2" in differences(one, short) and "finished epochs 1, not 2" in differences(one, short)
    older = dataclasses.replace(two, meta=two.meta | {"hyperparameters": {"lr": 0.025}})
    assert differences(one, older) == (), "what an older run does not record is not known to differ"
    found = LAB.known(one)
    assert [(each.name, each.cells) for each in found.depths] == [("one", 1), ("two", 2)] and found.own == "one"
    assert [len(each.skips) for each in found.depths] == [2, 2] and all(len(each.true) == 2 for each in found.depths)
    assert DepthResult.from_dict(found.to_dict()) == found and len(LAB.rows(found)) == 4
    code, printed, _ = cli("analyse", "depth", trained / "one", "--set", "runs=seed")
    assert code == 0 and "it also differs in seed 1, not 0" in printed and "2 cells a stage" in printed
    code, _, said = cli("analyse", "depth", trained / "one", "--set", "runs=three")
    assert code == 2 and "there is no run three" in said and "two" in said


def test_one_depth_alone_says_what_is_missing(root: Path) -> None:
    summary = read_summary(root / "checkpoints" / "nas-bench-201")
    found = LAB.known(summary)
    alone = dataclasses.replace(found, depths=tuple(each for each in found.depths if each.cells == 5))
    said = LAB.verdict(alone)
    assert "nothing can be said about depth" in said and "--cells 1" in said and LAB.agrees(alone) is None
    assert "gives in to skip after epoch 1 and stays so" in said and "54.30 %" in said
    assert LAB.compared(alone)[0].paper == LAB.compared(alone)[0].ours == 54.30
    fixed = read_summary(root / "checkpoints" / "nas-bench-201-fixed-alpha")
    assert "never trained" in LAB.refuses(fixed)


def made(*skips: tuple[float, ...], differs: tuple[str, ...] = ()) -> DepthResult:
    depths = tuple(
        Depth(f"n{place}", 2 * place + 1, shares, (), 60.0, "", differs if place == 1 else ())
        for place, shares in enumerate(skips)
    )
    return DepthResult(depths, "n0", "cells a stage", "nas-bench-201", "darts", 2048, "batch", True)


def test_what_is_said_goes_by_depth() -> None:
    deeper = made((0.0, 0.2, 0.1), (0.6, 0.7, 0.2), (1.0, 1.0, 1.0))
    assert LAB.agrees(deeper) is True
    assert [(each.gives_in, each.recovers) for each in deeper.depths] == [(None, None), (1, 3), (1, None)]
    said = LAB.verdict(deeper)
    assert "never gives half" in said and "has recovered by epoch 3" in said and "stays so to the end" in said
    assert "lean to skip more" in said and "one seed: a lead" in said
    said = LAB.verdict(made((0.5, 0.3, 0.2, 0.5), (0.6, 0.7, 0.5, 0.5)))
    assert "With 1 cell a stage alpha gives half of its edges or more to skip after 2 of 4 epochs, on and off" in said
    assert "38 % on average" in said and said.count("stays so to the end") == 1
    assert LAB.agrees(made((0.9,), (0.5,), (0.1,))) is False
    assert LAB.agrees(made((0.1,), (0.9,), (0.5,))) is None and LAB.agrees(made((0.5,), (0.5,))) is None
    assert LAB.agrees(made((0.1,), (0.9,), differs=("seed 1, not 0",))) is None, "it differs in more than depth"
