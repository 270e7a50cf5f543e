"""Fixed alphas (Wang et al. 2021, section 6.3).

Only the weights are trained, and the alphas stay as they were drawn, which mixes all operations almost evenly. Alpha
then says nothing about the operations, so whatever a selection finds in such a supernet was found by measuring.

w ← w − ∇w L_train(w, α), α constant
"""

from dataclasses import dataclass

from engine.training.method import Method as Base
from engine.training.settings import MethodSettings


@dataclass(frozen=True, kw_only=True)
class Settings(MethodSettings):
    """As DARTS; what is set for the alphas has no effect."""


class Method(Base):
    """No step on the alphas, neither in training nor in tuning."""

    learns_alpha = False
