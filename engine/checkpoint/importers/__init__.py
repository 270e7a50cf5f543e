"""Supernets from elsewhere: files of the search programs of the field, opened without running anything in them.

import_checkpoint   a foreign file as a Checkpoint; writes nothing
supernet_of         the same for a file that has been opened
try_out             a forward pass on a few images
save_import         write an imported checkpoint into a new folder

By module: `pickles` and `reading` open files, `formats` and `alphas` know who stores what where, `names` and `fitting`
find every tensor's place, `decided` reads a selection that has begun.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.checkpoint import folder as store
from engine.checkpoint import format
from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.importers.alphas import read_alphas
from engine.checkpoint.importers.decided import begun
from engine.checkpoint.importers.fitting import Fit, fit
from engine.checkpoint.importers.formats import Found, recognise
from engine.checkpoint.importers.reading import Foreign, given, read_file
from engine.data.load import Normalisation, load_data, normalise, resize
from engine.data.sources import CIFAR10_CLASSES, NORMALISATION
from engine.errors import BadInput, one_of
from engine.selection.alphas import Alphas
from engine.selection.selection import Selection
from engine.spaces import SearchSpace, described, search_space

__all__ = ["CLASSES", "import_checkpoint", "save_import", "supernet_of", "try_out"]

CLASSES = {"cifar10": 10, "cifar100": 100, "svhn": 10}
"""Data sets that a supernet can be said to come from, and their numbers of classes."""
IMAGE_SIZE = 32
TRIED = 16
"""Images of a first forward pass."""


def import_checkpoint(
    path: str | Path,
    space: str | None = None,
    dataset: str | None = None,
    alphas: str | Path | Sequence[str | Path] | None = None,
) -> Checkpoint:
    """The supernet in a file of another program. Nothing in the file is run, and nothing is written.

    space: its search space; None finds it by the names and shapes in the file. dataset: what it was trained on, one of
    CLASSES; None assumes cifar10 or, with 100 classes, cifar100. alphas: a second file with the alphas, where the
    first has none, or several, one for each cell type; the training log, which gives their history too; or a text of
    one. What had to be assumed is in `meta["notes"]`, and a selection that had begun in `start`.

    Raises BadInput for a file that is damaged, holds more than tensors or is no supernet of a known space, and names
    the tensors that differ.
    """
    wanted = None if space is None else search_space(space)
    if dataset is not None and dataset not in CLASSES:
        raise one_of("data set", dataset, CLASSES)
    sources = [alphas] if isinstance(alphas, str | Path) else list(alphas or ())
    more = [given(source) for source in sources]
    return supernet_of(read_file(path), wanted, dataset, more, Path(path).expanduser())


def supernet_of(
    file: Foreign,
    space: SearchSpace | None = None,
    dataset: str | None = None,
    alphas: Sequence[Foreign] = (),
    path: Path | None = None,
) -> Checkpoint:
    """`import_checkpoint` of opened files; path None for one that lies nowhere."""
    found = recognise(file)
    fitted = fit(file.name, found, space)
    notes = [*found.notes, *fitted.notes]
    known, history = _alphas(file.name, fitted.space, found, alphas, notes)
    selection = Selection(fitted.space, known)
    if found.selection is not None:
        selection, said = begun(file.name, found.selection, selection)
        notes += said
    rows = {cell: torch.tensor(selection.alphas[cell]) for cell in fitted.space.cells}
    meta = _meta(file, found, fitted, dataset, notes)
    weights = {name: value.numpy() for name, value in fitted.supernet.state_dict().items()}
    meta["digest"] = format.digest(meta, weights, {cell: value.numpy() for cell, value in rows.items()})
    return Checkpoint(
        path=path or Path(file.name),
        name=file.name,
        space=fitted.space,
        supernet=fitted.supernet,
        start=selection,
        history=history or {cell: value.new_zeros((0, *value.shape)) for cell, value in rows.items()},
        beta_history={},
        meta=meta,
        digest=meta["digest"],
        scores=None,
        log=[],
    )


def try_out(checkpoint: Checkpoint) -> int:
    """Run the supernet on one batch of the bundled images; gives their number.

    Raises BadInput if a logit is not finite.
    """
    data = load_data("bundled")
    pixels = resize(data.search.pixels[:TRIED], checkpoint.meta["image_size"])
    images = normalise(pixels, Normalisation.from_json(checkpoint.meta["normalisation"]))
    with torch.no_grad():
        logits = checkpoint.supernet(images, checkpoint.start.weights(), "batch")
    if not logits.isfinite().all():
        raise BadInput(f"{checkpoint.name} answers {TRIED} images with NaN or infinity; take an earlier epoch")
    return TRIED


def save_import(checkpoint: Checkpoint, directory: str | Path) -> None:
    """Write an imported checkpoint as a folder of its own.

    Raises BadInput if the folder has anything in it or cannot be written.
    """
    directory = Path(directory).expanduser()
    if os.path.lexists(directory) and not (directory.is_dir() and not any(directory.iterdir())):
        raise BadInput(f"{directory} is there already, and an import overwrites nothing; choose another folder")
    store.save(
        directory,
        supernet=checkpoint.supernet,
        start=checkpoint.start,
        history=checkpoint.history,
        meta=checkpoint.meta,
        log=checkpoint.log,
    )


def _alphas(
    file: str, space: SearchSpace, found: Found, given: Sequence[Foreign], notes: list[str]
) -> tuple[Alphas, dict[str, torch.Tensor] | None]:
    """The alphas of the second files, else of the first, else all equal, always as float32; and their history.

    A log prints few digits, so where the first file has alphas of its own these are the last.
    """
    name, alphas, history = file, found.alphas, None
    if given:
        name = " and ".join(each.name for each in given)
        more = read_alphas(given)
        if alphas and more.rounded:
            own = _read(file, space, alphas)
            more = more.ending_with({cell: np.asarray(rows, np.float64) for cell, rows in own.items()}, file)
        notes += more.notes
        alphas, history = more.final, more.history
    if alphas is None:
        notes.append("the file holds no alphas: all operations are mixed equally; give alphas as a second file")
        alphas = {cell: torch.zeros(space.shape(cell)) for cell in space.cells}
    read = _read(name, space, alphas)
    if history is None:
        return read, None
    for epoch in range(len(next(iter(history.values())))):
        _read(f"{name}, epoch {epoch + 1}", space, {cell: rows[epoch] for cell, rows in history.items()})
    return read, {cell: torch.tensor(rows, dtype=torch.float32) for cell, rows in history.items()}


def _read(name: str, space: SearchSpace, alphas: Any) -> Alphas:
    try:
        return Alphas.read(space, alphas, dtype="float32")
    except BadInput as error:
        raise BadInput(f"{name}: {error}") from None


def _meta(file: Foreign, found: Found, fitted: Fit, dataset: str | None, notes: list[str]) -> dict[str, Any]:
    """What meta.json says of an import, without what `save` fills in."""
    supernet = fitted.supernet
    known = dataset or ("cifar100" if supernet.classes == CLASSES["cifar100"] else "cifar10")
    fits = CLASSES[known] == supernet.classes
    if not fits and dataset is not None:
        raise BadInput(
            f"{file.name} tells {supernet.classes} classes apart and {dataset} has {CLASSES[known]}; "
            "name another data set, or none"
        )
    if dataset is None:
        what = known if fits else f"an unknown data set, with the normalisation of {known}"
        notes.append(f"the file does not say what it was trained on: taken as {what}")
    if fits and found.format == "autodl" and known == "cifar10":
        notes.append("AutoDL-Projects splits CIFAR-10 otherwise: some scoring images may have trained the weights")
    if found.selection is not None:
        notes.append(f"epoch {found.epochs} counts from the beginning of the selection")
    names = {"class_names": list(CIFAR10_CLASSES)} if fits and known == "cifar10" else {}
    return {
        **described(fitted.space),
        "method": "darts",
        "channels": supernet.channels,
        "cells": supernet.cells_per_net,
        "classes": supernet.classes,
        **names,
        "image_size": IMAGE_SIZE,
        "epochs": found.epochs,
        "data": known if fits else None,
        "dataset": known if fits else None,
        "split": f"{known}-halves" if fits and found.format != "autodl" else None,
        "normalisation": NORMALISATION[known].to_json(),
        "seed": None,
        "hyperparameters": {},
        "accuracies": {},
        "parameters": sum(parameter.numel() for parameter in supernet.parameters()),
        "source": {"format": found.format, "file": file.name, "sha256": file.sha256},
        "notes": notes,
    }
