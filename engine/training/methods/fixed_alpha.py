"""Weights only, alphas frozen at their initialisation (Wang et al. 2021, section 6.3)."""

from dataclasses import dataclass

from engine.training.method import Method as Base
from engine.training.settings import MethodSettings


@dataclass(frozen=True, kw_only=True)
class Settings(MethodSettings):
    """As DARTS; what is set for the alphas has no effect."""


class Method(Base):
    """No step on the alphas, neither in training nor in tuning."""

    learns_alpha = False
