"""A supernet and its masked variants on the same inputs.

Variants   evaluates all of them, a batch at a time, computing once what they share
Unmasked   the supernet's own outputs, which measurements of one selection on the same batches have in common
"""

from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.errors import BadInput
from engine.memory import keep_freed
from engine.results import BnMode
from engine.scoring.intervals import PairedCounts
from engine.supernet.cells import Cell
from engine.supernet.scorable import Inputs, Scorable, Weights, moved
from engine.supernet.supernet import Pass, Supernet

Unmasked = dict[int, Tensor]
"""Outputs [B, classes] without any mask, by the number of the batch."""


class Variants:
    """The unmasked supernet and its masked variants over one batch at a time.

    Of our own supernets, what no mask reaches is computed once; others are called for every variant. A mask on
    `none` changes nothing, so it reuses the unmasked result.
    """

    def __init__(
        self,
        supernet: Scorable,
        weights: Weights,
        cell: str | None,
        rows: Sequence[Tensor | None],
        bn: BnMode,
        whole: Weights | None = None,
        unmasked: Unmasked | None = None,
    ) -> None:
        """rows: for each variant the masked weights of `cell` [edges, operations], or None for "no change". whole: the
        weights without a mask, where `weights` has one already. unmasked: outputs under `weights` that are known; those
        that are not are added; None: they are not kept."""
        self.supernet, self.bn, self.cell = supernet, bn, cell
        self.unmasked = unmasked
        kind = supernet.device, supernet.dtype
        base = {name: value.to(*kind) for name, value in weights.items()}
        entire = base if whole is None else {name: value.to(*kind) for name, value in whole.items()}
        self.weights: list[Weights | None] = [base]
        self.changed: list[int] = []  # edges whose weights some mask changes
        if cell is not None:
            masks = [None if row is None or torch.equal(row, weights[cell]) else row.to(*kind) for row in rows]
            self.weights += [None if mask is None else {**base, cell: mask} for mask in masks]
            reached = [(mask != base[cell]).any(1) for mask in masks if mask is not None]
            self.changed = torch.stack(reached).any(0).nonzero().flatten().tolist() if reached else []
        # Read once on the host: which operations are live is asked at every edge.
        self.passes: list[Pass | None] = []
        if isinstance(supernet, Supernet):
            keep_freed()
            self.passes = [None if each is None else Pass.of(each, bn, whole=entire) for each in self.weights]

    @torch.inference_mode()
    def add(self, counts: PairedCounts, batch: tuple[Inputs, Tensor], index: int) -> None:
        """Evaluate every variant on a batch and add the answers; `index` seeds S4's noise, alike for all masks."""
        inputs = moved(batch[0], self.supernet.device, self.supernet.dtype)
        labels = batch[1].to(self.supernet.device)
        if isinstance(self.supernet, Supernet) and isinstance(inputs, Tensor):
            outputs = self._sharing(self.supernet, inputs, index)
        else:
            outputs = self._one_by_one(inputs, index)
        stacked = torch.stack(outputs).float()  # [V, B, classes]
        if not torch.isfinite(stacked).all():
            raise BadInput("this supernet returns NaN or infinite outputs, so nothing can be ranked; check its weights")
        right = stacked.argmax(-1) == labels
        loss = F.cross_entropy(stacked.flatten(0, 1), labels.repeat(len(outputs)), reduction="none")
        counts.add(right.cpu().numpy(), loss.view(len(outputs), -1).double().cpu().numpy())

    def _known(self, index: int, compute: Callable[[], Tensor]) -> Tensor:
        """The outputs [B, classes] without a mask."""
        if self.unmasked is None:
            return compute()
        if index not in self.unmasked:
            self.unmasked[index] = compute()
        return self.unmasked[index]

    def _one_by_one(self, inputs: Inputs, index: int) -> list[Tensor]:
        """Outputs [B, classes] of every variant."""
        base, *masked = self.weights
        assert base is not None
        first = self._known(index, lambda: self.supernet(inputs, base, self.bn))
        return [first, *(first if each is None else self.supernet(inputs, each, self.bn) for each in masked)]

    def _sharing(self, supernet: Supernet, images: Tensor, index: int) -> list[Tensor]:
        """The same of a supernet of ours: what no mask reaches is computed once. That is every block before the first
        one of the masked cell type, and in that one all that leaves the nodes before the masked edges' target."""
        base, *masked = [None if run is None else run.with_noise(index) for run in self.passes]
        assert base is not None
        blocks = len(supernet.blocks)
        first = supernet.first_block(self.cell) if self.cell is not None else blocks
        states = supernet.advance(supernet.start(images, base), 0, first, base)
        outputs = [self._known(index, lambda: supernet.head(supernet.advance(states, first, blocks, base), base))]
        if not self.changed:
            return outputs * (1 + len(masked))
        assert self.cell is not None
        edges = supernet.space.cell(self.cell).edges
        node = min(edges[edge].target for edge in self.changed)
        cell = cast(Cell, supernet.blocks[first])
        begun = cell.begin(states, base, node, self.changed)
        for run in masked:
            if run is None:
                outputs.append(outputs[0])
                continue
            after = states[1], cell.finish(begun.copy(), run, node, self.changed)
            outputs.append(supernet.head(supernet.advance(after, first + 1, blocks, run), run))
        return outputs
