"""Checkpoints that belong together: moments of one training, and other trainings that lie beside it. Free of torch.

moments   the checkpoints of one training: its snapshots, and bundled ones of the same run
past      its recorded alphas
beside    other trainings of the same space in the same folder
named     such trainings by name
alike     whether two trainings differ in depth alone; differences says in what else
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.checkpoint.format import META, Stamp, Summary, read_summary, stamp
from engine.errors import BadInput

SNAPSHOTS = "snapshots"
_TRAINED = ("method", "channels", "image_size", "dataset", "split", "seed")
_RECIPE = ("space", "method", "channels", "cells", "image_size", "seed")


def moments(summary: Summary) -> dict[int, Summary]:
    """By epoch: the checkpoint itself, its own snapshots, and checkpoints beside it that are earlier moments of the
    same training, as their alphas have the same past."""
    found = {int(summary.meta["epochs"]): summary}
    places = [*sorted((summary.path / SNAPSHOTS).glob(f"epoch-*/{META}"))]
    places += sorted(summary.path.resolve().parent.glob(f"*/{META}"))
    for place in places:
        try:
            other = _read(place.parent, stamp(place.parent))
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


def beside(summary: Summary) -> list[Summary]:
    """Other trainings of the same space in the same folder, by name; of one training its longest moment."""
    found: list[Summary] = []
    for place in sorted(summary.path.resolve().parent.glob(f"*/{META}")):
        if place.parent.name.startswith(".") or not _is_of(place, summary):
            continue
        try:
            other = _read(place.parent, stamp(place.parent))
        except BadInput:
            continue
        if past(other) and not is_one_training(summary, other):
            found.append(other)
    found.sort(key=lambda each: -len(past(each)))
    apart = [
        each for place, each in enumerate(found) if not any(is_one_training(each, longer) for longer in found[:place])
    ]
    return sorted(apart, key=lambda each: each.name)


def named(summary: Summary, runs: str) -> list[Summary]:
    """Checkpoints of the same space by their names in the same folder, or as folders; commas between.

    Raises BadInput for one that is not there, that is of another space, or that kept no alphas of earlier epochs.
    """
    found = []
    for name in dict.fromkeys(part.strip() for part in runs.split(",") if part.strip()):
        near = summary.path.resolve().parent / name
        folder = near if (near / META).is_file() else Path(name).expanduser()
        if not (folder / META).is_file():
            here = ", ".join(each.name for each in beside(summary)) or "none"
            raise BadInput(f"there is no run {name}; give a folder, or one that lies beside {summary.name}: {here}")
        other = read_summary(folder)
        if other.space != summary.space:
            raise BadInput(f"{name} is of space {other.space.name}, not of {summary.space.name}; leave it out")
        if not past(other):
            raise BadInput(f"{name} kept no alphas of its epochs; leave it out")
        found.append(other)
    return found


def is_one_training(one: Summary, other: Summary) -> bool:
    """Whether two checkpoints are moments of one training: alike in recipe and in their common past."""
    epochs = min(len(past(one)), len(past(other)))
    if not epochs or any(one.meta.get(key) != other.meta.get(key) for key in _RECIPE):
        return False
    return all(np.array_equal(rows[:epochs], other.history[cell][:epochs]) for cell, rows in one.history.items())


def differences(one: Summary, other: Summary) -> tuple[str, ...]:
    """In what two trainings differ beside depth, e.g. "epochs 10, not 30". Their data's place does not count, and of a
    setting that one of them does not record nothing is known: older runs record fewer."""
    mine, theirs = (dict(each.meta.get("hyperparameters") or {}) for each in (one, other))
    for each, found in ((one, mine), (other, theirs)):
        found |= {name: each.meta.get(name) for name in _TRAINED}
        for name in ("cells", "data", "space"):
            found.pop(name, None)
        found["finished epochs"] = len(past(each))
    return tuple(
        f"{name.replace('_', ' ')} {theirs[name]}, not {value}"
        for name, value in mine.items()
        if name in theirs and theirs[name] != value
    )


def alike(one: Summary, other: Summary) -> bool:
    """Whether they differ in depth alone."""
    return one.meta["cells"] != other.meta["cells"] and not differences(one, other)


@lru_cache(maxsize=128)
def _read(folder: Path, state: Stamp) -> Summary:
    """A checkpoint in this state of its files: a page asks for it at every drawing."""
    return read_summary(folder)


def _is_of(place: Path, summary: Summary) -> bool:
    """Whether a meta.json names the same space: weights are read of those alone."""
    try:
        found = json.loads(place.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("space") == summary.meta["space"]
