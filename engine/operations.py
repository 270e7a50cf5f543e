"""Candidate operations, evaluated side by side for all edges that leave one node.

BatchNorm        running statistics of one operation (affine or not); moved only in mode "train"
batch_norm       normalise the stacked outputs of several operations in one call
Operation        base of all candidate operations; `evaluate` runs n of them on the same input
OPERATIONS       operation name -> factory(channels, stride)
ReLUConvBN, FactorizedReduce, ResidualReduction   the fixed parts around the searched edges

Letters: B batch, C channels of the cell, n edges evaluated together, H, W input size, s stride.
Supernet operations have no affine BN parameters and no conv biases, as in the reference implementation.

Every edge that leaves a node sees the same input, so operations of one kind run as one stacked convolution
and one BatchNorm over n*C channels. An operation's mixing weight enters as the scale of its last BatchNorm.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Mode = Literal["train", "batch", "running"]
"""Where BatchNorm statistics come from: "train" = the batch, buffers move; "batch" = the batch, no buffer
moves; "running" = the stored statistics."""

EPS = 1e-5
MOMENTUM = 0.1


class BatchNorm(nn.Module):
    """Statistics (and, where affine, scale and shift) of one BatchNorm over `channels` channels."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, affine: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor, mode: Mode) -> Tensor:  # [B, C, H, W] -> same
        if mode == "batch":
            return F.batch_norm(x, None, None, self.weight, self.bias, True, MOMENTUM, EPS)
        training = mode == "train"
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, training, MOMENTUM, EPS)


def batch_norm(norms: Sequence[BatchNorm], x: Tensor, mode: Mode, scale: Tensor | None = None) -> Tensor:
    """Normalise n stacked affine-free outputs at once.

    x: [B, n*C, H, W], the outputs of n operations one after the other; scale: [n] mixing weights or None.
    Returns x normalised per channel, times its operation's scale.
    """
    weight = None if scale is None else scale.repeat_interleave(x.shape[1] // len(norms))
    if mode == "batch":
        return F.batch_norm(x, None, None, weight, None, True, MOMENTUM, EPS)
    means, variances = [n.running_mean for n in norms], [n.running_var for n in norms]
    mean, variance = torch.cat(means), torch.cat(variances)
    out = F.batch_norm(x, mean, variance, weight, None, mode == "train", MOMENTUM, EPS)
    if mode == "train":
        with torch.no_grad():
            torch._foreach_copy_([*means, *variances], [*mean.chunk(len(norms)), *variance.chunk(len(norms))])
    return out


def stack(weights: Sequence[Tensor]) -> Tensor:
    """n convolution weights [C, c, k, k] as one [n*C, c, k, k]."""
    return weights[0] if len(weights) == 1 else torch.cat(list(weights))


class Features:
    """A node's feature map and what several operations take from it, computed at most once."""

    def __init__(self, x: Tensor) -> None:
        self.x = x  # [B, C, H, W]
        self._made: dict[str, Tensor] = {}

    def once(self, name: str, make: Callable[[Tensor], Tensor]) -> Tensor:
        if name not in self._made:
            self._made[name] = make(self.x)
        return self._made[name]

    @property
    def relu(self) -> Tensor:
        return self.once("relu", F.relu)


class Operation(nn.Module):
    """A candidate operation on one edge. Subclasses say how n of them run together on one node's features."""

    channels: int
    stride: int

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.channels, self.stride = channels, stride

    @classmethod
    def evaluate(cls, ops: Sequence["Operation"], source: Features, scale: Tensor, mode: Mode) -> Sequence[Tensor]:
        """Outputs of `ops` on the same input, each times its mixing weight.

        source: features [B, C, H, W]; scale: [n] mixing weights. Returns n tensors [B, C, H/s, W/s].
        """
        raise TypeError(f"{cls.__name__} has no evaluation")  # pragma: no cover


def _depthwise(weights: Sequence[Tensor], x: Tensor, stride: int) -> Tensor:
    """One depthwise convolution per channel; weights: n of [C, 1, k, k]; x: [B, n*C, H, W]."""
    weight = stack(weights)
    return F.conv2d(x, weight, None, stride, weight.shape[-1] // 2, groups=x.shape[1])


def _dilated_depthwise(weights: Sequence[Tensor], x: Tensor, stride: int) -> Tensor:
    """As `_depthwise` with dilation 2, as plain convolutions on the four subgrids of every other pixel.

    A dilation of 2 never mixes subgrids, and CPU kernels run plain depthwise convolutions several times faster
    backwards than dilated ones. With stride 2 only one subgrid is asked for.
    """
    if stride == 2:
        return _depthwise(weights, x[:, :, ::2, ::2].contiguous(memory_format=torch.channels_last), 1)
    height, width = x.shape[2:]
    if x.is_cuda or height % 2 or width % 2:
        weight = stack(weights)
        return F.conv2d(x, weight, None, 1, 2 * (weight.shape[-1] // 2), 2, groups=x.shape[1])
    channels = x.shape[1]
    grids = x.permute(0, 2, 3, 1).reshape(-1, height // 2, 2, width // 2, 2, channels).permute(2, 4, 0, 1, 3, 5)
    grids = grids.reshape(-1, height // 2, width // 2, channels).permute(0, 3, 1, 2)
    out = _depthwise(weights, grids, 1).permute(0, 2, 3, 1)
    out = out.reshape(2, 2, -1, height // 2, width // 2, channels).permute(2, 3, 0, 4, 1, 5)
    return out.reshape(-1, height, width, channels).permute(0, 3, 1, 2)


def _pointwise(weights: Sequence[Tensor], x: Tensor) -> Tensor:
    """n pointwise convolutions, each on its own C channels; weights: n of [C, C, 1, 1]; x: [B, n*C, H, W]."""
    return F.conv2d(x, stack(weights), groups=len(weights))


def _repeat(x: Tensor, n: int) -> Tensor:
    return x if n == 1 else torch.cat([x] * n, dim=1)


class _Conv(nn.Module):
    """The weight of one bias-free convolution, initialised as torch's Conv2d does."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, groups: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels // groups, kernel, kernel))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)


class Skip(Operation):
    """Identity (stride 1 only; with stride 2 a skip is a FactorizedReduce)."""

    @classmethod
    def evaluate(cls, ops, source, scale, mode):
        return [source.x * weight for weight in scale.unbind()]


class Noise(Operation):
    """S4's noise: N(0, 1) independent of the input, redrawn at every forward."""

    seed: tuple[int, ...] | None = None

    @classmethod
    def evaluate(cls, ops, source, scale, mode):
        raise TypeError("noise is drawn by the cell, which knows the seed")  # pragma: no cover

    def draw(self, x: Tensor, generator: torch.Generator | None) -> Tensor:
        """[B, C, H, W] -> standard normal [B, C, H/s, W/s]."""
        size = (*x.shape[:2], -(-x.shape[2] // self.stride), -(-x.shape[3] // self.stride))
        return torch.randn(size, generator=generator, device=x.device, dtype=x.dtype)


class Pool(Operation):
    """3x3 pooling, then BN: in the DARTS family's supernets pooled features are normalised like all others."""

    kind: str

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__(channels, stride)
        self.bn = BatchNorm(channels)

    @classmethod
    def evaluate(cls, ops, source, scale, mode):
        pooled = source.once(cls.kind, lambda x: cls.pool(x, ops[0].stride))
        out = batch_norm([op.bn for op in ops], _repeat(pooled, len(ops)), mode, scale)
        return out.chunk(len(ops), dim=1)

    @staticmethod
    def pool(x: Tensor, stride: int) -> Tensor:
        raise TypeError("use MaxPool or AvgPool")  # pragma: no cover


def _avg_pool(x: Tensor, stride: int) -> Tensor:
    return F.avg_pool2d(x, 3, stride, padding=1, count_include_pad=False)


class MaxPool(Pool):
    kind = "max_pool"

    @staticmethod
    def pool(x: Tensor, stride: int) -> Tensor:
        return F.max_pool2d(x, 3, stride, padding=1)


class AvgPool(Pool):
    kind = "avg_pool"
    pool = staticmethod(_avg_pool)


class PlainAvgPool(Operation):
    """NAS-Bench-201's 3x3 average pooling: no BN."""

    @classmethod
    def evaluate(cls, ops, source, scale, mode):
        pooled = source.once("avg_pool", lambda x: _avg_pool(x, ops[0].stride))
        return [pooled * weight for weight in scale.unbind()]


class NorConv(Operation):
    """NAS-Bench-201's ReLU, kxk convolution, BN."""

    def __init__(self, channels: int, stride: int, kernel: int) -> None:
        super().__init__(channels, stride)
        self.conv = _Conv(channels, channels, kernel)
        self.bn = BatchNorm(channels)

    @classmethod
    def evaluate(cls, ops, source, scale, mode):
        weight = stack([op.conv.weight for op in ops])
        out = F.conv2d(source.relu, weight, None, ops[0].stride, weight.shape[-1] // 2)
        return batch_norm([op.bn for op in ops], out, mode, scale).chunk(len(ops), dim=1)


class DilConv(Operation):
    """ReLU, depthwise kxk with dilation 2, pointwise, BN."""

    def __init__(self, channels: int, stride: int, kernel: int) -> None:
        super().__init__(channels, stride)
        self.depthwise = _Conv(channels, channels, kernel, groups=channels)
        self.pointwise = _Conv(channels, channels, 1)
        self.bn = BatchNorm(channels)

    @classmethod
    def evaluate(cls, ops, source, scale, mode):
        x = _dilated_depthwise([op.depthwise.weight for op in ops], _repeat(source.relu, len(ops)), ops[0].stride)
        x = _pointwise([op.pointwise.weight for op in ops], x)
        return batch_norm([op.bn for op in ops], x, mode, scale).chunk(len(ops), dim=1)


class SepConv(Operation):
    """Twice ReLU, depthwise kxk, pointwise, BN; the stride is in the first half."""

    def __init__(self, channels: int, stride: int, kernel: int) -> None:
        super().__init__(channels, stride)
        self.depthwise1 = _Conv(channels, channels, kernel, groups=channels)
        self.pointwise1 = _Conv(channels, channels, 1)
        self.bn1 = BatchNorm(channels)
        self.depthwise2 = _Conv(channels, channels, kernel, groups=channels)
        self.pointwise2 = _Conv(channels, channels, 1)
        self.bn2 = BatchNorm(channels)

    @classmethod
    def evaluate(cls, ops, source, scale, mode):
        x = _depthwise([op.depthwise1.weight for op in ops], _repeat(source.relu, len(ops)), ops[0].stride)
        x = _pointwise([op.pointwise1.weight for op in ops], x)
        x = F.relu(batch_norm([op.bn1 for op in ops], x, mode))
        x = _depthwise([op.depthwise2.weight for op in ops], x, 1)
        x = _pointwise([op.pointwise2.weight for op in ops], x)
        return batch_norm([op.bn2 for op in ops], x, mode, scale).chunk(len(ops), dim=1)


def _halves(x: Tensor, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """The two stride-2 pointwise halves of a factorized reduction; the second sees x shifted by one pixel."""
    return F.conv2d(x, first, stride=2), F.conv2d(x[:, :, 1:, 1:], second, stride=2)


class SkipReduce(Operation):
    """skip_connect with stride 2: a FactorizedReduce from C to C channels."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__(channels, stride)
        self.reduce = FactorizedReduce(channels, channels)

    @classmethod
    def evaluate(cls, ops, source, scale, mode):
        reduces = [op.reduce for op in ops]
        first, second = _halves(
            source.relu, stack([r.conv1.weight for r in reduces]), stack([r.conv2.weight for r in reduces])
        )
        n = len(ops)
        pairs = zip(first.chunk(n, dim=1), second.chunk(n, dim=1), strict=True)
        x = torch.cat([half for pair in pairs for half in pair], dim=1)
        return batch_norm([r.bn for r in reduces], x, mode, scale).chunk(n, dim=1)


class FactorizedReduce(nn.Module):
    """ReLU, two stride-2 pointwise convolutions on x and on x shifted by one pixel, concatenated, BN."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = _Conv(in_channels, out_channels // 2, 1)
        self.conv2 = _Conv(in_channels, out_channels // 2, 1)
        self.bn = BatchNorm(out_channels)

    def forward(self, x: Tensor, mode: Mode) -> Tensor:  # [B, Cin, H, W] -> [B, Cout, H/2, W/2]
        halves = _halves(F.relu(x), self.conv1.weight, self.conv2.weight)
        return self.bn(torch.cat(halves, dim=1), mode)


class ReLUConvBN(nn.Module):
    """ReLU, convolution, BN."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int = 1, stride: int = 1, affine=False) -> None:
        super().__init__()
        self.conv = _Conv(in_channels, out_channels, kernel)
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
        self.shortcut = _Conv(in_channels, out_channels, 1)

    def forward(self, x: Tensor, mode: Mode) -> Tensor:  # [B, C, H, W] -> [B, 2C, H/2, W/2]
        shortcut = F.conv2d(F.avg_pool2d(x, 2), self.shortcut.weight)
        return shortcut + self.conv_b(self.conv_a(x, mode), mode)


def _skip(channels: int, stride: int) -> Operation:
    return Skip(channels, stride) if stride == 1 else SkipReduce(channels, stride)


OPERATIONS: dict[str, Callable[[int, int], Operation]] = {
    "skip_connect": _skip,
    "max_pool_3x3": MaxPool,
    "avg_pool_3x3": AvgPool,
    "sep_conv_3x3": lambda channels, stride: SepConv(channels, stride, 3),
    "sep_conv_5x5": lambda channels, stride: SepConv(channels, stride, 5),
    "dil_conv_3x3": lambda channels, stride: DilConv(channels, stride, 3),
    "dil_conv_5x5": lambda channels, stride: DilConv(channels, stride, 5),
    "noise": Noise,
    "nor_conv_1x1": lambda channels, stride: NorConv(channels, stride, 1),
    "nor_conv_3x3": lambda channels, stride: NorConv(channels, stride, 3),
}
"""`none` has no entry: it adds nothing to a node, so nothing is built or computed for it."""
