"""Files of `torch.save`, opened without running anything in them.

read_torch   the content of a zip archive or of the older plain form, tensors on the CPU

`torch.load(weights_only=True)` does the reading: it builds tensors and plain containers and refuses everything else.
Some search programs also store a few small objects of their own (command line arguments, genotypes, NumPy numbers).
For these, and only these, it is given `Inert` in their place, so that the tensors beside them can be reached.
"""

import io
import pickletools
import re
import zipfile
from threading import Lock
from typing import Any

from engine.errors import BadInput

LARGEST = 1 << 30
"""Bytes of a file, packed and unpacked."""
LARGEST_PICKLE = 64 << 20
"""Bytes of the instructions that say which tensor is where: a large supernet needs one million."""
MOST_ENTRIES = 100_000
PROTOCOL = 2
"""What torch.save writes, and the only protocol that the safe reader knows."""
LEGACY_PICKLES = 5
"""The older form is so many pickles one after the other, then the numbers."""

NUMPY = ("scalar", "_reconstruct")
STAND_INS = frozenset(
    {"argparse.Namespace", "pathlib.PosixPath", "pathlib.WindowsPath", "numpy.dtype", "numpy.ndarray"}
    | {f"{module}.multiarray.{name}" for module in ("numpy.core", "numpy._core") for name in NUMPY}
)
ANYWHERE = frozenset({"Genotype", "Structure"})
"""Class names that are stood in for whatever module they were defined in: every fork has its own."""

RESAVE = "save it again with torch.save(model.state_dict(), ...) or as safetensors"
COPY_AGAIN = "copy or download it again"

_lock = Lock()  # torch keeps the names that may be stood in for in one list for the whole process


class Inert:
    """Stands in for an object that is not needed: takes whatever the original was built with, and keeps none of it."""

    def __new__(cls, *_: Any, **__: Any) -> "Inert":
        return super().__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __setstate__(self, _: Any) -> None:
        pass


def read_torch(name: str, content: bytes) -> Any:
    """What a file of `torch.save` holds. Raises BadInput for damage, for other objects than tensors, for bombs."""
    import torch

    wanted = _names(name, content)
    inert = [each for each in sorted(wanted) if each in STAND_INS or each.rpartition(".")[2] in ANYWHERE]
    try:
        with _lock, torch.serialization.safe_globals([(Inert, each) for each in inert]):
            return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged or hostile file can make the reader raise anything
        refused = type(error).__name__ == "UnpicklingError"
        raise (_refused if refused else _damaged)(name, error) from None


def _refused(name: str, error: Exception) -> BadInput:
    found = re.search(r"GLOBAL ([\w.]+)", str(error))
    what = f" ({found[1]})" if found else ""
    return BadInput(f"{name} contains Python objects{what}, not only tensors; none of it was run. To use it, {RESAVE}")


def _damaged(name: str, error: Exception) -> BadInput:
    reason = " ".join(str(error).split())[:120] or type(error).__name__
    return BadInput(f"{name} is damaged or cut off ({reason}); {COPY_AGAIN}")


def _names(name: str, content: bytes) -> set[str]:
    """Everything that the file's instructions ask for by name; read, not run."""
    try:
        instructions = io.BytesIO(_zipped(name, content) if content.startswith(b"PK") else content)
        names: set[str] = set()
        for _ in range(1 if content.startswith(b"PK") else LEGACY_PICKLES):
            for op, value, _ in pickletools.genops(instructions):
                if op.name == "GLOBAL":
                    names.add(str(value).replace(" ", "."))
                elif op.name == "PROTO" and value != PROTOCOL:
                    raise BadInput(f"{name} is in pickle protocol {value}, so none of it was run. To use it, {RESAVE}")
        return names
    except BadInput:
        raise
    except Exception as error:  # as in `read_torch`
        raise _damaged(name, error) from None


def _zipped(name: str, content: bytes) -> bytes:
    """The instructions in a zip archive, once its sizes are known to be sane."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > LARGEST:
            raise BadInput(f"{name} unpacks to more than {LARGEST >> 20} MiB or {MOST_ENTRIES:,} parts; {RESAVE}")
        found = [entry for entry in entries if entry.filename.endswith("data.pkl")]
        if any(entry.filename.endswith("constants.pkl") for entry in entries):
            raise BadInput(
                f"{name} is a TorchScript program, not only tensors; none of it was run. To use it, {RESAVE}"
            )
        if len(found) != 1:
            raise BadInput(f"{name} is a zip archive, but not one of torch.save; {RESAVE}")
        if found[0].file_size > LARGEST_PICKLE:
            raise BadInput(f"{name} holds too many objects ({found[0].file_size >> 20} MiB of instructions); {RESAVE}")
        return archive.read(found[0])
