"""GDAS, one sampled path (Dong and Yang 2019, section 3.2).

Every step draws one operation an edge by Gumbel noise and runs only these, so a step costs little more than one small
network. The gradient of the alphas goes through the softmax behind the draw, whose temperature falls until the draw
follows the alphas closely.

h = onehot(argmax(log softmax(α) + g)), backward as softmax((log softmax(α) + g) / τ), g Gumbel noise, τ from 10 to 0.1
"""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from engine.fields import setting
from engine.spaces import SearchSpace
from engine.training.feeds import Batch
from engine.training.method import Method as Base
from engine.training.method import Mixed, Purpose, Step
from engine.training.settings import MethodSettings


@dataclass(frozen=True, kw_only=True)
class Settings(MethodSettings):
    """As published for NAS-Bench-201; in the DARTS family with larger batches."""

    nesterov: bool = setting(True, "Nesterov's form of momentum (GDAS).")
    weight_decay: float = setting(5e-4, "L2 penalty of the weights (GDAS).", least=0)
    first_tau: float = setting(10.0, "Temperature in the first epoch (GDAS).", above=0)
    tau: float = setting(0.1, "Temperature in the last epoch, reached linearly, and in tuning (GDAS).", above=0)

    @classmethod
    def for_space(cls, space: SearchSpace) -> Self:
        return cls(batch_size=256) if space.skeleton.prepares else cls()


class Method(Base):
    """A step is on the weights first, then on the alphas. Accuracies are those of the mix of all operations."""

    settings: Settings
    tau = 1.0

    def begin(self, epoch: int | None) -> None:
        super().begin(epoch)
        first, last, epochs = self.settings.first_tau, self.settings.tau, self.recipe.epochs
        self.tau = last if epoch is None else first + (last - first) * epoch / max(1, epochs - 1)

    def step(self, train: Batch, search: Batch | None) -> Step:
        taken = self.weight_step(train)
        if search is not None:
            self.alpha_step(train, search)
        return taken

    def mix(self, purpose: Purpose, draw: torch.Generator) -> Mixed:
        if purpose == "measure":
            return super().mix(purpose, draw)
        weights = self.held({cell: self._drawn(alpha, draw) for cell, alpha in self.of("alpha").items()}).weights
        live = {cell: (rows.detach() != 0).tolist() for cell, rows in weights.items()}
        return Mixed(weights, live, absent=True)

    def _drawn(self, alpha: Tensor, draw: torch.Generator) -> Tensor:
        """[E, K] with 1 at what is drawn and 0 elsewhere; its gradient is that of the softmax."""
        logits = (alpha.log_softmax(-1) + gumbel(alpha, draw)) / self.tau
        soft = logits.softmax(-1)
        hard = torch.zeros_like(soft).scatter(-1, soft.argmax(-1, keepdim=True), 1.0)
        return hard - soft.detach() + soft


def gumbel(like: Tensor, draw: torch.Generator) -> Tensor:
    """Gumbel noise in the shape and type of a tensor; drawn again should a number be infinite."""
    while True:
        noise = -torch.empty(like.shape, dtype=like.dtype).exponential_(generator=draw).log()
        if bool(noise.isfinite().all()):
            return noise.to(like.device)
