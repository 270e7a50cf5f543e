"""Checkpoints that belong together: moments of one training, and other trainings that lie beside it. Free of torch.

moments   the checkpoints of one training: its snapshots, and bundled ones of the same run
past      its recorded alphas
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.checkpoint.format import META, Summary, read_summary
from engine.errors import BadInput

SNAPSHOTS = "snapshots"


def moments(summary: Summary) -> dict[int, Summary]:
    """By epoch: the checkpoint itself, its own snapshots, and checkpoints beside it that are earlier moments of the
    same training, as their alphas have the same past."""
    found = {int(summary.meta["epochs"]): summary}
    places = [*sorted((summary.path / SNAPSHOTS).glob(f"epoch-*/{META}"))]
    places += sorted(summary.path.resolve().parent.glob(f"*/{META}"))
    for place in places:
        try:
            other = read_summary(place.parent)
        except BadInput:
            continue
        epoch = int(other.meta["epochs"] or 0)
        if epoch < len(past(summary)) and epoch not in found and _same_training(summary, other, epoch):
            found[epoch] = other
    return dict(sorted(found.items()))


def past(summary: Summary) -> Sequence[Any]:
    """The recorded alphas of the first cell type, by epoch."""
    return [row for rows in list(summary.history.values())[:1] for row in rows]


def _same_training(summary: Summary, other: Summary, epoch: int) -> bool:
    if other.space != summary.space or not epoch or len(past(other)) != epoch:
        return False
    return all(np.array_equal(rows[:epoch], other.history[cell]) for cell, rows in summary.history.items())
