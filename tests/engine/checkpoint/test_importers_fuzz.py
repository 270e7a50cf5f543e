"""A thousand files with changed bytes, changed keys and code in their pickles: nothing is executed, none takes long.

Whatever happens is a supernet or one line. An audit hook watches for what would be code at work.
"""

import codecs
import io
import json
import pickle
import resource
import struct
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.checkpoint.importers import supernet_of
from engine.checkpoint.importers.formats import recognise
from engine.checkpoint.importers.reading import check, opened
from engine.errors import BadInput

ORIGINALS = Path(__file__).parents[2] / "files" / "originals"
WATCHED = frozenset({"os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork", "exec", "import", "open"})
WATCHED |= {"socket.connect", "shutil.rmtree", "os.remove", "os.rename", "ctypes.dlopen", "pickle.find_class"}

_watch: list[list[str]] = []


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _watch and event in WATCHED:
        _watch[-1].append(f"{event} {args[0] if args else ''}")


sys.addaudithook(_hook)  # stays for the life of the process, and does nothing outside `watched`


@contextmanager
def watched() -> Iterator[list[str]]:
    """The events that would be code at work, while the block runs."""
    _watch.append([])
    try:
        yield _watch[-1]
    finally:
        _watch.pop()


def read(content: bytes, whole: bool) -> str:
    """What becomes of a file: a format, or the line of its refusal."""
    try:
        file = opened("file.pt", content, check("file.pt", content))
        return supernet_of(file).meta["source"]["format"] if whole else recognise(file).format
    except BadInput as error:
        assert "\n" not in str(error) and len(str(error)) < 1200
        return str(error)


def bases() -> list[bytes]:
    """Small originals in both forms of torch.save, a plain pickle, safetensors and JSON."""
    content = torch.load(ORIGINALS / "darts-pt-201-s2.pth.tar", weights_only=True)
    state = {name: value for name, value in content["state_dict"].items() if "num_batches" not in name}
    small = {name: value for name, value in state.items() if not name.startswith(("cells.2", "cells.4"))}
    forms = []
    for zipped in (True, False):
        buffer = io.BytesIO()
        torch.save({"epoch": 3, "state_dict": small}, buffer, _use_new_zipfile_serialization=zipped)
        forms.append(buffer.getvalue())
    arrays = {name: value.numpy() for name, value in small.items()}
    forms += [pickle.dumps({"epoch": 3, "state_dict": arrays}, protocol) for protocol in (0, 2, 4)]
    forms.append(json.dumps({"state_dict": {name: value.tolist() for name, value in small.items()}}).encode())
    return forms


def code(draw: np.random.Generator) -> bytes:
    """A few instructions of a pickle that would run something."""
    module, name = [(b"os", b"system"), (b"builtins", b"eval"), (b"posix", b"system"), (b"subprocess", b"call")][
        draw.integers(4)
    ]
    argument = b"touch ran" if name != b"eval" else b"open('ran','w')"
    text = b"U" + bytes([len(argument)]) + argument
    return [
        b"c" + module + b"\n" + name + b"\n" + text + b"\x85R",
        b"(" + text + b"i" + module + b"\n" + name + b"\n",
        b"(c" + module + b"\n" + name + b"\n" + text + b"o",
        b"\x8c" + bytes([len(module)]) + module + b"\x8c" + bytes([len(name)]) + name + b"\x93" + text + b"\x85R",
        b"c" + module + b"\n" + name + b"\n" + text + b"\x85\x81",
        b"ccopyreg\n_reconstructor\n(c" + module + b"\n" + name + b"\n" + text + b"NtR",
    ][draw.integers(6)]


def mutated(base: bytes, draw: np.random.Generator) -> bytes:
    """A file with some bytes, a piece or a key changed, or with code in it."""
    content = bytearray(base)
    kind = draw.integers(6)
    if kind == 0:
        for place in draw.integers(0, len(content), draw.integers(1, 20)):
            content[place] = draw.integers(256)
    elif kind == 1:
        del content[draw.integers(len(content)) :]
    elif kind == 2:
        first, length = draw.integers(0, len(content)), draw.integers(1, 400)
        content[first : first + length] = draw.bytes(int(draw.integers(0, 400)))
    elif kind == 3:
        words = [b"cells", b"weight", b"state_dict", b"_ops", b"edges", b"epoch", b"running"]
        word = words[draw.integers(len(words))]
        content = bytearray(bytes(content).replace(word, draw.bytes(len(word)), int(draw.integers(1, 9))))
    else:  # the beginning holds the instructions of a pickle
        place = draw.integers(0, min(len(content), 3000))
        content[place:place] = code(draw)
    return bytes(content)


def test_nothing_is_executed_in_a_thousand_changed_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    draw, forms, said, started = np.random.default_rng(0), bases(), [], time.monotonic()
    for form in forms:
        read(form, True)  # modules that are imported late are there before the watch begins
    codecs.lookup("cp437")  # the one of names in old archives
    with watched() as events:
        for number in range(1000):
            began = time.monotonic()
            said.append(read(mutated(forms[number % len(forms)], draw), number % 20 == 0))
            assert time.monotonic() - began < 3
    assert events == [] and not list(tmp_path.iterdir())
    assert any("do things" in line for line in said) and any("damaged" in line for line in said)
    assert time.monotonic() - started < 60  # about ten seconds on an idle core


def legacy(instructions: bytes) -> bytes:
    """The older form of torch.save with these instructions, and nothing after them."""
    head = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
    return head + instructions


def zipped(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return buffer.getvalue()


TEN_GB = 10 << 30
STORAGE = (
    b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nFloatStorage\nU\x010U\x03cpu"
    + b"\x8a\x05"
    + (TEN_GB // 4).to_bytes(5, "little")
    + b"NtQK\x00\x8a\x05"
    + (TEN_GB // 4).to_bytes(5, "little")
    + b"\x85K\x01\x85\x89}tR."
)


def bombs() -> dict[str, bytes]:
    keys = {f"cells.0._ops.0._ops.1.{number}": 0 for number in range(1_000_000)}
    header = json.dumps({"cells.0": {"dtype": "F32", "shape": [TEN_GB // 4], "data_offsets": [0, TEN_GB]}}).encode()
    lying = bytearray(zipped({"a/data.pkl": STORAGE, "a/data/0": bytes(20 << 20)}))
    where = lying.rfind(b"PK\x01\x02")
    lying[where + 24 : where + 28] = (1000).to_bytes(4, "little")  # the size that the archive says it unpacks to
    array = (
        b"\x93NUMPY\x01\x00v\x00" + f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({TEN_GB // 4},), }}".encode()
    )
    return {
        "a length of 10 GB before a safetensors header": struct.pack("<Q", TEN_GB) + b"{}",
        "10 GB in a safetensors header": struct.pack("<Q", len(header)) + header + bytes(64),
        "a storage of 10 GB": legacy(STORAGE),
        "a storage of 10 GB in an archive": zipped({"a/data.pkl": STORAGE, "a/data/0": bytes(64)}),
        "10 GB of bytes in a pickle": b"\x80\x04\x8e" + struct.pack("<Q", TEN_GB) + b"abc.",
        "10 GB in the header of an array": array.ljust(128) + b"\n" + bytes(64),
        "a hundred packed megabytes": zipped({"a/data.pkl": b"\x80\x02}.", "a/data/0": bytes(100 << 20)}),
        "a packed archive that lies": bytes(lying),
        "a million keys": pickle.dumps(keys, 2),
        "a million keys in JSON": json.dumps(keys).encode(),
        "a million keys of one hash": b"\x80\x02}("
        + b"".join(b"\x8a\x0a" + (number * (2**61 - 1)).to_bytes(10, "little") + b"N" for number in range(1, 20_000))
        + b"u.",
        "lists within lists": b"\x80\x02}U\x05alpha" + b"]" * 300_000 + b"a" * 299_999 + b"s.",
        "tuples that double": b"\x80\x02)" + b"2\x86" * 60 + b".",
        "a tuple that doubles as a key": b"\x80\x02})" + b"2\x86" * 60 + b"Ns.",
        "a remembered place far away": b"\x80\x02Nr\xff\xff\xff\xff.",
        "a number of a megabyte": b"\x80\x02}U\x05epoch\x8b" + struct.pack("<i", 1 << 20) + b"\x7f" * (1 << 20) + b"s.",
    }


def test_bombs_take_neither_time_nor_memory() -> None:
    files = bombs()
    for name, content in files.items():
        before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
        assert " " in read(content, True), name  # a sentence, not a format
        assert time.monotonic() - began < 15, name
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 20, name  # KiB: less than one GiB
