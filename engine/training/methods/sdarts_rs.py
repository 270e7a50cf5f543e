"""SDARTS-RS, random smoothing (Chen and Hsieh 2020, section 3).

The weights are trained under mixing weights that are changed at random, by more from epoch to epoch, so that the loss
is low all around the alphas and not only at them. Making a selection discrete then moves it less, which is where the
supernets of DARTS lose their accuracy.

w* = argmin_w E[L_train(w, softmax(α) + δ)], δ uniform in −ε..ε; α ← α − ∇α L_search(w*, α)
"""

from dataclasses import dataclass

import torch

from engine.training.method import Mixed, Purpose
from engine.training.perturbed import Perturbed, PerturbedSettings


@dataclass(frozen=True, kw_only=True)
class Settings(PerturbedSettings):
    """As published; the same in every space."""


class Method(Perturbed):
    """A uniform draw for every step on the weights; everything else as first-order DARTS."""

    def mix(self, purpose: Purpose, draw: torch.Generator) -> Mixed:
        weights = self.plain()
        return self.held(self.shaken(weights, draw) if purpose == "train" else weights, self.of("beta"))
