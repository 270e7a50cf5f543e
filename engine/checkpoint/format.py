"""The native checkpoint format: what its files hold, read and checked without torch.

read_summary  a checkpoint folder without its supernet, everything that needs no torch verified
Summary       what it returns
verify        the same for files not yet written
hold          a checkpoint folder held still, for reading
read_meta     its meta.json alone
digest        what identifies a supernet with its alphas
stamp         what changes when a file of a checkpoint does

Files: meta.json, weights.safetensors (the supernet's state_dict), alphas.safetensors (`final.CELL` [E, K] and
`history.CELL` [epochs, E, K], with edge strengths also `beta.CELL` [E] and `beta_history.CELL` [epochs, E]), log.jsonl
(a line per epoch), and where there are any optimizer.safetensors, scores.json and selection.json (decisions taken in
training, or begun elsewhere). Weights, alphas and betas are float32. Nothing in a checkpoint can run code.

Letters in shapes: E edges of a cell type, K candidate operations of an edge.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.checkpoint.arrays import Architecture, Arrays, check_numbers, check_shapes, read_architecture, read_tensors
from engine.checkpoint.meta import META, RESTORE, check, parse, to_json
from engine.errors import BadInput
from engine.runs import files
from engine.selection.alphas import Alphas, Rows
from engine.selection.mixing import Mixing
from engine.selection.selection import Selection
from engine.spaces import MissingPlugin, SearchSpace, recorded
from engine.spaces.image_sizes import stem_for

if TYPE_CHECKING:
    from engine.supernet.supernet import Supernet

WEIGHTS, ALPHAS, LOG = "weights.safetensors", "alphas.safetensors", "log.jsonl"
OPTIMIZER, SCORES, SELECTION = "optimizer.safetensors", "scores.json", "selection.json"
FILES = (META, WEIGHTS, ALPHAS, LOG, OPTIMIZER, SCORES, SELECTION)
STATISTICS = ("running_mean", "running_var")

Reader = Callable[[str], bytes | None]
"""A file's content by name; None if the checkpoint has no such file."""
Stamp = tuple[tuple[str, int, int], ...]
"""Name, time of its last change (ns) and bytes of every file that there is."""


@dataclass(frozen=True)
class Summary:
    """A checkpoint without its supernet.

    start: the selection it begins with: final alphas, edge strengths, and decisions taken in training or begun
    elsewhere; history: of the alphas, per cell type [epochs, E, K], or [0, E, K] where none was recorded; beta_history:
    the same of the edge strengths, [epochs, E], empty without any; log: an object per epoch; scores: the stored full
    sweep, if any.
    """

    path: Path
    name: str
    space: SearchSpace
    meta: dict[str, Any]
    start: Selection
    history: Arrays
    beta_history: Arrays
    digest: str
    scores: dict[str, Any] | None
    log: list[dict[str, Any]]

    @property
    def alphas(self) -> dict[str, Rows]:
        """Final alphas, per cell type [E, K]."""
        return dict(self.start.alphas)

    @property
    def recorded(self) -> int:
        """Epochs after which the alphas were kept."""
        return min(map(len, self.history.values()), default=0)

    def after(self, epoch: int) -> Alphas:
        """Alphas and edge strengths as they were after one of the `recorded` epochs, from 1 on."""
        alphas = {cell: rows[epoch - 1] for cell, rows in self.history.items()}
        betas = {cell: rows[epoch - 1] for cell, rows in self.beta_history.items() if len(rows) >= epoch}
        return Alphas.read(self.space, alphas, betas or None, mixing=self.start.alphas.mixing)

    def selection_after(self, epoch: int) -> Selection:
        """The same with the decisions that the training had taken by then; none where its log has not all epochs."""
        log = self.log[:epoch] if len(self.log) == self.recorded else []
        said = [each for line in log for each in line.get("decisions") or ()]
        taken = [each for each in self.start.decisions if json.loads(json.dumps(asdict(each))) in said]
        return Selection(self.space, self.after(epoch)).replay(taken)


class Verified(NamedTuple):
    """Checked files: the summary, the weights, and (where asked for) the supernet they fit, still without numbers."""

    summary: Summary
    weights: Arrays
    supernet: "Supernet | None"


IDENTITY = ("space", "channels", "cells", "classes", "image_size", "normalisation")
DECLARED = ("declaration", "partial", "mixing")
"""Keys of meta that count only where they are there: of a space that is declared, of partial channels, of other mixes
than the softmax."""


def digest(meta: Mapping[str, Any], weights: Arrays, alphas: Arrays, betas: Arrays | None = None) -> str:
    """SHA-256 (hex) of all that decides what a supernet answers to given pixels, and of its final alphas and betas.

    Hashed one after the other: the keys `IDENTITY` of meta, and `DECLARED` where they are there, as JSON with sorted
    keys; then, for every weight and after
    them for every cell type's alphas and (where there are any) betas, sorted by name, one line `weights/NAME SHAPE`,
    `alphas/CELL SHAPE` or `betas/CELL SHAPE` (SHAPE as 16x3x3x3) and the numbers as little-endian float32 in C order.
    """
    identity = {key: meta.get(key) for key in IDENTITY} | {key: meta[key] for key in DECLARED if key in meta}
    total = hashlib.sha256(to_json(identity, sort_keys=True).encode())
    for kind, arrays in (("weights", weights), ("alphas", alphas), ("betas", betas or {})):
        for name, array in sorted(arrays.items()):
            total.update(f"\n{kind}/{name} {'x'.join(map(str, array.shape))}\n".encode())
            total.update(np.ascontiguousarray(array, "<f4").data)
    return total.hexdigest()


def read_summary(path: str | Path) -> Summary:
    """The checkpoint in a folder, without torch.

    Unlike `engine.load` it takes on trust that the names and shapes of the weights are those of the supernet that
    meta.json describes, as long as the checksums hold.

    Raises BadInput, naming the file and what is wrong, for anything missing, damaged, not finite, or changed after it
    was saved.
    """
    return read(path).summary


def read(path: str | Path, *, fit: bool = False) -> Verified:
    """`read_summary` with the weights; fit: names and shapes of the weights are checked too (imports torch)."""
    directory = Path(path).expanduser()
    with hold(directory) as content:
        state = {name: content(name) for name in FILES if name != OPTIMIZER}
    return verify(directory, state, fit=fit)


def stamp(folder: str | Path, names: Iterable[str] = FILES) -> Stamp:
    """What whoever remembers a checkpoint compares before he reads it again; () without any of these files."""
    # As a text, because pages look at every folder several times, and paths take longer to join than files to look at.
    found = []
    for name in names:
        try:
            file = os.stat(f"{folder}/{name}")
        except OSError:
            continue
        found.append((name, file.st_mtime_ns, file.st_size))
    return tuple(found)


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
    meta = read_meta(directory, state.get)
    space = recorded(meta["space"], meta.get("declaration"))
    weights = read_tensors(directory / WEIGHTS, state[WEIGHTS])
    supernet = _fitting_supernet(directory, meta, weights) if fit else None
    check_numbers(directory / WEIGHTS, weights)
    # A log from elsewhere may have printed alphas more or less often than once an epoch.
    epochs = None if "source" in meta else meta["epochs"]
    found = read_architecture(directory / ALPHAS, space, epochs, state[ALPHAS])
    changed = [name for name in (WEIGHTS, ALPHAS) if meta["sha256"].get(name) != sha256(state[name])]
    if changed or meta["digest"] != digest(meta, weights, found.final, found.betas):
        _fitting_supernet(directory, meta, weights)  # says more, where it has something to say
        what = f"{directory / changed[0]} is not the file" if changed else f"{directory / META} has not the settings"
        raise BadInput(f"{what} that this checkpoint was saved with; {RESTORE}")
    parameters = sum(array.size for name, array in weights.items() if not name.endswith(STATISTICS))
    if parameters != meta["parameters"]:
        raise BadInput(
            f"{directory / WEIGHTS} has {parameters} parameters and {META} says {meta['parameters']}; {RESTORE}"
        )
    summary = Summary(
        path=directory,
        name=directory.resolve().name,
        space=space,
        meta=meta,
        start=_start(directory / SELECTION, space, found, state.get(SELECTION), meta.get("mixing", "softmax")),
        history=found.history,
        beta_history=found.beta_history,
        digest=meta["digest"],
        scores=_scores(directory / SCORES, state.get(SCORES), meta["digest"]),
        log=_log(directory / LOG, state[LOG], epochs or 0, max(map(len, found.history.values()))),
    )
    return Verified(summary, weights, supernet)


def read_meta(directory: Path, content: Reader) -> dict[str, Any]:
    """meta.json, checked. Raises BadInput where the folder holds none."""
    text = content(META)
    if text is None:
        raise _no_checkpoint(directory)
    return check(directory / META, text)


def _fitting_supernet(directory: Path, meta: Mapping[str, Any], weights: Arrays) -> "Supernet":
    """The supernet that meta.json describes, without numbers, once names and shapes of the weights fit it."""
    import torch

    from engine.supernet.supernet import Supernet

    space = recorded(meta["space"], meta.get("declaration"))
    try:
        with torch.device("meta"):
            stem = stem_for(meta["image_size"], space.skeleton.stem)
            part = meta.get("partial", 1)
            supernet = Supernet(space, meta["channels"], meta["cells"], meta["classes"], stem, part)
    except MissingPlugin as error:
        raise BadInput(f"{directory}: {error}") from None
    except BadInput as error:
        raise BadInput(f"{directory / META}: {error}; {RESTORE}") from None
    expected = {name: tuple(value.shape) for name, value in supernet.state_dict().items()}
    check_shapes(f"{directory / WEIGHTS} does not fit {META}", expected, weights)
    return supernet


def _start(path: Path, space: SearchSpace, found: Architecture, content: bytes | None, mixing: Mixing) -> Selection:
    """The selection that the checkpoint begins with. `path` is only named in errors."""
    start = Selection(space, found.final, found.betas or None, mixing)
    if content is None:
        return start
    try:
        return start.replay(Selection.from_json(content.decode(), space).decisions)
    except (BadInput, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: {error}; {RESTORE}") from None


def _log(path: Path, content: bytes | None, epochs: int, recorded: int) -> list[dict[str, Any]]:
    """A line for every epoch; an imported checkpoint without recorded alphas may have none."""
    if content is None:
        raise BadInput(f"{path} is missing; {RESTORE}")
    lines = [parse(path, line) for line in content.splitlines() if line.strip()]
    if len(lines) not in (recorded, epochs):
        raise BadInput(f"{path} has {len(lines)} epochs and {META} has {epochs}; {RESTORE}")
    return lines


def _scores(path: Path, content: bytes | None, current: str) -> dict[str, Any] | None:
    if content is None:
        return None
    scores = parse(path, content)
    if scores.get("digest", current) != current:
        raise BadInput(f"{path} was measured on another supernet; delete it, or measure again")
    return scores


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


def sha256(content: bytes | None) -> str:
    return hashlib.sha256(content or b"").hexdigest()
