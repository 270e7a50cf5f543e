"""The network around the cells, as data: stem, stages, reductions, tail.

Skeleton      what is fixed about a network, and its published sizes
SKELETONS     the two that the field uses: "darts" and "nas-bench-201"
Block         one block of a network: a searched cell, or a fixed reduction
blocks        the blocks of a network of some size
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

Stem = Literal["cifar", "imagenet"]
"""One 3x3 convolution for small images; three of stride 2 for images of 224 pixels (Liu et al. 2019, appendix A)."""
Reductions = Literal["cells", "blocks"]


@dataclass(frozen=True)
class Skeleton:
    """What stands around the cells. C: channels of the first stage, doubled at each of `stages` - 1 reductions.

    stem_width: channels after the stem in units of C. reductions: "cells": cells of stride 2 after each part of the
    network, and every cell brings its inputs to C channels itself; "blocks": fixed residual blocks between the stages,
    and cells take features as they are. tail: BatchNorm and ReLU before the classifier.
    channels, cells: a supernet's published size; fewest: the fewest cells. network: published channels and cells of the
    derived network; auxiliary: whether that has a second classifier. In "cells" all cells are counted, in "blocks"
    those of one stage. forms: operations that take another form in this skeleton's supernets, name -> factory's place.
    """

    name: str
    stem: Stem
    stem_width: int
    stages: int
    reductions: Reductions
    tail: bool
    channels: int
    cells: int
    fewest: int
    network: tuple[int, int]
    auxiliary: bool
    forms: tuple[tuple[str, str], ...] = ()

    def form(self, operation: str) -> str | None:
        """Where the factory of an operation's special form in supernets is; None where it has none."""
        return dict(self.forms).get(operation)

    @property
    def per_stage(self) -> bool:
        """Whether a network's size counts the cells of one stage, not all of them."""
        return self.reductions == "blocks"

    @property
    def prepares(self) -> bool:
        """Whether cells bring their inputs to C channels themselves."""
        return self.reductions == "cells"


SKELETONS: Mapping[str, Skeleton] = {
    skeleton.name: skeleton
    for skeleton in (
        Skeleton(
            "darts",
            stem="cifar",
            stem_width=3,
            stages=3,
            reductions="cells",
            tail=False,
            channels=16,
            cells=8,
            fewest=3,
            network=(36, 20),
            auxiliary=True,
        ),
        Skeleton(
            "nas-bench-201",
            stem="cifar",
            stem_width=1,
            stages=3,
            reductions="blocks",
            tail=True,
            channels=16,
            cells=5,
            fewest=1,
            network=(16, 5),
            auxiliary=False,
            forms=(("avg_pool_3x3", "engine.supernet.operations:PlainAvgPool"),),  # pools without BatchNorm
        ),
    )
}


class Block(NamedTuple):
    """One block of a network. cell: its cell type, or None for a fixed reduction. before, last: channels of the outputs
    of the two blocks before it; halved: whether the earlier of them has twice the image size; width:
    channels of its own output."""

    cell: str | None
    channels: int
    stride: int
    before: int
    last: int
    halved: bool
    width: int


def blocks(skeleton: Skeleton, cells: Mapping[str, tuple[int, int]], channels: int, count: int) -> tuple[Block, ...]:
    """A network's blocks, from its stem to its classifier.

    cells: cell type -> its stride, and how many nodes its output joins (0: it is the last node). channels: of the
    first stage. count: cells in all, or in each stage, as the skeleton counts them.
    The k-th stage is of the k-th cell type of stride 1 and the k-th reduction of the k-th one of stride 2; where there
    are fewer types, of the last.
    """
    plain, halving = ([name for name, (stride, _) in cells.items() if stride == number] for number in (1, 2))
    order: list[str | None] = []
    if skeleton.reductions == "cells":
        at = [stage * count // skeleton.stages for stage in range(1, skeleton.stages)]
        for index in range(count):
            stage = sum(index >= place for place in at)
            kinds, number = (halving, stage - 1) if index in at else (plain, stage)
            order.append(kinds[min(number, len(kinds) - 1)])
    else:
        for stage in range(skeleton.stages):
            order += [None] if stage else []
            order += [plain[min(stage, len(plain) - 1)]] * count
    found: list[Block] = []
    halved = skeleton.stem == "imagenet"
    before = last = channels if halved else skeleton.stem_width * channels
    for cell in order:
        stride, joined = (2, 0) if cell is None else cells[cell]
        channels *= stride
        found.append(Block(cell, channels, stride, before, last, halved, channels * max(1, joined)))
        before, last, halved = last, found[-1].width, stride == 2
    return tuple(found)
