"""Published archives of pickled batches: CIFAR-10 and CIFAR-100 for Python, and ImageNet16.

read_batch   pixels and labels of one file, or what is wrong with it
Batch        these two

Nothing in a file is run: `engine.pickles` reads it.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine.errors import BadInput
from engine.pickles import Refused, read

LARGEST = 2 << 30
"""Bytes of a file: the batches of ImageNet at 64 pixels have 1.6 billion."""
LABELS = ("labels", "fine_labels")


class Batch(NamedTuple):
    """pixels: uint8 [N,3,S,S]. labels: int64 [N], as the file has them."""

    pixels: np.ndarray
    labels: np.ndarray


def read_batch(file: Path, again: str) -> Batch:
    """What a pickled batch holds. again: how to get the file anew, for messages.

    Raises BadInput for a file that is missing, cut off or damaged, or that holds something else.
    """
    try:
        if file.stat().st_size > LARGEST:
            raise BadInput(f"{file} is larger than any published batch; {again}")
        content = file.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{file.parent} is damaged: {file.name} is missing; {again}") from None
    except OSError as error:
        raise BadInput(f"{file} cannot be read ({error.strerror}); check its permissions") from None
    fields = _fields(file, content, again)
    data, labels = fields.get("data"), next((fields[name] for name in LABELS if name in fields), None)
    if not isinstance(data, np.ndarray) or labels is None:
        held = ", ".join(sorted(map(str, fields))[:8]) or "nothing"
        raise BadInput(f"{file} is no batch of images: it holds {held}, and needs data and labels; {again}")
    try:
        pixels, numbers = data, np.array(labels)
    except (ValueError, TypeError):
        raise BadInput(f"{file} is damaged: its labels are no row of numbers; {again}") from None
    side = round((pixels.size / max(1, len(pixels)) / 3) ** 0.5) if pixels.ndim == 2 else 0
    if pixels.dtype != np.uint8 or not side or pixels.shape[1] != 3 * side * side:
        raise BadInput(f"{file} is no batch of square RGB images: its data are {pixels.dtype} {list(pixels.shape)}")
    if numbers.shape != (len(pixels),) or numbers.dtype.kind not in "iu":
        raise BadInput(f"{file} is damaged: {len(pixels):,} images and {len(numbers):,} labels; {again}")
    return Batch(pixels.reshape(-1, 3, side, side), numbers.astype(np.int64))


def read_names(file: Path, key: str) -> tuple[str, ...] | None:
    """The class names in the small file beside the batches; None where it is not there or cannot be read."""
    try:
        names = _fields(file, file.read_bytes(), "")[key]
        return tuple(_text(name) for name in names)
    except (BadInput, OSError, KeyError, TypeError):
        return None


def _fields(file: Path, content: bytes, again: str) -> dict[str, Any]:
    """The pickled mapping. The files are from Python 2, so texts are bytes."""
    try:
        found, _ = read(content)
    except Refused as error:
        raise BadInput(f"{file} names {error}, which no batch of images needs; none of it was run; {again}") from None
    except Exception as error:  # a damaged file can make the reader raise anything
        reason = " ".join(str(error).split())[:80] or type(error).__name__
        raise BadInput(f"{file} is damaged or cut off ({reason}); {again}") from None
    if not isinstance(found, dict):
        raise BadInput(f"{file} is no batch of images; {again}")
    return {_text(key): value for key, value in found.items()}


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
