"""The native checkpoint format: what its files hold, read and checked without torch.

read_summary  a checkpoint folder without its supernet, everything that needs no torch verified
Summary       what it returns
verify        the same for files not yet written
hold          a checkpoint folder held still, for reading
digest        what identifies a supernet with its alphas
CHECKS        what meta.json must hold

Files: meta.json, weights.safetensors (the supernet's state_dict), alphas.safetensors (`final.CELL` [E, K] and
`history.CELL` [epochs, E, K]), log.jsonl (a line per epoch), and where there are any optimizer.safetensors and
scores.json. Weights and alphas are float32. Nothing in a checkpoint can run code.

Letters in shapes: E edges of a cell type, K candidate operations of an edge.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse_tensors

from engine import files
from engine.alphas import Alphas, Rows
from engine.errors import BadInput
from engine.search_space import SPACES, SearchSpace, search_space

if TYPE_CHECKING:
    from engine.supernet import Supernet

FORMAT = 1
META, WEIGHTS, ALPHAS, LOG = "meta.json", "weights.safetensors", "alphas.safetensors", "log.jsonl"
OPTIMIZER, SCORES = "optimizer.safetensors", "scores.json"
FILES = (META, WEIGHTS, ALPHAS, LOG, OPTIMIZER, SCORES)
STATISTICS = ("running_mean", "running_var")
RESTORE = "restore the folder from a copy, or train it again"

Arrays = dict[str, NDArray[np.float32]]
Reader = Callable[[str], bytes | None]
"""A file's content by name; None if the checkpoint has no such file."""


@dataclass(frozen=True)
class Summary:
    """A checkpoint without its supernet.

    alphas: per cell type [E, K]; history: per cell type [epochs, E, K], or [0, E, K] where none was recorded;
    log: an object per epoch; scores: the stored full sweep, if any.
    """

    path: Path
    name: str
    space: SearchSpace
    meta: dict[str, Any]
    alphas: dict[str, Rows]
    history: Arrays
    digest: str
    scores: dict[str, Any] | None
    log: list[dict[str, Any]]


class Verified(NamedTuple):
    """Checked files: the summary, the weights, and (where asked for) the supernet they fit, still without numbers."""

    summary: Summary
    weights: Arrays
    supernet: "Supernet | None"


def _whole(low: int, high: float = math.inf) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _text_or_null(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _normalisation(value: Any) -> bool:
    triples = [value.get("mean"), value.get("std")] if isinstance(value, dict) else [None]
    numbers = all(isinstance(t, list) and len(t) == 3 and all(type(v) in (int, float) for v in t) for t in triples)
    return numbers and min(triples[1]) > 0


CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "space": (lambda value: value in SPACES, f"one of {', '.join(SPACES)}"),
    "method": (lambda value: isinstance(value, str) and value != "", "the name of a training method"),
    "channels": (_whole(2, 4096), "a whole number from 2 to 4096"),
    "cells": (_whole(1, 200), "a whole number from 1 to 200"),
    "classes": (_whole(2, 1_000_000), "a whole number from 2 to 1000000"),
    "image_size": (lambda value: type(value) is int and value in (16, 32), "16 or 32"),
    "epochs": (_whole(0), "a whole number of at least 0"),
    "data": (_text_or_null, "a data SPEC or null"),
    "split": (_text_or_null, "a split's id or null"),
    "normalisation": (_normalisation, "three numbers each as mean and std, with std above 0"),
    "seed": (lambda value: value is None or _whole(0)(value), "a whole number of at least 0, or null"),
    "hyperparameters": (_object, "an object"),
    "accuracies": (_object, "an object"),
    "parameters": (_whole(1), "a whole number of at least 1"),
    "versions": (_object, "an object"),
    "digest": (lambda value: isinstance(value, str) and len(value) == 64, "64 hexadecimal digits"),
    "sha256": (_object, "an object with the checksums of the other files"),
}
"""What meta.json must hold besides format_version: key -> (test, the same in words). Further keys are free."""

IDENTITY = ("space", "channels", "cells", "classes", "image_size", "normalisation")


def digest(meta: Mapping[str, Any], weights: Arrays, alphas: Arrays) -> str:
    """SHA-256 (hex) of all that decides what a supernet answers to given pixels, and of its final alphas.

    Hashed one after the other: the keys `IDENTITY` of meta as JSON with sorted keys; then, for every weight and after
    them for every cell type's alphas, sorted by name, one line `weights/NAME SHAPE` or `alphas/CELL SHAPE` (SHAPE as
    16x3x3x3) and the numbers as little-endian float32 in C order.
    """
    total = hashlib.sha256(to_json({key: meta.get(key) for key in IDENTITY}, sort_keys=True).encode())
    for kind, arrays in (("weights", weights), ("alphas", alphas)):
        for name, array in sorted(arrays.items()):
            total.update(f"\n{kind}/{name} {'x'.join(map(str, array.shape))}\n".encode())
            total.update(np.ascontiguousarray(array, "<f4").data)
    return total.hexdigest()


def read_summary(path: str | Path) -> Summary:
    """The checkpoint in a folder, without torch. What stays unchecked is what only `engine.load` can know: whether the
    weights are those of the supernet that meta.json describes.

    Raises BadInput, naming the file and what is wrong, for anything missing, damaged, not finite, or changed after it
    was saved.
    """
    return read(path).summary


def read(path: str | Path, *, fit: bool = False) -> Verified:
    """`read_summary` with the weights; fit: names and shapes of the weights are checked too (imports torch)."""
    directory = Path(path).expanduser()
    with hold(directory) as content:
        state = {name: content(name) for name in FILES if name != OPTIMIZER}
        if state[META] is None:
            raise _no_checkpoint(directory)
    return verify(directory, state, fit=fit)


@contextmanager
def hold(directory: Path) -> Iterator[Reader]:
    """Keep a checkpoint folder in one state while it is read; a killed save is finished or undone first.

    Raises BadInput if it is no folder or cannot be read.
    """

    def content(name: str) -> bytes | None:
        found = files.locate(directory, name)
        return None if found is None else found.read_bytes()

    try:
        if not directory.is_dir():
            raise _no_checkpoint(directory)
        with files.locked(directory):
            with suppress(OSError):  # a read-only folder: `locate` reads through what would have been moved
                files.settle(directory, FILES)
            yield content
    except OSError as error:
        raise BadInput(f"cannot read {directory} ({error.strerror or error}); check its path and permissions") from None


def verify(directory: Path, state: Mapping[str, bytes | None], *, fit: bool = False) -> Verified:
    """What the files of a checkpoint say, after every check; `directory` is only named in errors. See `read`."""
    meta = check_meta(directory / META, state[META])
    space = search_space(meta["space"])
    weights = _tensors(directory / WEIGHTS, state[WEIGHTS])
    supernet = _fitting_supernet(directory, meta, weights) if fit else None
    _check_weights(directory / WEIGHTS, meta, weights)
    final, history = _alphas(directory / ALPHAS, space, meta["epochs"], state[ALPHAS])
    changed = [name for name in (WEIGHTS, ALPHAS) if meta["sha256"].get(name) != sha256(state[name])]
    if changed or meta["digest"] != digest(meta, weights, final):
        _fitting_supernet(directory, meta, weights)  # says more, where it has something to say
        what = f"{directory / changed[0]} is not the file" if changed else f"{directory / META} has not the settings"
        raise BadInput(f"{what} that this checkpoint was saved with; {RESTORE}")
    summary = Summary(
        path=directory,
        name=directory.resolve().name,
        space=space,
        meta=meta,
        alphas=dict(Alphas.read(space, final)),
        history=history,
        digest=meta["digest"],
        scores=_scores(directory / SCORES, state.get(SCORES), meta["digest"]),
        log=_log(directory / LOG, state[LOG], meta["epochs"]),
    )
    return Verified(summary, weights, supernet)


def check_meta(path: Path, content: bytes | None) -> dict[str, Any]:
    """meta.json, every key of `CHECKS` present and in range."""
    if content is None:
        raise _no_checkpoint(path.parent)
    meta = _parse(path, content)
    if meta.get("format_version") != FORMAT:
        given = meta.get("format_version")
        raise BadInput(f"{path} has format version {given!r} and this program reads {FORMAT}; use the one it came from")
    for key, (test, words) in CHECKS.items():
        if key not in meta:
            raise BadInput(f"{path} lacks {key!r} ({words}); {RESTORE}")
        if not test(meta[key]):
            raise BadInput(f"{path}: {key!r} must be {words}, not {_short(meta[key])}; {RESTORE}")
    names = meta.get("class_names", [""] * meta["classes"])
    if not isinstance(names, list) or len(names) != meta["classes"] or not all(isinstance(name, str) for name in names):
        raise BadInput(f"{path}: 'class_names' must be {meta['classes']} names; {RESTORE}")
    return meta


def _fitting_supernet(directory: Path, meta: Mapping[str, Any], weights: Arrays) -> "Supernet":
    """The supernet that meta.json describes, without numbers, once names and shapes of the weights fit it."""
    import torch

    from engine.supernet import Supernet

    try:
        with torch.device("meta"):
            supernet = Supernet(search_space(meta["space"]), meta["channels"], meta["cells"], meta["classes"])
    except BadInput as error:
        raise BadInput(f"{directory / META}: {error}; {RESTORE}") from None
    expected = {name: tuple(value.shape) for name, value in supernet.state_dict().items()}
    _check_shapes(f"{directory / WEIGHTS} does not fit {META}", expected, weights)
    return supernet


def _check_shapes(complaint: str, expected: Mapping[str, tuple[int, ...]], arrays: Arrays) -> None:
    """Says which names and shapes differ: the first three of each kind, and how many there are."""
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


def _check_weights(path: Path, meta: Mapping[str, Any], weights: Arrays) -> None:
    for name, array in weights.items():
        if not np.isfinite(array).all():
            raise BadInput(f"{path}: {name} {array.shape} holds NaN or infinity; {RESTORE}")
        if name.endswith("running_var") and array.min(initial=0) < 0:
            raise BadInput(f"{path}: {name} {array.shape} holds a negative variance; {RESTORE}")
    parameters = sum(array.size for name, array in weights.items() if not name.endswith(STATISTICS))
    if parameters != meta["parameters"]:
        raise BadInput(f"{path} has {parameters} parameters and {META} says {meta['parameters']}; {RESTORE}")


def _alphas(path: Path, space: SearchSpace, epochs: int, content: bytes | None) -> tuple[Arrays, Arrays]:
    """Final alphas and their history by cell type."""
    arrays = _tensors(path, content)
    expected = {f"final.{cell}": space.shape(cell) for cell in space.cells}
    for cell in space.cells:
        recorded = arrays.get(f"history.{cell}", np.zeros(1)).size > 0
        expected[f"history.{cell}"] = (epochs if recorded else 0, *space.shape(cell))
    _check_shapes(f"{path} does not fit space {space.name} and {epochs} epochs", expected, arrays)
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            place = ", ".join(map(str, np.argwhere(~np.isfinite(array))[0]))
            raise BadInput(f"{path}: {name} holds NaN or infinity at [{place}]; {RESTORE}")
    final = {cell: arrays[f"final.{cell}"] for cell in space.cells}
    history = {cell: arrays[f"history.{cell}"] for cell in space.cells}
    for cell, rows in history.items():
        if len(rows) and not np.array_equal(rows[-1], final[cell]):
            raise BadInput(f"{path}: final.{cell} is not the last epoch of history.{cell}; {RESTORE}")
    return final, history


def _log(path: Path, content: bytes | None, epochs: int) -> list[dict[str, Any]]:
    if content is None:
        raise BadInput(f"{path} is missing; {RESTORE}")
    lines = [_parse(path, line) for line in content.splitlines() if line.strip()]
    if len(lines) not in (0, epochs):
        raise BadInput(f"{path} has {len(lines)} epochs and {META} has {epochs}; {RESTORE}")
    return lines


def _scores(path: Path, content: bytes | None, current: str) -> dict[str, Any] | None:
    if content is None:
        return None
    scores = _parse(path, content)
    if scores.get("digest", current) != current:
        raise BadInput(f"{path} was measured on another supernet; delete it, or measure again")
    return scores


def _tensors(path: Path, content: bytes | None) -> Arrays:
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


def damaged(path: Path, error: Exception) -> BadInput:
    """The sentence for a file that cannot be parsed."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return BadInput(f"{path} is damaged or cut off ({_short(reason, 120)}); {RESTORE}")


def _no_checkpoint(path: Path) -> BadInput:
    """The sentence for a path that is no checkpoint folder, naming one where it is near."""
    if not path.exists():
        return BadInput(f"there is no checkpoint {path}; give a folder that holds {META}, as `train --out` writes")
    if not path.is_dir():
        better = f"give its folder {path.parent}" if path.name in FILES else "give a folder, as `train --out` writes"
        return BadInput(f"{path} is a file and a checkpoint is a folder that holds {META}; {better}")
    inside = sorted(found.parent.name for found in path.glob(f"*/{META}"))
    better = f"give one in it: {', '.join(inside[:5])}" if inside else "give a folder that `train --out` wrote"
    return BadInput(f"{path} is no checkpoint, it holds no {META}; {better}")


def _parse(path: Path, content: bytes) -> dict[str, Any]:
    try:
        value = from_json(content)
        if not isinstance(value, dict):
            raise ValueError("not an object")
    except (ValueError, RecursionError) as error:
        raise damaged(path, error) from None
    return value


def from_json(text: str | bytes) -> Any:
    """Parse JSON in which every number must be finite. Raises ValueError, RecursionError."""

    def finite(number: str) -> float:
        if not math.isfinite(value := float(number)):
            raise ValueError(f"{number} is not a finite number")
        return value

    return json.loads(text, parse_float=finite, parse_constant=finite)


def to_json(value: Any, **layout: Any) -> str:
    """JSON text. Raises BadInput for NaN and infinity."""
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False, **layout)
    except ValueError:
        raise BadInput("NaN or infinity among the numbers to be saved; train with a lower learning rate") from None


def sha256(content: bytes | None) -> str:
    return hashlib.sha256(content or b"").hexdigest()


def _short(value: Any, length: int = 60) -> str:
    text = value if isinstance(value, str) and length > 60 else repr(value)
    return text if len(text) <= length else f"{text[: length - 3]}..."
