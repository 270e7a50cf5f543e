"""Lab "optimal-alpha": the minimiser against brute force, the moments against maps that are known, and a run."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.analysis import registry, running
from engine.analysis.distances import Distances
from engine.analysis.optimal_alpha import OptimalResult
from engine.analysis.pairs import EdgeOptimum, minimiser, offered, stated
from engine.checkpoint.format import read_summary
from engine.spaces import search_space

LAB = registry.find("optimal-alpha")


@given(st.floats(0.01, 4), st.floats(0.01, 4), st.floats(-1, 1))
def test_the_minimiser_is_the_best_of_all_weights(a: float, b: float, share: float) -> None:
    c = share * (a * b) ** 0.5
    weights = np.linspace(0, 1, 2001)
    values = weights**2 * b + (1 - weights) ** 2 * a + 2 * weights * (1 - weights) * c
    found = minimiser(a, b, c)
    assert found**2 * b + (1 - found) ** 2 * a + 2 * found * (1 - found) * c <= values.min() + 1e-6


def test_without_covariance_the_minimiser_is_what_the_proposition_states() -> None:
    assert minimiser(3.0, 1.0, 0.0) == stated(3.0, 1.0) == 0.75
    assert minimiser(1.0, 1.0, 1.0) == 0.5 and minimiser(1.0, 3.0, 1.5) == 0.0


def test_maps_that_are_known_give_their_variances() -> None:
    """Three edges into one cell: two of them add the cell's map itself, so it is known what each is away from it."""
    draw = torch.Generator().manual_seed(0)
    optimum, noise = (torch.randn(8, 3, 16, 16, generator=draw, dtype=torch.float64) for _ in range(2))
    look = Distances({0: 1}, 2)
    weights = torch.tensor([0.0, 1.0])
    look(0, optimum, {0: optimum, 1: optimum}, weights)
    assert not look.moments[0], "nothing is known before the whole cell has been seen"
    look(1, optimum, {1: optimum}, weights)
    assert look.moments[0][0] == pytest.approx((0, 0, 0), abs=1e-9)
    look(0, noise, {1: optimum}, weights)
    look(1, optimum, {1: optimum}, weights)
    a, b, c = look.moments[0][1]
    assert (a, c) == pytest.approx((0, 0), abs=1e-9) and b == pytest.approx(2, abs=0.1)
    assert minimiser(a, b, c) == pytest.approx(0, abs=1e-6), "all weight to the convolution, which is the map"


def test_edges_of_stride_one_with_both_are_looked_at() -> None:
    assert len([edge for cell, edge, _ in offered(search_space("s2")) if cell == "normal"]) == 14
    assert [edge for cell, edge, _ in offered(search_space("s2")) if cell == "reduce"] == [4, 7, 8, 11, 12, 13]
    assert len(offered(search_space("nas-bench-201"))) == 6 and not offered(search_space("s4"))


def made(pairs: list[tuple[float, float | None]], method: str = "darts") -> OptimalResult:
    edges = tuple(
        EdgeOptimum("cell", number, f"e{number}", "nor_conv_3x3", 1.0, 0.5, 0.0, one, (one, one), one, other)
        for number, (one, other) in enumerate(pairs)
    )
    return OptimalResult(edges, 512, "batch", method, True)


def test_agreement_goes_by_where_the_larger_weight_is_learned() -> None:
    together = [(0.6 + 0.02 * n, 0.55 + 0.02 * n + (0.03 if n == 3 else 0)) for n in range(9)]
    assert LAB.agrees(made(together)) is True and "on 9 of 9 edges, more often" in LAB.verdict(made(together))
    assert "rank correlation of 0.9" in LAB.verdict(made(together))
    against = made([(one, 1 - other) for one, other in together])
    assert LAB.agrees(against) is False and "on 0 of 9 edges, less often" in LAB.verdict(against)
    mixed = made([(0.7, 0.6 if n % 2 else 0.4) for n in range(9)])
    assert LAB.agrees(mixed) is None and "as a coin might" in LAB.verdict(mixed)
    assert LAB.agrees(made(together[:3])) is None and "no interval" in LAB.verdict(made(together[:3]))
    fixed = made(together, "fixed-alpha")
    assert LAB.agrees(fixed) is None and "never trained" in LAB.verdict(fixed)
    unknown = made([(0.5, None)] * 6)
    assert LAB.agrees(unknown) is None and "unknown" in LAB.verdict(unknown) and not LAB.compared(unknown)


@pytest.mark.parametrize("run", ["small-201", "small-s2"])
def test_a_run_finds_every_edge_and_changes_nothing(cli, small_runs: Path, run: str) -> None:
    checkpoint = engine.load(small_runs / run)
    before = {name: value.clone() for name, value in checkpoint.supernet.state_dict().items()}
    settings = LAB.settings(images=80, batch_size=16)
    found = running.analyse(checkpoint, LAB, settings).numbers
    assert len(found.edges) == len(offered(checkpoint.space))
    assert all(0 <= each.optimal <= 1 and each.ci is not None and 0 < each.learned < 1 for each in found.edges)
    assert all(torch.equal(value, before[name]) for name, value in checkpoint.supernet.state_dict().items())
    assert OptimalResult.from_dict(found.to_dict()) == found and len(LAB.rows(found)) == len(found.edges)
    assert len(LAB.lines(found).splitlines()) == len(found.edges) + 1


def test_a_space_without_both_is_refused(cli, root: Path, tmp_path: Path) -> None:
    assert LAB.refuses(read_summary(root / "checkpoints" / "s2")) is None
    words = [
        "--space",
        "s4",
        "--epochs",
        1,
        "--channels",
        4,
        "--cells",
        3,
        "--image-size",
        16,
        "--out",
        tmp_path / "s4",
    ]
    from tests.engine.small_runs import write_photos

    assert cli("train", *words, "--data", write_photos(tmp_path / "photos"), "--batch-size", 40)[0] == 0
    code, _, said = cli("analyse", "optimal-alpha", tmp_path / "s4")
    assert code == 2 and "no edge of s4 offers both skip and a convolution" in said


def test_moments_of_the_training_are_measured_beside_what_was_learned(root: Path, tmp_path: Path) -> None:
    for name in ("nas-bench-201", "nas-bench-201-epoch-6"):
        shutil.copytree(root / "checkpoints" / name, tmp_path / name, ignore=shutil.ignore_patterns("labs", "sel*"))
    checkpoint = engine.load(tmp_path / "nas-bench-201")
    settings = LAB.settings(images=320, batch_size=64)
    first, last = LAB.run(checkpoint, settings)
    assert not first.final and last.final and first.edges == last.edges
    assert [each.epoch for each in last.epochs] == [6, 30] and len(last.learned) == 30
    assert last.epochs[1].optimal == pytest.approx(np.mean([each.optimal for each in last.edges]))
    assert last.learned[-1] == pytest.approx(np.mean([each.learned for each in last.edges]), abs=1e-6)
    (alone,) = LAB.run(engine.load(tmp_path / "nas-bench-201-epoch-6"), settings)
    early = np.mean([each.optimal for each in alone.edges])
    assert alone.epochs == () and last.epochs[0].optimal == pytest.approx(early)
    assert "From epoch 6 to 30" in LAB.verdict(last)
    assert OptimalResult.from_dict(json.loads(json.dumps(last.to_dict()))) == last
