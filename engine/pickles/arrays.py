"""NumPy's arrays and numbers out of pickles, made by code of our own from the bytes that lie there.

ARRAYS     builders, for `machine.Machine`
is_shape   whether a value can be a shape

Anything else than plain numbers (structured arrays) stays an `Inert`.
"""

import math
import re
from typing import Any

import numpy as np

from engine.pickles.inert import PLAIN, Build, Inert, Unfinished

MOST_DIMENSIONS = 16
NUMBERS = re.compile(r"b1|[iu][1248]|f[248]|c8|c16|U\d{1,4}|S\d{1,4}")


class _Type(Unfinished):
    """numpy.dtype. code: as "f4"; order: as "<"."""

    def __init__(self, code: Any, *_: Any) -> None:
        super().__init__()
        self.code, self.order, self.plain = str(code), "<", True

    def finished(self, state: Any) -> "_Type":
        if isinstance(state, tuple) and len(state) > 1:
            self.order = state[1] if state[1] in ("<", ">") else "<"
            self.plain = not any(state[2:5])  # no array within, no named fields
        return self

    def numbers(self) -> "np.dtype[Any] | None":
        code = self.code.lstrip("<>|=")
        return np.dtype(self.order + code) if self.plain and NUMBERS.fullmatch(code) else None


class _Array(Unfinished):
    """What `_reconstruct` makes, before its numbers are there."""

    def finished(self, state: Any) -> Any:
        if not isinstance(state, tuple) or len(state) != 5:
            return Inert("numpy.ndarray", (state,))
        _, shape, kind, by_columns, content = state
        return _array(content, kind, shape, "F" if by_columns else "C")


def _array(content: Any, kind: Any, shape: Any, order: str = "C", *_: Any) -> Any:
    if isinstance(content, list):  # of objects
        return content[0] if shape == () and len(content) == 1 else content
    dtype = kind.numbers() if isinstance(kind, _Type) else None
    if isinstance(content, str):  # of Python 2
        content = content.encode("latin-1")
    shape = (shape,) if isinstance(shape, int) else shape
    if dtype is None or not isinstance(content, bytes | bytearray) or not is_shape(shape):
        return Inert("numpy.ndarray", (shape,))
    if math.prod(shape) * dtype.itemsize != len(content):
        raise ValueError(f"an array of shape {shape} has {len(content)} bytes")
    array = np.frombuffer(content, dtype).reshape(shape, order="F" if order == "F" else "C")
    return array.tolist() if dtype.kind in "US" else array.astype(dtype.newbyteorder("="))


def _number(kind: Any, content: Any = b"", *_: Any) -> Any:
    if isinstance(kind, _Type) and kind.code.lstrip("<>|=").startswith("O"):
        return content
    found = _array(content, kind, ())
    return found.item() if isinstance(found, np.ndarray) else found


def is_shape(shape: Any) -> bool:
    """Whether a value is a tuple of plausible sizes."""
    return (
        isinstance(shape, tuple)
        and len(shape) <= MOST_DIMENSIONS
        and all(type(each) is int and 0 <= each < 1 << 60 for each in shape)
    )


ARRAYS: dict[str, Build] = {**PLAIN, "numpy.dtype": _Type, "numpy.dtypes.dtype": _Type}
for _core in ("numpy.core", "numpy._core"):
    ARRAYS |= {f"{_core}.multiarray._reconstruct": lambda *_: _Array(), f"{_core}.multiarray.scalar": _number}
    ARRAYS |= {f"{_core}.numeric._frombuffer": _array}
