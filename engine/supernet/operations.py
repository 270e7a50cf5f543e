"""Candidate operations, evaluated side by side for all edges that leave one node.

Features         what several operations take from one node's features
Operation        base of all candidate operations; `evaluate` runs n of them on the same input
InNetwork        one of them in a derived network
OPERATIONS       operation name -> factory(channels, stride)

Letters as in engine.supernet.layers; n edges are evaluated together.
Supernet operations have no affine BN parameters and no conv biases, as in the reference implementation.

Every edge that leaves a node sees the same input, so operations of one kind run as one stacked convolution
and one BatchNorm over n*C channels. An operation's mixing weight enters as the scale of its last BatchNorm.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.supernet.draws import seeded
from engine.supernet.layers import (
    Conv,
    FactorizedReduce,
    depthwise,
    dilated_depthwise,
    halve,
    pointwise,
    reduce_halves,
    stack,
)
from engine.supernet.normalisation import (
    BatchNorm,
    Mode,
    Output,
    batch_norm,
    batch_norm_relu,
    batch_norm_same,
    computed,
    repeat,
    weighted,
)
from engine.supernet.pooling import avg_pool, max_pool


class Features:
    """A node's feature map and what several operations take from it, computed at most once.

    noise: the seed of S4's noise in this pass; None draws fresh noise.
    """

    def __init__(self, x: Tensor, noise: int | None = None) -> None:
        self.x, self.noise = x, noise  # [B, C, H, W]

    @cached_property
    def relu(self) -> Tensor:
        return F.relu(self.x)


class Operation(nn.Module):
    """A candidate operation on one edge. Subclasses say what one does (`forward(x, mode)`), or how n of them run
    together on one node's features (`evaluate`), which is faster.

    place: (block, edge) that the operation stands on, filled in by its cell.
    """

    channels: int
    stride: int
    place: tuple[int, int] = (0, 0)

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.channels, self.stride = channels, stride

    @classmethod
    def evaluate(cls, ops: Sequence[Self], source: Features, scale: Tensor, mode: Mode) -> Sequence[Output]:
        """Outputs of `ops` on the same input, each times its mixing weight: here one after the other.

        source: features [B, C, H, W]; scale: [n] mixing weights. Returns n tensors [B, C, H/s, W/s].
        """
        return [op(source.x, mode) * weight for op, weight in zip(ops, scale.unbind(), strict=True)]


class InNetwork(nn.Module):
    """An operation of a supernet in the place of one of a derived network: alone, and weighted by 1."""

    def __init__(self, operation: Operation) -> None:
        super().__init__()
        self.operation = operation

    def forward(self, x: Tensor) -> Tensor:  # [B, C, H, W] -> [B, C, H/s, W/s]
        mode: Mode = "train" if self.training else "running"
        return computed(type(self.operation).evaluate([self.operation], Features(x), x.new_ones(1), mode)[0])


class Skip(Operation):
    """Identity (stride 1 only; with stride 2 a skip is a FactorizedReduce)."""

    @classmethod
    def evaluate(cls, ops: Sequence[Self], source: Features, scale: Tensor, mode: Mode) -> Sequence[Output]:
        return weighted(source.x, mode, scale)


class Noise(Operation):
    """S4's noise: N(0, 1) independent of the input, redrawn at every forward."""

    @classmethod
    def evaluate(cls, ops: Sequence[Self], source: Features, scale: Tensor, mode: Mode) -> Sequence[Output]:
        return [op.draw(source) * weight for op, weight in zip(ops, scale.unbind(), strict=True)]

    def draw(self, source: Features) -> Tensor:
        """Standard normal [B, C, H/s, W/s]; from the same seed, the same on every look at this edge of this cell."""
        x, generator = source.x, None
        if source.noise is not None:
            generator = seeded(source.noise, *self.place, device=x.device)
        size = (*x.shape[:2], -(-x.shape[2] // self.stride), -(-x.shape[3] // self.stride))
        return torch.randn(size, generator=generator, device=x.device, dtype=x.dtype)


class Pool(Operation):
    """3x3 pooling, then BN: in the DARTS family's supernets pooled features are normalised like all others."""

    def __init__(self, channels: int, stride: int, pool: Callable[[Tensor, int], Tensor]) -> None:
        super().__init__(channels, stride)
        self.pool = pool
        self.bn = BatchNorm(channels)

    @classmethod
    def evaluate(cls, ops: Sequence[Self], source: Features, scale: Tensor, mode: Mode) -> Sequence[Output]:
        pooled = ops[0].pool(source.x, ops[0].stride)
        return batch_norm_same([op.bn for op in ops], pooled, mode, scale)


class PlainAvgPool(Operation):
    """NAS-Bench-201's 3x3 average pooling: no BN."""

    @classmethod
    def evaluate(cls, ops: Sequence[Self], source: Features, scale: Tensor, mode: Mode) -> Sequence[Output]:
        return weighted(avg_pool(source.x, ops[0].stride), mode, scale)


class NorConv(Operation):
    """NAS-Bench-201's ReLU, kxk convolution, BN."""

    def __init__(self, channels: int, stride: int, kernel: int) -> None:
        super().__init__(channels, stride)
        self.conv = Conv(channels, channels, kernel)
        self.bn = BatchNorm(channels)

    @classmethod
    def evaluate(cls, ops: Sequence[Self], source: Features, scale: Tensor, mode: Mode) -> Sequence[Output]:
        weight, stride = stack([op.conv.weight for op in ops]), ops[0].stride
        pointwise_halves = stride == 2 and weight.shape[-1] == 1
        out = (
            halve(source.relu, weight)
            if pointwise_halves
            else F.conv2d(source.relu, weight, None, stride, weight.shape[-1] // 2)
        )
        return batch_norm([op.bn for op in ops], out, mode, scale)


class DilConv(Operation):
    """ReLU, depthwise kxk with dilation 2, pointwise, BN."""

    def __init__(self, channels: int, stride: int, kernel: int) -> None:
        super().__init__(channels, stride)
        self.depthwise = Conv(channels, channels, kernel, groups=channels)
        self.pointwise = Conv(channels, channels, 1)
        self.bn = BatchNorm(channels)

    @classmethod
    def evaluate(cls, ops: Sequence[Self], source: Features, scale: Tensor, mode: Mode) -> Sequence[Output]:
        x = dilated_depthwise([op.depthwise.weight for op in ops], repeat(source.relu, len(ops)), ops[0].stride)
        x = pointwise([op.pointwise.weight for op in ops], x)
        return batch_norm([op.bn for op in ops], x, mode, scale)


class SepConv(Operation):
    """Twice ReLU, depthwise kxk, pointwise, BN; the stride is in the first half."""

    def __init__(self, channels: int, stride: int, kernel: int) -> None:
        super().__init__(channels, stride)
        self.depthwise1 = Conv(channels, channels, kernel, groups=channels)
        self.pointwise1 = Conv(channels, channels, 1)
        self.bn1 = BatchNorm(channels)
        self.depthwise2 = Conv(channels, channels, kernel, groups=channels)
        self.pointwise2 = Conv(channels, channels, 1)
        self.bn2 = BatchNorm(channels)

    @classmethod
    def evaluate(cls, ops: Sequence[Self], source: Features, scale: Tensor, mode: Mode) -> Sequence[Output]:
        x = depthwise([op.depthwise1.weight for op in ops], repeat(source.relu, len(ops)), ops[0].stride)
        x = pointwise([op.pointwise1.weight for op in ops], x)
        x = batch_norm_relu([op.bn1 for op in ops], x, mode)
        x = depthwise([op.depthwise2.weight for op in ops], x, 1)
        x = pointwise([op.pointwise2.weight for op in ops], x)
        return batch_norm([op.bn2 for op in ops], x, mode, scale)


class SkipReduce(Operation):
    """skip_connect with stride 2: a FactorizedReduce from C to C channels."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__(channels, stride)
        self.reduce = FactorizedReduce(channels, channels)

    @classmethod
    def evaluate(cls, ops: Sequence[Self], source: Features, scale: Tensor, mode: Mode) -> Sequence[Output]:
        reduces = [op.reduce for op in ops]
        first, second = reduce_halves(
            source.relu, stack([r.conv1.weight for r in reduces]), stack([r.conv2.weight for r in reduces])
        )
        n = len(ops)
        pairs = zip(first.chunk(n, dim=1), second.chunk(n, dim=1), strict=True)
        x = torch.cat([half for pair in pairs for half in pair], dim=1)
        return batch_norm([r.bn for r in reduces], x, mode, scale)


def _skip(channels: int, stride: int) -> Operation:
    return Skip(channels, stride) if stride == 1 else SkipReduce(channels, stride)


OPERATIONS: dict[str, Callable[[int, int], Operation]] = {
    "skip_connect": _skip,
    "max_pool_3x3": lambda channels, stride: Pool(channels, stride, max_pool),
    "avg_pool_3x3": lambda channels, stride: Pool(channels, stride, avg_pool),
    "sep_conv_3x3": lambda channels, stride: SepConv(channels, stride, 3),
    "sep_conv_5x5": lambda channels, stride: SepConv(channels, stride, 5),
    "dil_conv_3x3": lambda channels, stride: DilConv(channels, stride, 3),
    "dil_conv_5x5": lambda channels, stride: DilConv(channels, stride, 5),
    "noise": Noise,
    "nor_conv_1x1": lambda channels, stride: NorConv(channels, stride, 1),
    "nor_conv_3x3": lambda channels, stride: NorConv(channels, stride, 3),
}
"""`none` has no entry: it adds nothing to a node, so nothing is built or computed for it."""
