"""First-order DARTS (Liu et al. 2019, eq. 5 with xi = 0): alpha on the search half, then the weights."""

from dataclasses import dataclass

from engine.training.method import Method as Base
from engine.training.settings import MethodSettings


@dataclass(frozen=True, kw_only=True)
class Settings(MethodSettings):
    """As published; the same in every space."""


class Method(Base):
    """Every step as in the base class."""
