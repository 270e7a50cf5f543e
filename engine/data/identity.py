"""Which images a data SPEC names, told from their files without reading them. Free of torch.

SPEC         what a data SPEC can be, in words
PUBLISHED    sets that are checked before they are read: their name says everything
files_of     the files of a SPEC whose change makes it another set
data_root    the folder that holds the published sets
content_id   equal ids: the same images, as far as names, sizes and times of files tell
"""

import hashlib
import time
from pathlib import Path

from engine.data import layout
from engine.errors import BadInput

SPEC = (
    "bundled, cifar10, cifar100, svhn, imagenet16-120, a folder of parquet files, TRAIN.parquet,TEST.parquet, "
    "or a folder of images: train/CLASS/* or CLASS/*."
)
PUBLISHED = ("cifar10", "cifar100", "svhn", "imagenet16-120")
DATA_DIR = "data"  # where the published sets are looked for unless told
ROOT = Path(__file__).resolve().parents[2]
FRESH = 2.0
"""Seconds for which an id is taken as still true: a page asks for it many times while it is drawn."""

_known: dict[tuple[str, str], tuple[float, str]] = {}


def files_of(spec: str, data_dir: str | Path | None = None) -> list[Path]:
    """The files that make up `spec`, as far as they exist; none for the bundled sample, which never changes."""
    if spec == "bundled":
        return []
    if spec in PUBLISHED:
        return [data_root(data_dir)]
    path = Path(spec).expanduser()
    if path.is_dir():
        try:
            return layout.files(layout.find(path))
        except (BadInput, OSError):
            return []
    return [Path(piece.strip()).expanduser() for piece in spec.split(",")]


def data_root(data_dir: str | Path | None = None) -> Path:
    """Where the published sets lie: the folder that was said, else `data` here, else, where that is none, the project's
    own `data`, if it has one."""
    if data_dir is not None:
        return Path(data_dir).expanduser()
    here, own = Path(DATA_DIR), ROOT / DATA_DIR
    return own if own.is_dir() and not here.is_dir() else here


def content_id(spec: str, data_dir: str | Path | None = None, *, fresh: bool = False) -> str:
    """An id of the images that `spec` names: its name for the bundled and the published sets, else of their files.

    fresh: look at the files now, not at what was true a moment ago.
    """
    if spec == "bundled" or spec in PUBLISHED:
        return spec
    key, now = (spec, str(data_dir)), time.monotonic()
    if not fresh and key in _known and now - _known[key][0] < FRESH:
        return _known[key][1]
    stamps = []
    for file in files_of(spec, data_dir):
        try:
            about = file.stat()
        except OSError:
            stamps.append(f"{file} is absent")
        else:
            stamps.append(f"{file} {about.st_size} {about.st_mtime_ns}")
    found = "files-" + hashlib.sha256("\n".join(stamps).encode()).hexdigest()[:16]
    _known[key] = now, found
    return found
