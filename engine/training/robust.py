"""What RobustDARTS adds to DARTS (Zela et al. 2020): regularised weights, and stopping before alphas collapse.

RobustSettings       drop path with cutout, early stopping; both off unless they are set
Robust               a method with them
dominant_eigenvalue  of the Hessian of the search loss in the alphas
rises                whether eigenvalues have begun to rise
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.data.augment import cutout
from engine.fields import setting
from engine.training.feeds import Batch
from engine.training.method import Method, Purpose, Step
from engine.training.optimizers import require_grad
from engine.training.settings import MethodSettings

EVERY, WINDOW, BACK, FACTOR, EARLIEST = 2, 5, 4, 1.3, 10
"""Epochs from one eigenvalue to the next, how many are averaged, how many averages the comparison looks back, the ratio
that stops, and the epochs before which nothing stops."""


@dataclass(frozen=True, kw_only=True)
class RobustSettings(MethodSettings):
    """As DARTS, with the options of RobustDARTS. Published values: drop_path 0, 0.2, 0.4 or 0.6, and weight_decay
    3e-4, 9e-4, 27e-4, 81e-4 or 243e-4."""

    drop_path: float = setting(
        0.0, "Probability of dropping an edge, reached in the last epoch, with cutout (R-DARTS).", least=0, below=1
    )
    early_stop: bool = setting(False, "Stop when the search loss curves more and more along the alphas (DARTS-ES).")


class Robust(Method):
    """With drop_path above 0, both halves are trained on images of which more and more lose a square, up to all.

    With early_stop, training ends where the curvature rises; it is not taken back to the epoch before, which snapshots
    keep. The log has the eigenvalue of every second epoch.
    """

    settings: RobustSettings
    cut = 0.0

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.eigenvalues: list[float] = []

    def begin(self, epoch: int | None) -> None:
        super().begin(epoch)
        share = 1.0 if epoch is None else epoch / max(1, self.recipe.epochs - 1)
        self.drop_path = self.settings.drop_path * share
        self.cut = share if self.settings.drop_path else 0.0

    def step(self, train: Batch, search: Batch | None) -> Step:
        return super().step(self._cut(train, "train"), None if search is None else self._cut(search, "search"))

    def _cut(self, batch: Batch, purpose: Purpose) -> Batch:
        """Some images with a square of half their side erased: 16 of 32 pixels."""
        if not self.cut:
            return batch
        images, labels = batch
        draw = self.draw(purpose)
        chosen = (torch.rand(len(images), generator=draw) < self.cut).to(images.device)
        erased = cutout(images, images.shape[-1] // 2, draw)
        return torch.where(chosen[:, None, None, None], erased, images), labels

    def stop(self, epoch: int, search: Iterator[Batch]) -> bool:
        self.remarks = {}
        if not self.settings.early_stop or epoch % EVERY or not self.searches:
            return False
        self.eigenvalues.append(dominant_eigenvalue(self, next(search)))
        self.remarks = {"eigenvalue": self.eigenvalues[-1]}
        return epoch >= EARLIEST and rises(self.eigenvalues)

    def state(self) -> dict[str, Any]:
        return {**super().state(), "eigenvalues": self.eigenvalues}

    def load(self, state: Mapping[str, Any]) -> None:
        super().load(state)
        self.eigenvalues = list(state.get("eigenvalues", ()))


def dominant_eigenvalue(method: Method, batch: Batch) -> float:
    """The largest eigenvalue of the Hessian of the batch's loss in all alphas together; moves no statistics."""
    alphas = list(method.of("alpha").values())
    require_grad(method.weights, False)
    require_grad(alphas, True)
    loss, _ = method.loss(batch, method.mix("measure", method.draw("measure")), "measure", "batch")
    gradients = torch.autograd.grad(loss, alphas, create_graph=True, allow_unused=True)
    rows: list[Tensor] = []
    for entry in torch.cat([_flat(*pair) for pair in zip(gradients, alphas, strict=True)]):
        if entry.requires_grad:
            second = torch.autograd.grad(entry, alphas, retain_graph=True, allow_unused=True)
            rows.append(torch.cat([_flat(*pair) for pair in zip(second, alphas, strict=True)]).detach())
        else:
            rows.append(torch.zeros(sum(alpha.numel() for alpha in alphas), device=loss.device, dtype=alphas[0].dtype))
    require_grad(method.weights, True)
    hessian = torch.stack(rows).cpu().double()
    return float(torch.linalg.eigvalsh((hessian + hessian.T) / 2)[-1])


def _flat(gradient: Tensor | None, alpha: Tensor) -> Tensor:
    return torch.zeros_like(alpha).flatten() if gradient is None else gradient.flatten()


def rises(values: Sequence[float]) -> bool:
    """Whether the average of the last values is more than `FACTOR` of what it was `BACK` values before."""
    if len(values) < WINDOW + BACK:
        return False
    now, before = (sum(part) / WINDOW for part in (values[-WINDOW:], values[-WINDOW - BACK : -BACK]))
    return before > 0 and now / before > FACTOR
