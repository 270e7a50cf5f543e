"""A supernet and its masked variants on the same images.

Variants   evaluates all of them, a batch at a time, computing once what they share
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.errors import BadInput
from engine.results import BnMode
from engine.scoring.intervals import PairedCounts
from engine.supernet.supernet import Pass, Supernet, Weights


class Variants:
    """The unmasked supernet and its masked variants over one batch at a time.

    Blocks before the first one that the mask reaches are computed once. A mask on `none` changes nothing, so it
    reuses the unmasked result.
    """

    def __init__(
        self, supernet: Supernet, weights: Weights, cell: str | None, rows: Sequence[Tensor | None], bn: BnMode
    ) -> None:
        """rows: for each variant the masked weights of `cell` [edges, operations], or None for "no change"."""
        self.supernet, self.bn = supernet, bn
        kind = supernet.device, supernet.dtype
        base = {name: value.to(*kind) for name, value in weights.items()}
        self.base = Pass.of(base, bn)
        self.masked: list[Pass | None] = []
        self.shared = len(supernet.blocks)
        if cell is not None:
            self.masked = [None if row is None else Pass.of({**base, cell: row.to(*kind)}, bn) for row in rows]
            self.shared = supernet.first_block(cell)

    @torch.inference_mode()
    def add(self, counts: PairedCounts, batch: tuple[Tensor, Tensor], index: int) -> None:
        """Evaluate every variant on a batch and add the answers; `index` seeds S4's noise, alike for all masks."""
        images = batch[0].to(self.supernet.device, self.supernet.dtype).contiguous(memory_format=torch.channels_last)
        labels = batch[1].to(self.supernet.device)
        blocks = len(self.supernet.blocks)
        base = self.base.with_noise(index)
        states = self.supernet.advance(self.supernet.start(images, base), 0, self.shared, base)
        logits: list[Tensor] = []
        for run in (base, *(run and run.with_noise(index) for run in self.masked)):
            if run is None:
                logits.append(logits[0])
            else:
                logits.append(self.supernet.head(self.supernet.advance(states, self.shared, blocks, run), run))
        stacked = torch.stack(logits).float()  # [V, B, classes]
        if not torch.isfinite(stacked).all():
            raise BadInput("this supernet returns NaN or infinite outputs, so nothing can be ranked; check its weights")
        right = stacked.argmax(-1) == labels
        loss = F.cross_entropy(stacked.flatten(0, 1), labels.repeat(len(logits)), reduction="none")
        counts.add(right.cpu().numpy(), loss.view(len(logits), -1).double().cpu().numpy())
