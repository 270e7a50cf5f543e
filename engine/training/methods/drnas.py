"""DrNAS without its progressive stages (Chen et al. 2021, section 3).

Mixing weights are drawn from a Dirichlet distribution of every edge, whose concentrations are learned through the
draws. Drawing explores all operations from the beginning, and a divergence from the even distribution keeps the
concentrations from running away.

θ ~ Dirichlet(elu(α) + 1); α ← α − ∇α (E[L_search(w, θ)] + λ Σ KL(Dirichlet(elu(α) + 1) ‖ Dirichlet(1)))
"""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.distributions import Dirichlet, kl_divergence
from torch.nn import functional as F

from engine.fields import setting
from engine.spaces import SearchSpace
from engine.training.method import Method as Base
from engine.training.method import Mixed, Purpose
from engine.training.settings import MethodSettings


@dataclass(frozen=True, kw_only=True)
class Settings(MethodSettings):
    """As published for NAS-Bench-201, and for the whole DARTS space. The published "l2" form is kl=0 with
    alpha_weight_decay=1e-3."""

    kl: float = setting(1e-3, "Weight of the divergence from the even Dirichlet distribution (DrNAS).", least=0)
    alpha_weight_decay: float = setting(0.0, "L2 penalty of the alphas; pulls concentrations to 1 (DrNAS).", least=0)

    @classmethod
    def for_space(cls, space: SearchSpace) -> Self:
        if space.name in ("darts", "darts-none"):
            return cls(lr=0.1, min_lr=0.0, alpha_lr=6e-4, alpha_from=10)
        return cls()


class Method(Base):
    """A draw an edge and step; accuracies are those under the softmax of the alphas, which names the genotype."""

    settings: Settings

    def mix(self, purpose: Purpose, draw: torch.Generator) -> Mixed:
        if purpose == "measure":
            return super().mix(purpose, draw)
        seed = int(torch.randint(2**62, (1,), generator=draw))
        with torch.random.fork_rng(devices=[]):  # Dirichlet takes no generator
            torch.manual_seed(seed)
            return self.held({cell: self._drawn(alpha) for cell, alpha in self.of("alpha").items()})

    def _drawn(self, alpha: Tensor) -> Tensor:
        """[E, K], every row from its own distribution, with the gradient of its concentrations. On the CPU, so that the
        draws are the same on every device."""
        return Dirichlet(concentrations(alpha).cpu()).rsample().to(alpha.device)

    def extra_loss(self) -> Tensor | None:
        if not self.settings.kl:
            return None
        found = [concentrations(alpha) for alpha in self.of("alpha").values()]
        return self.settings.kl * torch.stack([_divergence(rows) for rows in found]).sum()


def concentrations(alpha: Tensor) -> Tensor:
    """elu(alpha) + 1 [E, K], kept above 0 where float32 would round to it."""
    return (F.elu(alpha) + 1).clamp_min(1e-6)


def _divergence(rows: Tensor) -> Tensor:
    """From the even distribution, summed over edges."""
    return kl_divergence(Dirichlet(rows), Dirichlet(torch.ones_like(rows))).sum()
