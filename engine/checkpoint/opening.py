"""Opening whatever holds a supernet.

load   a native folder, or a file of another program
"""

from pathlib import Path

from engine.checkpoint import folder
from engine.checkpoint.bundled import found
from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.format import FILES


def load(path: str | Path) -> Checkpoint:
    """The checkpoint in a folder, or the supernet in a file of another program (`engine.import_checkpoint`).

    Where there is nothing of this name, "checkpoints/NAME" and NAME are supernets that come with the project.

    Raises BadInput, naming the file and what differs, for anything that is missing, damaged, changed after it was
    saved, not finite, or not the supernet that meta.json describes.
    """
    path = found(path)
    if path.is_file() and path.name not in FILES:
        from engine.checkpoint.importers import import_checkpoint  # imports torch

        return import_checkpoint(path)
    return folder.load(path)
