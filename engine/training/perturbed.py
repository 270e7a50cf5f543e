"""Perturbed mixing weights, which both forms of SDARTS train the weights under (Chen and Hsieh 2020, section 3).

PerturbedSettings   as DARTS, and how far mixing weights are perturbed
Perturbed           a method with that schedule and a random start
clip_normalise      perturbed rows as mixing weights again

Letters in shapes: E edges of a cell type, K operations.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.fields import setting
from engine.selection.mixing import mixing_weights
from engine.training.method import Method
from engine.training.settings import MethodSettings


@dataclass(frozen=True, kw_only=True)
class PerturbedSettings(MethodSettings):
    """As DARTS, and how far mixing weights are perturbed."""

    first_epsilon: float = setting(0.03, "Largest change of a mixing weight in the first epoch.", least=0, most=1)
    epsilon: float = setting(0.3, "The same after the last, reached linearly, and in tuning.", least=0, most=1)


class Perturbed(Method):
    """Steps on the alphas see mixing weights as they are; those on the weights see them changed by at most epsilon."""

    settings: PerturbedSettings
    epsilon = 0.0

    def begin(self, epoch: int | None) -> None:
        super().begin(epoch)
        first, last = self.settings.first_epsilon, self.settings.epsilon
        self.epsilon = last if epoch is None else first + (last - first) * epoch / self.recipe.epochs

    def plain(self) -> dict[str, Tensor]:
        """The softmax of the alphas, per cell type [E, K]; decided rows are not yet in their place."""
        return {cell: mixing_weights(alpha) for cell, alpha in self.of("alpha").items()}

    def shaken(self, weights: Mapping[str, Tensor], draw: torch.Generator) -> dict[str, Tensor]:
        """Every weight [E, K] changed by a uniform draw from -epsilon to epsilon, as rows that sum to 1."""
        found = {}
        for cell, rows in weights.items():
            noise = 2 * torch.rand(rows.shape, generator=draw, dtype=rows.dtype).to(rows.device) - 1
            found[cell] = clip_normalise(rows + self.epsilon * noise)
        return found


def clip_normalise(rows: Tensor) -> Tensor:
    """Rows [E, K] cut to 0..1 and divided by their sum; where nothing is left, 1 at what was the largest.

    As published this is no projection onto the simplex, and dividing may lead further away than epsilon.
    """
    clipped = rows.clamp(0, 1)
    largest = torch.zeros_like(rows).scatter(-1, rows.argmax(-1, keepdim=True), 1.0)
    clipped = torch.where(clipped.sum(-1, keepdim=True) == 0, largest, clipped)
    return clipped / clipped.sum(-1, keepdim=True)
