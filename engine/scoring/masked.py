"""A supernet and its masked variants on the same inputs.

Variants   evaluates all of them, a batch at a time, computing once what they share
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.errors import BadInput
from engine.results import BnMode
from engine.scoring.intervals import PairedCounts
from engine.supernet.scorable import Inputs, Scorable, Weights, moved
from engine.supernet.supernet import Pass, Supernet


class Variants:
    """The unmasked supernet and its masked variants over one batch at a time.

    Of our own supernets, blocks before the first one that the mask reaches are computed once; others are called for
    every variant. A mask on `none` changes nothing, so it reuses the unmasked result.
    """

    def __init__(
        self,
        supernet: Scorable,
        weights: Weights,
        cell: str | None,
        rows: Sequence[Tensor | None],
        bn: BnMode,
        whole: Weights | None = None,
    ) -> None:
        """rows: for each variant the masked weights of `cell` [edges, operations], or None for "no change". whole: the
        weights without a mask, where `weights` has one already."""
        self.supernet, self.bn, self.cell = supernet, bn, cell
        kind = supernet.device, supernet.dtype
        base = {name: value.to(*kind) for name, value in weights.items()}
        unmasked = base if whole is None else {name: value.to(*kind) for name, value in whole.items()}
        masked = [] if cell is None else [None if row is None else {**base, cell: row.to(*kind)} for row in rows]
        self.weights: list[Weights | None] = [base, *masked]
        # Read once on the host: which operations are live is asked at every edge.
        ours = isinstance(supernet, Supernet)
        self.passes = (
            [None if each is None else Pass.of(each, bn, whole=unmasked) for each in self.weights] if ours else []
        )

    @torch.inference_mode()
    def add(self, counts: PairedCounts, batch: tuple[Inputs, Tensor], index: int) -> None:
        """Evaluate every variant on a batch and add the answers; `index` seeds S4's noise, alike for all masks."""
        inputs = moved(batch[0], self.supernet.device, self.supernet.dtype)
        labels = batch[1].to(self.supernet.device)
        outputs = self._sharing(self.supernet, inputs, index) if self.passes else self._one_by_one(inputs)
        stacked = torch.stack(outputs).float()  # [V, B, classes]
        if not torch.isfinite(stacked).all():
            raise BadInput("this supernet returns NaN or infinite outputs, so nothing can be ranked; check its weights")
        right = stacked.argmax(-1) == labels
        loss = F.cross_entropy(stacked.flatten(0, 1), labels.repeat(len(outputs)), reduction="none")
        counts.add(right.cpu().numpy(), loss.view(len(outputs), -1).double().cpu().numpy())

    def _one_by_one(self, inputs: Inputs) -> list[Tensor]:
        """Outputs [B, classes] of every variant."""
        outputs: list[Tensor] = []
        for weights in self.weights:
            outputs.append(outputs[0] if weights is None else self.supernet(inputs, weights, self.bn))
        return outputs

    def _sharing(self, supernet: Scorable, images: Inputs, index: int) -> list[Tensor]:
        """The same of a supernet of ours."""
        assert isinstance(supernet, Supernet) and isinstance(images, Tensor)
        blocks = len(supernet.blocks)
        shared = blocks if self.cell is None else supernet.first_block(self.cell)
        base, *masked = [None if run is None else run.with_noise(index) for run in self.passes]
        assert base is not None
        states = supernet.advance(supernet.start(images, base), 0, shared, base)
        outputs: list[Tensor] = []
        for run in (base, *masked):
            if run is None:
                outputs.append(outputs[0])
            else:
                outputs.append(supernet.head(supernet.advance(states, shared, blocks, run), run))
        return outputs
