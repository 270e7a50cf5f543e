"""A foreign state_dict as a supernet: which search space it is of, and every tensor in its place.

fit    the supernet with these weights
Fit    what it returns

A space is recognised by names and shapes alone: every space gives its operations other columns, so at most one fits.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.checkpoint.importers.formats import Found
from engine.checkpoint.importers.names import foreign_names
from engine.errors import BadInput
from engine.spaces import SPACES, SearchSpace, search_space
from engine.supernet.supernet import Supernet

FAMILIES = {
    "darts": re.compile(r"cells\.\d+\._ops\.\d+\._ops\.\d+\."),
    "nas-bench-201": re.compile(r"cells\.\d+\.edges\."),
}
MOST_CELLS = 200
SHOWN = 3
"""Names listed of each kind of difference."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A supernet that a file fits. matched: how many of the file's tensors went into it."""

    space: SearchSpace
    supernet: Supernet
    matched: int
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Attempt:
    """One space tried: the empty supernet, its tensors' foreign names, the file's tensors adapted, differences."""

    supernet: Supernet
    names: Mapping[str, str]
    state: Mapping[str, Tensor]
    notes: tuple[str, ...]
    differences: Mapping[str, list[str]]

    @property
    def count(self) -> int:
        return sum(map(len, self.differences.values()))


def fit(file: str, found: Found, space: SearchSpace | None = None) -> Fit:
    """The supernet of `space`, or of the one space whose names and shapes the file has.

    Raises BadInput, with the names and shapes that differ, if there is none; for numbers that are not finite; and for
    a space that the file is not of.
    """
    family = next((name for name, key in FAMILIES.items() if any(map(key.match, found.state))), None)
    if family is None:
        raise BadInput(
            f"{file} has cells, but no edges with several candidate operations; "
            "it may be a network of one architecture: give the supernet of the search"
        )
    size = _size(file, found.state, family)
    if space is not None:
        _check_family(file, space, family)
        attempt = _attempt(space, size, found.state)
        if attempt.count:
            other = next(
                (each for each in _spaces(family) if each != space and not _attempt(each, size, found.state).count),
                None,
            )
            fix = f"it fits space {other.name}, so name that one" if other else "save the whole supernet of the search"
            raise BadInput(f"{_mismatch(file, attempt)}; {fix}")
    else:
        attempts = []
        for each in _spaces(family):
            attempts.append(_attempt(each, size, found.state))
            if not attempts[-1].count:
                break
        attempt = min(attempts, key=lambda tried: tried.count)
        if attempt.count:
            raise BadInput(f"{_mismatch(file, attempt)}; no space fits better: save the whole supernet of the search")
    return _filled(file, attempt)


def _spaces(family: str) -> list[SearchSpace]:
    return [space for space in map(search_space, SPACES) if space.skeleton.name == family]


def _check_family(file: str, space: SearchSpace, family: str) -> None:
    if space.skeleton.name != family:
        kind = "DARTS cells" if family == "darts" else "NAS-Bench-201 cells"
        known = ", ".join(each.name for each in _spaces(family))
        raise BadInput(f"{file} has {kind}, and space {space.name} has not; use one of: {known}")


def _size(file: str, state: Mapping[str, Tensor], family: str) -> dict[str, int]:
    """Channels, cells and classes, as the shapes say. Raises BadInput where they cannot."""
    stem, head = state.get("stem.0.weight"), state.get("classifier.weight")
    if stem is None or head is None or stem.ndim != 4 or head.ndim != 2:
        raise BadInput(f"{file} lacks stem.0.weight or classifier.weight, so it is no whole supernet; save all of it")
    blocks = 1 + max(int(name.split(".")[1]) for name in state if re.match(r"cells\.\d{1,4}\.", name))
    if family == "darts":
        channels, rest, cells = stem.shape[0] // 3, stem.shape[0] % 3, blocks
    else:
        channels, rest, cells = stem.shape[0], (blocks - 2) % 3, (blocks - 2) // 3
    if rest or channels % 2 or channels < 2 or not (3 if family == "darts" else 1) <= cells <= MOST_CELLS:
        raise BadInput(
            f"{file} has {stem.shape[0]} channels after its stem and {blocks} cells, as no {family} supernet has; "
            "save all of it"
        )
    return {"channels": channels, "cells": cells, "classes": head.shape[0]}


def _attempt(space: SearchSpace, size: Mapping[str, int], state: Mapping[str, Tensor]) -> _Attempt:
    with torch.device("meta"):  # names and shapes, no memory
        supernet = Supernet(space, size["channels"], size["cells"], size["classes"])
    names = foreign_names(supernet)
    expected = {names[ours]: tuple(value.shape) for ours, value in supernet.state_dict().items()}
    state, notes = _adapted(expected, state)
    kinds = {
        "missing": [f"{name} {shape}" for name, shape in expected.items() if name not in state],
        "unexpected": [f"{name} {tuple(value.shape)}" for name, value in state.items() if name not in expected],
        "of the wrong shape": [
            f"{name} {tuple(state[name].shape)} instead of {shape}"
            for name, shape in expected.items()
            if name in state and tuple(state[name].shape) != shape
        ],
    }
    return _Attempt(supernet, names, state, tuple(notes), kinds)


def _adapted(expected: Mapping[str, Any], state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """The state with biases folded into the BatchNorm behind them, and with statistics where none were tracked.

    (x + bias - mean) normalises to the same as (x - (mean - bias)), and statistics of the batch cancel the bias.
    """
    state, notes, folded = dict(state), [], 0
    for name in [name for name in state if name not in expected and re.search(r"\.op\.\d\.bias$", name)]:
        path, index = name.removesuffix(".bias").rsplit(".", 1)
        mean = f"{path}.{int(index) + 1}.running_mean"
        if f"{path}.{index}.weight" in expected and expected.get(mean) == tuple(state[name].shape):
            bias = state.pop(name)
            folded += 1
            if mean in state and state[mean].shape == bias.shape:
                state[mean] = state[mean] - bias
    if folded:
        notes.append(f"{folded} convolution biases, which the BatchNorm behind them cancels, went into its statistics")
    searched = [name for name in expected if re.search(r"\.(_ops|edges)\..*\.running_", name)]
    others = [name for name in expected if ".running_" in name and name not in set(searched)]
    for group in (searched, others):
        if group and not any(name in state for name in group):  # all or none: a single one is missing, not untracked
            for name in group:
                state[name] = torch.full(expected[name], 0.0 if name.endswith("mean") else 1.0)
            notes.append("BatchNorm statistics were not tracked: measure with batch statistics only")
    return state, list(dict.fromkeys(notes))


def _mismatch(file: str, attempt: _Attempt) -> str:
    kinds = [
        f"{len(names)} {kind}: {', '.join(names[:SHOWN])}{', ...' if len(names) > SHOWN else ''}"
        for kind, names in attempt.differences.items()
        if names
    ]
    lacking = len(attempt.differences["missing"]) + len(attempt.differences["of the wrong shape"])
    fitting = f"{len(attempt.names) - lacking:,} of its {len(attempt.names):,} tensors match"
    return f"{file} does not fit space {attempt.supernet.space.name} ({fitting}): {'; '.join(kinds)}"


def _filled(file: str, attempt: _Attempt) -> Fit:
    for name, value in attempt.state.items():
        if not value.isfinite().all():
            raise BadInput(f"{file}: {name} {tuple(value.shape)} holds NaN or infinity; take an earlier epoch")
        if name.endswith("running_var") and value.min() < 0:
            raise BadInput(f"{file}: {name} {tuple(value.shape)} holds a negative variance; copy or save it again")
    # Cloned: tensors of a file may share memory.
    weights = {ours: attempt.state[theirs].clone().contiguous() for ours, theirs in attempt.names.items()}
    attempt.supernet.load_state_dict(weights, assign=True)
    supernet = attempt.supernet.eval().requires_grad_(False)
    return Fit(supernet.space, supernet, len(weights), attempt.notes)
