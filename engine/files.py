"""Writing that a kill at any moment cannot spoil.

write_text      one file, replaced atomically
Commit          several files of one folder that change together: all old or all new
settle          finish or forget a commit that was cut off
overlay         where to read a file of a folder from while a commit waits to be finished
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import BadInput

NEXT, COMMIT = ".next", ".commit"
"""A commit is written into NEXT and exists from the moment NEXT is renamed to COMMIT."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the operating system says about a path into one line that names the fix."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BadInput(f"cannot write {path}: {reason}; choose a folder you can write to, with free space") from error


def write_text(path: Path, text: str) -> None:
    """Replace a file's text atomically. Raises BadInput when the place cannot be written."""
    spare = path.with_name(f".{path.name}.next")
    with writing(path):
        try:
            with open(spare, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(spare, path)
        finally:
            spare.unlink(missing_ok=True)


@contextmanager
def commit(directory: Path) -> Iterator[Path]:
    """A folder to write files into; on leaving they replace those of `directory`, all together.

    The files are first complete in NEXT, then NEXT is renamed to COMMIT, then they move into place. A kill before
    the rename leaves the old state, a kill after it the new one, which `settle` moves into place.
    """
    with writing(directory):
        directory.mkdir(parents=True, exist_ok=True)
        settle(directory)
        spare = directory / NEXT
        spare.mkdir()
        try:
            yield spare
            for file in spare.iterdir():
                with open(file, "rb") as written:
                    os.fsync(written.fileno())
            os.rename(spare, directory / COMMIT)
        except Exception:
            shutil.rmtree(spare, ignore_errors=True)
            raise
        settle(directory)


def settle(directory: Path) -> None:
    """Finish a commit that was cut off after its rename, forget one cut off before. Raises OSError if it cannot."""
    ready = directory / COMMIT
    if ready.is_dir():
        for file in sorted(ready.iterdir()):
            os.replace(file, directory / file.name)
        ready.rmdir()
    if (directory / NEXT).is_dir():
        shutil.rmtree(directory / NEXT)
    for spare in directory.glob(".*.next"):
        spare.unlink()


def overlay(directory: Path, name: str) -> Path:
    """The newest whole version of a file: one still waiting in a commit that could not be finished goes first."""
    waiting = directory / COMMIT / name
    return waiting if waiting.is_file() else directory / name
