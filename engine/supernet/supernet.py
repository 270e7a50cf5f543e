"""The supernet: every candidate operation of every edge, mixed by weights that are an argument.

Supernet      forward(images, weights, bn=None) -> logits; a plain function of images and weights

The supernet never knows about masks or decisions: both are weights. An operation whose weight is exactly 0 is
not computed (its BN statistics do not move, its parameters get no gradient), as in the reference implementation.
Its blocks are in engine.supernet.cells; which block stands where, the space says (`SearchSpace.blocks`).
"""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.errors import BadInput
from engine.results import BnMode
from engine.spaces import SearchSpace
from engine.spaces.skeletons import Stem
from engine.supernet.cells import Cell, CifarStem, ImageNetStem, Reduction, States
from engine.supernet.normalisation import BatchNorm, Mode
from engine.supernet.partial import PartialCell
from engine.supernet.passes import Pass
from engine.supernet.scorable import Weights

__all__ = ["Cell", "Pass", "States", "Supernet", "Weights"]


class Supernet(nn.Module):
    """A supernet of a search space.

    channels: C of the first stage (doubled at each reduction). cells: total cells in the DARTS family (8),
    cells per stage in NAS-Bench-201 (5). classes: size of the output. stem: "imagenet" for images of 64
    pixels and more; by default the space's. part: one in so many channels goes through the operations (PC-DARTS).
    Parameters are the network weights only; alphas live beside the supernet.
    Raises BadInput for sizes that cannot be built.
    """

    def __init__(
        self,
        space: SearchSpace,
        channels: int | None = None,
        cells: int | None = None,
        classes: int = 10,
        stem: Stem | None = None,
        part: int = 1,
    ) -> None:
        super().__init__()
        skeleton = space.skeleton
        channels = skeleton.channels if channels is None else channels
        cells = skeleton.cells if cells is None else cells
        _check_size(channels, cells, classes, skeleton.fewest, part)
        self.space, self.channels, self.cells_per_net, self.classes = space, channels, cells, classes
        self.part = part
        searched = partial(PartialCell, part=part) if part > 1 else Cell
        self.stem_kind = skeleton.stem if stem is None else stem
        blocks = space.blocks(channels, cells, self.stem_kind)
        self.stem = (ImageNetStem if self.stem_kind == "imagenet" else CifarStem)(blocks[0].last)
        self.blocks = nn.ModuleList()
        for index, block in enumerate(blocks):
            fixed = block.cell is None
            self.blocks.append(Reduction(block.last, block.channels) if fixed else searched(space, block, index))
        out = blocks[-1].width
        self.tail = BatchNorm(out, affine=True) if skeleton.tail else None
        self.classifier = nn.Linear(out, classes)

    @property
    def device(self) -> torch.device:
        """Where its weights lie."""
        return self.classifier.weight.device

    @property
    def dtype(self) -> torch.dtype:
        return self.classifier.weight.dtype

    def forward(self, images: Tensor, weights: Weights, bn: BnMode | None = None, noise: int | None = None) -> Tensor:
        """Logits of normalised images under mixing weights.

        images: [B, 3, H, W]; weights: per cell type [edges, operations]; returns [B, classes].
        bn None follows `.training` (training: batch statistics, and the running ones move); "batch" and "running"
        write no state. noise: seed of S4's noise operations; None draws fresh noise.
        """
        mode: Mode = bn or ("train" if self.training else "running")
        return self.run(images, Pass.of(weights, mode, noise))

    def run(self, images: Tensor, run: Pass) -> Tensor:
        """`forward` with the pass already prepared."""
        return self.head(self.advance(self.start(images, run), 0, len(self.blocks), run), run)

    def start(self, images: Tensor, run: Pass) -> States:
        """The states of the first cell."""
        return self.stem(images, run.mode)

    def advance(self, states: States, first: int, last: int, run: Pass) -> States:
        """The states after the blocks first..last-1."""
        for block in self.blocks[first:last]:
            states = states[1], block(states, run)
        return states

    def head(self, states: States, run: Pass) -> Tensor:
        """Logits [B, classes] from the states after the last block."""
        x = states[1]
        if self.tail is not None:
            x = F.relu(self.tail(x, run.mode))
        return self.classifier(x.mean((2, 3)))

    def first_block(self, cell: str) -> int:
        """Index of the first block of a cell type: what comes before does not depend on its weights."""
        return next(i for i, block in enumerate(self.blocks) if isinstance(block, Cell) and block.cell == cell)


def _check_size(channels: int, cells: int, classes: int, fewest: int, part: int) -> None:
    if channels < 2 or channels % 2:
        raise BadInput(f"channels must be an even number of at least 2, not {channels}")
    if part > 1 and channels % (2 * part):
        raise BadInput(
            f"where one in {part} channels is mixed, channels must be a multiple of {2 * part}, not {channels}"
        )
    if cells < fewest:
        raise BadInput(f"cells must be at least {fewest}, not {cells}")
    if classes < 2:
        raise BadInput(f"classes must be at least 2, not {classes}")
