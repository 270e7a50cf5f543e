"""The derived network: what a genotype builds, to be trained from scratch.

Network            forward(images) -> (logits, auxiliary logits or None)
count_parameters   learnable numbers, as papers count them: without the auxiliary head
flops              floating point operations of one forward pass, two for every multiply-add
multiply_adds      half of that, which is what papers of this field call FLOPs

Parameters are named as in the published code of each family (Liu et al. 2019; Dong and Yang 2020), so that weights
trained here can be loaded into an exported module.
"""

import copy
from typing import cast

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from engine.errors import BadInput
from engine.network.cells import AuxiliaryHead, BenchCell, DartsCell, Reduction
from engine.selection.genotype import Genotype

__all__ = ["Network", "count_parameters", "flops", "multiply_adds"]

SIZES = {"darts": (36, 20), "nas-bench-201": (16, 5)}
"""Published channels and layers for CIFAR."""


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
        darts = genotype.family == "darts"
        published = SIZES[genotype.family]
        channels = published[0] if channels is None else channels
        layers = published[1] if layers is None else layers
        auxiliary = darts if auxiliary is None else auxiliary
        _check_sizes(genotype, channels, layers, classes, auxiliary)
        width = 3 * channels if darts else channels
        self.genotype = genotype
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))
        cells, widths = _darts_cells(genotype, channels, layers) if darts else _bench_cells(genotype, channels, layers)
        self.cells = nn.ModuleList(cells)
        self.auxiliary_at = 2 * layers // 3
        self.auxiliary_head = AuxiliaryHead(widths[self.auxiliary_at], classes) if auxiliary else None
        self.lastact = nn.Identity() if darts else nn.Sequential(nn.BatchNorm2d(widths[-1]), nn.ReLU())
        self.classifier = nn.Linear(widths[-1], classes)

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


def _check_sizes(genotype: Genotype, channels: int, layers: int, classes: int, auxiliary: bool) -> None:
    fewest = 3 if genotype.family == "darts" else 1
    for name, value, least, most in (
        ("channels", channels, 1, 1024),
        ("layers", layers, fewest, 100),
        ("classes", classes, 2, 100_000),
    ):
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise BadInput(f"{name} of a {genotype.family} network must be {least} to {most}, not {value!r}")
    if auxiliary and genotype.family != "darts":
        raise BadInput("networks of NAS-Bench-201 have no auxiliary head; leave it out")


def _darts_cells(genotype: Genotype, channels: int, layers: int) -> tuple[list[nn.Module], list[int]]:
    """The cells and the channels of their outputs; reductions double the channels and halve the image."""
    cells: list[nn.Module] = []
    widths = [3 * channels, 3 * channels]  # the stem twice: the first cell sees it in both places
    halved = False
    for index in range(layers):
        reduction = index in (layers // 3, 2 * layers // 3)
        channels *= 2 if reduction else 1
        edges = genotype.edges("reduce" if reduction else "normal")
        before_last, last = widths[-2:]
        cells.append(DartsCell(edges, before_last, last, channels, reduction, halved))
        widths.append(4 * channels)
        halved = reduction
    return cells, widths[2:]


def _bench_cells(genotype: Genotype, channels: int, layers: int) -> tuple[list[nn.Module], list[int]]:
    """Three stages of cells with a residual block between them, and the channels of their outputs."""
    cells: list[nn.Module] = []
    widths = []
    for stage in range(3):
        if stage:
            cells.append(Reduction(channels, 2 * channels))
            channels *= 2
        cells += [BenchCell(genotype.edges("cell"), channels) for _ in range(layers)]
        widths += [channels] * (layers + (stage > 0))
    return cells, widths


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
