"""Batch normalisation, and what is left of it where nothing is learned: a scale and a shift per channel.

BatchNorm    statistics of one operation (affine or not); moved only in mode "train"
batch_norm, batch_norm_same   the normalised outputs of several operations, each times its mixing weight
batch_norm_relu   normalised outputs before a ReLU
weighted     features times several mixing weights
Affine       a tensor that still has to be scaled and shifted; whoever adds it up does so on the way
computed     the tensor itself
Sum          the value of a node, from the outputs of its operations
direct       whether a tensor is normalised by sums of its own, and not by torch

A supernet that is only measured spends a third of its time in normalisation. On a CPU, sums over long rows take an
eighth of what torch takes for the statistics, and scaling while adding saves writing every normalised output.

Letters: B batch, C channels, n operations evaluated together, H, W size.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.supernet.by_hand import EPS, moments, normalise, rows

Mode = Literal["train", "batch", "running"]
"""Where BatchNorm statistics come from: "train" = the batch, buffers move; "batch" = the batch, no buffer
moves; "running" = the stored statistics."""

MOMENTUM = 0.1


class Affine(NamedTuple):
    """x * scale + shift, per channel. x: [B, C, H, W]; scale, shift: [C]; shift None: 0."""

    x: Tensor
    scale: Tensor
    shift: Tensor | None


Output = Tensor | Affine


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
        if direct(x, mode):
            return computed(_affine([self], x, mode, self.weight, self.bias))
        if mode == "batch":
            return F.batch_norm(x, None, None, self.weight, self.bias, True, MOMENTUM, EPS)
        training = mode == "train"
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, training, MOMENTUM, EPS)


def batch_norm(norms: Sequence[BatchNorm], x: Tensor, mode: Mode, scale: Tensor) -> Sequence[Output]:
    """Normalise n stacked affine-free outputs and weigh each.

    x: [B, n*C, H, W], the outputs of n operations one after the other; scale: [n] mixing weights. Returns n outputs
    [B, C, H, W], normalised per channel, times their scale.
    """
    n = len(norms)
    # a copy, also where n is 1: torch's batch_norm takes the memory of its weight as it lies
    weight = scale.view(-1, 1).expand(n, x.shape[1] // n).flatten().contiguous()
    if direct(x, mode):
        _, factor, shift = _affine(norms, x, mode, weight)
        assert shift is not None
        if n == 1:
            return [Affine(x, factor, shift)]
        return list(map(Affine, x.chunk(n, dim=1), factor.chunk(n), shift.chunk(n)))
    return _by_torch(norms, x, mode, weight).chunk(n, dim=1)


def batch_norm_same(norms: Sequence[BatchNorm], x: Tensor, mode: Mode, scale: Tensor) -> Sequence[Output]:
    """As `batch_norm` where n operations give the same x [B, C, H, W]."""
    if not direct(x, mode):
        return batch_norm(norms, repeat(x, len(norms)), mode, scale)
    if mode == "running":
        return [_affine([norm], x, mode, weight) for norm, weight in zip(norms, scale.unbind(), strict=True)]
    normalised = _affine(norms[:1], x, mode)
    assert normalised.shift is not None
    return [Affine(x, normalised.scale * weight, normalised.shift * weight) for weight in scale.unbind()]


def weighted(x: Tensor, mode: Mode, scale: Tensor) -> Sequence[Output]:
    """x [B, C, H, W] times each of n mixing weights [n]."""
    if direct(x, mode):
        return [Affine(x, weight.expand(x.shape[1]), None) for weight in scale.unbind()]
    return [x * weight for weight in scale.unbind()]


def repeat(x: Tensor, n: int) -> Tensor:
    return x if n == 1 else torch.cat([x] * n, dim=1)


def batch_norm_relu(norms: Sequence[BatchNorm], x: Tensor, mode: Mode) -> Tensor:
    """ReLU of n stacked outputs [B, n*C, H, W], normalised; x is no longer of use."""
    if direct(x, mode):
        return _computed(_affine(norms, x, mode), x).relu_()
    return F.relu(_by_torch(norms, x, mode))


def direct(x: Tensor, mode: Mode) -> bool:
    """Whether sums of our own normalise x: on a CPU, channels last, where nothing is learned."""
    learns = mode == "train" or torch.is_grad_enabled()
    return not learns and not x.is_cuda and x.is_contiguous(memory_format=torch.channels_last)


def _by_torch(norms: Sequence[BatchNorm], x: Tensor, mode: Mode, weight: Tensor | None = None) -> Tensor:
    several = x.numel() > x.shape[1]  # of one value torch says that it has no variance
    if mode != "running" and several and not x.is_cuda and x.is_contiguous(memory_format=torch.channels_last):
        return _by_hand(norms, x, mode, weight)
    if mode == "batch":
        return F.batch_norm(x, None, None, weight, None, True, MOMENTUM, EPS)
    means, variances = [n.running_mean for n in norms], [n.running_var for n in norms]
    mean, variance = torch.cat(means), torch.cat(variances)
    out = F.batch_norm(x, mean, variance, weight, None, mode == "train", MOMENTUM, EPS)
    if mode == "train":
        with torch.no_grad():
            torch._foreach_copy_([*means, *variances], [*mean.chunk(len(norms)), *variance.chunk(len(norms))])
    return out


def _by_hand(norms: Sequence[BatchNorm], x: Tensor, mode: Mode, weight: Tensor | None) -> Tensor:
    """With statistics of the batch; in mode "train" the running ones move towards them."""
    with torch.no_grad():
        mean, variance = moments(x)
        if mode == "train":
            count = x.numel() // x.shape[1]
            unbiased = variance * (count / (count - 1))
            running = [each.running_mean for each in norms], [each.running_var for each in norms]
            for kept, found in zip(running, (mean, unbiased), strict=True):
                torch._foreach_lerp_(kept, found.chunk(len(norms)), MOMENTUM)
    return normalise(x, weight, mean, variance)


def _affine(
    norms: Sequence[BatchNorm], x: Tensor, mode: Mode, weight: Tensor | None = None, bias: Tensor | None = None
) -> Affine:
    """x [B, n*C, H, W] normalised per channel, then times weight plus bias [n*C]."""
    if mode == "running":
        mean = torch.cat([each.running_mean for each in norms])
        variance = torch.cat([each.running_var for each in norms])
    else:
        mean, variance = moments(x)
    scale = torch.rsqrt_(variance + EPS)
    if weight is not None:
        scale = scale * weight
    shift = mean * scale
    return Affine(x, scale, shift.neg_() if bias is None else bias - shift)


def computed(output: Output) -> Tensor:
    """An output as a tensor [B, C, H, W]."""
    if isinstance(output, Tensor):
        return output
    return _computed(output, torch.empty_like(output.x, memory_format=torch.channels_last))


def _computed(output: Affine, out: Tensor) -> Tensor:
    """The same in the memory of `out`."""
    x, scale, shift = output
    if shift is None:
        x, into, scale = _side_by_side(x, out, scale)
        torch.mul(x, scale, out=into)
    else:
        x, into, scale, shift = _side_by_side(x, out, scale, shift)
        torch.addcmul(shift, x, scale, out=into)
    return out


class Sum:
    """The sum of outputs [B, C, H, W] of the operations into a node; what is only measured adds up in place."""

    def __init__(self) -> None:
        self._total: Tensor | None = None
        self._owned = False  # nobody else sees the memory of the total
        self._shift: Tensor | None = None  # [C], added once in the end

    def copy(self) -> "Sum":
        """The sum so far; its memory is shared until one of the two changes."""
        other = Sum()
        other._total, other._shift = self._total, self._shift
        self._owned = False
        return other

    def add(self, output: Output) -> None:
        if isinstance(output, Tensor):
            self._owned = self._total is not None
            self._total = output if self._total is None else self._total + output
            return
        x, scale, shift = output
        if shift is not None:
            self._shift = shift if self._shift is None else self._shift + shift
        if self._total is None:
            self._total = computed(Affine(x, scale, None))
        else:
            along, total, scale = _side_by_side(x, self._ours(self._total), scale)
            total.addcmul_(along, scale)
        self._owned = True

    def value(self) -> Tensor:
        """The sum; called once, when all is added."""
        assert self._total is not None
        if self._shift is None:
            return self._total
        self._total = self._ours(self._total)
        along, shift = _side_by_side(self._total, self._shift)
        along.add_(shift)
        return self._total

    def _ours(self, total: Tensor) -> Tensor:
        if not self._owned:
            self._total = total.clone(memory_format=torch.channels_last)
        self._owned = True
        return cast(Tensor, self._total)


def _side_by_side(*tensors: Tensor) -> list[Tensor]:
    """Tensors [B, C, H, W] and values per channel [C] in shapes that go together. Some of the channels of a stack
    cannot be seen as long rows."""
    lie = all(each.is_contiguous(memory_format=torch.channels_last) for each in tensors if each.ndim == 4)
    if not lie:
        return [each.permute(0, 2, 3, 1) if each.ndim == 4 else each for each in tensors]
    first = rows(tensors[0])
    together = first.shape[1] // tensors[0].shape[1]
    return [rows(each) if each.ndim == 4 else each.expand(together, -1).flatten() for each in tensors]
