"""A run at an earlier epoch of its training. Needs no torch.

count      epochs whose alphas a run has kept
at_epoch   the run as it was: its alphas then, and its weights where a snapshot kept them
"""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from app.library.catalog import Entry
from engine.checkpoint.format import META, Summary, read_summary
from engine.errors import BadInput

SNAPSHOTS = "snapshots"
"""Where a run keeps the checkpoints of earlier epochs."""


def count(entry: Entry) -> int:
    """Epochs whose alphas are known; 0 for a checkpoint that came without its history."""
    return 0 if entry.summary is None else entry.summary.recorded


def at_epoch(entry: Entry, epoch: int | None) -> Entry:
    """The run after so many epochs; as it is where that is its last one, or none that it has.

    Where the weights of that moment were not kept, its digest is that of no checkpoint, so that nothing measured is
    taken for it, and nothing can be measured (`Entry.has_weights`).
    """
    if entry.summary is None or epoch is None or not 0 < epoch < count(entry):
        return entry
    folder = entry.path / SNAPSHOTS / f"epoch-{epoch:03d}"
    kept = _snapshot(folder, _stamp(folder))
    if kept is not None and kept.space == entry.summary.space:
        return replace(entry, path=folder, summary=kept, epoch=epoch)
    return replace(entry, summary=_alone(entry.summary, epoch), epoch=epoch, has_weights=False)


def _alone(summary: Summary, epoch: int) -> Summary:
    """The alphas and decisions of an epoch without weights."""
    log = summary.log[:epoch]
    said = (log[-1].get("search") or {}) if len(summary.log) == summary.recorded else {}
    return replace(
        summary,
        meta={**summary.meta, "epochs": epoch, "accuracies": {"search": said}},
        start=summary.selection_after(epoch),
        history={cell: rows[:epoch] for cell, rows in summary.history.items()},
        beta_history={cell: rows[:epoch] for cell, rows in summary.beta_history.items()},
        digest=f"{summary.digest}, epoch {epoch}",
        scores=None,
        log=log,
    )


def _stamp(folder: Path) -> int | None:
    try:
        return (folder / META).stat().st_mtime_ns
    except OSError:
        return None


@lru_cache(maxsize=128)
def _snapshot(folder: Path, stamp: int | None) -> Summary | None:
    """The snapshot in a folder; None where none is, or it cannot be read."""
    try:
        return None if stamp is None else read_summary(folder)
    except BadInput:
        return None
