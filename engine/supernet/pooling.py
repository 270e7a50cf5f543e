"""3x3 pooling with padding 1.

max_pool, avg_pool   of stride 1 or 2; the average leaves the padding out

Torch's kernels for channels last look at nine numbers for each one. Where nothing is learned, rows and then columns are
taken together by whole slices, which is three to five times faster on a CPU.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

Combine = Callable[[Tensor, Tensor, Tensor], object]
"""(one, other, out): writes what two slices give, in place of one of them."""


def max_pool(x: Tensor, stride: int) -> Tensor:  # [B, C, H, W] -> [B, C, H/s, W/s]
    if not _by_slices(x, stride):
        return F.max_pool2d(x, 3, stride, padding=1)
    return _neighbours(x, lambda one, other, out: torch.maximum(one, other, out=out))


def avg_pool(x: Tensor, stride: int) -> Tensor:  # [B, C, H, W] -> [B, C, H/s, W/s]
    if not _by_slices(x, stride):
        return F.avg_pool2d(x, 3, stride, padding=1, count_include_pad=False)
    height, width = (_shares(size, x) for size in x.shape[2:])
    return _neighbours(x, lambda one, other, out: torch.add(one, other, out=out)).mul_(height[:, None] * width)


def _by_slices(x: Tensor, stride: int) -> bool:
    learns = torch.is_grad_enabled() or x.is_cuda
    return not learns and stride == 1 and x.is_contiguous(memory_format=torch.channels_last)


def _neighbours(x: Tensor, combine: Combine) -> Tensor:
    """Every pixel combined with its eight neighbours."""
    for axis in (2, 3):
        out = x.clone()
        size = x.shape[axis] - 1
        for here, there in ((0, 1), (1, 0)):
            mine = out.narrow(axis, here, size)
            combine(mine, x.narrow(axis, there, size), mine)
        x = out
    return x


def _shares(size: int, like: Tensor) -> Tensor:
    """One over the number of neighbours along an axis, itself included: 1/2 at both ends, 1/3 between, 1 if alone."""
    counts = like.new_full((size,), 3.0)
    counts[0] -= 1
    counts[-1] -= 1
    return counts.reciprocal_()
