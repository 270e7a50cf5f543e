"""What the engine's shortcuts are worth, each as a ratio of two timings taken in turn in one run.

Run with `make bench`. Every claim is the median over rounds in which both sides alternate, so that whatever else the
machine does falls on both.
"""

import statistics
import time
from collections.abc import Callable

import pytest
import torch
from torch.nn import functional as F

from engine.scoring.scores import measure, score_edge
from engine.selection.selection import Selection
from engine.spaces import search_space
from engine.supernet import cells
from engine.supernet.supernet import Pass, Supernet
from engine.training.methods.darts import Method as Darts
from engine.training.recipe import Recipe

ROUNDS = 5


def ratio(slow: Callable[[], object], fast: Callable[[], object]) -> float:
    """Median over rounds of slow's time divided by fast's."""
    slow(), fast()
    found = []
    for _ in range(ROUNDS):
        times = []
        for side in (slow, fast):
            began = time.perf_counter()
            side()
            times.append(time.perf_counter() - began)
        found.append(times[0] / times[1])
    return statistics.median(found)


def setup(name: str, batch: int = 64) -> tuple[Supernet, dict, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    space = search_space(name)
    net = Supernet(space, channels=8).to(memory_format=torch.channels_last).train()
    alphas = {cell: 1e-3 * torch.randn(space.shape(cell)) for cell in space.cells}
    images = torch.randn(batch, 3, 16, 16).contiguous(memory_format=torch.channels_last)
    return net, alphas, images, torch.randint(10, (batch,))


def one_by_one(net: Supernet) -> Callable[[torch.Tensor, dict], torch.Tensor]:
    """The same supernet with every operation evaluated on its own."""

    def forward(images: torch.Tensor, weights: dict) -> torch.Tensor:
        together, cells.STACK = cells.STACK, 0
        try:
            return net.run(images, Pass.of(weights, "train"))
        finally:
            cells.STACK = together

    return forward


@pytest.mark.parametrize("name", ["nas-bench-201", "s2", "darts"])
def bench_operations_of_a_node_together_against_one_by_one(name):
    net, alphas, images, labels = setup(name)
    weights = {cell: alpha.softmax(-1) for cell, alpha in alphas.items()}
    apart = one_by_one(net)

    def slow():
        F.cross_entropy(apart(images, weights), labels).backward()

    def fast():
        F.cross_entropy(net(images, weights), labels).backward()

    gain = ratio(slow, fast)
    print(f"\n{name}: a training pass is {gain:.2f} times faster with the operations of a node stacked")
    assert gain > 1


@pytest.mark.parametrize("name", ["nas-bench-201", "s2"])
def bench_alpha_step_without_weight_gradients(name):
    net, alphas, images, labels = setup(name)
    parameters = {f"alpha.{cell}": alpha for cell, alpha in alphas.items()}
    method = Darts(Recipe(space=name, method="darts", epochs=1, channels=8), net, parameters)
    batch = images, labels

    def slow():
        for alpha in alphas.values():
            alpha.requires_grad_(True)
        loss, _ = method.loss(batch, method.mix("search", method.draw("search")), "search")
        loss.backward()

    gain = ratio(slow, lambda: method.alpha_step(batch, batch))
    print(f"\n{name}: an alpha step is {gain:.2f} times faster without weight gradients")
    assert gain > 1


@pytest.mark.parametrize(("name", "cell"), [("nas-bench-201", "cell"), ("s2", "reduce")])
def bench_scoring_an_edge_against_one_forward_per_mask(name, cell):
    net, alphas, images, labels = setup(name)
    batches = [(images, labels)] * 2
    selection = Selection(net.space, alphas)

    def slow():
        measure(net, selection.weights(), batches)
        for column in range(len(net.space.operations(cell, 3))):
            weights = selection.weights()
            weights[cell][3, column] = 0
            measure(net, weights, batches)

    gain = ratio(slow, lambda: score_edge(net, selection, cell=cell, edge=3, batches=batches))
    print(f"\n{name}: scoring a {cell} edge is {gain:.2f} times faster than one forward pass per mask")
    assert gain > 1
