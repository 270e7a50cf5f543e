"""Checkpoints: a folder with a trained supernet, its alphas and how they came about (format: engine.checkpoint.format).

load            the whole checkpoint in a folder, every name, shape and number verified
save            write a state, all files in one step
load_optimizer  what a training run needs besides to go on
write_scores    store a full sweep beside the supernet it was measured on
exists          whether a folder holds a checkpoint
read_summary    everything but the supernet, without torch; gives a Summary
Checkpoint      what `load` gives

Letters in shapes: E edges of a cell type, K candidate operations of an edge.
"""

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save as format_arrays

from engine import __version__
from engine.checkpoint import format
from engine.checkpoint.format import (
    ALPHAS,
    FILES,
    LOG,
    META,
    OPTIMIZER,
    SCORES,
    SELECTION,
    WEIGHTS,
    Summary,
    read_summary,
)
from engine.checkpoint.meta import FORMAT, RESTORE, damaged, from_json, to_json
from engine.errors import BadInput
from engine.runs import files
from engine.selection.selection import Selection
from engine.spaces import SearchSpace

if TYPE_CHECKING:
    from torch import Tensor

    from engine.supernet.supernet import Supernet

__all__ = ["Checkpoint", "Summary", "exists", "load", "load_optimizer", "read_summary", "save", "write_scores"]


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint on the CPU. supernet: eval mode, no gradients; shared by all who measure, so read-only.

    start: the selection it begins with: final alphas, edge strengths, and decisions taken in training or begun
    elsewhere; history: of the alphas, per cell type [epochs, E, K], or [0, E, K] where none was recorded; beta_history:
    the same of the edge strengths, [epochs, E], empty without any; log: an object per epoch; scores: the stored full
    sweep, if any.
    """

    path: Path
    name: str
    space: SearchSpace
    supernet: "Supernet"
    start: Selection
    history: "dict[str, Tensor]"
    beta_history: "dict[str, Tensor]"
    meta: dict[str, Any]
    digest: str
    scores: dict[str, Any] | None
    log: list[dict[str, Any]]

    @property
    def alphas(self) -> "dict[str, Tensor]":
        """Final alphas, per cell type [E, K]: tensors of the caller's own."""
        import torch

        return {cell: torch.tensor(rows, dtype=torch.float32) for cell, rows in self.start.alphas.items()}


def load(path: str | Path) -> Checkpoint:
    """The checkpoint in a folder.

    Raises BadInput, naming the file and what differs, for anything that is missing, damaged, changed after it was
    saved, not finite, or not the supernet that meta.json describes.
    """
    import torch

    summary, weights, supernet = format.read(path, fit=True)
    assert supernet is not None
    # Copied: what was read is backed by immutable bytes.
    supernet.load_state_dict({name: torch.tensor(value) for name, value in weights.items()}, assign=True)
    return Checkpoint(
        path=summary.path,
        name=summary.name,
        space=summary.space,
        supernet=supernet.eval().requires_grad_(False),
        start=summary.start,
        history={cell: torch.tensor(rows) for cell, rows in summary.history.items()},
        beta_history={cell: torch.tensor(rows) for cell, rows in summary.beta_history.items()},
        meta=summary.meta,
        digest=summary.digest,
        scores=summary.scores,
        log=summary.log,
    )


def exists(directory: str | Path) -> bool:
    """Whether a folder holds a checkpoint. First finishes, or clears away, what a killed save left in it."""
    directory = Path(directory).expanduser()
    if not directory.is_dir():
        return False
    with format.hold(directory) as read:
        return read(META) is not None


def save(
    directory: str | Path,
    *,
    supernet: "Supernet",
    start: Selection,
    history: "Mapping[str, Tensor] | None" = None,
    beta_history: "Mapping[str, Tensor] | None" = None,
    meta: Mapping[str, Any],
    log: list[dict[str, Any]],
    optimizer: Mapping[str, Any] | None = None,
    extra_files: Mapping[str, str | bytes] | None = None,
) -> None:
    """Make this the state of a folder, in one step: killed at any moment, the folder holds the old state or the new.

    start: the selection that the checkpoint begins with. history: of the alphas, per cell type [epochs, E, K], and
    beta_history: of the edge strengths [epochs, E]; None where none was recorded. meta: the keys of
    `engine.checkpoint.meta.Meta`; format_version, parameters, versions, digest and sha256 are filled in. log: an
    object per epoch. optimizer: tensors and plain JSON values by name. extra_files: further files of the same state by
    name, scores.json among them. The optimizer and scores of the state before do not outlive it.

    Raises BadInput for what `load` would refuse (the state before is kept) and for a folder that cannot be written.
    """
    import torch

    directory = Path(directory).expanduser()
    weights = {name: _array(value) for name, value in supernet.state_dict().items()}
    alphas = start.alphas
    final = {cell: np.array(rows, np.float32) for cell, rows in alphas.items()}
    betas = dict(zip(alphas, (np.array(row, np.float32) for row in alphas.betas or ()), strict=False))
    parts = {
        "final": final,
        "history": _history(final, history),
        "beta": betas,
        "beta_history": _history(betas, beta_history),
    }
    state: dict[str, bytes | None] = {**dict.fromkeys(FILES), **_extra(extra_files or {})}
    state[WEIGHTS] = format_arrays(weights)
    named = {f"{kind}.{cell}": array for kind, part in parts.items() for cell, array in part.items()}
    state[ALPHAS] = format_arrays(named)
    state[SELECTION] = start.to_json().encode() if start.decisions else None
    state[LOG] = "".join(f"{to_json(line)}\n" for line in log).encode()
    meta = {
        "format_version": FORMAT,
        **meta,
        "parameters": sum(parameter.numel() for parameter in supernet.parameters()),
        "versions": {"engine": __version__, "python": platform.python_version(), "torch": torch.__version__},
        "digest": format.digest(meta, weights, final, betas),
        "sha256": {name: format.sha256(state[name]) for name in (WEIGHTS, ALPHAS)},
    }
    state[META] = f"{to_json(meta, indent=2)}\n".encode()
    if optimizer is not None:
        state[OPTIMIZER] = _format_optimizer(optimizer, meta["digest"])
    format.verify(directory, state)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with files.locked(directory):
            files.commit(directory, state)
    except OSError as error:
        raise files.unwritable(directory, error) from None


def load_optimizer(directory: str | Path) -> dict[str, Any] | None:
    """What `save` was given as `optimizer`, tensors on the CPU; None where a checkpoint has none.

    Raises BadInput if it is damaged or belongs to another state.
    """
    from safetensors.torch import load as parse_tensors

    directory = Path(directory).expanduser()
    path = directory / OPTIMIZER
    with format.hold(directory) as read:
        meta, content = format.read_meta(directory, read), read(OPTIMIZER)
    if content is None:
        return None
    try:
        tensors = parse_tensors(content)
        notes = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
        owner, scalars = notes["digest"], from_json(notes["scalars"])
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise damaged(path, error) from None
    if owner != meta["digest"]:
        raise BadInput(f"{path} belongs to other weights; {RESTORE}")
    return {**tensors, **scalars}


def write_scores(directory: str | Path, scores: Mapping[str, Any]) -> None:
    """Store a sweep in a checkpoint, atomically, with the digest of the supernet it was measured on.

    Raises BadInput when `scores` names the digest of another supernet, holds NaN, or the folder cannot be written.
    """
    directory = Path(directory).expanduser()
    with format.hold(directory) as read:
        current = format.read_meta(directory, read)["digest"]
        if scores.get("digest", current) != current:
            raise BadInput(f"{directory} has changed since these scores were measured; measure again")
        try:
            files.replace(directory / SCORES, f"{to_json({**scores, 'digest': current})}\n".encode())
        except OSError as error:
            raise files.unwritable(directory / SCORES, error) from None


def _format_optimizer(optimizer: Mapping[str, Any], digest: str) -> bytes:
    import torch
    from safetensors.torch import save as format_tensors

    tensors = {name: value for name, value in optimizer.items() if torch.is_tensor(value)}
    scalars = {name: value for name, value in optimizer.items() if name not in tensors}
    # Cloned: a file cannot hold tensors that share memory.
    plain = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    return format_tensors(plain, {"digest": digest, "scalars": to_json(scalars)})


def _extra(extra_files: Mapping[str, str | bytes]) -> dict[str, bytes]:
    for name in extra_files:
        if name != Path(name).name or name.startswith(".") or name in set(FILES) - {SCORES}:
            raise ValueError(f"{name!r} cannot be an extra file of a checkpoint")
    return {name: text.encode() if isinstance(text, str) else text for name, text in extra_files.items()}


def _history(final: Mapping[str, NDArray[np.float32]], recorded: "Mapping[str, Tensor] | None") -> format.Arrays:
    """Per cell type [epochs, ...], with no epochs where none was recorded."""
    if recorded is None:
        return {cell: np.zeros((0, *array.shape), np.float32) for cell, array in final.items()}
    return {cell: _array(value) for cell, value in recorded.items()}


def _array(value: "Tensor") -> NDArray[np.float32]:
    return np.ascontiguousarray(value.detach().cpu().float().numpy())
