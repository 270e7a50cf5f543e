"""What operations and the fixed parts of a supernet are built of.

Conv             the weight of one bias-free convolution
stack, repeat, depthwise, dilated_depthwise, pointwise, reduce_halves   convolutions of several operations in one call
ReLUConvBN, FactorizedReduce, ResidualReduction   the fixed parts around the searched edges

Letters: B batch, C channels of the cell, n operations evaluated together, H, W input size, s stride.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.supernet.normalisation import BatchNorm, Mode, repeat

__all__ = ["BatchNorm", "Mode", "repeat"]


def stack(weights: Sequence[Tensor]) -> Tensor:
    """n convolution weights [C, c, k, k] as one [n*C, c, k, k]."""
    return weights[0] if len(weights) == 1 else torch.cat(list(weights))


def depthwise(weights: Sequence[Tensor], x: Tensor, stride: int) -> Tensor:
    """One depthwise convolution per channel; weights: n of [C, 1, k, k]; x: [B, n*C, H, W]."""
    weight = stack(weights)
    return F.conv2d(x, weight, None, stride, weight.shape[-1] // 2, groups=x.shape[1])


def dilated_depthwise(weights: Sequence[Tensor], x: Tensor, stride: int) -> Tensor:
    """As `depthwise` with dilation 2, as plain convolutions on the four subgrids of every other pixel.

    A dilation of 2 never mixes subgrids, and CPU kernels run plain depthwise convolutions several times faster
    backwards than dilated ones; forwards alone, the detour only costs. With stride 2 only one subgrid is asked for.
    Here nC is n*C, h is H/2, w is W/2.
    """
    if stride == 2:
        return depthwise(weights, x[:, :, ::2, ::2].contiguous(memory_format=torch.channels_last), 1)
    height, width = x.shape[2:]
    if x.is_cuda or not torch.is_grad_enabled() or height % 2 or width % 2:
        weight = stack(weights)
        return F.conv2d(x, weight, None, 1, 2 * (weight.shape[-1] // 2), 2, groups=x.shape[1])
    channels = x.shape[1]
    # [B, nC, H, W] -> [B, h, 2, w, 2, nC] -> [2, 2, B, h, w, nC]: row and column parity, then the subgrid of each
    grids = x.permute(0, 2, 3, 1).reshape(-1, height // 2, 2, width // 2, 2, channels).permute(2, 4, 0, 1, 3, 5)
    # four times the batch: [4B, nC, h, w]
    grids = grids.reshape(-1, height // 2, width // 2, channels).permute(0, 3, 1, 2)
    out = depthwise(weights, grids, 1).permute(0, 2, 3, 1)  # [4B, h, w, nC]
    # and back: [2, 2, B, h, w, nC] -> [B, h, 2, w, 2, nC] -> [B, nC, H, W]
    out = out.reshape(2, 2, -1, height // 2, width // 2, channels).permute(2, 3, 0, 4, 1, 5)
    return out.reshape(-1, height, width, channels).permute(0, 3, 1, 2)


def pointwise(weights: Sequence[Tensor], x: Tensor) -> Tensor:
    """n pointwise convolutions, each on its own C channels; weights: n of [C, C, 1, 1]; x: [B, n*C, H, W]."""
    return F.conv2d(x, stack(weights), groups=len(weights))


class Conv(nn.Module):
    """The weight of one bias-free convolution, initialised as torch's Conv2d does."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, groups: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels // groups, kernel, kernel))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)


def reduce_halves(x: Tensor, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """The two stride-2 pointwise halves of a factorized reduction; the second sees x shifted by one pixel."""
    return halve(x, first), halve(x[:, :, 1:, 1:], second)


def halve(x: Tensor, weight: Tensor) -> Tensor:
    """A pointwise convolution of stride 2; weight: [C', C, 1, 1]; x: [B, C, H, W] -> [B, C', H/2, W/2].

    With channels that are no multiple of 8, oneDNN's strided kernel for AVX2 (torch 2.14) writes beyond its memory when
    it goes backwards; the same convolution of every other pixel does not.
    """
    return F.conv2d(x, weight, stride=2) if x.shape[1] % 8 == 0 else F.conv2d(x[:, :, ::2, ::2], weight)


class FactorizedReduce(nn.Module):
    """ReLU, two stride-2 pointwise convolutions on x and on x shifted by one pixel, concatenated, BN."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = Conv(in_channels, out_channels // 2, 1)
        self.conv2 = Conv(in_channels, out_channels // 2, 1)
        self.bn = BatchNorm(out_channels)

    def forward(self, x: Tensor, mode: Mode) -> Tensor:  # [B, Cin, H, W] -> [B, Cout, H/2, W/2]
        halves = reduce_halves(F.relu(x), self.conv1.weight, self.conv2.weight)
        return self.bn(torch.cat(halves, dim=1), mode)


class ReLUConvBN(nn.Module):
    """ReLU, convolution, BN."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int = 1, stride: int = 1, affine: bool = False
    ) -> None:
        super().__init__()
        self.conv = Conv(in_channels, out_channels, kernel)
        self.bn = BatchNorm(out_channels, affine)
        self.stride, self.padding = stride, kernel // 2

    def forward(self, x: Tensor, mode: Mode) -> Tensor:  # [B, Cin, H, W] -> [B, Cout, H/s, W/s]
        return self.bn(F.conv2d(F.relu(x), self.conv.weight, None, self.stride, self.padding), mode)


class ResidualReduction(nn.Module):
    """NAS-Bench-201's fixed stride-2 residual block between stages, with affine BN."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv_a = ReLUConvBN(in_channels, out_channels, 3, 2, affine=True)
        self.conv_b = ReLUConvBN(out_channels, out_channels, 3, 1, affine=True)
        self.shortcut = Conv(in_channels, out_channels, 1)

    def forward(self, x: Tensor, mode: Mode) -> Tensor:  # [B, C, H, W] -> [B, 2C, H/2, W/2]
        shortcut = F.conv2d(F.avg_pool2d(x, 2), self.shortcut.weight)
        return shortcut + self.conv_b(self.conv_a(x, mode), mode)
