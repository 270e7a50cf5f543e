"""Pickles are read without running anything: plain values come back, other objects as stand-ins."""

import argparse
import collections
import datetime
import io
import os
import pickle
import struct
import sys
import tarfile
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.checkpoint.importers.pickles import Inert, read_pickle, read_torch
from engine.errors import BadInput

PROTOCOLS = range(6)


@pytest.fixture
def theirs() -> Iterator[types.ModuleType]:
    """A module of another program, there while files are written and gone when they are read."""
    module = types.ModuleType("their_module")
    module.Genotype = collections.namedtuple("Genotype", "normal normal_concat")
    module.EasyDict = type("EasyDict", (dict,), {})
    module.Structure = type("Structure", (), {})
    for each in (module.Genotype, module.EasyDict, module.Structure):
        each.__module__ = module.__name__
    sys.modules[module.__name__] = module
    yield module
    sys.modules.pop(module.__name__, None)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_values_come_back_as_they_were(protocol: int) -> None:
    value = {
        "numbers": [0, 1, -1, 255, 65535, 1 << 40, -(1 << 70), 1.5, float("inf"), True, False, None],
        "texts": ["", "a\nb", "ä€𝄞", "x" * 300],
        ("a", 1): (1, (2, (3, 4, 5, 6))),
        "bytes": [b"", b"\x00\xff" * 200, bytearray(b"abc")],
        "ordered": collections.OrderedDict([("b", 1), ("a", 2)]),
        "nested": [[[]], {}],
        "range": range(2, 6),
    }
    shared = [1]
    value["twice"] = [shared, shared]
    found = read_pickle("a.pkl", pickle.dumps(value, protocol))
    assert found == value
    assert found["twice"][0] is found["twice"][1]
    kinds = {"set": {1}, "frozen": frozenset({2}), "default": collections.defaultdict(list, a=1)}
    found = read_pickle("a.pkl", pickle.dumps(kinds, protocol))
    assert (list(found["set"]), list(found["frozen"]), found["default"]) == ([1], [2], {"a": 1})


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_arrays_and_numbers_of_numpy_come_back_bit_by_bit(protocol: int) -> None:
    draw = np.random.default_rng(0)
    arrays = [draw.normal(size=(3, 4)), np.asfortranarray(draw.normal(size=(2, 3))), np.arange(5, dtype=">i4")]
    arrays += [np.zeros((0, 2), "f4"), draw.normal(size=4).astype("f2"), np.array([True, False]), np.array(3.0)]
    numbers = [np.float64(0.1), np.int64(7), np.float32(0.5), np.bool_(True)]
    found = read_pickle("a.pkl", pickle.dumps((arrays, numbers), protocol))
    for ours, original in zip(found[0], arrays, strict=True):
        assert ours.dtype == original.dtype.newbyteorder("=") and np.array_equal(ours, original)
    assert found[1] == [0.1, 7, 0.5, True] and not any(isinstance(each, np.generic) for each in found[1])
    objects = read_pickle("a.pkl", pickle.dumps(np.array({"a": [1]}, dtype=object), protocol))
    assert objects == {"a": [1]}
    assert isinstance(read_pickle("a.pkl", pickle.dumps(np.zeros(1, [("a", "f4")]), protocol)), Inert)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_tensors_in_plain_pickles_come_back(protocol: int) -> None:
    base = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
    value = [base, base.T[1:], nn.Parameter(base.half()), base.bfloat16(), torch.tensor(3)]
    for ours, original in zip(read_pickle("a.pkl", pickle.dumps(value, protocol)), value, strict=True):
        assert ours.dtype == original.dtype and ours.equal(original.data)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_files_of_torch_save_come_back(tmp_path: Path, legacy: bool, protocol: int) -> None:
    base = torch.randn(4, 6)
    value = {"a": base, "view": base[1:, ::2], "sparse": torch.eye(2).to_sparse(), "b": torch.zeros(0), "n": 3}
    buffer = io.BytesIO()
    torch.save(value, buffer, pickle_protocol=protocol, _use_new_zipfile_serialization=not legacy)
    found = read_torch("a.pt", buffer.getvalue())
    assert found["a"].equal(base) and found["view"].equal(value["view"]) and found["b"].shape == (0,)
    assert found["a"].untyped_storage().data_ptr() == found["view"].untyped_storage().data_ptr()
    assert isinstance(found["sparse"], Inert) and found["n"] == 3


class Named(pickle.Pickler):
    """Writes numbers in place of tensors, as torch did up to 0.1.12."""

    def persistent_id(self, value: Any) -> Any:
        return "7" if torch.is_tensor(value) else None


def test_the_first_form_of_torch_save_comes_back() -> None:
    numbers = torch.randn(6, generator=torch.Generator().manual_seed(0))
    storages = pickle.dumps(1, 2) + pickle.dumps(("1", "cpu", torch.FloatStorage), 2)
    storages += struct.pack("<q", 6) + numbers.numpy().tobytes() + pickle.dumps([(2, "1", 1, 5)], 2)
    tensors = pickle.dumps(1, 2) + pickle.dumps((7, 2, torch.FloatTensor), 2)
    tensors += struct.pack("<ii2q2qq", 2, 0, 2, 2, 2, 1, 1)
    content = io.BytesIO()
    Named(content, 2).dump({"weight": numbers, "epoch": 3})
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:") as archive:
        parts = {
            "storages": storages,
            "tensors": tensors,
            "pickle": content.getvalue(),
            "sys_info": pickle.dumps({}, 2),
        }
        for name, part in parts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(part)
            archive.addfile(entry, io.BytesIO(part))
    found = read_torch("a.pth.tar", buffer.getvalue())
    assert found["epoch"] == 3 and found["weight"].equal(numbers[2:].view(2, 2))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_other_objects_keep_their_plain_values(theirs: Any, protocol: int) -> None:
    structure = theirs.Structure()
    structure.nodes = [("skip_connect", 0)]
    easy = theirs.EasyDict(dataset="svhn")
    easy.epochs = 3
    value = {
        "args": argparse.Namespace(dataset="cifar100", seed=np.int64(2)),
        "genotype": theirs.Genotype([("skip_connect", 0)], range(2, 6)),
        "structure": structure,
        "easy": easy,
        "when": datetime.datetime(2024, 1, 1),
        "loss": nn.CrossEntropyLoss(),
        "path": Path("somewhere"),
    }
    content = pickle.dumps(value, protocol)
    del sys.modules["their_module"]
    found = read_pickle("a.pkl", content)
    assert found["args"].name == "argparse.Namespace" and found["args"].fields == {"dataset": "cifar100", "seed": 2}
    assert found["genotype"].name == "their_module.Genotype"
    assert found["genotype"].args[-2:] == ([("skip_connect", 0)], range(2, 6))
    assert found["structure"].fields == {"nodes": [("skip_connect", 0)]}
    assert found["easy"].fields["dataset"] == "svhn" and found["easy"].fields["epochs"] == 3
    assert all(isinstance(found[name], Inert) for name in ("when", "loss", "path"))


class Doing:
    """Calls a function when it is unpickled."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_a_file_asks_for_is_not_done(tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "ran"
    touch, write = f"touch {mark}", f"open({str(mark)!r}, 'w')"
    for doing in (Doing(os.system, touch), Doing(eval, write), Doing(open, mark, "w")):
        with pytest.raises(BadInput, match=r"do things \((posix|nt|builtins|__builtin__|io)\.\w+\).*none of it"):
            read_pickle("a.pkl", pickle.dumps({"a": [doing]}, protocol))
    found = read_pickle("a.pkl", pickle.dumps(Doing(Path.touch, mark), protocol))  # a name that is not known to do it
    assert isinstance(found, Inert)
    assert not mark.exists()


def test_a_cycle_is_read() -> None:
    ring: list[Any] = []
    ring.append(ring)
    found = read_pickle("a.pkl", pickle.dumps(ring))
    assert found[0] is found


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x02",
        b"\x80\x09N.",
        b"\x80\x04\x8e" + (10 << 30).to_bytes(8, "little") + b"abc.",  # ten GB of bytes are announced
        b"\x80\x04\x8d" + (1 << 62).to_bytes(8, "little") + b"abc.",
        b"\x80\x02]e.",
        b"\x80\x02NNb.0.",
        b"\x80\x02cnumpy\ndtype\n(X\x02\x00\x00\x00f4tR.0" * 2,
        b"\x80\x02}(" + b"\x8a\x09" + bytes(8) + b"\x01Nu.",  # a key of more than 60 bits
        b"0" * 100,
    ],
)
def test_damage_is_one_line(content: bytes) -> None:
    try:
        read_pickle("a.pkl", content)
    except BadInput as error:
        assert "a.pkl is damaged or cut off" in str(error) and "\n" not in str(error)
