"""Cells in which only some channels go through the operations (PC-DARTS, Xu et al. 2020, section 3.2).

PartialCell   one in `part` channels is mixed; the others go by, as strong as their edge
shuffle       channels of several groups in turn

Letters in shapes: B batch, C channels of the cell, H, W input size, s stride.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.supernet.cells import Cell
from engine.supernet.normalisation import Sum
from engine.supernet.passes import Pass


class PartialCell(Cell):
    """Operations see the first C / part channels of a node. The others reach the next node times the strength of the
    edge, halved by a pooling where the edge is, and then all are shuffled so that the next edge mixes other ones.

    A mask on an operation takes nothing from the channels that go by; an edge that is discarded takes them along.
    """

    def _mixed(self, x: Tensor) -> Tensor:
        return x[:, : x.shape[1] // self.part]

    def _value(self, node: int, values: list[Tensor], sums: Mapping[int, Sum], run: Pass) -> Tensor:
        mixed = super()._value(node, values, sums, run)  # [B, C / part, H/s, W/s]
        strengths = (run.whole or run.weights)[self.cell].sum(-1)
        by = [
            self._by(values[edge.source], self.spec.stride if edge.source < self.spec.inputs else 1)
            * strengths[edge.index]
            for edge in self.spec.entering(node)
            if any(run.live[self.cell][edge.index])
        ]
        rest = mixed.shape[1] * (self.part - 1)
        past = sum(by[1:], by[0]) if by else mixed.new_zeros(mixed.shape[0], rest, *mixed.shape[2:])
        return shuffle(torch.cat([mixed, past], dim=1), self.part)

    def _by(self, x: Tensor, stride: int) -> Tensor:
        """The channels that are not mixed, [B, C - C / part, H/s, W/s]."""
        rest = x[:, x.shape[1] // self.part :]
        return F.max_pool2d(rest, 2, 2, ceil_mode=True) if stride == 2 else rest


def shuffle(x: Tensor, groups: int) -> Tensor:
    """[B, C, H, W] with the first channel of every group first, then the second of every group, and so on."""
    batch, channels, height, width = x.shape
    return x.reshape(batch, groups, channels // groups, height, width).transpose(1, 2).reshape(x.shape)
