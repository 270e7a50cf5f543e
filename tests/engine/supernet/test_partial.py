"""Partial channels: what is mixed, what goes by, and what a mask takes away."""

import pytest
import torch
from torch.nn import functional as F

from engine.errors import BadInput
from engine.scoring.answers import EdgeQuestion
from engine.scoring.scores import score_edge
from engine.scoring.unpaired import score_published
from engine.selection.selection import Selection
from engine.spaces import search_space
from engine.supernet.partial import PartialCell, shuffle
from engine.supernet.supernet import Pass, Supernet
from tests.engine.golden import fill_deterministically


def test_channels_are_shuffled_in_groups():
    x = torch.arange(8.0).view(1, 8, 1, 1)
    assert shuffle(x, 4).flatten().tolist() == [0, 2, 4, 6, 1, 3, 5, 7]


def one_hot(space, operation: str) -> dict[str, torch.Tensor]:
    column = space.operation_index("cell", 0, operation)
    return {"cell": F.one_hot(torch.full((6,), column), 5).double()}


def partial_cell(space) -> PartialCell:
    net = Supernet(space, channels=8, cells=1, part=4).double()
    fill_deterministically(net)
    cell = net.blocks[0]
    assert isinstance(cell, PartialCell)
    return cell


def test_operations_see_the_first_channels_and_edges_weigh_the_others():
    space = search_space("nas-bench-201")
    cell, x = partial_cell(space), torch.randn(2, 8, 4, 4, dtype=torch.float64)
    skips = one_hot(space, "skip_connect")["cell"]
    strengths = torch.tensor([1, 0.3, 0.7, 0.2, 0.5, 0.3]).double()
    nodes = cell.mix((x,), Pass.of({"cell": skips * strengths[:, None]}, "batch"))
    torch.testing.assert_close(nodes[1], shuffle(x, 4))
    torch.testing.assert_close(nodes[2], shuffle(0.3 * x + 0.7 * nodes[1], 4))
    nodes = cell.mix((x,), Pass.of(one_hot(space, "none"), "batch"))
    assert not nodes[1][:, [0, 4]].any()  # the mixed channels, after the shuffle
    torch.testing.assert_close(nodes[1], shuffle(torch.cat([torch.zeros_like(x[:, :2]), x[:, 2:]], 1), 4))


def test_a_mask_leaves_what_goes_by_and_a_discarded_edge_takes_it():
    space = search_space("nas-bench-201")
    cell, x = partial_cell(space), torch.randn(2, 8, 4, 4, dtype=torch.float64)
    base = torch.full((6, 5), 0.2).double()
    masked, without = base.clone(), base.clone()
    masked[0, 3], without[0] = 0, 0
    whole = cell.mix((x,), Pass.of({"cell": base}, "batch"))[1]
    kept = cell.mix((x,), Pass.of({"cell": masked}, "batch", whole={"cell": base}))[1]
    gone = cell.mix((x,), Pass.of({"cell": without}, "batch", whole={"cell": base}))[1]
    mixed = [0, 4]  # channels 0 and 1 before the shuffle
    by = [channel for channel in range(8) if channel not in mixed]
    assert torch.equal(kept[:, by], whole[:, by]) and not torch.equal(kept[:, mixed], whole[:, mixed])
    assert not gone.any()


def test_where_the_image_is_halved_so_is_what_goes_by():
    space = search_space("s2")
    net = Supernet(space, channels=8, cells=3, part=4)
    weights = {cell: torch.full(space.shape(cell), 0.5) for cell in space.cells}
    assert net(torch.randn(2, 3, 16, 16), weights).shape == (2, 10)
    assert sum(p.numel() for p in net.parameters()) < sum(
        p.numel() for p in Supernet(space, channels=8, cells=3).parameters()
    )
    with pytest.raises(BadInput, match="multiple of 8, not 12"):
        Supernet(space, channels=12, cells=3, part=4)


def test_paired_and_published_measurements_agree_and_rescaling_keeps_an_edges_strength():
    space = search_space("nas-bench-201")
    net = Supernet(space, channels=8, cells=1, part=4).eval()
    fill_deterministically(net)
    alphas = {"cell": torch.sin(torch.arange(30.0)).view(6, 5)}
    selection = Selection(space, alphas, {"cell": torch.arange(6.0) / 3})
    batches = [(torch.randn(16, 3, 16, 16), torch.arange(16) % 10)]
    ask = dict(cell="cell", edge=4)
    paired = score_edge(net, selection, batches=batches, **ask)
    published = score_published(net, selection, draw=lambda k: batches, **ask)
    for one, other in zip(paired.operations, published.operations, strict=True):
        assert one.masked_loss == pytest.approx(other.masked_loss, abs=1e-6)
    rows = EdgeQuestion(selection, "cell", 4).masks(rescale=True)
    strength = selection.alphas.strengths("cell")[4]
    assert strength < 0.5 and all(row[4].sum() == pytest.approx(strength) for row in rows)
