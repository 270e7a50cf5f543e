"""The published measurement: every mask on images of its own, and nothing claimed that unpaired numbers cannot hold."""

import pytest
import torch

from engine.errors import BadInput
from engine.scoring.scores import score_edge, score_inputs
from engine.scoring.unpaired import score_inputs_published, score_published
from engine.selection.selection import Selection
from engine.spaces import search_space
from engine.supernet.supernet import Supernet


def toy(name: str = "s2") -> tuple[Supernet, Selection, list]:
    space = search_space(name)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        net = Supernet(space, channels=4, cells=space.skeleton.fewest)
        batches = [(torch.randn(8, 3, 16, 16), torch.randint(10, (8,))) for _ in range(12)]
        alphas = {cell: torch.randn(space.shape(cell)) for cell in space.cells}
    return net, Selection(space, alphas), batches


@pytest.mark.parametrize("criterion", ["accuracy", "loss"])
def test_with_the_same_images_for_every_mask_it_measures_what_the_paired_one_does(criterion):
    net, selection, batches = toy()
    ask = {"cell": "normal", "edge": 3, "criterion": criterion}
    paired = score_edge(net, selection, batches=batches, **ask)
    found = score_published(net, selection, draw=lambda k: batches, **ask)
    assert (found.best, found.best_by_drop, found.best_by_alpha) == (
        paired.best,
        paired.best_by_drop,
        paired.best_by_alpha,
    )
    assert found.baseline == paired.baseline and found.images == paired.images == 96
    for mine, theirs in zip(found.operations, paired.operations, strict=True):
        assert mine.masked_accuracy == theirs.masked_accuracy
        assert mine.masked_loss == pytest.approx(theirs.masked_loss, abs=1e-6)
        assert mine.drop == pytest.approx(theirs.drop)
        assert (mine.alpha, mine.weight) == (theirs.alpha, theirs.weight)
    assert found.difference == pytest.approx(paired.difference)


def test_inputs_are_kept_as_in_the_paired_measurement_on_the_same_images():
    net, selection, batches = toy()
    for node in (3, 4, 5):
        ask = {"cell": "reduce", "node": node, "criterion": "loss"}
        paired = score_inputs(net, selection, batches=batches, **ask)
        found = score_inputs_published(net, selection, draw=lambda k: batches, **ask)
        assert found.keep == paired.keep
        assert [c.edge for c in found.candidates] == [c.edge for c in paired.candidates]
        assert all(c.ci is None for c in found.candidates)


def test_every_measurement_draws_its_own_images_and_no_interval_is_claimed():
    net, selection, batches = toy("nas-bench-201")
    drawn, shares = [], []

    def draw(k: int) -> list:
        drawn.append(k)
        return batches[2 * k : 2 * k + 2]

    found = score_published(net, selection, cell="cell", edge=1, draw=draw, report=shares.append)
    assert drawn == [0, 1, 2, 3, 4, 5] and shares[-1] == 1 and shares == sorted(shares)
    assert found.images == 16 and found.final and found.separated is None
    assert all(row.ci is None for row in found.operations) and found.difference_ci is None
    assert found.verdict in ("agree", "too_close")


def test_decided_edges_and_nodes_are_refused():
    net, selection, batches = toy()
    decided = selection.discretize("normal", 3, "skip_connect")
    with pytest.raises(BadInput, match="decided already"):
        score_published(net, decided, cell="normal", edge=3, draw=lambda k: batches)
    with pytest.raises(BadInput, match="no inputs to choose"):
        score_inputs_published(net, decided, cell="normal", node=2, draw=lambda k: batches)
