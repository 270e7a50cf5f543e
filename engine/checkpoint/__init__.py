"""Checkpoints: the native folder and the files of other programs. Free of torch until a supernet is asked for."""

from engine.checkpoint.folder import (
    Checkpoint,
    Summary,
    exists,
    load_optimizer,
    read_summary,
    save,
    write_scores,
)
from engine.checkpoint.opening import load

__all__ = [
    "Checkpoint",
    "Summary",
    "exists",
    "load",
    "load_optimizer",
    "read_summary",
    "save",
    "write_scores",
]
