"""Which supernets there are to look at: the bundled ones and the visitor's own. Needs no torch.

Entry      one checkpoint folder: its summary, or why it cannot be used
catalog    all entries by run id, the one to show first in front
"""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engine.checkpoint import META
from engine.errors import BadInput
from engine.native import Summary, read_summary

BUNDLED = Path(__file__).resolve().parents[1] / "checkpoints"
FIRST = "nas-bench-201"
"""The run a newcomer sees."""


@dataclass(frozen=True)
class Entry:
    """A checkpoint folder under its run id; exactly one of `summary` and `error` is set."""

    id: str
    path: Path
    bundled: bool
    summary: Summary | None
    error: str | None


def catalog() -> dict[str, Entry]:
    """Bundled checkpoints, then those in the folder named by SUPERNET_CHECKPOINTS; read again when a file changes."""
    found: dict[str, Entry] = {}
    for folder in _folders(BUNDLED):
        found[folder.name] = _entry(folder.name, folder, True, _stamp(folder))
    own = os.environ.get("SUPERNET_CHECKPOINTS")
    for folder in _folders(Path(own).expanduser()) if own else ():
        name = folder.name if folder.name not in found else f"my-{folder.name}"
        found[name] = _entry(name, folder, False, _stamp(folder))
    return dict(sorted(found.items(), key=lambda item: (item[0] != FIRST, not item[1].bundled, item[0])))


def _folders(root: Path) -> list[Path]:
    """The root itself if it is a checkpoint, else its checkpoint folders."""
    if (root / META).is_file():
        return [root]
    return sorted(path.parent for path in root.glob(f"*/{META}")) if root.is_dir() else []


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes when anything in the folder does."""
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
        return tuple((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in files)
    except OSError:
        return ()


@lru_cache(maxsize=64)
def _entry(name: str, folder: Path, bundled: bool, stamp: tuple[tuple[str, int, int], ...]) -> Entry:
    try:
        return Entry(name, folder, bundled, read_summary(folder), None)
    except BadInput as error:
        return Entry(name, folder, bundled, None, str(error))
