"""Files of NumPy: .npy and .npz, read without pickle.

is_archive    whether a zip archive is one of NumPy
read_numpy    the arrays in a file: one of .npy, or by name of .npz
"""

import io
import math
import zipfile
from typing import Any

import numpy as np

from engine.checkpoint.importers.pickles import COPY_AGAIN, read_pickle
from engine.errors import BadInput

MAGIC = b"\x93NUMPY"
MOST_ARRAYS = 1000
LARGEST = 64 << 20
"""Bytes of all arrays, unpacked: alphas of a thousand epochs are one million."""


def is_archive(content: bytes) -> bool:
    """Whether a zip archive holds arrays; False for any other file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def read_numpy(name: str, content: bytes) -> Any:
    """Raises BadInput for damage, and for arrays that claim more than the file holds."""
    try:
        return _one(name, content) if content.startswith(MAGIC) else _several(name, content)
    except BadInput:
        raise
    except Exception as error:  # a damaged or hostile file can make the readers raise anything
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise BadInput(f"{name} is damaged or cut off ({reason}); {COPY_AGAIN}") from None


def _several(name: str, content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if len(entries) > MOST_ARRAYS or sum(entry.file_size for entry in entries) > LARGEST:
            raise BadInput(f"{name} unpacks to over {LARGEST >> 20} MiB or {MOST_ARRAYS} arrays; save alphas alone")
        return {entry.filename.removesuffix(".npy"): _one(name, archive.read(entry)) for entry in entries}


def _one(name: str, content: bytes) -> Any:
    """An array; plain values where it holds objects, which NumPy stores as a pickle."""
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, by_columns, dtype = read(file)
    if dtype.hasobject:
        return _objects(read_pickle(name, content[file.tell() :]))
    if dtype.kind not in "fiu":
        raise BadInput(f"{name} holds an array of {dtype}, and no numbers; give the file with the alphas")
    size = math.prod(shape)
    if size * dtype.itemsize > min(LARGEST, len(content) - file.tell()):
        raise BadInput(f"{name} claims an array of shape {shape}, more than the file holds; {COPY_AGAIN}")
    flat = np.frombuffer(content, dtype, size, file.tell())
    return flat.reshape(shape, order="F" if by_columns else "C").copy()


def _objects(found: Any) -> Any:
    """What an array of objects holds: the one object, where it is a single one."""
    if isinstance(found, np.ndarray) and found.dtype.hasobject:
        found = found.tolist()
    return found[0] if isinstance(found, list) and len(found) == 1 else found
