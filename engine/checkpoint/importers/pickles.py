"""Pickles, alone and in files of `torch.save`, opened without running anything in them.

read_pickle   what a pickle holds, of any protocol; arrays and tensors in it too
read_torch    what a file of torch.save holds, tensors on the CPU: a zip archive, the older plain form, or its first one
Inert         stands in for objects of other classes, with the plain values they were built from

Both give plain containers, numbers, texts, NumPy arrays, tensors and `Inert`. `engine.pickles` carries the instructions
out.
"""

import io
import struct
import tarfile
import zipfile
from collections.abc import Mapping
from typing import Any

from engine.checkpoint.importers.rebuilt import Storage, storage_type, tensors
from engine.errors import BadInput
from engine.pickles import Inert, Refused, TooMany, read

__all__ = ["COPY_AGAIN", "LARGEST", "RESAVE", "Inert", "read_pickle", "read_torch"]

LARGEST = 1 << 30
"""Bytes of a file, packed and unpacked."""
LARGEST_PICKLE = 64 << 20
"""Bytes of the instructions that say which tensor is where: a large supernet needs one million."""
MOST_ENTRIES = 100_000
MOST_PACKED, FREELY_PACKED = 20, 64 << 20
"""A file unpacks to at most so many times its size, where that is more than so many bytes. torch.save packs nothing."""
DEEPEST = 3
"""Files of torch.save within pickles within them."""

MAGIC = (0x1950A86A20F9469CFC6C).to_bytes(10, "little")
"""With it begins the older plain form of torch.save."""
BEGINNING = 32

RESAVE = (
    "save it again as torch.save({'state_dict': model.state_dict(), 'alpha': alphas}, ...), with the alphas of the "
    "search, or as safetensors"
)
COPY_AGAIN = "copy or download it again"


def read_pickle(name: str, content: bytes) -> Any:
    """What a pickle of protocol 0 to 5 holds. Raises BadInput for damage, and where it asks for a command to be run."""
    return _read(name, content, lambda: _plain(content, 0))


def read_torch(name: str, content: bytes) -> Any:
    """What a file of `torch.save` holds, or a plain pickle. Raises BadInput for damage, for commands, for bombs."""
    return _read(name, content, lambda: _any_form(name, content, 0))


def _read(name: str, content: bytes, read: Any) -> Any:
    try:
        return read()
    except BadInput:
        raise
    except Refused as error:
        raise BadInput(
            f"{name} contains Python objects that do things ({error.args[0]}), not only data; none of it was run. "
            f"Do not trust it; if it is yours, {RESAVE}"
        ) from None
    except TooMany as error:
        raise BadInput(f"{name} holds too many objects ({error.args[0]}); {RESAVE}") from None
    except Exception as error:  # a damaged or hostile file can make any reader raise anything
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise BadInput(f"{name} is damaged or cut off ({reason}); {COPY_AGAIN}") from None


def _any_form(name: str, content: bytes, depth: int) -> Any:
    if depth > DEEPEST:
        raise ValueError("files within files")
    if content.startswith(b"PK"):
        return _zipped(name, content, depth)
    if content[257:262] == b"ustar" or content.startswith(b"pickle\0"):
        return _first_form(name, content, depth)
    return _older_form(content, depth) if MAGIC in content[:BEGINNING] else _plain(content, depth)


def _within(content: bytes, at: int, depth: int, **persistent: Any) -> tuple[Any, int]:
    """A pickle with tensors in it, and where it ended."""
    return read(content, at, tensors(lambda inner: _any_form("", bytes(inner), depth + 1)), **persistent)


def _plain(content: bytes, depth: int) -> Any:
    return _within(content, 0, depth)[0]


# The zip archive


def _zipped(name: str, content: bytes, depth: int) -> Any:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        instructions = archive.read(_instructions(name, archive.infolist(), len(content)))
        place = next(each for each in entries if each.endswith("data.pkl")).removesuffix("data.pkl")
        reversed_order = f"{place}byteorder" in entries and archive.read(f"{place}byteorder").strip() == b"big"
        if reversed_order:
            raise BadInput(f"{name} was saved on a machine of the other byte order; {RESAVE}")
        stored: dict[str, bytearray] = {}

        def persistent(mark: Any) -> Any:
            word, kind, key, *_ = mark
            known = storage_type(kind)
            if word != "storage" or known is None:
                return Inert("torch.Storage", tuple(mark))
            if key not in stored:
                stored[key] = bytearray(archive.read(entries[f"{place}data/{key}"]))
            return Storage(known, stored[key])

        return _within(instructions, 0, depth, persistent=persistent)[0]


def _instructions(name: str, entries: list[zipfile.ZipInfo], packed: int) -> zipfile.ZipInfo:
    """The entry with the instructions, once the sizes of all are known to be sane."""
    most = min(LARGEST, max(MOST_PACKED * packed, FREELY_PACKED))
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > most:
        raise BadInput(f"{name} unpacks to more than {most >> 20} MiB or {MOST_ENTRIES:,} parts; {RESAVE}")
    found = [entry for entry in entries if entry.filename.endswith("data.pkl")]
    if any(entry.filename.endswith("constants.pkl") for entry in entries):
        raise BadInput(f"{name} is a TorchScript program, not only tensors; none of it was run. To use it, {RESAVE}")
    if len(found) != 1:
        raise BadInput(f"{name} is a zip archive, but not one of torch.save; {RESAVE}")
    if found[0].file_size > LARGEST_PICKLE:
        raise BadInput(f"{name} holds too many objects ({found[0].file_size >> 20} MiB of instructions); {RESAVE}")
    return found[0]


# The older plain form: a magic number, a version, facts of the machine, the pickle, a list of keys, then the numbers


class _Storages:
    """Storages that are announced in a pickle and whose numbers come after it. room: bytes that can still come."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.found: dict[Any, Storage] = {}

    def announced(self, mark: Any) -> Any:
        if mark[0] == "module":  # a class with its source text: only what was pickled counts
            return mark[1]
        word, kind, key, _, count, *view = mark
        known = storage_type(kind)
        if word != "storage" or known is None:
            return Inert("torch.Storage", tuple(mark))
        if key not in self.found:
            size = count * _width(known)
            if type(count) is not int or count < 0 or size > self.room:
                raise ValueError(f"a storage of {count} numbers is announced and the file is shorter")
            self.room -= size
            self.found[key] = Storage(known, bytearray(size))
        whole = self.found[key]
        if view and view[0] is not None:
            _, offset, length = view[0]
            return _Part(whole.kind, whole.content, offset, length)
        return whole


class _Part(Storage):
    """A view of a storage, as torch stored them before 0.4."""

    def __init__(self, kind: str, content: bytearray, offset: int, length: int) -> None:
        super().__init__(kind, content)
        self.offset, self.length = offset, length

    def viewed(self, kind: str) -> Any:
        import torch

        width = _width(self.kind)
        first, last = self.offset * width, (self.offset + self.length) * width
        if not 0 <= first <= last <= len(self.content):
            raise ValueError("a part of a storage lies outside it")
        if first == last:
            return torch.empty(0, dtype=getattr(torch, kind))
        return torch.frombuffer(memoryview(self.content)[first:last], dtype=getattr(torch, kind))


def _older_form(content: bytes, depth: int) -> Any:
    facts, at = None, 0
    for _ in range(3):  # magic number, version, facts
        facts, at = read(content, at)
    if isinstance(facts, Mapping) and facts.get("little_endian") is False:
        raise ValueError("saved on a machine of the other byte order")
    storages = _Storages(len(content) - at)
    found, at = _within(content, at, depth, persistent=storages.announced)
    order, at = read(content, at)
    for key in order:
        at = _filled(content, at, storages.found[key])
    return found


def _filled(content: bytes, at: int, storage: Storage) -> int:
    """The numbers at `at`, after their count, go into the storage; gives where they end."""
    (count,) = struct.unpack_from("<q", content, at)
    size = len(storage.content)
    if count * _width(storage.kind) != size or at + 8 + size > len(content):
        raise ValueError(f"{count} numbers are announced and others are there")
    memoryview(storage.content)[:] = content[at + 8 : at + 8 + size]
    return at + 8 + size


def _width(kind: str) -> int:
    import torch

    return int(getattr(torch, kind).itemsize)


# The first form, up to torch 0.1.12: a tar archive of storages, tensors and a pickle


def _first_form(name: str, content: bytes, depth: int) -> Any:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        parts = {}
        for member in archive.getmembers()[:16]:
            file = archive.extractfile(member)
            if file is not None and member.size <= len(content):
                parts[member.name.removeprefix("./")] = file.read()
    if not {"storages", "tensors", "pickle"} <= parts.keys():
        raise BadInput(f"{name} is a tar archive, but not one of torch.save; unpack it and give the file in it")
    room, kept = _Storages(len(content)), {}
    data = parts["storages"]
    count, at = read(data)
    for _ in range(count):
        (key, _, kind), at = read(data, at)
        (numel,) = struct.unpack_from("<q", data, at)
        kept[key] = room.announced(("storage", kind, key, "cpu", numel))
        at = _filled(data, at, kept[key])
    for key, root, offset, length in read(data, at)[0]:
        kept[key] = _Part(kept[root].kind, kept[root].content, offset, length)
    data = parts["tensors"]
    count, at = read(data)
    objects: dict[Any, Any] = {str(key): storage for key, storage in kept.items()}
    build = tensors(lambda _: None)["torch._utils._rebuild_tensor_v2"]
    for _ in range(count):
        (key, storage, _), at = read(data, at)
        dimensions, _ = struct.unpack_from("<ii", data, at)
        numbers = struct.unpack_from(f"<{2 * dimensions + 1}q", data, at + 8)
        at += 8 + 8 * len(numbers)
        size, stride = numbers[:dimensions], numbers[dimensions:-1]
        objects[str(key)] = build(kept[storage], numbers[-1], size, stride)

    def persistent(mark: Any) -> Any:
        return mark[0] if isinstance(mark, tuple) else objects[str(mark)]  # a class with its source text, or a thing

    return _within(parts["pickle"], 0, depth, persistent=persistent)[0]
