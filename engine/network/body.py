"""A network of finished cells, whatever genotype they come from: it knows blocks, edges and what builds an operation.

CellNetwork       forward(images) -> (logits, auxiliary logits or None)
PlacedCell        the finished cell of one cell type
small_stem        the part before the cells, for small images
prepared, plain   what makes the blocks of a network: the DARTS family's, NAS-Bench-201's

Parameters are named as in the published code of each family (Liu et al. 2019; Dong and Yang 2020). This file needs
torch alone besides its neighbours, as an exported network is put together from its text and theirs.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from torch import Tensor, nn

from engine.errors import BadInput
from engine.network.cells import BenchCell, DartsCell, PlacedOperation, Reduction
from engine.spaces.skeletons import Block

Factory = Callable[[int, int], nn.Module]
"""What builds an operation, from channels and stride."""


Operations = Mapping[str, Factory]


class PlacedCell(NamedTuple):
    """edges: of every node, in order. inputs: nodes that are inputs. joins: whether the output is all inner nodes."""

    edges: Sequence[PlacedOperation]
    inputs: int
    joins: bool


Build = Callable[[Block, Mapping[str, PlacedCell], Operations], nn.Module]
"""What makes a block."""


class CellNetwork(nn.Module):
    """Stem, cells and a classifier.

    stem: makes, from its channels, its parts by name: one for small images, two for large ones. blocks: in order;
    cells: by cell type; operations: by name; build: `prepared` or `plain`. head: makes, from channels and classes, the
    auxiliary classifier, which reads what the second reduction gives and counts in training mode alone; None for none.
    tail: whether BatchNorm and ReLU come before the classifier.
    """

    drop_path: float = 0.0
    """Probability of dropping an operation of the DARTS family for an image while training."""

    def __init__(
        self,
        stem: Callable[[int], Mapping[str, nn.Module]],
        blocks: Sequence[Block],
        cells: Mapping[str, PlacedCell],
        operations: Operations,
        build: Build,
        classes: int,
        head: Callable[[int, int], nn.Module] | None,
        tail: bool,
    ) -> None:
        super().__init__()
        out = blocks[-1].width
        stems = stem(blocks[0].last)
        for name, part in stems.items():
            self.add_module(name, part)
        self.stems = tuple(stems)
        self.cells = nn.ModuleList(build(block, cells, operations) for block in blocks)
        self.auxiliary_at = 2 * len(blocks) // 3
        self.auxiliary_head = head(blocks[self.auxiliary_at].width, classes) if head else None
        self.lastact = nn.Sequential(nn.BatchNorm2d(out), nn.ReLU()) if tail else nn.Identity()
        self.classifier = nn.Linear(out, classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """images [B, 3, S, S] normalised, S a multiple of 4 (with a stem for large images, of 32) -> logits
        [B, classes] and, in training mode where there is an auxiliary head, its logits [B, classes], else None."""
        halvings, times = (2, "twice") if len(self.stems) == 1 else (5, "five times")
        if images.shape[2] % 2**halvings or images.shape[3] % 2**halvings:
            size = images.shape[-1]
            raise BadInput(f"images are halved {times}: their size must be a multiple of {2**halvings}, not {size}")
        features = [images]
        for name in self.stems:
            features.append(getattr(self, name)(features[-1]))
        # A stem of one part is what the first cell sees in both places.
        before_last, last = features[1], features[-1]
        extra = None
        for index, cell in enumerate(self.cells):
            before_last, last = last, cell(before_last, last, self.drop_path)
            if index == self.auxiliary_at and self.training and self.auxiliary_head is not None:
                extra = self.auxiliary_head(last)
        return self.classifier(self.lastact(last).mean((2, 3))), extra


def small_stem(channels: int) -> dict[str, nn.Module]:
    """[B, 3, S, S] -> [B, C, S, S]."""
    return {"stem": nn.Sequential(nn.Conv2d(3, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))}


def prepared(block: Block, cells: Mapping[str, PlacedCell], operations: Operations) -> nn.Module:
    """A block of a network whose cells bring their inputs to C channels themselves: every block is a cell."""
    edges, inputs, joins = cells[str(block.cell)]
    reduction = block.stride == 2
    return DartsCell(
        edges, block.before, block.last, block.channels, reduction, block.halved, inputs, joins, operations
    )


def plain(block: Block, cells: Mapping[str, PlacedCell], operations: Operations) -> nn.Module:
    """A block of a network whose cells take features as they are: a cell, or the reduction between two stages."""
    if block.cell is None:
        return Reduction(block.last, block.channels)
    return BenchCell(cells[block.cell].edges, block.channels, operations)
