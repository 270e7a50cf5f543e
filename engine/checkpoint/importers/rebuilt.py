"""Arrays and tensors out of pickles, made by code of our own from the numbers that lie there.

ARRAYS        builders of NumPy's arrays and numbers, for `machine.Machine`
tensors       builders of torch's tensors
Storage       the numbers that tensors are views of
storage_type  what kind of numbers a class of torch's storages holds, as torch calls it

Anything else than plain numbers (structured arrays, sparse or quantised tensors) stays an `Inert`.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.checkpoint.importers.inert import PLAIN, Build, Inert, Unfinished

if TYPE_CHECKING:
    from torch import Tensor

MOST_DIMENSIONS = 16
NUMBERS = re.compile(r"b1|[iu][1248]|f[248]|c8|c16|U\d{1,4}|S\d{1,4}")
STORAGES = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "UntypedStorage": "uint8",
    "_UntypedStorage": "uint8",
}
TYPES = frozenset({*STORAGES.values(), "uint16", "uint32", "uint64"})


# NumPy


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
    if dtype is None or not isinstance(content, bytes | bytearray) or not _is_shape(shape):
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


def _is_shape(shape: Any) -> bool:
    return (
        isinstance(shape, tuple)
        and len(shape) <= MOST_DIMENSIONS
        and all(type(each) is int and 0 <= each < 1 << 60 for each in shape)
    )


ARRAYS: dict[str, Build] = {**PLAIN, "numpy.dtype": _Type, "numpy.dtypes.dtype": _Type}
for _core in ("numpy.core", "numpy._core"):
    ARRAYS |= {f"{_core}.multiarray._reconstruct": lambda *_: _Array(), f"{_core}.multiarray.scalar": _number}
    ARRAYS |= {f"{_core}.numeric._frombuffer": _array}


# torch


@dataclass(eq=False)
class Storage:
    """Numbers of one kind. content: may still be filled in after tensors were made of it."""

    kind: str
    content: bytearray

    @cached_property
    def numbers(self) -> "Tensor":
        """All of them, [numel]."""
        return self.viewed(self.kind)

    def viewed(self, kind: str) -> "Tensor":
        import torch

        dtype = getattr(torch, kind)
        return torch.frombuffer(self.content, dtype=dtype) if self.content else torch.empty(0, dtype=dtype)


def storage_type(named: Any) -> str | None:
    """As "float32"; None for a class whose numbers are not plain."""
    name = named.name if isinstance(named, Inert) else str(named)
    return STORAGES.get(name.rpartition(".")[2]) if name.startswith("torch.") else None


def _tensor(storage: Any, offset: Any = 0, size: Any = (), stride: Any = (), *_: Any, kind: str | None = None) -> Any:
    if not isinstance(storage, Storage):
        return Inert("torch.Tensor", (size,))
    if not (_is_shape(size) and _is_shape(stride) and _is_shape((offset,)) and len(size) == len(stride)):
        raise ValueError("a tensor of impossible size")
    return (storage.numbers if kind is None else storage.viewed(kind)).as_strided(size, stride, offset)


def _tensor_of_bytes(storage: Any, offset: Any, size: Any, stride: Any, _: Any, __: Any, dtype: Any, *___: Any) -> Any:
    name = dtype.name.removeprefix("torch.") if isinstance(dtype, Inert) else ""
    return _tensor(storage, offset, size, stride, kind=name) if name in TYPES else Inert("torch.Tensor", (size,))


def _itself(value: Any = None, *_: Any) -> Any:
    return value


def tensors(from_bytes: Callable[[Any], Any]) -> Mapping[str, Build]:
    """Builders of arrays and tensors. from_bytes: what a file of torch.save within the pickle holds."""
    return ARRAYS | {
        "torch._utils._rebuild_tensor": _tensor,
        "torch._utils._rebuild_tensor_v2": _tensor,
        "torch._utils._rebuild_tensor_v3": _tensor_of_bytes,
        "torch._utils._rebuild_parameter": _itself,
        "torch._utils._rebuild_parameter_with_state": _itself,
        "torch.nn.parameter.Parameter": _itself,
        "torch._utils._rebuild_device_tensor_from_numpy": _from_array,
        "torch.storage._load_from_bytes": from_bytes,
    }


def _from_array(array: Any = None, *_: Any) -> Any:
    import torch

    return torch.from_numpy(array.copy()) if isinstance(array, np.ndarray) else Inert("torch.Tensor")
