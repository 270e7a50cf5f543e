"""The arrays of a checkpoint: read from their files and checked, without torch.

Architecture        alphas and edge strengths with their histories
read_tensors        the arrays in a file
read_architecture   those of alphas.safetensors
check_numbers       refuses weights that no training ends with
check_shapes        refuses other names and shapes than expected

Letters in shapes: E edges of a cell type, K candidate operations of an edge.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse_tensors

from engine.checkpoint.meta import META, RESTORE, damaged
from engine.errors import BadInput
from engine.spaces import SearchSpace

Arrays = dict[str, NDArray[np.float32]]


class Architecture(NamedTuple):
    """alphas.safetensors: final alphas [E, K], their history, and the same of edge strengths where there are any."""

    final: Arrays
    history: Arrays
    betas: Arrays
    beta_history: Arrays


def read_tensors(path: Path, content: bytes | None) -> Arrays:
    """The arrays in the content of a file. Raises BadInput for none, damaged content, and other types than float32."""
    if content is None:
        raise BadInput(f"{path} is missing; {RESTORE}")
    try:
        arrays = parse_tensors(content)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:  # KeyError: a type that numpy lacks
        raise damaged(path, error) from None
    for name, array in arrays.items():
        if array.dtype != np.float32:
            raise BadInput(f"{path}: {name} {array.shape} is {array.dtype} and must be float32; {RESTORE}")
    return arrays


def check_numbers(path: Path, weights: Arrays) -> None:
    """Raises BadInput for NaN and infinity, and for a negative variance."""
    for name, array in weights.items():
        if not np.isfinite(array).all():
            raise BadInput(f"{path}: {name} {array.shape} holds NaN or infinity; {RESTORE}")
        if name.endswith("running_var") and array.min(initial=0) < 0:
            raise BadInput(f"{path}: {name} {array.shape} holds a negative variance; {RESTORE}")


def read_architecture(path: Path, space: SearchSpace, epochs: int | None, content: bytes | None) -> Architecture:
    """Final alphas and edge strengths with their histories, by cell type; finite, and the last epoch's are the final.

    epochs: that a history has, if there is one; None where it may have any number. content: of the file at `path`,
    which is only named in errors. Raises BadInput for anything else.
    """
    arrays = read_tensors(path, content)
    strengths = any(name.startswith("beta") for name in arrays)
    expected: dict[str, tuple[int, ...]] = {}
    if epochs is None:
        epochs = max(len(array) for name, array in arrays.items() if name.startswith("history.")) if arrays else 0
    for cell in space.cells:
        recorded = epochs if arrays.get(f"history.{cell}", np.zeros(1)).size > 0 else 0
        expected |= {f"final.{cell}": space.shape(cell), f"history.{cell}": (recorded, *space.shape(cell))}
        if strengths:
            edges = space.shape(cell)[:1]
            # A log from elsewhere may print alphas alone.
            steps = min(recorded, len(arrays.get(f"beta_history.{cell}", ()))) and recorded
            expected |= {f"beta.{cell}": edges, f"beta_history.{cell}": (steps, *edges)}
    check_shapes(f"{path} does not fit {META}, space {space.name} and {epochs} epochs", expected, arrays)
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            place = ", ".join(map(str, np.argwhere(~np.isfinite(array))[0]))
            raise BadInput(f"{path}: {name} holds NaN or infinity at [{place}]; {RESTORE}")
    for last, history in (("final", "history"), ("beta", "beta_history")) if strengths else (("final", "history"),):
        for cell in space.cells:
            rows = arrays[f"{history}.{cell}"]
            if len(rows) and not np.array_equal(rows[-1], arrays[f"{last}.{cell}"]):
                raise BadInput(f"{path}: {last}.{cell} is not the last epoch of {history}.{cell}; {RESTORE}")
    return Architecture(*(_part(arrays, kind) for kind in ("final", "history", "beta", "beta_history")))


def check_shapes(complaint: str, expected: Mapping[str, tuple[int, ...]], arrays: Arrays) -> None:
    """Raises BadInput that says which names and shapes differ: the first three of each kind, and how many there are."""
    kinds = {
        "missing": [f"{name} {shape}" for name, shape in expected.items() if name not in arrays],
        "unknown": [f"{name} {array.shape}" for name, array in arrays.items() if name not in expected],
        "of another shape": [
            f"{name} {arrays[name].shape} instead of {shape}"
            for name, shape in expected.items()
            if name in arrays and arrays[name].shape != shape
        ],
    }
    found = [
        f"{len(names)} {kind}: {', '.join(names[:3])}{', ...' if len(names) > 3 else ''}"
        for kind, names in kinds.items()
        if names
    ]
    if found:
        raise BadInput(f"{complaint}: {'; '.join(found)}; {RESTORE}")


def _part(arrays: Arrays, kind: str) -> Arrays:
    """The arrays of one kind by cell type."""
    return {name.removeprefix(f"{kind}."): array for name, array in arrays.items() if name.startswith(f"{kind}.")}
