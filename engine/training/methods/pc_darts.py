"""PC-DARTS, partial channels and edge normalisation (Xu et al. 2020, section 3).

Only one in K channels goes through the operations and the others pass by, which saves memory for larger batches and
keeps operations without weights from winning early. Edges learn strengths of their own, so that which inputs a node
keeps does not depend on which channels happened to be mixed.

node = Σ_i softmax(β)_i · shuffle[Σ_o softmax(α_i)_o · o(x_i[: C/K]), x_i[C/K :]]
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor

from engine.fields import setting
from engine.spaces import SearchSpace
from engine.spaces.image_sizes import stem_for
from engine.supernet.supernet import Supernet
from engine.training.method import Method as Base
from engine.training.settings import MethodSettings

if TYPE_CHECKING:
    from engine.training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Settings(MethodSettings):
    """As published for the DARTS space; elsewhere with the batches and learning rates of DARTS, as SmoothDARTS does."""

    partial: int = setting(4, "One in so many channels goes through the operations (PC-DARTS).", least=1, most=64)
    alpha_from: int = setting(15, "Epochs of the weights alone, before alphas and betas (PC-DARTS).", least=0)

    @classmethod
    def for_space(cls, space: SearchSpace) -> Self:
        if space.name in ("darts", "darts-none"):
            return cls(batch_size=256, lr=0.1, min_lr=0.0, alpha_lr=6e-4)
        return cls()


class Method(Base):
    """Steps as in first-order DARTS, on another supernet and with edge strengths."""

    @classmethod
    def build(cls, recipe: "Recipe", space: SearchSpace, classes: int) -> Supernet:
        assert isinstance(recipe.settings, Settings)
        stem = stem_for(recipe.image_size, space.skeleton.stem)
        return Supernet(space, recipe.channels, recipe.cells, classes, stem, recipe.settings.partial)

    @classmethod
    def initial(cls, space: SearchSpace, draw: torch.Generator) -> dict[str, Tensor]:
        """Alphas and then betas of 1e-3 * N(0, 1)."""
        alphas = super().initial(space, draw)
        betas = {f"beta.{cell}": 1e-3 * torch.randn(space.shape(cell)[0], generator=draw) for cell in space.cells}
        return {**alphas, **betas}
