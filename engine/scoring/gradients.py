"""Gradients of the loss for the mixing weights: one pass gives those of every operation of every edge.

BatchGradient      what one batch gives
weight_gradients   batch after batch
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.errors import BadInput
from engine.results import BnMode
from engine.scoring.paths import Report
from engine.scoring.scores import Batches
from engine.supernet.scorable import Inputs, Scorable, Weights, moved
from engine.supernet.supernet import Pass, Supernet


class BatchGradient(NamedTuple):
    """Of one batch: its images, its mean loss in nats, and the gradients for the weights, by cell type [edges,
    operations], on the CPU in double precision."""

    images: int
    loss: float
    gradients: dict[str, Tensor]


def weight_gradients(
    supernet: Scorable, weights: Weights, batches: Batches, bn: BnMode, report: Report = lambda share: None
) -> Iterator[BatchGradient]:
    """For the weights as free numbers, not tied by their softmax. Only they are differentiated: no parameter, buffer,
    mode or random state moves, and an operation whose weight is 0 has no gradient, so 0.

    report: told the share of the batches that is done; what it raises ends the work. Raises BadInput for outputs that
    are not finite, or do not depend on the weights by a gradient.
    """
    kind = supernet.device, supernet.dtype
    leaves = {cell: rows.detach().to(*kind).clone().requires_grad_() for cell, rows in weights.items()}
    for index, (inputs, labels) in enumerate(batches):
        loss, found = _of_batch(supernet, leaves, moved(inputs, *kind), labels, bn, index)
        yield BatchGradient(len(labels), loss, found)
        report((index + 1) / len(batches))


@torch.enable_grad()
def _of_batch(
    supernet: Scorable, weights: Weights, inputs: Inputs, labels: Tensor, bn: BnMode, index: int
) -> tuple[float, dict[str, Tensor]]:
    """The mean loss of a batch and its gradients; `index` seeds S4's noise, as for masks."""
    if isinstance(supernet, Supernet):
        assert isinstance(inputs, Tensor)
        # As under a mask, the strength of a partial edge is that of its whole row.
        whole = {name: rows.detach() for name, rows in weights.items()}
        outputs = supernet.run(inputs, Pass.of(weights, bn, index, whole=whole))
    else:
        outputs = supernet(inputs, weights, bn)
    loss = F.cross_entropy(outputs.float() if outputs.dtype != torch.float64 else outputs, labels.to(outputs.device))
    if not torch.isfinite(loss):
        raise BadInput("this supernet returns NaN or infinite outputs, so nothing can be estimated; check its weights")
    if not loss.requires_grad:
        raise BadInput("this supernet's outputs have no gradient for its weights, so nothing can be estimated; measure")
    found = torch.autograd.grad(loss, list(weights.values()), allow_unused=True)
    gradients = {
        cell: (torch.zeros_like(rows) if each is None else each).double().cpu()
        for (cell, rows), each in zip(weights.items(), found, strict=True)
    }
    return float(loss.detach()), gradients
