"""What is worth setting side by side. Needs no torch.

Pair        two sides
default     the pair to begin with; presets: all pairs worth a look
tunings     stored runs that differ in their edge order only
procedure   how a stored run went about it, in words
"""

from collections.abc import Mapping

from app.screens.compare.endings import ALPHA, MINE, RunEndings, Side
from engine.drawing import wording
from engine.selecting.record import SelectionRecord

RECIPE = ("space", "method", "channels", "cells", "image_size", "epochs", "seed", "data")

Pair = tuple[Side, Side]


def default(endings: RunEndings) -> Pair:
    """Alpha against measurement, or against the visitor's own decisions while nothing is measured.

    Where alpha is unknown it has no ending, and the visitor's own decisions stand in its place.
    """
    first = ALPHA if ALPHA in endings.endings else MINE
    return Side(endings.entry.id, first), Side(endings.entry.id, endings.measured or MINE)


def presets(runs: Mapping[str, RunEndings], run: str) -> dict[str, Pair]:
    """What can be set side by side beginning with a run, by name."""
    endings = runs[run]
    found: dict[str, Pair] = {}
    if endings.measured and ALPHA in endings.endings:
        found["α vs measurement"] = default(endings)
    if (other := _differing(runs, run, "epochs")) and _have_alpha(runs, run, other):
        early, late = sorted((run, other), key=lambda name: runs[name].summary.meta["epochs"])
        found["early vs late epoch"] = Side(early, ALPHA), Side(late, ALPHA)
    if (other := _differing(runs, run, "seed")) and _have_alpha(runs, run, other):
        found["seed vs seed"] = Side(run, ALPHA), Side(other, ALPHA)
    if other := _differing(runs, run, "method"):
        first, second = endings.measured, runs[other].measured
        # Fixed alphas choose nothing, so methods are compared by what measurement makes of their supernets.
        if first and second:
            found["method vs method"] = Side(run, first), Side(other, second)
        elif _have_alpha(runs, run, other):
            found["method vs method"] = Side(run, ALPHA), Side(other, ALPHA)
    orders = endings.orders or next((tuple(group) for group in tunings(endings).values()), ())
    if len(orders) > 1:
        found["order vs order"] = Side(run, orders[0]), Side(run, orders[1])
    if endings.decisions and endings.published:
        found["mine vs published"] = Side(run, MINE), Side(run, endings.published)
    return found


def _have_alpha(runs: Mapping[str, RunEndings], *names: str) -> bool:
    """Whether alpha has an ending in all of these runs."""
    return all(ALPHA in runs[name].endings for name in names)


def _differing(runs: Mapping[str, RunEndings], run: str, key: str) -> str | None:
    """The first other run of the same recipe but for `key`."""
    own = runs[run].summary.meta
    for name, endings in runs.items():
        meta = endings.summary.meta
        if meta.get(key) != own.get(key) and all(meta.get(each) == own.get(each) for each in RECIPE if each != key):
            return name
    return None


def tunings(endings: RunEndings) -> dict[str, dict[str, SelectionRecord]]:
    """Stored runs that differ in their order only: by what they have in common, then by name; two or more each."""
    groups: dict[str, dict[str, SelectionRecord]] = {}
    for name, document in sorted(endings.stored.items(), key=lambda item: item[1].settings.get("seed", 0)):
        if document.selection.is_complete and document.settings.get("order") == "random":
            groups.setdefault(procedure(document), {})[name] = document
    return {common: group for common, group in groups.items() if len(group) > 1}


def procedure(document: SelectionRecord) -> str:
    """How a selection run went about it, e.g. "perturbation, 50 batches at 0.01 between decisions, 1,024 images"."""
    settings = document.settings
    parts = [document.strategy, "no tuning"]
    if document.tuning is None and "tuned" in settings:
        parts[1] = f"tuning of {settings['tuned']}"
    elif document.tuning is not None and document.tuning.amount:
        parts[1] = f"{document.tuning} between decisions"
    if images := settings.get("images"):
        parts.append(f"{wording.count(images)} images")
    if bn := settings.get("bn"):
        parts.append(wording.bn(bn))
    if settings.get("criterion") == "loss":
        parts.append("by the loss")
    if settings.get("published"):
        parts.append("masks as published")
    return ", ".join(parts)
