"""How one training step updates weights and alphas: one class per published method.

Mixing        alphas as mixing weights: their softmax, constant rows where a selection has decided
Method        base: `step` takes one batch of each half
Darts         first-order DARTS (Liu et al. 2019, eq. 5 with xi = 0): alpha on the search half, then the weights
FixedAlpha    weights only, alphas frozen at their initialisation (Wang et al. 2021, section 6.3)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.supernet.supernet import Pass, Supernet
from engine.training.recipe import Recipe

if TYPE_CHECKING:
    from engine.selection.selection import Selection

Batch = tuple[Tensor, Tensor]
"""(images [B, 3, H, W] normalised, labels [B])."""


@dataclass(frozen=True)
class Mixing:
    """How alphas become mixing weights. Letters: E edges of a cell type, K operations.

    rows: [E, K] constant rows, and decided: [E, 1] where they stand in for the softmax. No gradient reaches the alphas
    of a decided edge. live: operations whose weight is not 0, on the host: asking the device would cost a sync.
    """

    rows: Mapping[str, Tensor]
    decided: Mapping[str, Tensor]
    live: Mapping[str, list[list[bool]]]

    @classmethod
    def open(cls, alphas: Mapping[str, Tensor]) -> "Mixing":
        """Nothing is decided."""
        return cls(
            {cell: torch.zeros_like(alpha) for cell, alpha in alphas.items()},
            {cell: torch.zeros(len(alpha), 1, dtype=torch.bool, device=alpha.device) for cell, alpha in alphas.items()},
            {cell: [[True] * alpha.shape[1]] * alpha.shape[0] for cell, alpha in alphas.items()},
        )

    @classmethod
    def of(cls, selection: "Selection", device: torch.device) -> "Mixing":
        """What a selection has decided; it must not scale rows by edge strengths."""
        weights = selection.weights(dtype=torch.float32)
        decided = {
            cell: torch.tensor([[selection.is_decided(cell, edge)] for edge in range(len(rows))])
            for cell, rows in weights.items()
        }
        return cls(
            {cell: rows.to(device) for cell, rows in weights.items()},
            {cell: rows.to(device) for cell, rows in decided.items()},
            {cell: (rows != 0).tolist() for cell, rows in weights.items()},
        )

    def __call__(self, alphas: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Mixing weights per cell type, [E, K]."""
        return {
            cell: torch.where(self.decided[cell], self.rows[cell], alpha.softmax(-1)) for cell, alpha in alphas.items()
        }


class Method:
    """One bilevel step on a supernet and its alphas. Both optimisers live here."""

    learns_alpha: bool

    def __init__(self, recipe: Recipe, supernet: Supernet, alphas: dict[str, Tensor]) -> None:
        self.recipe, self.supernet, self.alphas = recipe, supernet, alphas
        self.mixing = Mixing.open(alphas)
        self.parameters = list(supernet.parameters())
        self.optimizer = torch.optim.SGD(
            self.parameters, lr=recipe.lr, momentum=recipe.momentum, weight_decay=recipe.weight_decay
        )
        self.alpha_optimizer = torch.optim.Adam(
            list(alphas.values()), lr=recipe.alpha_lr, betas=recipe.alpha_betas, weight_decay=recipe.alpha_weight_decay
        )

    def step(self, train: Batch, search: Batch | None, noise: int) -> tuple[Tensor, Tensor]:
        """Update from one batch of each half; returns the training batch's (loss, number right), on the device."""
        if self.learns_alpha and search is not None:
            self.alpha_step(search, noise)
        return self.weight_step(train, noise)

    def alpha_step(self, batch: Batch, noise: int) -> None:
        """d L_search / d alpha with the weights held fixed; no weight gradient is computed."""
        _require_grad(self.parameters, False)
        self.alpha_optimizer.zero_grad()
        for alpha in self.alphas.values():
            alpha.requires_grad_(True)
        loss, _ = self.loss(batch, self.mixing(self.alphas), 2 * noise)
        if loss.requires_grad:  # else no undecided edge has a way to the output any more
            loss.backward()
            self.alpha_optimizer.step()
        _require_grad(self.parameters, True)

    def weight_step(self, batch: Batch, noise: int) -> tuple[Tensor, Tensor]:
        """SGD on the weights under the current mixing weights, gradient norm clipped over all weights."""
        self.optimizer.zero_grad()
        weights = self.mixing({cell: alpha.detach() for cell, alpha in self.alphas.items()})
        loss, logits = self.loss(batch, weights, 2 * noise + 1)
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, self.recipe.clip)
        self.optimizer.step()
        return loss.detach(), (logits.detach().argmax(1) == batch[1]).sum()

    def loss(self, batch: Batch, weights: dict[str, Tensor], noise: int) -> tuple[Tensor, Tensor]:
        """Cross entropy and logits in training mode; bf16 convolutions on CUDA."""
        images, labels = batch
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=images.is_cuda):
            logits = self.supernet.run(images, Pass(weights, self.mixing.live, "train", noise))
        return F.cross_entropy(logits.float(), labels), logits


class Darts(Method):
    learns_alpha = True


class FixedAlpha(Method):
    learns_alpha = False


METHODS: dict[str, type[Method]] = {"darts": Darts, "fixed-alpha": FixedAlpha}


def _require_grad(parameters: Sequence[nn.Parameter], on: bool) -> None:
    for parameter in parameters:
        parameter.requires_grad_(on)
