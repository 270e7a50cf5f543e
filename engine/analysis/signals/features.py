"""Signals from feature maps: masks that keep the scale of an edge's sum, and how large an operation's outputs are.

restored   accuracies and losses without each operation, the edge's sum brought back to its mean and spread
iim        minus the mean of 3 (x - mu)^2 / sigma^6 over an output's channels (IS-DARTS, code)

A skip carries its input's full variance, a convolution a normalised one: a plain mask changes how large the node is by
the kind of the operation. Restored per channel, the mean and standard deviation of the edge's sum over the batch and
positions are those of the unmasked one.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.analysis import opened
from engine.analysis.opened import Outputs
from engine.analysis.signals.kinds import Asked, Values
from engine.errors import BadInput
from engine.scoring.intervals import PairedCounts
from engine.supernet.scorable import moved
from engine.supernet.supernet import Pass

RESTORED = ("drop_restored", "rise_restored")


@torch.inference_mode()
def restored(asked: Asked, edge: int, report: Callable[[float], None]) -> dict[str, Values]:
    """Both restored signals of an edge. An edge that a mask leaves empty stays so; `none` has 0."""
    supernet, silent = asked.supernet, asked.silent(edge)
    live = [column for column, is_silent in enumerate(silent) if not is_silent]
    run, counts = _pass(asked), PairedCounts(asked.bn)
    for index, (inputs, labels) in enumerate(asked.batches):
        images, marks = moved(inputs, supernet.device, supernet.dtype), labels.to(supernet.device)
        assert isinstance(images, Tensor)
        noisy = run.with_noise(index)
        logits = [supernet.run(images, noisy)]
        for column in live:
            logits.append(opened.run(supernet, images, noisy, asked.cell, _without(edge, column)))
        stacked = torch.stack(logits).float()
        if not torch.isfinite(stacked).all():
            raise BadInput("this supernet returns NaN or infinite outputs, so nothing can be ranked; check its weights")
        loss = F.cross_entropy(stacked.flatten(0, 1), marks.repeat(len(logits)), reduction="none")
        right = (stacked.argmax(-1) == marks).cpu().numpy()
        counts.add(right, loss.view(len(logits), -1).double().cpu().numpy())
        report((index + 1) / len(asked.batches))
    drop, rise = [0.0] * len(silent), [0.0] * len(silent)
    for variant, column in enumerate(live, start=1):
        drop[column] = counts.difference(0, variant)
        rise[column] = counts.loss(variant) - counts.loss(0)
    return {"drop_restored": drop, "rise_restored": rise}


def _without(masked: int, gone: int) -> opened.Edit:
    def edit(edge: int, source: Tensor, outputs: Outputs, weights: Tensor) -> Tensor | None:
        whole = opened.summed(outputs, weights)
        if edge != masked or whole is None or gone not in outputs:
            return whole
        rest = opened.summed({column: output for column, output in outputs.items() if column != gone}, weights)
        return None if rest is None else restore(rest, whole)

    return edit


def restore(rest: Tensor, whole: Tensor) -> Tensor:
    """`rest` [B, C, H, W] shifted and scaled so that every channel has the mean and spread of `whole`.

    A channel of `rest` that is the same everywhere gets the mean alone."""
    places = (0, 2, 3)
    mean, wanted = rest.mean(places, keepdim=True), whole.mean(places, keepdim=True)
    spread = rest.std(places, keepdim=True, correction=0)
    scale = whole.std(places, keepdim=True, correction=0) / spread
    scale = torch.where(spread > 1e-12, scale, torch.zeros_like(scale))
    return (rest - mean) * scale + wanted


@torch.inference_mode()
def iim(asked: Asked, report: Callable[[float], None]) -> dict[int, Values]:
    """By edge. Per image and position, mu and (unbiased) sigma are over the output's channels. What has no spread
    counts as infinite, so it stands last, as `none` does."""
    totals: dict[tuple[int, int], list[float]] = {}

    def look(edge: int, source: Tensor, outputs: Outputs, weights: Tensor) -> Tensor | None:
        for column, output in outputs.items():
            x = output.double()
            mu, sigma = x.mean(1, keepdim=True), x.std(1, keepdim=True)
            totals.setdefault((edge, column), []).append(float((3 * (x - mu) ** 2 / sigma**6).mean()))
        return opened.summed(outputs, weights)

    for index, (inputs, _) in enumerate(asked.batches):
        images = moved(inputs, asked.supernet.device, asked.supernet.dtype)
        assert isinstance(images, Tensor)
        opened.run(asked.supernet, images, _pass(asked).with_noise(index), asked.cell, look)
        report((index + 1) / len(asked.batches))
    found: dict[int, Values] = {}
    for edge in asked.edges:
        means = [float(np.mean(totals.get((edge, column), [np.inf]))) for column in range(len(asked.names(edge)))]
        found[edge] = [-mean if np.isfinite(mean) else None for mean in means]
    return found


def _pass(asked: Asked) -> Pass:
    kind = asked.supernet.device, asked.supernet.dtype
    return Pass.of({cell: rows.to(*kind) for cell, rows in asked.selection.weights().items()}, asked.bn)
