"""Files that are damaged, hostile or something else: one line that says so, and nothing of them is run."""

import argparse
import collections
import io
import os
import pickle
import sys
import tarfile
import types
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import engine
from engine.checkpoint.importers import import_checkpoint, pickles, reading
from engine.errors import BadInput
from engine.spaces import search_space
from tests.engine.foreign import alphas_of, bench_net, darts_net, saved

S2 = search_space("s2")
BENCH = search_space("nas-bench-201")


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return os.system, (f"touch {self.target}",)


def refused(path: Path, said: str) -> str:
    with pytest.raises(BadInput, match=said) as caught:
        import_checkpoint(path)
    assert path.name in str(caught.value) and "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("protocol", [2, 4])
def test_code_in_a_file_is_named_and_not_run(tmp_path: Path, legacy: bool, protocol: int) -> None:
    content = saved("darts-pt", darts_net(S2), alphas_of(S2)) | {"args": Evil(tmp_path / "ran")}
    path = tmp_path / "evil.pt"
    torch.save(content, path, pickle_protocol=protocol, _use_new_zipfile_serialization=not legacy)
    assert "system" in refused(path, "Python objects.*none of it was run.*torch.save")
    with pytest.raises(BadInput):
        engine.load(path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_plain_pickle_is_not_run(tmp_path: Path, protocol: int) -> None:
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Evil(tmp_path / "ran"), protocol))
    refused(tmp_path / "plain.pth", "plain.pth")
    assert not (tmp_path / "ran").exists()


def test_a_whole_pickled_model_that_is_no_supernet_is_named(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "model.pt")
    refused(tmp_path / "model.pt", r"no supernet was found.*found were torch\.nn\.modules\.linear\.Linear")


def test_a_class_that_is_stood_in_for_brings_no_neighbour(tmp_path: Path) -> None:
    content = {"args": argparse.Namespace(epochs=3, evil=Evil(tmp_path / "ran"))}
    torch.save(content, tmp_path / "args.pt")
    refused(tmp_path / "args.pt", "Python objects")
    assert not (tmp_path / "ran").exists()


@pytest.fixture
def foreign_classes() -> Iterator[types.ModuleType]:
    """A module of another program, there while files are written and gone when they are read."""
    module = types.ModuleType("their_genotypes")
    module.Genotype = collections.namedtuple("Genotype", "normal normal_concat")
    module.Structure = type("Structure", (), {})
    for each in (module.Genotype, module.Structure):
        each.__module__ = module.__name__
    sys.modules[module.__name__] = module
    yield module
    sys.modules.pop(module.__name__, None)


@pytest.mark.parametrize("legacy", [False, True])
def test_small_objects_beside_the_tensors_do_no_harm(tmp_path: Path, foreign_classes, legacy: bool) -> None:
    structure = foreign_classes.Structure()
    structure.nodes = [("skip_connect", 0)]
    theirs = saved("autodl", bench_net(bias=True), alphas_of(BENCH)) | {
        "args": argparse.Namespace(epochs=50, rand_seed=np.int64(7), save_dir=tmp_path),
        "genotypes": {0: structure, "best": structure},
        "valid_accuracies": {"best": np.float64(80.5)},
    }
    torch.save(theirs, tmp_path / "autodl.pth", _use_new_zipfile_serialization=not legacy)
    s3 = search_space("s3")
    robust = saved("robustdarts", darts_net(s3), alphas_of(s3)) | {
        "genotypes": [foreign_classes.Genotype([("skip_connect", 0)], range(2, 6))],
        "ev": np.arange(3.0),
        "ev_local_avg": [np.float32(0.5)],
    }
    robust["genotypes"] = [robust["genotypes"][0]._replace(normal_concat=[2, 3])]
    torch.save(robust, tmp_path / "robust.pth.tar", _use_new_zipfile_serialization=not legacy)
    del sys.modules["their_genotypes"]
    assert import_checkpoint(tmp_path / "autodl.pth").meta["source"]["format"] == "autodl"
    assert import_checkpoint(tmp_path / "robust.pth.tar").space == s3
    # Nothing is left behind that other readers would then accept.
    with pytest.raises(pickle.UnpicklingError):
        torch.load(tmp_path / "autodl.pth", weights_only=True)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("kept", [0.01, 0.3, 0.6, 0.99])
def test_a_cut_off_file_is_refused(tmp_path: Path, legacy: bool, kept: float) -> None:
    torch.save(
        saved("darts-pt", darts_net(S2), alphas_of(S2)), tmp_path / "a.pt", _use_new_zipfile_serialization=not legacy
    )
    content = (tmp_path / "a.pt").read_bytes()
    (tmp_path / "a.pt").write_bytes(content[: int(len(content) * kept)])
    refused(tmp_path / "a.pt", "damaged or cut off")


def test_damage_anywhere_gives_one_line(tmp_path: Path) -> None:
    torch.save(saved("darts-pt", darts_net(S2), alphas_of(S2)), tmp_path / "a.pt", _use_new_zipfile_serialization=False)
    content = bytearray((tmp_path / "a.pt").read_bytes())
    draw = np.random.default_rng(0)
    for place in draw.integers(0, 60_000, 15):
        changed = content.copy()
        changed[place] ^= 1 << draw.integers(8)
        (tmp_path / "a.pt").write_bytes(changed)
        try:
            import_checkpoint(tmp_path / "a.pt")
        except BadInput as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"hello", "is a text, which holds no supernet"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "no kind that is known"),
        (b'{"a": NaN}', "no JSON"),
        (b'{"a": ', "no JSON"),
        (b"{" * 100_000, "no JSON"),
        (b"[1, 2]", "is a text, which holds no supernet"),
        (b'{"a": 1}', "no supernet was found"),
        ((16).to_bytes(8, "little") + b'{"a": not json}}', "damaged or cut off"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "file.pt").write_bytes(content)
    refused(tmp_path / "file.pt", said)


def test_other_archives_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    refused(tmp_path / "a.zip", "not one of torch.save")
    with tarfile.open(tmp_path / "a.pth.tar", "w") as archive:
        archive.add(tmp_path / "a.zip")
    refused(tmp_path / "a.pth.tar", "tar archive, but not one of torch.save")
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)), buffer)
    (tmp_path / "script.pt").write_bytes(buffer.getvalue())
    refused(tmp_path / "script.pt", "TorchScript")
    for value in (3, "text"):
        torch.save(value, tmp_path / "one.pt")
        refused(tmp_path / "one.pt", "save a state_dict")
    torch.save(torch.zeros(3), tmp_path / "one.pt")
    refused(tmp_path / "one.pt", "no supernet was found")
    refused(tmp_path, "is a folder")
    refused(tmp_path / "absent.pt", "no file")


def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.pt"
    torch.save({"cells.0._ops.0": torch.zeros(1).expand(1 << 40), "alpha": [torch.zeros(1)]}, path)
    refused(path, "repeated view")
    laughs: list = [0.0]
    for _ in range(12):
        laughs = [laughs] * 10
    torch.save({"alpha": laughs}, path)
    refused(path, "values beside its tensors")
    torch.save({"cells.0._ops.0": torch.eye(3).to_sparse()}, path)
    refused(path, "sparse")
    monkeypatch.setattr(pickles, "LARGEST", 1 << 20)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", b"")
        archive.writestr("a/data/0", bytes(2 << 20))
    assert path.stat().st_size < 10_000
    refused(path, "unpacks to more than 1 MiB")
    monkeypatch.setattr(reading, "LARGEST", 1000)
    refused(path, "larger than")


def test_a_storage_shorter_than_its_tensor_is_refused(tmp_path: Path) -> None:
    torch.save(saved("darts-pt", darts_net(S2), alphas_of(S2)), tmp_path / "a.pt")
    with zipfile.ZipFile(tmp_path / "a.pt") as old, zipfile.ZipFile(tmp_path / "b.pt", "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry.filename, content[:8] if entry.filename.endswith("data/0") else content)
    refused(tmp_path / "b.pt", "damaged or cut off")
