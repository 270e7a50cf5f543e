"""Supernets that visitors bring: looked at for a visit, or kept for everybody; renamed, annotated, deleted. No torch.

add        write an import down, for one visitor or for all
keep       let everybody have what one visitor looks at
rename, annotate, delete    what can be done with an import, and with no other supernet
tidy       the name that a text stands for
stay       a visit goes on
sweep      take away what ended visits left

What a folder holds is whole or absent: it is written under a hidden name and renamed, and renamed before it is taken
away. All raise BadInput, in words for the visitor, and nothing is changed then.
"""

import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from app.library import catalog
from app.library.catalog import Entry
from engine.errors import BadInput
from engine.runs import files

if TYPE_CHECKING:
    from engine.checkpoint.folder import Checkpoint

MOST_KEPT = 200
"""Imports in the folder from which on none is kept: everybody who reaches the app can fill the disk."""
MOST_LOOKED_AT = 4
"""Imports that one visitor can look at without keeping them."""
MOST_VISITS = 50
"""Visitors of whom such imports lie here."""
LASTS = 24 * 3600.0
"""Seconds after which a visit has ended that was not heard of."""
OFTEN = 600.0
"""Seconds between two signs of a visit."""


def tidy(text: str) -> str:
    """A folder's name made of a text: letters, digits and . _ - that do not come first; "" where nothing is left."""
    stem = re.sub(r"(\.pth|\.pt|\.tar|\.safetensors|\.json)+$", "", text)
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).lstrip("._-")[:60]


def add(found: "Checkpoint", name: str, visitor: str | None = None) -> Path:
    """Write an import down, for this visitor alone, or for everybody; gives its folder."""
    from engine.checkpoint.importers import save_import

    sweep()
    root = catalog.imported() if visitor is None else catalog.looked_at(visitor)
    if visitor is not None and not root.is_dir() and len(_inside(root.parent)) >= MOST_VISITS:
        raise BadInput(f"{MOST_VISITS} visitors look at imports already; keep this one, or try again tomorrow")
    new = _beside(root, "new")
    with _held(root, MOST_KEPT if visitor is None else MOST_LOOKED_AT):
        folder = _free(root, name)
        try:
            save_import(found, new)
            os.rename(new, folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    return folder


def keep(entry: Entry, name: str) -> Path:
    """Let everybody have an import that one visitor looks at; gives its folder."""
    _check(entry)
    return _move(entry, catalog.imported(), name, MOST_KEPT)


def rename(entry: Entry, name: str) -> Path:
    """Give an import another name, where that is not taken; gives its folder."""
    _check(entry)
    return entry.path if tidy(name) == entry.path.name else _move(entry, entry.path.parent, name, None)


def annotate(entry: Entry, note: str) -> None:
    """Write a note about an import or a run trained here, beside what its files say; an empty one takes it away."""
    if not entry.can_be_noted:
        raise BadInput(f"{entry.id} was not made or brought here; write about it in its folder")
    _check_there(entry)
    note = note.strip()
    if len(note) > catalog.LONGEST_NOTE:
        raise BadInput(f"a note has up to {catalog.LONGEST_NOTE} characters, not {len(note)}; shorten it")
    path = entry.path / catalog.NOTE
    if note:
        files.write(path, json.dumps({"note": note}))
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise files.unwritable(path, error) from None


def delete(entry: Entry) -> None:
    """Take an import away. What was measured of it stays: it is kept by content."""
    _check(entry)
    gone = _beside(entry.path.parent, "gone")
    try:
        os.rename(entry.path, gone)
    except OSError as error:
        raise files.unwritable(entry.path, error) from None
    shutil.rmtree(gone, ignore_errors=True)


def _move(entry: Entry, root: Path, name: str, most: int | None) -> Path:
    with _held(root, most):
        folder = _free(root, name)
        os.rename(entry.path, folder)
    return folder


def _check(entry: Entry) -> None:
    """Raises BadInput for a supernet with which nothing may be done, or that is gone."""
    if not entry.is_import:
        raise BadInput(f"{entry.id} was not imported here; rename or delete it in its folder")
    _check_there(entry)


def _check_there(entry: Entry) -> None:
    if not entry.path.is_dir():
        raise BadInput(f"{entry.id} is gone: it was renamed, kept or deleted meanwhile; reload the page")


def _free(root: Path, name: str) -> Path:
    """The folder of a name that is not taken."""
    tidied = tidy(name)
    if not tidied:
        raise BadInput("a name needs a letter or a digit; type one")
    folder = root / tidied
    if os.path.lexists(folder):
        raise BadInput(f"there is an import named {tidied} already, and nothing is overwritten; choose another name")
    return folder


@contextmanager
def _held(root: Path, most: int | None) -> Iterator[None]:
    """Hold a folder of imports, made where there is none, while it changes. most: how many it may have afterwards."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        with files.locked(root):
            if most is not None and len(_inside(root)) >= most:
                kind = "kept" if root == catalog.imported() else "looked at"
                raise BadInput(f"{most} imports are {kind} already; delete some on Start")
            yield
    except OSError as error:
        raise files.unwritable(root, error) from None


def _inside(root: Path) -> list[Path]:
    try:
        return [path for path in root.iterdir() if not path.name.startswith(".")]
    except OSError:  # not a folder, or not to be read
        return []


def _beside(root: Path, what: str) -> Path:
    """A name in a folder that the catalog passes over."""
    return root / f".{what}-{uuid.uuid4().hex}"


# Visits


def stay(visitor: str) -> None:
    """Note that a visit goes on, now and then."""
    folder = catalog.looked_at(visitor)
    with suppress(OSError):  # absent, or on a disk that cannot be written, where nothing is swept either
        if time.time() - folder.stat().st_mtime > OFTEN:
            os.utime(folder)


def sweep() -> None:
    """Take away what ended visits left, and what was left half written or half deleted."""
    visits = _inside(catalog.looked_at(""))
    roots = (*visits, catalog.imported())
    half = [path for root in roots for pattern in (".new-*", ".gone-*") for path in root.glob(pattern)]
    for path in (*visits, *half):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > LASTS:
                shutil.rmtree(path, ignore_errors=True)
