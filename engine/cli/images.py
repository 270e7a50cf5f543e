"""The images that a command measures or trains on, and what has to be said about them before it begins.

asked        --data as it was said, or the usual images; refused where these are of another data set than the supernet
tell         whether images are the supernet's own, and how they were read, on stderr
tell_notes   how they were read, alone
"""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from engine.cli import console
from engine.data.belonging import spec_for

if TYPE_CHECKING:
    from engine.checkpoint.folder import Checkpoint
    from engine.data.sources import DataSet


def asked(context: typer.Context, spec: str, checkpoint: object | None, what: str = "the supernet") -> str:
    """The images for a command. Raises BadInput where --data was not said and the supernet is of another data set."""
    source = context.get_parameter_source("data")
    said = source is not None and not source.name.startswith("DEFAULT")
    return spec_for(checkpoint, spec if said else None, what)


def tell(spec: str, checkpoint: "Checkpoint", data_dir: Path | None, download: bool) -> None:
    """Read the images, which are kept in memory for what follows, and say what there is to say, once."""
    from engine.data.belonging import data_warning
    from engine.data.load import open_data

    data = open_data(spec, checkpoint.meta["image_size"], data_dir=data_dir, download=download)
    if warning := data_warning(data, checkpoint):
        console.note(f"warning: {warning}")
    tell_notes(data)


def tell_notes(data: "DataSet") -> None:
    """What was lost or left out when images were read."""
    for sentence in data.notes:
        console.note(f"note: {data.name}: {sentence}")
