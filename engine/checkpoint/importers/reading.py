"""Files from elsewhere, as plain containers and tensors.

read_file   a file of any kind that is known, opened safely
given       the same of a file or a text
Foreign     what it held, and what the file was
check       the kind of a file, by its first bytes and its size
opened      the content of a file that `check` has passed

Kinds: what `torch.save` writes (a zip archive, the older plain form, the first one) or a pickle, safetensors, JSON,
NumPy, text. Their names do not count.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from safetensors import SafetensorError

from engine.checkpoint.importers.arrays import MAGIC, is_archive, read_numpy
from engine.checkpoint.importers.pickles import COPY_AGAIN, LARGEST, RESAVE, Inert, read_torch
from engine.checkpoint.meta import from_json
from engine.errors import BadInput
from engine.runs.texts import decoded

Kind = Literal["torch", "safetensors", "json", "numpy", "text"]
KINDS = ".pt, .pth, .pth.tar, .safetensors or .json"
OLDEST_PICKLES = (b"(", b"c", b"]", b"}")
"""How pickles begin that do not say their protocol."""
ODD_TENSORS = ("torch._utils._rebuild_sparse", "torch._utils._rebuild_qtensor", "torch.Tensor", "torch.Storage")
MOST_NAMES = 200_000
"""Names in one mapping; a large supernet has twenty thousand tensors."""
MOST_VALUES = 2_000_000
"""Values in all containers together. A few bytes can stand for any number of them, when lists hold lists many times."""


@dataclass(frozen=True, eq=False)
class Foreign:
    """An opened file. content: tensors, numbers, texts and containers of them, `pickles.Inert` for anything else."""

    name: str
    sha256: str
    kind: Kind
    content: Mapping[Any, Any]


def read_file(path: str | Path) -> Foreign:
    """Read and open a file. Raises BadInput for one that is absent, too large, damaged or of no known kind."""
    path = Path(path).expanduser()
    try:
        if path.is_dir():
            raise BadInput(f"{path} is a folder; give the file in it that holds the weights ({KINDS})")
        if path.stat().st_size > LARGEST:
            raise BadInput(_too_large(str(path)))
        content = path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"there is no file {path}; check the path") from None
    except OSError as error:
        raise BadInput(f"cannot read {path} ({error.strerror or error}); check its path and permissions") from None
    return opened(path.name, content, check(path.name, content))


def given(source: str | Path) -> Foreign:
    """A file as `read_file` opens it, or a text itself, such as alphas that were copied out of a log."""
    if isinstance(source, str) and ("[[" in source or "\n" in source):
        content = source.encode()
        return opened("the text", content, check("the text", content))
    return read_file(source)


def check(name: str, content: bytes) -> Kind:
    """The kind of a file. Raises BadInput for none that is known, and for one that is empty or too large."""
    if not content:
        raise BadInput(f"{name} is empty; {COPY_AGAIN}")
    if len(content) > LARGEST:
        raise BadInput(_too_large(name))
    if content.startswith(MAGIC) or (content.startswith(b"PK\x03\x04") and is_archive(content)):
        return "numpy"
    if content.startswith((b"PK\x03\x04", b"\x80")) or content[257:262] == b"ustar":
        return "torch"
    if content[8:9] == b"{" and int.from_bytes(content[:8], "little") <= len(content):
        return "safetensors"
    if content.lstrip()[:1] == b"{":
        return "json"
    if content[:1] in OLDEST_PICKLES and content.endswith(b"."):
        return "torch"
    if (text := _as_text(content)) is not None:
        return "json" if text.lstrip().startswith("{") else "text"
    raise BadInput(f"{name} is a file of no kind that is known here; give one that torch.save wrote, {KINDS}")


def opened(name: str, content: bytes, kind: Kind) -> Foreign:
    """What a file holds. Nothing in it is run. Raises BadInput if it is damaged or holds more than tensors."""
    if kind == "torch":
        found = read_torch(name, content)
    elif kind == "numpy":
        found = read_numpy(name, content)
    elif kind == "text":
        found = _text(content)
    else:
        found = _safetensors(name, content) if kind == "safetensors" else _json(name, content)
    if isinstance(found, list | tuple) or hasattr(found, "shape"):  # alphas alone, as [normal, reduce]
        found = {"alpha": list(found) if isinstance(found, list | tuple) else found}
    if isinstance(found, Inert):  # a whole model, saved as an object
        found = {found.name: found}
    if not isinstance(found, Mapping):
        raise BadInput(f"{name} is a file with one {type(found).__name__} in it; save a state_dict or a checkpoint")
    _check_values(name, found)
    return Foreign(name, hashlib.sha256(content).hexdigest(), kind, found)


def _check_values(name: str, content: Mapping[Any, Any]) -> None:
    """Raises BadInput unless every tensor is plain and holds no more numbers than its memory, and values are few."""
    import torch

    waiting: list[Any] = [content]
    opened: set[int] = set()  # of stand-ins, which may refer to each other in a circle
    seen = 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, Inert):
            if id(value) not in opened:
                opened.add(id(value))
                if value.name.startswith(ODD_TENSORS):
                    raise BadInput(_odd(name))
                waiting += [value.args, value.state, value.items, value.entries]
        elif isinstance(value, Mapping | list | tuple):
            seen += len(value)
            if isinstance(value, Mapping) and len(value) > MOST_NAMES:
                raise BadInput(f"{name} holds a mapping of more than {MOST_NAMES:,} names; {RESAVE}")
            if seen > MOST_VALUES:
                raise BadInput(f"{name} holds more than {MOST_VALUES:,} values beside its tensors; {RESAVE}")
            waiting.extend(value.values() if isinstance(value, Mapping) else value)
        elif torch.is_tensor(value) and not _is_plain(value):
            raise BadInput(_odd(name))


def _odd(name: str) -> str:
    return f"{name} holds a tensor that is sparse, quantised, complex or a repeated view; {RESAVE}"


def _is_plain(tensor: Any) -> bool:
    import torch

    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_complex() or tensor.device.type != "cpu":
        return False
    return tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()


def _safetensors(name: str, content: bytes) -> dict[str, Any]:
    from safetensors.torch import load

    try:
        return load(content)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{name} is damaged or cut off ({error}); {COPY_AGAIN}") from None


def _json(name: str, content: bytes) -> Any:
    try:
        return from_json(decoded(content))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{name} is no JSON of finite numbers ({error}); {COPY_AGAIN}") from None


def _as_text(content: bytes) -> str | None:
    """A text of any encoding; None for bytes that are none."""
    try:
        text = decoded(content)
    except UnicodeDecodeError:
        if b"\0" in content[:1000]:
            return None
        text = decoded(content, "replace")  # a log into which a few other bytes came
    return None if "\0" in text else text


def _text(content: bytes) -> Any:
    """Lists, where a text is JSON; else {"text": the text}, for those who look for something in it."""
    text = _as_text(content) or ""
    try:
        found = from_json(text) if text.lstrip().startswith("[") else None
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, list) else {"text": text}


def _too_large(name: str) -> str:
    return f"{name} is larger than {LARGEST >> 20} MiB; save the state_dict and the alphas without optimizer states"
