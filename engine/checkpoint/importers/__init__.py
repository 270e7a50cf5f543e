"""Supernets from elsewhere: files of the search programs of the field, opened without running anything in them.

import_checkpoint   a foreign file as a Checkpoint; writes nothing
supernet_of         the same for a file that has been opened
try_out             a forward pass on a few images
save_import         write an imported checkpoint into a new folder

By module: `reading` opens files, `pickles` and `rebuilt` those with pickles in them; `states` finds the supernet in
one, `formats`, `circumstances` and `alphas` know who stores what, `origins` the data sets; `spelling`, `names` and
`fitting` find every tensor's place, `reasons` says why there is none; `decided` reads a selection that has begun.
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
from engine.checkpoint.importers.chosen import after_sigmoid, chosen_alphas
from engine.checkpoint.importers.circumstances import find_betas, is_fair
from engine.checkpoint.importers.decided import begun
from engine.checkpoint.importers.fitting import Fit, fit
from engine.checkpoint.importers.formats import Found, recognise
from engine.checkpoint.importers.origins import CLASSES, IMAGE_SIZES, normalisation
from engine.checkpoint.importers.reading import Foreign, given, read_file
from engine.checkpoint.importers.states import find_state
from engine.data.load import Normalisation, load_data, normalise, resize
from engine.data.sources import CIFAR10_CLASSES
from engine.errors import BadInput, one_of
from engine.selection.alphas import Alphas
from engine.selection.mixing import MIXINGS, Mixing
from engine.selection.selection import Selection
from engine.spaces import SearchSpace, described
from engine.spaces.image_sizes import check_image_size, is_streamed
from engine.spaces.subspaces import space_named

__all__ = ["CLASSES", "import_checkpoint", "save_import", "supernet_of", "try_out"]

LARGE = 224
"""Pixels of the images behind the stem with three convolutions, unless told."""
TRIED = 16
"""Images of a first forward pass."""


def import_checkpoint(
    path: str | Path,
    space: str | None = None,
    dataset: str | None = None,
    alphas: str | Path | Sequence[str | Path] | None = None,
    image_size: int | None = None,
    mixing: str | None = None,
    betas: str | Path | None = None,
) -> Checkpoint:
    """The supernet in a file of another program. Nothing in the file is run, and nothing is written.

    space: its search space; None finds it by the names and shapes in the file. dataset: what it was trained on, one of
    CLASSES; None takes what the file says, else the one with as many classes. alphas: a second file with the alphas,
    where the first has none, or several, one for each cell type; the training log, which gives their history too; or a
    text of one. image_size: side of the images, in pixels; None takes that of the data set. mixing: how
    the search mixed by its alphas, one of `engine.selection.mixing.MIXINGS`; None takes what the program is known for.
    betas: a file with edge strengths that count. What had to be assumed is in `meta["notes"]`, and a selection that had
    begun in `start`.

    Raises BadInput for a file that is damaged, asks for commands or is no supernet of a known space, and names
    the tensors that differ.
    """
    wanted = None if space is None else space_named(space)
    if dataset is not None and dataset not in CLASSES:
        raise one_of("data set", dataset, CLASSES)
    sources = [alphas] if isinstance(alphas, str | Path) else alphas or ()
    more = [given(source) for source in sources]
    strengths = None if betas is None else read_file(betas)
    return supernet_of(
        read_file(path), wanted, dataset, more, Path(path).expanduser(), image_size, _mixing(mixing), strengths
    )


def supernet_of(
    file: Foreign,
    space: SearchSpace | None = None,
    dataset: str | None = None,
    alphas: Sequence[Foreign] = (),
    path: Path | None = None,
    image_size: int | None = None,
    mixing: Mixing | None = None,
    betas: Foreign | None = None,
) -> Checkpoint:
    """`import_checkpoint` of opened files; path None for one that lies nowhere."""
    if file.kind in ("text", "numpy"):
        raise BadInput(
            f"{file.name} is {'a text' if file.kind == 'text' else 'an array file of NumPy'}, which holds no supernet; "
            "give the file with the weights, and this one as its alphas, if it holds them"
        )
    found = recognise(file)
    fitted = fit(file.name, found, space)
    notes = [*found.notes, *([] if mixing else found.mixed), *fitted.notes]
    if mixing is None:
        mixing = found.mixing
        if mixing == "softmax" and (fair := next((each.name for each in alphas if is_fair(each.content)), None)):
            mixing = "sigmoid"
            notes.append(f"mixed by the sigmoid of every alpha, as FairDARTS does, which wrote {fair}")
        elif mixing == "softmax" and alphas and (sentence := after_sigmoid(alphas)):
            mixing = "sigmoid"
            notes.append(sentence)
    rows, history = chosen_alphas(file.name, fitted.space, found, alphas, mixing, notes)
    selection = Selection(fitted.space, _architecture(file.name, fitted.space, rows, found, betas, mixing, notes))
    if history and selection.alphas.betas is not None:
        notes.append("the log says nothing of edge strengths: those of its epochs are unknown, and left out there")
    if found.selection is not None:
        selection, said = begun(file.name, found.selection, selection)
        notes += said
    meta = _meta(file, found, fitted, dataset, image_size, notes)
    if mixing != "softmax":
        meta["mixing"] = mixing
    weights = {name: value.numpy() for name, value in fitted.supernet.state_dict().items()}
    final = {cell: torch.tensor(selection.alphas[cell]) for cell in fitted.space.cells}
    strengths = dict(zip(final, (np.array(row, np.float32) for row in selection.alphas.betas or ()), strict=False))
    meta["digest"] = format.digest(meta, weights, {cell: value.numpy() for cell, value in final.items()}, strengths)
    return Checkpoint(
        path=path or Path(file.name),
        name=file.name,
        space=fitted.space,
        supernet=fitted.supernet,
        start=selection,
        history=history or {cell: value.new_zeros((0, *value.shape)) for cell, value in final.items()},
        beta_history={cell: torch.zeros((0, len(row))) for cell, row in strengths.items()},
        meta=meta,
        digest=meta["digest"],
        scores=None,
        log=[],
    )


def _mixing(name: str | None) -> Mixing | None:
    found = next((each for each in MIXINGS if each == name), None)
    if name is not None and found is None:
        raise one_of("mixing", name, MIXINGS)
    return found


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


def _architecture(
    file: str,
    space: SearchSpace,
    rows: Alphas,
    found: Found,
    given: Foreign | None,
    mixing: Mixing,
    notes: list[str],
) -> Alphas:
    """Alphas with the edge strengths of a file of their own, else of the first, and with their mixing."""
    name, betas = file, found.betas
    if given is not None:
        name = given.name
        state = find_state(given)
        listed = given.content.get("alpha")
        betas = find_betas(given.content) or (None if state is None else find_betas(state.tensors))
        if betas is None and isinstance(listed, list) and len(listed) == len(space.cells):
            betas = dict(zip(space.cells, listed, strict=True))
        if betas is None:
            raise BadInput(
                f'no edge strengths were found in {name}; give {{"betas": {{CELL: one number for every edge}}}}'
            )
        notes[:] = [note for note in notes if not note.startswith("edge strengths")]
        notes.append(f"edge strengths (betas) from {name} count")
    try:
        return Alphas.read(space, dict(rows), betas, "float32", mixing)
    except BadInput as error:
        raise BadInput(f"{name}: {error}") from None


def _meta(
    file: Foreign, found: Found, fitted: Fit, dataset: str | None, image_size: int | None, notes: list[str]
) -> dict[str, Any]:
    """What meta.json says of an import, without what `save` fills in."""
    supernet = fitted.supernet
    known, fits = _data_set(file, found, supernet.classes, dataset, notes)
    if fits and found.format == "autodl" and known == "cifar10":
        notes.append("AutoDL-Projects splits CIFAR-10 otherwise: some scoring images may have trained the weights")
    if found.selection is not None and found.epochs is not None:
        notes.append(f"epoch {found.epochs} counts from the beginning of the selection")
    names = {"class_names": list(CIFAR10_CLASSES)} if fits and known == "cifar10" else {}
    split = f"{known}-halves" if fits and found.format != "autodl" and known != "imagenet16-120" else None
    return {
        **described(fitted.space),
        "method": "darts",
        "channels": supernet.channels,
        "cells": supernet.cells_per_net,
        "classes": supernet.classes,
        **names,
        "image_size": _image_size(file, known, supernet.stem_kind == "imagenet", image_size, notes),
        "epochs": found.epochs,
        "data": known if fits else None,
        "dataset": known if fits else None,
        "split": split,
        "normalisation": normalisation(known).to_json(),
        "seed": None,
        "hyperparameters": {},
        "accuracies": {},
        "parameters": sum(parameter.numel() for parameter in supernet.parameters()),
        **({"partial": supernet.part} if supernet.part > 1 else {}),
        **({} if fitted.statistics else {"statistics": False}),
        "source": {"format": found.format, "file": file.name, "sha256": file.sha256},
        "notes": notes,
    }


def _data_set(file: Foreign, found: Found, classes: int, asked: str | None, notes: list[str]) -> tuple[str, bool]:
    """The data set whose normalisation counts, and whether the supernet can be of it."""
    if asked is not None:
        if CLASSES[asked] != classes:
            raise BadInput(
                f"{file.name} tells {classes} classes apart and {asked} has {CLASSES[asked]}; "
                "name another data set, or none"
            )
        return asked, True
    if found.dataset is not None and CLASSES[found.dataset] == classes:
        return found.dataset, True
    known = next((name for name, count in CLASSES.items() if count == classes), "cifar10")
    fits = CLASSES[known] == classes
    what = known if fits else f"an unknown data set, with the normalisation of {known}"
    notes.append(f"no data set was found in the file: taken as {what} with its normalisation (--dataset)")
    return known, fits


def _image_size(file: Foreign, known: str, large: bool, asked: int | None, notes: list[str]) -> int:
    """The side of an image, in pixels. Raises BadInput for one that the stem is not made for."""
    size = LARGE if large else IMAGE_SIZES[known]
    if asked is None:
        notes.append(f"no image size was found in the file: taken as {size} pixels (--image-size)")
        return size
    if is_streamed(check_image_size(asked)) != large:
        fitting = f"{LARGE} or another of 64 and more" if large else "32 or 16"
        raise BadInput(f"{file.name} has the stem of images of {fitting} pixels, not {asked}; name such a size")
    return asked
