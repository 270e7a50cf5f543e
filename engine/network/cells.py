"""Parts of a discrete network: plain torch modules with affine BN, named as in the published code of each family.

DartsCell, BenchCell   one derived cell; both are called with the outputs of the two cells before and a drop path rate
Reduction              NAS-Bench-201's fixed residual block between stages
AuxiliaryHead          the second classifier of the DARTS family, for training alone
drop_path              drop whole operations for some images of a batch
OPERATIONS             operation name -> factory(channels, stride), for the operations that are built in

Letters in shapes: B batch, C channels of the cell, H, W input size, s stride.

Operations here differ from those of `engine.supernet.operations` as published: BN is affine, none follows pooling.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from engine.errors import BadInput

PlacedOperation = tuple[str, int, int]
"""Operation, source node, target node."""


class ReLUConvBN(nn.Module):
    """ReLU, convolution, BN."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.skip = stride if kernel == 1 else 1  # a pointwise convolution of every other pixel needs no stride
        self.op = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(in_channels, out_channels, kernel, stride // self.skip, kernel // 2, bias=False),
            nn.BatchNorm2d(out_channels),
        )

    def forward(self, x: Tensor) -> Tensor:  # [B, Cin, H, W] -> [B, Cout, H/s, W/s]
        return self.op(x if self.skip == 1 else x[:, :, :: self.skip, :: self.skip])


class FactorizedReduce(nn.Module):
    """ReLU, two stride-2 pointwise convolutions on x and on x shifted by one pixel, concatenated, BN."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.conv_1 = nn.Conv2d(in_channels, out_channels // 2, 1, stride=2, bias=False)
        self.conv_2 = nn.Conv2d(in_channels, out_channels // 2, 1, stride=2, bias=False)
        self.bn = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:  # [B, Cin, H, W] -> [B, Cout, H/2, W/2]; H and W even
        x = self.relu(x)
        return self.bn(torch.cat([self._half(self.conv_1, x), self._half(self.conv_2, x[:, :, 1:, 1:])], dim=1))

    @staticmethod
    def _half(conv: nn.Conv2d, x: Tensor) -> Tensor:
        # With other numbers of channels oneDNN's strided kernel for AVX2 (torch 2.14) writes beyond its memory when it
        # goes backwards; the same convolution of every other pixel does not.
        return conv(x) if x.shape[1] % 8 == 0 else nn.functional.conv2d(x[:, :, ::2, ::2], conv.weight)


class SeparableConv(nn.Module):
    """ReLU, depthwise and pointwise convolution, BN, once per stride in `strides`."""

    def __init__(self, channels: int, kernel: int, strides: Sequence[int], dilation: int = 1) -> None:
        super().__init__()
        padding = dilation * (kernel // 2)
        layers: list[nn.Module] = []
        for stride in strides:
            layers += [
                nn.ReLU(),
                nn.Conv2d(channels, channels, kernel, stride, padding, dilation, groups=channels, bias=False),
                nn.Conv2d(channels, channels, 1, bias=False),
                nn.BatchNorm2d(channels),
            ]
        self.op = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:  # [B, C, H, W] -> [B, C, H/s, W/s]
        return self.op(x)


class Noise(nn.Module):
    """S4's noise: N(0, 1) in the place of the features, redrawn at every forward, also when testing."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:  # [B, C, H, W] -> [B, C, H/s, W/s]
        return torch.randn_like(x[:, :, :: self.stride, :: self.stride])


class Zero(nn.Module):
    """NAS-Bench-201's `none`."""

    def forward(self, x: Tensor) -> Tensor:  # [B, C, H, W] -> same
        return torch.zeros_like(x)


def _avg_pool(channels: int, stride: int) -> nn.Module:
    return nn.AvgPool2d(3, stride, padding=1, count_include_pad=False)


def _skip(channels: int, stride: int) -> nn.Module:
    return nn.Identity() if stride == 1 else FactorizedReduce(channels, channels)


OPERATIONS: dict[str, Callable[[int, int], nn.Module]] = {
    "none": lambda channels, stride: Zero(),
    "skip_connect": _skip,
    "max_pool_3x3": lambda channels, stride: nn.MaxPool2d(3, stride, padding=1),
    "avg_pool_3x3": _avg_pool,
    "sep_conv_3x3": lambda channels, stride: SeparableConv(channels, 3, (stride, 1)),
    "sep_conv_5x5": lambda channels, stride: SeparableConv(channels, 5, (stride, 1)),
    "dil_conv_3x3": lambda channels, stride: SeparableConv(channels, 3, (stride,), dilation=2),
    "dil_conv_5x5": lambda channels, stride: SeparableConv(channels, 5, (stride,), dilation=2),
    "noise": lambda channels, stride: Noise(stride),
    "nor_conv_1x1": lambda channels, stride: ReLUConvBN(channels, channels, 1, stride),
    "nor_conv_3x3": lambda channels, stride: ReLUConvBN(channels, channels, 3, stride),
}


def drop_path(x: Tensor, probability: float) -> Tensor:
    """x [B, C, H, W] zero for some images, scaled up for the others so that its mean stays (Larsson et al. 2017)."""
    keep = torch.rand(len(x), 1, 1, 1, device=x.device) >= probability
    return x * keep.to(x.dtype) / (1 - probability)


class DartsCell(nn.Module):
    """A cell that brings its inputs to C channels itself: the DARTS family's, with two operations into each of the
    nodes 2 to 5, which the output joins.

    edges: the genotype's, of this cell type. before_last, last: channels of the two cells before; reduction: whether it
    halves the image; halved: whether the last cell does, so that the one before it has twice the image size. inputs: 2,
    or 1 for a cell that sees the last one only. joins: whether the output is all inner nodes or the last one alone.
    """

    def __init__(
        self,
        edges: Sequence[PlacedOperation],
        before_last: int,
        last: int,
        channels: int,
        reduction: bool,
        halved: bool,
        inputs: int = 2,
        joins: bool = True,
        operations: Mapping[str, Callable[[int, int], nn.Module]] = OPERATIONS,
    ) -> None:
        super().__init__()
        self.inputs, self.joins = inputs, joins
        if inputs == 2:
            self.preprocess0 = (FactorizedReduce if halved else ReLUConvBN)(before_last, channels)
        self.preprocess1 = ReLUConvBN(last, channels)
        self.edges = tuple(edges)
        self._ops = nn.ModuleList(
            operations[name](channels, 2 if reduction and source < inputs else 1) for name, source, _ in edges
        )

    def forward(self, before_last: Tensor, last: Tensor, drop: float) -> Tensor:
        """[B, C', H', W'] and [B, C", H, W] -> [B, 4C, H/s, W/s]. Drop path spares identities."""
        nodes = [self.preprocess0(before_last)] if self.inputs == 2 else []
        nodes.append(self.preprocess1(last))
        for node in range(self.inputs, 1 + max(target for _, _, target in self.edges)):
            outputs = []
            for (_, source, target), operation in zip(self.edges, self._ops, strict=True):
                if target == node:
                    x = operation(nodes[source])
                    drops = self.training and drop > 0 and not isinstance(operation, nn.Identity)
                    outputs.append(drop_path(x, drop) if drops else x)
            nodes.append(sum(outputs[1:], outputs[0]))
        return torch.cat(nodes[self.inputs :], dim=1) if self.joins else nodes[-1]


class BenchCell(nn.Module):
    """A cell that takes features as they are: NAS-Bench-201's, with an operation on each of six edges. The output is
    the last node."""

    def __init__(
        self,
        edges: Sequence[PlacedOperation],
        channels: int,
        operations: Mapping[str, Callable[[int, int], nn.Module]] = OPERATIONS,
    ) -> None:
        super().__init__()
        self.edges = tuple(edges)
        self.layers = nn.ModuleList(operations[name](channels, 1) for name, _, _ in edges)

    def forward(self, before_last: Tensor, last: Tensor, drop: float) -> Tensor:
        """last [B, C, H, W] -> same; the other arguments are those of every cell."""
        nodes = [last]
        for node in range(1, 1 + max(target for _, _, target in self.edges)):
            edges = zip(self.edges, self.layers, strict=True)
            nodes.append(sum(operation(nodes[source]) for (_, source, target), operation in edges if target == node))
        return nodes[-1]


class Reduction(nn.Module):
    """NAS-Bench-201's residual block of stride 2."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv_a = ReLUConvBN(in_channels, out_channels, 3, stride=2)
        self.conv_b = ReLUConvBN(out_channels, out_channels, 3)
        self.downsample = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(in_channels, out_channels, 1, bias=False))

    def forward(self, before_last: Tensor, last: Tensor, drop: float) -> Tensor:
        """last [B, C, H, W] -> [B, 2C, H/2, W/2]; the other arguments are those of every cell."""
        return self.downsample(last) + self.conv_b(self.conv_a(last))


class AuxiliaryHead(nn.Module):
    """A second classifier on features of 8 x 8, which is what images of 32 pixels have after the second reduction."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.ReLU(),
            nn.AvgPool2d(5, stride=3, padding=0, count_include_pad=False),
            nn.Conv2d(channels, 128, 1, bias=False),
            nn.BatchNorm2d(128),
            nn.ReLU(),
            nn.Conv2d(128, 768, 2, bias=False),
            nn.BatchNorm2d(768),
            nn.ReLU(),
        )
        self.classifier = nn.Linear(768, classes)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, 8, 8] -> logits [B, classes]. Raises BadInput for another size."""
        if x.shape[2:] != (8, 8):
            raise BadInput(f"the auxiliary head needs images of 32 pixels, not {4 * x.shape[-1]}; build without it")
        return self.classifier(self.features(x).flatten(1))
