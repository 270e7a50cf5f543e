"""Signals from gradients of the loss for the mixing weights: one pass gives those of all edges.

gradients_of       gradients of every batch
taylor             -w g, the first order of what the loss rises by without an operation
taylor_rescaled    the same where the other weights of the row grow
fisher             mean over batches of (w g) squared: how much an operation is used, whatever the sign
FORMS              the signals among them, by name
path_edge          -w times the mean of g while the row is scaled from 0 to 1 (Aumann-Shapley)

Gradients are for the weights as free numbers, not through the softmax. Parameters get no gradient and nothing is
written.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from engine.analysis.signals.kinds import Asked
from engine.scoring.gradients import weight_gradients


class BatchGradient(NamedTuple):
    """Of one batch: its images, its mean loss, and the gradient for the cell's weights, [edges, operations]."""

    images: int
    loss: float
    gradient: Tensor


def gradients_of(
    asked: Asked, weights: Tensor | None = None, report: Callable[[float], None] = lambda share: None
) -> list[BatchGradient]:
    """Of every batch. weights: of the cell, other than the selection's own."""
    own = asked.selection.weights() | ({} if weights is None else {asked.cell: weights})
    found = weight_gradients(asked.supernet, own, asked.batches, asked.bn, report)
    return [BatchGradient(each.images, each.loss, each.gradients[asked.cell]) for each in found]


def mean_gradient(gradients: Sequence[BatchGradient]) -> Tensor:
    """Of the mean loss of all images."""
    images = sum(each.images for each in gradients)
    return torch.stack([each.gradient * each.images for each in gradients]).sum(0) / images


def taylor(weights: Tensor, gradients: Sequence[BatchGradient]) -> Tensor:
    """[edges, operations]."""
    return -weights.double() * mean_gradient(gradients)


def taylor_rescaled(weights: Tensor, gradients: Sequence[BatchGradient]) -> Tensor:
    """[edges, operations]; infinite where one operation has all the weight."""
    w, g = weights.double(), mean_gradient(gradients)
    return ((w * g).sum(1, keepdim=True) - g) * w / (1 - w)


def fisher(weights: Tensor, gradients: Sequence[BatchGradient]) -> Tensor:
    """[edges, operations]; depends on the batch size, as the variance of g falls with it."""
    w = weights.double()
    return torch.stack([(w * each.gradient) ** 2 for each in gradients]).mean(0)


FORMS: Mapping[str, Callable[[Tensor, Sequence[BatchGradient]], Tensor]] = {"taylor": taylor, "fisher": fisher}
"""By the signal's name."""


def path_edge(asked: Asked, edge: int, midpoints: int = 4) -> Tensor:
    """[operations] of one edge; their sum is close to what the loss rises by without the edge."""
    weights = asked.weights
    total = torch.zeros(weights.shape[1], dtype=torch.float64)
    for step in range(midpoints):
        scaled = weights.clone()
        scaled[edge] *= (step + 0.5) / midpoints
        total += mean_gradient(gradients_of(asked, scaled))[edge]
    return -weights[edge].double() * total / midpoints
