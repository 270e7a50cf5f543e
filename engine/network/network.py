"""The derived network: what a genotype builds, to be trained from scratch.

Network            forward(images) -> (logits, auxiliary logits or None)
count_parameters   learnable numbers, as papers count them: without the auxiliary head
flops              floating point operations of one forward pass, two for every multiply-add
multiply_adds      half of that, which is what papers of this field call FLOPs

Parameters are named as in the published code of each family (Liu et al. 2019; Dong and Yang 2020), so that weights
trained here can be loaded into an exported module.
"""

import copy
from collections.abc import Callable, Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from engine.errors import BadInput
from engine.network.cells import AuxiliaryHead, BenchCell, DartsCell, Reduction
from engine.selection.genotype import Genotype
from engine.spaces import SearchSpace
from engine.spaces.skeletons import Block, Skeleton
from engine.supernet.operations import InNetwork, Operation

__all__ = ["Network", "count_parameters", "flops", "multiply_adds"]


class Network(nn.Module):
    """A genotype's network for small images.

    channels: of the first stage. layers: cells in all, with reductions after one and two thirds (DARTS family,
    published 36 and 20), or cells in each of three stages (NAS-Bench-201, published 16 and 5). auxiliary: a second
    classifier after the second reduction, used in training mode alone and only on images of 32 pixels; by default the
    DARTS family has one. Raises BadInput for sizes that cannot be built.

    drop_path: probability of dropping an operation of the DARTS family for an image while training; 0 to begin with.
    """

    drop_path: float = 0.0

    def __init__(
        self,
        genotype: Genotype,
        channels: int | None = None,
        layers: int | None = None,
        classes: int = 10,
        auxiliary: bool | None = None,
    ) -> None:
        super().__init__()
        space = genotype.space
        skeleton = space.skeleton
        channels = skeleton.network[0] if channels is None else channels
        layers = skeleton.network[1] if layers is None else layers
        auxiliary = skeleton.auxiliary if auxiliary is None else auxiliary
        _check_sizes(skeleton, channels, layers, classes, auxiliary)
        blocks = space.blocks(channels, layers)
        width = blocks[0].last
        self.genotype = genotype
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))
        operations = _operations(genotype)
        self.cells = nn.ModuleList(_cell(genotype, block, operations) for block in blocks)
        self.auxiliary_at = 2 * layers // 3
        self.auxiliary_head = AuxiliaryHead(space.width(blocks[self.auxiliary_at]), classes) if auxiliary else None
        out = space.width(blocks[-1])
        self.lastact = nn.Sequential(nn.BatchNorm2d(out), nn.ReLU()) if skeleton.tail else nn.Identity()
        self.classifier = nn.Linear(out, classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """images [B, 3, S, S] normalised, S a multiple of 4 -> logits [B, classes] and, in training mode where there is
        an auxiliary head, its logits [B, classes], else None."""
        if images.shape[2] % 4 or images.shape[3] % 4:
            raise BadInput(f"images are halved twice: their size must be a multiple of 4, not {images.shape[-1]}")
        before_last = last = self.stem(images)
        extra = None
        for index, cell in enumerate(self.cells):
            before_last, last = last, cell(before_last, last, self.drop_path)
            if index == self.auxiliary_at and self.training and self.auxiliary_head is not None:
                extra = self.auxiliary_head(last)
        return self.classifier(self.lastact(last).mean((2, 3))), extra


def _check_sizes(skeleton: Skeleton, channels: int, layers: int, classes: int, auxiliary: bool) -> None:
    for name, value, least, most in (
        ("channels", channels, 1, 1024),
        ("layers", layers, skeleton.fewest, 100),
        ("classes", classes, 2, 100_000),
    ):
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise BadInput(f"{name} of a {skeleton.name} network must be {least} to {most}, not {value!r}")
    if auxiliary and not skeleton.auxiliary:
        raise BadInput("networks of NAS-Bench-201 have no auxiliary head; leave it out")


def _operations(genotype: Genotype) -> dict[str, Callable[[int, int], nn.Module]]:
    """What builds the genotype's operations: their network form, else the one that they have in supernets."""
    space = genotype.space
    found: dict[str, Callable[[int, int], nn.Module]] = {}
    for name in dict.fromkeys(name for cell, _ in genotype.cells for name, _ in genotype.pairs(cell)):
        # a published form may hold operations that the space it is named after does not offer
        found[name] = space.factory(name, "network") or _in_network(space, name)
    return found


def _in_network(space: SearchSpace, name: str) -> Callable[[int, int], nn.Module]:
    build = space.factory(name, "supernet")
    assert build is not None  # `factory` raises where there is none
    return lambda channels, stride: InNetwork(cast(Operation, build(channels, stride)))


def _cell(genotype: Genotype, block: Block, operations: Mapping[str, Callable[[int, int], nn.Module]]) -> nn.Module:
    if block.cell is None:
        return Reduction(block.last, block.channels)
    edges, spec = genotype.edges(block.cell), genotype.space.cell(block.cell)
    if not genotype.space.skeleton.prepares:
        return BenchCell(edges, block.channels, operations)
    return DartsCell(
        edges,
        block.before,
        block.last,
        block.channels,
        spec.stride == 2,
        block.halved,
        spec.inputs,
        spec.output == "concat",
        operations,
    )


def count_parameters(network: Network, auxiliary: bool = False) -> int:
    """Learnable numbers of a network; those of the auxiliary head only when asked for, as in the papers."""
    return sum(
        parameter.numel()
        for name, parameter in network.named_parameters()
        if auxiliary or not name.startswith("auxiliary_head.")
    )


def flops(network: Network, image_size: int = 32) -> int:
    """Floating point operations of convolutions and the classifier for one image when testing, by torch's own counter:
    a multiply-add counts two. Nothing is computed and the network is left as it is."""
    shapes = cast(Network, copy.deepcopy(network).to("meta")).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        shapes(torch.empty(1, 3, image_size, image_size, device="meta"))
    return counter.get_total_flops()


def multiply_adds(network: Network, image_size: int = 32) -> int:
    """`flops` in multiply-adds."""
    return flops(network, image_size) // 2
