"""A foreign state_dict as a supernet: which search space it is of, and every tensor in its place.

fit    the supernet with these weights
Fit    what it returns

A space is recognised by names and shapes alone: every space gives its operations other columns, so that at most one
fits, but for the few in `engine.spaces.subspaces.alike`. Why none fits is in `reasons`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.checkpoint.importers.formats import Found
from engine.checkpoint.importers.names import foreign_names
from engine.checkpoint.importers.reasons import Size, differences, no_edges, other_edges, size_of, why
from engine.errors import BadInput
from engine.spaces import SPACES, SearchSpace
from engine.spaces.subspaces import SUBSPACES, alike, space_named
from engine.supernet.supernet import Supernet

FAMILIES = {
    "darts": re.compile(r"cells\.\d+\._ops\.\d+\._ops\.\d+\."),
    "nas-bench-201": re.compile(r"cells\.\d+\.edges\."),
}


@dataclass(frozen=True, eq=False)
class Fit:
    """A supernet that a file fits. matched: how many of the file's tensors went into it. statistics: whether all its
    BatchNorms have running ones."""

    space: SearchSpace
    supernet: Supernet
    matched: int
    statistics: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Attempt:
    """One space tried: the empty supernet, its tensors' foreign names, the file's tensors adapted, differences."""

    supernet: Supernet
    names: Mapping[str, str]
    state: Mapping[str, Tensor]
    statistics: bool
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
        raise BadInput(no_edges(file, found.state))
    size = size_of(file, found.state, family)
    if space is not None:
        _check_family(file, space, family)
        attempt = _attempt(space, size, found.state)
        if attempt.count:
            others = (each for each in _spaces(family) if each != space)
            other = next((each for each in others if not _attempt(each, size, found.state).count), None)
            fix = None if other is None else f"it fits space {other.name}, so name that one"
            raise BadInput(_mismatch(file, found, attempt, fix))
        return _filled(file, attempt)
    other_edges(file, found.state, family)
    attempts = []
    for each in _spaces(family):
        attempts.append(_attempt(each, size, found.state))
        if not attempts[-1].count:
            break
    attempt = min(attempts, key=lambda tried: tried.count)
    if attempt.count:
        raise BadInput(_mismatch(file, found, attempt, None))
    return _filled(file, attempt, alike(attempt.supernet.space))


def _spaces(family: str) -> list[SearchSpace]:
    return [space for space in map(space_named, (*SPACES, *SUBSPACES)) if space.skeleton.name == family]


def _check_family(file: str, space: SearchSpace, family: str) -> None:
    if space.skeleton.name != family:
        kind = "DARTS cells" if family == "darts" else "NAS-Bench-201 cells"
        known = ", ".join(each.name for each in _spaces(family))
        raise BadInput(f"{file} has {kind}, and space {space.name} has not; use one of: {known}")


def _mismatch(file: str, found: Found, attempt: _Attempt, fix: str | None) -> str:
    space = attempt.supernet.space.name
    said = differences(file, space, len(attempt.names), attempt.differences)
    return f"{said}; {fix or why(found.format, attempt.differences, found.state)}"


def _attempt(space: SearchSpace, size: Size, state: Mapping[str, Tensor]) -> _Attempt:
    with torch.device("meta"):  # names and shapes, no memory
        supernet = Supernet(space, size.channels, size.cells, size.classes, size.stem, size.part)
    names = foreign_names(supernet)
    expected = {names[ours]: tuple(value.shape) for ours, value in supernet.state_dict().items()}
    state, notes, statistics = _adapted(expected, state)
    kinds = {
        "missing": [f"{name} {shape}" for name, shape in expected.items() if name not in state],
        "unexpected": [f"{name} {tuple(value.shape)}" for name, value in state.items() if name not in expected],
        "of the wrong shape": [
            f"{name} {tuple(state[name].shape)} instead of {shape}"
            for name, shape in expected.items()
            if name in state and tuple(state[name].shape) != shape
        ],
    }
    return _Attempt(supernet, names, state, statistics, tuple(notes), kinds)


def _adapted(expected: Mapping[str, Any], state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str], bool]:
    """The state with biases folded into the BatchNorm behind them, and with statistics and scales where none were kept;
    whether all statistics were.

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
    scales = {"lastact.0.weight": 1.0, "lastact.0.bias": 0.0}
    if not any(name in state for name in scales) and "lastact.0.weight" in expected:
        state |= {name: torch.full(expected[name], value) for name, value in scales.items()}
        notes.append("the last BatchNorm has no scales, which is the same as scales of 1")
    searched = [name for name in expected if re.search(r"\.(_ops|edges)\..*\.running_", name)]
    others = [name for name in expected if ".running_" in name and name not in set(searched)]
    # The last one is kept or not as the searched ones are.
    last = [name for name in others if name.startswith("lastact.")]
    statistics = True
    for group in (searched, last, [name for name in others if name not in last], others):
        if group and not any(name in state for name in group):  # all or none: a single one is missing, not untracked
            for name in group:
                state[name] = torch.full(expected[name], 0.0 if name.endswith("mean") else 1.0)
            statistics = False
    if not statistics:
        notes.append("BatchNorm statistics were not tracked: measure with batch statistics only")
    return state, notes, statistics


def _filled(file: str, attempt: _Attempt, others: tuple[str, ...] = ()) -> Fit:
    for name, value in attempt.state.items():
        if not value.isfinite().all():
            raise BadInput(f"{file}: {name} {tuple(value.shape)} holds NaN or infinity; take an earlier epoch")
        if name.endswith("running_var") and value.min() < 0:
            raise BadInput(f"{file}: {name} {tuple(value.shape)} holds a negative variance; copy or save it again")
    # Cloned: tensors of a file may share memory.
    weights = {ours: attempt.state[theirs].clone().contiguous() for ours, theirs in attempt.names.items()}
    attempt.supernet.load_state_dict(weights, assign=True)
    supernet = attempt.supernet.eval().requires_grad_(False)
    notes = list(attempt.notes)
    if others:
        notes.append(f"taken as space {supernet.space.name}: files of {' and '.join(others)} look the same (--space)")
    if supernet.part > 1:
        notes.append(f"one in {supernet.part} channels goes through the operations (partial channels)")
    return Fit(supernet.space, supernet, len(weights), attempt.statistics, tuple(notes))
