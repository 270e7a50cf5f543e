"""Normalisation and pooling whose gradients are written by hand: on a CPU half the time of torch's own.

moments     mean and variance per channel
normalise   batch normalisation with statistics of the batch
box_mean    the mean of every pixel and its neighbours
rows        several pixels side by side, so that sums and products go along long rows

Letters: B batch, C channels, H, W size. All features are channels last.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F

EPS = 1e-5
ROW = 256
"""Numbers in a row: several pixels where channels are few. Measured up to 1024."""


def rows(x: Tensor) -> Tensor:
    """[B, C, H, W] seen as [pixels / k, k * C] with k pixels in a row."""
    channels = x.shape[1]
    pixels, together = x.numel() // channels, 1
    while 2 * together * channels <= ROW and pixels % (2 * together) == 0:
        together *= 2
    return x.permute(0, 2, 3, 1).reshape(pixels // together, together * channels)


def moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and (biased) variance per channel, [C] each, of x [B, C, H, W]."""
    channels, along = x.shape[1], rows(x)
    sums = torch.stack([along.sum(0), (along * along).sum(0)]).view(2, -1, channels).sum(1)
    mean, square = sums.div_(x.numel() // channels).unbind()
    return mean, torch.addcmul(square, mean, mean, value=-1).clamp_min_(0)


def normalise(x: Tensor, weight: Tensor | None, mean: Tensor, variance: Tensor) -> Tensor:
    """x [B, C, H, W] with mean 0 and variance 1 per channel, times weight [C]. mean, variance: `moments` of x."""
    return _Normalised.apply(x, weight, mean, torch.rsqrt(variance + EPS))


class _Normalised(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor | None, mean: Tensor, scale: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight, mean, scale)
        factor = scale if weight is None else scale * weight
        return _affine(x, factor, -mean * factor)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        x, weight, mean, scale = ctx.saved_tensors
        (gradient,) = gradients
        if torch.is_grad_enabled():  # it is differentiated once more, and the statistics depend on x, too
            wanted = [each for each, asked in zip((x, weight), ctx.needs_input_grad, strict=False) if asked]
            out = F.batch_norm(x, None, None, weight, None, True, 0.0, EPS)
            found = iter(torch.autograd.grad(out, wanted, gradient, create_graph=True))
            of_x, of_weight = (next(found) if asked else None for asked in ctx.needs_input_grad[:2])
            return of_x, of_weight, None, None
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        channels, along = x.shape[1], rows(gradient)
        pixels = x.numel() // channels
        sums = torch.stack([along.sum(0), (along * rows(x)).sum(0)]).view(2, -1, channels).sum(1)
        total, product = sums.unbind()
        # the gradient of the weight: the sum of gradients times normalised features
        of_weight = scale * (product - mean * total)
        factor = scale if weight is None else scale * weight
        curve = factor * scale * of_weight / -pixels
        out = _affine(gradient, factor, factor * total / -pixels - curve * mean)
        rows(out).addcmul_(rows(x), curve.expand(along.shape[1] // channels, -1).flatten())
        return out, None if weight is None else of_weight, None, None


def _affine(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """x [B, C, H, W] * scale + shift, [C] each."""
    out = torch.empty_like(x, memory_format=torch.channels_last)
    along = rows(x)
    together = along.shape[1] // x.shape[1]
    scale, shift = (each.expand(together, -1).flatten() for each in (scale, shift))
    torch.addcmul(shift, along, scale, out=rows(out))
    return out


def box_mean(x: Tensor) -> Tensor:
    """The mean over each pixel of x [B, C, H, W] and those of its eight neighbours that there are."""
    return _BoxMean.apply(x)


class _BoxMean(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return _box_sum(x).mul_(_shares(x))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (gradient,) = gradients
        return _BoxSum.apply(gradient * _shares(gradient))


class _BoxSum(Function):
    """Its own transpose."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return _box_sum(x.contiguous(memory_format=torch.channels_last))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return _BoxSum.apply(gradients[0])


def _box_sum(x: Tensor) -> Tensor:
    """The sum over each pixel and its neighbours: along rows, then along columns, by whole slices."""
    for axis in (2, 3):
        out, size = x.clone(), x.shape[axis] - 1
        out.narrow(axis, 0, size).add_(x.narrow(axis, 1, size))
        out.narrow(axis, 1, size).add_(x.narrow(axis, 0, size))
        x = out
    return x


def _shares(like: Tensor) -> Tensor:
    """One over the number of neighbours that each pixel has, itself included: [H, W]."""
    height, width = (_along(size, like) for size in like.shape[2:])
    return (height[:, None] * width).reciprocal_()


def _along(size: int, like: Tensor) -> Tensor:
    """Neighbours along an axis: 2 at both ends, 3 between, 1 if alone."""
    counts = like.new_full((size,), 3.0)
    counts[0] -= 1
    counts[-1] -= 1
    return counts
