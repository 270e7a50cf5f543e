"""SDARTS-ADV, adversarial perturbation (Chen and Hsieh 2020, section 3).

The weights are trained under the mixing weights near the present ones that make the loss of their batch largest, found
by projected gradient steps. This flattens the loss around the alphas where random draws may miss its steepest side,
and costs seven passes with gradients and two without for every batch.

w* = argmin_w max_δ L_train(w, softmax(α) + δ), |δ| ≤ ε; α ← α − ∇α L_search(w*, α)
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.fields import setting
from engine.training.feeds import Batch
from engine.training.method import Mixed
from engine.training.perturbed import Perturbed, PerturbedSettings, clip_normalise


@dataclass(frozen=True, kw_only=True)
class Settings(PerturbedSettings):
    """As published; the same in every space."""

    attacks: int = setting(7, "Gradient steps towards the largest loss, for every batch.", least=1, most=100)


class Method(Perturbed):
    """The worst perturbation found for every step on the weights; everything else as first-order DARTS."""

    settings: Settings

    def weight_mix(self, train: Batch) -> Mixed:
        """Signed gradient steps of 2 epsilon / attacks from a random start, under running BatchNorm statistics. Where
        they did not raise the loss, the mixing weights stay as they are."""
        with torch.no_grad():
            plain = self.plain()
            rows, before = self.shaken(plain, self.draw("train")), self._harm(train, plain)
        size = 2 * self.epsilon / self.settings.attacks
        for _ in range(self.settings.attacks):
            leaves = {cell: weights.requires_grad_(True) for cell, weights in rows.items()}
            gradients = torch.autograd.grad(self._harm(train, leaves), list(leaves.values()), allow_unused=True)
            with torch.no_grad():
                for (cell, leaf), gradient in zip(leaves.items(), gradients, strict=True):
                    step = 0 if gradient is None else size * gradient.sign()
                    change = (leaf + step - plain[cell]).clamp(-self.epsilon, self.epsilon)
                    rows[cell] = clip_normalise(plain[cell] + change)
        with torch.no_grad():
            failed = before > self._harm(train, rows)
            found = {cell: torch.where(failed, plain[cell], weights) for cell, weights in rows.items()}
            return self.held(found, self.of("beta"))

    def _harm(self, train: Batch, weights: dict[str, Tensor]) -> Tensor:
        """Loss of the training batch under these mixing weights; moves no statistics."""
        return self.loss(train, self.held(weights, self.of("beta")), "train", "running")[0]
