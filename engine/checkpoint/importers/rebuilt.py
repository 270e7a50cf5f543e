"""Tensors out of pickles, made by code of our own from the numbers that lie there.

tensors       builders of torch's tensors, beside those of NumPy's arrays
Storage       the numbers that tensors are views of
storage_type  what kind of numbers a class of torch's storages holds, as torch calls it

Anything else than plain numbers (sparse or quantised tensors) stays an `Inert`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.pickles.arrays import ARRAYS, is_shape
from engine.pickles.inert import Build, Inert

if TYPE_CHECKING:
    from torch import Tensor

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
    if not (is_shape(size) and is_shape(stride) and is_shape((offset,)) and len(size) == len(stride)):
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
