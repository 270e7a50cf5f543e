"""The derived network: what a genotype builds, to be trained from scratch.

Network            forward(images) -> (logits, auxiliary logits or None)
count_parameters   learnable numbers, as papers count them: without the auxiliary head
flops              floating point operations of one forward pass, two for every multiply-add
multiply_adds      half of that, which is what papers of this field call FLOPs

Parameters are named as in the published code of each family (Liu et al. 2019; Dong and Yang 2020), so that weights
trained here can be loaded into an exported module.
"""

import copy
from collections.abc import Callable
from typing import cast

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from engine.errors import BadInput, one_of
from engine.network.body import CellNetwork, PlacedCell, plain, prepared, small_stem
from engine.network.cells import AuxiliaryHead
from engine.network.imagenet import ImageNetAuxiliaryHead, large_stem
from engine.selection.genotype import Genotype
from engine.spaces import SearchSpace
from engine.spaces.skeletons import Skeleton, Stem
from engine.supernet.operations import InNetwork, Operation

__all__ = ["Network", "count_parameters", "flops", "multiply_adds"]

IMAGENET_SIZE = (48, 14)
"""Published channels and layers of the DARTS family for images of 224 pixels."""


class Network(CellNetwork):
    """A genotype's network.

    channels: of the first stage. layers: cells in all, with reductions after one and two thirds (DARTS family,
    published 36 and 20), or cells in each of three stages (NAS-Bench-201, published 16 and 5). auxiliary: a second
    classifier after the second reduction, used in training mode alone and only on images of 32 (or 224) pixels; by
    default the DARTS family has one. stem: "cifar" for small images, "imagenet" for those of 64 pixels and more (DARTS
    family: published 48 and 14); by default the space's. Raises BadInput for sizes that cannot be built.
    """

    def __init__(
        self,
        genotype: Genotype,
        channels: int | None = None,
        layers: int | None = None,
        classes: int = 10,
        auxiliary: bool | None = None,
        stem: Stem | None = None,
    ) -> None:
        space = genotype.space
        skeleton = space.skeleton
        stem = skeleton.stem if stem is None else stem
        if stem not in ("cifar", "imagenet"):
            raise one_of("stem", stem, ("cifar", "imagenet"))
        published = IMAGENET_SIZE if stem == "imagenet" and skeleton.prepares else skeleton.network
        channels = published[0] if channels is None else channels
        layers = published[1] if layers is None else layers
        auxiliary = skeleton.auxiliary if auxiliary is None else auxiliary
        _check_sizes(skeleton, channels, layers, classes, auxiliary)
        large = stem == "imagenet"
        if large and channels % 2:
            raise BadInput(f"channels of a network for large images must be even, not {channels}")
        head = ImageNetAuxiliaryHead if large else AuxiliaryHead
        super().__init__(
            large_stem if large else small_stem,
            space.blocks(channels, layers, stem),
            _cells(genotype),
            _operations(genotype),
            prepared if skeleton.prepares else plain,
            classes,
            head if auxiliary else None,
            skeleton.tail,
        )
        self.genotype = genotype


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


def _cells(genotype: Genotype) -> dict[str, PlacedCell]:
    specs = {cell: genotype.space.cell(cell) for cell, _ in genotype.cells}
    return {cell: PlacedCell(genotype.edges(cell), spec.inputs, bool(spec.joined)) for cell, spec in specs.items()}


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
