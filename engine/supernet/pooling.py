"""3x3 pooling with padding 1.

max_pool, avg_pool   of stride 1 or 2; the average leaves the padding out

Torch's kernels for channels last look at nine numbers for each one. On a CPU rows and then columns are taken together
by whole slices, which is three to five times faster.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.supernet.by_hand import box_mean


def max_pool(x: Tensor, stride: int) -> Tensor:  # [B, C, H, W] -> [B, C, H/s, W/s]
    if not _by_slices(x, stride) or torch.is_grad_enabled():
        return F.max_pool2d(x, 3, stride, padding=1)
    for axis in (2, 3):
        out, size = x.clone(), x.shape[axis] - 1
        for here, there in ((0, 1), (1, 0)):
            mine = out.narrow(axis, here, size)
            torch.maximum(mine, x.narrow(axis, there, size), out=mine)
        x = out
    return x


def avg_pool(x: Tensor, stride: int) -> Tensor:  # [B, C, H, W] -> [B, C, H/s, W/s]
    if not _by_slices(x, stride):
        return F.avg_pool2d(x, 3, stride, padding=1, count_include_pad=False)
    return box_mean(x)


def _by_slices(x: Tensor, stride: int) -> bool:
    return stride == 1 and not x.is_cuda and x.is_contiguous(memory_format=torch.channels_last)
