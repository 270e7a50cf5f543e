"""Options that several commands share, and their checks.

Json, Device, Seed, Data, DataDir, Download   annotated types for typer
Images, BatchSize, Bn, Criterion, UntilSure, Augment, Rescale, Decided   how a command measures, and after what
pick_device      `auto`, `cpu` or `cuda` as a device that is there
read_images      a number of images, or all
read_selection   the selection in a file, if it belongs to a checkpoint
check_writable   whether results can be written where they are wanted
"""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from engine.errors import BadInput

if TYPE_CHECKING:
    from engine.checkpoint.folder import Checkpoint
    from engine.selection.selection import Selection

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object; messages go to stderr.")]
Device = Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where to compute; auto takes a GPU if any.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of every random draw but which images are scored.")]
Data = Annotated[
    str,
    typer.Option(
        metavar="SPEC",
        help="bundled, cifar10, cifar100, svhn, a folder of parquet files, TRAIN.parquet,TEST.parquet, "
        "or a folder train/CLASS/*.",
    ),
]
DataDir = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where cifar10, cifar100 and svhn lie.  [default: data]")
]
Download = Annotated[bool, typer.Option("--download", help="Fetch cifar10, cifar100 or svhn if absent.")]
Images = Annotated[str | None, typer.Option(metavar="N|all", help="Images to measure on.  [default: 1024]")]
BatchSize = Annotated[int, typer.Option(help="Images in one group of batch statistics.")]
Bn = Annotated[Literal["batch", "running"], typer.Option(help="Statistics of batch normalisation.")]
Criterion = Annotated[Literal["accuracy", "loss"], typer.Option(help="What the best operation loses most of.")]
UntilSure = Annotated[
    float | None,
    typer.Option(
        metavar="P",
        help="Stop each edge once its best operation is, with probability P, the one that all search images would "
        "name; at the latest after --images (all by default).",
    ),
]
Augment = Annotated[bool, typer.Option("--augment", help="Crop and flip the images, alike for every mask.")]
Rescale = Annotated[bool, typer.Option("--rescale", help="Let the weights of a masked edge sum to 1.")]
Decided = Annotated[Path | None, typer.Option(metavar="FILE", help="Decisions taken so far, as selection JSON.")]


def pick_device(name: str) -> str:
    """Raises BadInput for cuda where there is none."""
    import torch

    found = torch.cuda.is_available()
    if name == "cuda" and not found:
        raise BadInput("no CUDA GPU can be used here; choose --device cpu or auto")
    return ("cuda" if found else "cpu") if name == "auto" else name


def read_images(text: str) -> int | None:
    """None for all. Raises BadInput for anything but `all` and whole numbers from 1 on."""
    if text == "all":
        return None
    try:
        images = int(text)
    except ValueError:
        images = 0
    if images < 1:
        raise BadInput(f"--images must be a whole number of at least 1, or all; not {text[:40]!r}")
    return images


def read_selection(file: Path, checkpoint: "Checkpoint") -> "Selection":
    """The selection in a file. Raises BadInput for one that cannot be read, and for another space's or supernet's."""
    from engine.selecting.record import Document

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"cannot read a selection from {file}; give the JSON file of a selection") from None
    document = Document.from_json(text, checkpoint.space)
    if document.checkpoint.get("digest", checkpoint.digest) != checkpoint.digest:
        name = document.checkpoint.get("name", "another one")
        raise BadInput(f"{file} was decided on another supernet ({name}); give that checkpoint, or another selection")
    return document.selection


def check_writable(folder: Path) -> None:
    """Raises BadInput unless files can be written into `folder`, which need not exist yet. Leaves nothing behind."""
    try:
        existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        with tempfile.TemporaryDirectory(dir=existing, prefix=".writable-", suffix=".tmp"):
            pass
    except OSError as problem:
        raise BadInput(f"cannot write to {folder} ({problem.strerror}); choose another folder") from None
