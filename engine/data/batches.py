"""Published archives of pickled batches: CIFAR-10 and CIFAR-100 for Python, and ImageNet16.

read_batch   pixels and labels of one file, or what is wrong with it
Batch        these two

Nothing in a file is run, and nothing is unpickled: the instructions are followed here, for plain values alone. Where
they name a constructor of NumPy, a stand-in keeps shape, type and bytes. Any other name ends the reading.
"""

import pickletools
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine.errors import BadInput

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
    if not isinstance(data, _Array) or labels is None:
        held = ", ".join(sorted(map(str, fields))[:8]) or "nothing"
        raise BadInput(f"{file} is no batch of images: it holds {held}, and needs data and labels; {again}")
    try:
        pixels = data.read()
        numbers = labels.read() if isinstance(labels, _Array) else np.array(labels)
    except (ValueError, TypeError):
        raise BadInput(f"{file} is damaged: its arrays are not as long as it says; {again}") from None
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
        found = _followed(content)
    except _Foreign as error:
        raise BadInput(f"{file} names {error}, which no batch of images needs; none of it was run; {again}") from None
    except Exception as error:  # a damaged file can make the reader raise anything
        reason = " ".join(str(error).split())[:80] or type(error).__name__
        raise BadInput(f"{file} is damaged or cut off ({reason}); {again}") from None
    if not isinstance(found, dict):
        raise BadInput(f"{file} is no batch of images; {again}")
    return {_text(key): value for key, value in found.items()}


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


class _Foreign(Exception):
    """A name that the reader does not know."""


class _Type:
    """In place of numpy.dtype: keeps the code of a plain number."""

    def __init__(self, code: object, *_: object) -> None:
        self.code, self.order = _text(code), "|"

    def __setstate__(self, state: tuple[object, ...]) -> None:
        self.order = _text(state[1])

    def read(self) -> np.dtype:
        kind, size = self.code[:1], self.code[1:]
        if kind not in "iub" or size not in ("1", "2", "4", "8"):
            raise ValueError(f"numbers of type {self.code}")
        return np.dtype(f"{self.order if self.order in '<>' else '='}{self.code}")


class _Array:
    """In place of numpy.ndarray: keeps shape, type and bytes."""

    def __init__(self, *_: object) -> None:
        self.shape: tuple[int, ...] = (0,)
        self.kind: object = None
        self.order, self.content = "C", b""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        *_, shape, kind, by_columns, content = state
        self.shape, self.kind = tuple(shape), kind
        self.order, self.content = "F" if by_columns else "C", content

    def read(self) -> np.ndarray:
        """Raises ValueError where the bytes are not as many as the shape says."""
        if not isinstance(self.kind, _Type) or not isinstance(self.content, bytes | bytearray):
            raise ValueError("no plain array")
        return np.frombuffer(self.content, self.kind.read()).reshape(self.shape, order=self.order)  # type: ignore[call-overload]


def _from_buffer(content: object, kind: object, shape: tuple[int, ...], order: object) -> _Array:
    array = _Array()
    array.__setstate__((shape, kind, _text(order) == "F", content))
    return array


def _number(kind: _Type, content: bytes) -> int:
    return int(np.frombuffer(content, kind.read())[0])


def _encoded(text: str, encoding: object = "latin1") -> bytes:
    return text.encode("latin1")


NUMPY = ("numpy.core", "numpy._core")
STAND_INS: dict[str, Any] = {
    "numpy.ndarray": _Array,
    "numpy.dtype": _Type,
    "_codecs.encode": _encoded,
    **{f"{package}.multiarray._reconstruct": _Array for package in NUMPY},
    **{f"{package}.multiarray.scalar": _number for package in NUMPY},
    **{f"{package}.numeric._frombuffer": _from_buffer for package in NUMPY},
}


PUSHED = frozenset(
    {"BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1", "LONG4", "BINFLOAT", "FLOAT", "UNICODE", "BINUNICODE"}
    | {"SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
)
OLD_TEXT = ("STRING", "BINSTRING", "SHORT_BINSTRING")
"""Of Python 2, where it was bytes."""
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
NOTHING = ("PROTO", "FRAME")
_MARK = object()


def _followed(content: bytes) -> Any:
    """What a pickle's instructions build of plain values and the stand-ins. Raises _Foreign for any other name, and
    anything at all for damage."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    for opcode, argument, _ in pickletools.genops(content):
        name = opcode.name
        if name == "STOP":
            return stack.pop()
        if name in PUSHED:
            stack.append(argument)
        elif name in OLD_TEXT:
            stack.append(str(argument).encode("latin1"))
        elif name in CONSTANTS:
            stack.append(CONSTANTS[name])
        elif name == "MARK":
            stack.append(_MARK)
        elif name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            memo[len(memo) if name == "MEMOIZE" else int(argument or 0)] = stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(memo[int(argument or 0)])
        elif name == "EMPTY_LIST":
            stack.append([])
        elif name == "EMPTY_DICT":
            stack.append({})
        elif name in TUPLES:
            count = TUPLES[name]
            stack[len(stack) - count :] = [tuple(stack[len(stack) - count :])]
        elif name in ("TUPLE", "LIST", "DICT"):
            _gather(stack, name)
        elif name in ("APPEND", "APPENDS", "SETITEM", "SETITEMS"):
            _put_in(stack, name)
        elif name == "GLOBAL":
            stack.append(_stand_in(str(argument).replace(" ", ".", 1)))
        elif name == "STACK_GLOBAL":
            last, module = stack.pop(), stack.pop()
            stack.append(_stand_in(f"{_text(module)}.{_text(last)}"))
        elif name == "REDUCE":
            arguments, made = stack.pop(), stack.pop()
            if made not in STAND_INS.values():
                raise ValueError("it calls what is no constructor")
            stack.append(made(*arguments))
        elif name == "BUILD":
            state = stack.pop()
            if not isinstance(stack[-1], _Array | _Type):
                raise ValueError("it changes what is no array")
            stack[-1].__setstate__(state)
        elif name not in NOTHING:
            raise ValueError(f"instruction {name} builds no plain value")
    raise ValueError("it has no end")


def _stand_in(name: str) -> Any:
    if name not in STAND_INS:
        raise _Foreign(name[:80])
    return STAND_INS[name]


def _since_mark(stack: list[Any]) -> list[Any]:
    """What was put down since the last mark, which is taken away too."""
    place = next(place for place in range(len(stack) - 1, -1, -1) if stack[place] is _MARK)
    found = stack[place + 1 :]
    del stack[place:]
    return found


def _gather(stack: list[Any], name: str) -> None:
    found = _since_mark(stack)
    if name == "DICT":
        stack.append(dict(zip(found[::2], found[1::2], strict=True)))
    else:
        stack.append(tuple(found) if name == "TUPLE" else found)


def _put_in(stack: list[Any], name: str) -> None:
    count = {"APPEND": 1, "SETITEM": 2}.get(name)
    found = _since_mark(stack) if count is None else [stack.pop() for _ in range(count)][::-1]
    if name.startswith("APPEND") and isinstance(stack[-1], list):
        stack[-1].extend(found)
    elif name.startswith("SET") and isinstance(stack[-1], dict):
        stack[-1].update(zip(found[::2], found[1::2], strict=True))
    else:
        raise ValueError("it fills what is no list and no mapping")
