"""First-order DARTS (Liu, Simonyan and Yang 2019, equation 6 with ξ = 0).

Architecture parameters and weights take turns: a step on the alphas lowers the loss of the search half with the
weights held fixed, then a step on the weights lowers the loss of the training half. The weights of the moment stand in
for those that training to convergence would give, which is cheap and, for skip connections, flattering.

α ← α − ∇α L_search(w, α), then w ← w − ∇w L_train(w, α), on mixing weights softmax(α)
"""

from dataclasses import dataclass

from engine.training.robust import Robust, RobustSettings


@dataclass(frozen=True, kw_only=True)
class Settings(RobustSettings):
    """As published; the same in every space. The options of RobustDARTS are off."""


class Method(Robust):
    """Every step as in the base class."""
