"""How one training step updates weights and alphas: one class per published method.

Method        base: `step` takes one batch of each half
Darts         first-order DARTS (Liu et al. 2019, eq. 5 with xi = 0): alpha on the search half, then the weights
FixedAlpha    weights only, alphas frozen at their initialisation (Wang et al. 2021, section 6.3)
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.search.recipe import Recipe
from engine.supernet import Pass, Supernet

Batch = tuple[Tensor, Tensor]
"""(images [B, 3, H, W] normalised, labels [B])."""


class Method:
    """One bilevel step on a supernet and its alphas. Both optimisers live here."""

    learns_alpha: bool

    def __init__(self, recipe: Recipe, supernet: Supernet, alphas: dict[str, Tensor]) -> None:
        self.recipe, self.supernet, self.alphas = recipe, supernet, alphas
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
        loss, _ = self.loss(batch, {cell: alpha.softmax(-1) for cell, alpha in self.alphas.items()}, 2 * noise)
        loss.backward()
        self.alpha_optimizer.step()
        _require_grad(self.parameters, True)

    def weight_step(self, batch: Batch, noise: int) -> tuple[Tensor, Tensor]:
        """SGD on the weights under the current mixing weights, gradient norm clipped over all weights."""
        self.optimizer.zero_grad()
        weights = {cell: alpha.detach().softmax(-1) for cell, alpha in self.alphas.items()}
        loss, logits = self.loss(batch, weights, 2 * noise + 1)
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, self.recipe.clip)
        self.optimizer.step()
        return loss.detach(), (logits.detach().argmax(1) == batch[1]).sum()

    def loss(self, batch: Batch, weights: dict[str, Tensor], noise: int) -> tuple[Tensor, Tensor]:
        """Cross entropy and logits in training mode; bf16 convolutions on CUDA."""
        images, labels = batch
        # A softmax has no zeros: every operation is live, and asking the device would cost a sync.
        live = {cell: [[True] * rows.shape[1]] * rows.shape[0] for cell, rows in weights.items()}
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=images.is_cuda):
            logits = self.supernet.run(images, Pass(weights, live, "train", noise))
        return F.cross_entropy(logits.float(), labels), logits


class Darts(Method):
    learns_alpha = True


class FixedAlpha(Method):
    learns_alpha = False


METHODS: dict[str, type[Method]] = {"darts": Darts, "fixed-alpha": FixedAlpha}


def _require_grad(parameters: Sequence[nn.Parameter], on: bool) -> None:
    for parameter in parameters:
        parameter.requires_grad_(on)
