"""Archives of pickled batches as they are published: opened without unpickling; damage is named."""

import io
import pickle
import pickletools
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.data import archives, integrity, sources
from engine.data.batches import read_batch
from engine.data.load import DECODED, load_data
from engine.errors import BadInput

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def of_python_2(fields: dict[str, Any]) -> bytes:
    """As Python 2 pickled the published batches: texts are bytes, and arrays name numpy.core."""

    def text(value: str | bytes) -> bytes:
        content = value.encode() if isinstance(value, str) else value
        short = len(content) < 256
        return (b"U" + bytes([len(content)]) if short else b"T" + struct.pack("<i", len(content))) + content

    def item(value: Any) -> bytes:
        if isinstance(value, np.ndarray):
            order = b"|" if value.dtype.itemsize == 1 else b"<"
            kind = value.dtype.str[1:]
            return (
                b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + text("b") + b"\x87R"
                b"(K\x01(" + b"".join(b"M" + struct.pack("<H", size) for size in value.shape) + b"t"
                b"cnumpy\ndtype\n(" + text(kind) + b"K\x00K\x01tR(K\x03" + text(order) + b"NNNJ\xff\xff\xff\xff"
                b"J\xff\xff\xff\xffK\x00tb\x89" + text(value.tobytes()) + b"tb"
            )
        if isinstance(value, list):
            return b"](" + b"".join(map(item, value)) + b"e"
        if isinstance(value, int):
            return b"J" + struct.pack("<i", value)
        return text(value)

    content = b"\x80\x02}(" + b"".join(text(key) + item(value) for key, value in fields.items()) + b"u."
    pickletools.dis(content, out=io.StringIO())  # it is a pickle
    return content


def batch(count: int, classes: int, side: int = 32, seed: int = 0, first: int = 0) -> dict[str, Any]:
    random = np.random.RandomState(seed)
    pixels = random.randint(0, 256, (count, 3 * side * side), np.uint8)
    labels = [int(label) for label in (np.arange(count) + seed) % classes + first]
    return {"data": pixels, "labels": labels, "batch_label": f"batch {seed}", "filenames": [f"{i}.png" for i in labels]}


def of_python_3(fields: dict[str, Any], protocol: int = 2) -> bytes:
    return pickle.dumps({key.encode(): value for key, value in fields.items()}, protocol)


def cifar10(folder: Path, write: Callable[[dict[str, Any]], bytes] = of_python_2, count: int = 20) -> Path:
    folder.mkdir(parents=True)
    for number in range(1, 6):
        (folder / f"data_batch_{number}").write_bytes(write(batch(count, 10, seed=number)))
    (folder / "test_batch").write_bytes(write(batch(10, 10, seed=9)))
    (folder / "batches.meta").write_bytes(write({"label_names": list(NAMES)}))
    (folder / "readme.html").write_text("<html>")
    return folder


def refused(spec: object, *says: str, **how: Any) -> None:
    with pytest.raises(BadInput) as caught:
        load_data(str(spec), **how)
    assert all(part in str(caught.value) for part in says), caught.value
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "write",
    [of_python_2, *(lambda fields, n=n: of_python_3(fields, n) for n in (2, 3, 4, 5))],
    ids=["python 2", "protocol 2", "protocol 3", "protocol 4", "protocol 5"],
)
@pytest.mark.parametrize("inside", [True, False])
def test_cifar10_for_python_opens_from_its_folder_and_from_the_one_above(
    tmp_path: Path, write: Callable[[dict[str, Any]], bytes], inside: bool
) -> None:
    folder = cifar10(tmp_path / "cifar-10-batches-py", write)
    data = load_data(str(folder if inside else tmp_path), test=True)
    assert data.classes == NAMES and data.test is not None and len(data.test) == 10
    assert (len(data.train), len(data.search)) == (50, 50)
    first = batch(20, 10, seed=1)
    assert np.array_equal(data.train.pixels[3].reshape(-1).numpy(), first["data"][3])
    assert data.train.labels[:20].tolist() == first["labels"]
    assert any("not cifar10 as published" in note for note in data.notes) and data.name == folder.name


def test_batches_with_the_published_labels_are_cifar10(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "cifar10_order", lambda labels: np.arange(len(labels)))
    data = load_data(str(cifar10(tmp_path / "cifar-10-batches-py")))
    assert (data.name, data.split, data.notes) == ("cifar10", "cifar10-halves", ())
    assert data.normalisation == sources.NORMALISATION["cifar10"]


def test_cifar100_has_fine_labels(tmp_path: Path) -> None:
    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    for name, count in (("train", 200), ("test", 100)):
        fields = batch(count, 100)
        fields["fine_labels"], fields["coarse_labels"] = fields.pop("labels"), [0] * count
        (folder / name).write_bytes(of_python_2(fields))
    (folder / "meta").write_bytes(of_python_2({"fine_label_names": [f"c{i}" for i in range(100)]}))
    data = load_data(str(folder), test=True)
    assert len(data.classes) == 100 and data.classes[7] == "c7" and data.train.labels[:3].tolist() == [0, 1, 2]


def imagenet16(folder: Path, side: int = 16) -> Path:
    folder.mkdir()
    for number in range(1, 11):
        content = of_python_3(batch(60, 200, side, seed=20 * number, first=1) | {"mean": np.zeros(3)}, 4)
        (folder / f"train_data_batch_{number}").write_bytes(content)
    (folder / "val_data").write_bytes(of_python_3(batch(200, 200, side, first=1), 4))
    return folder


def test_of_imagenet16_the_first_120_classes_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = imagenet16(tmp_path / "ImageNet16")
    data = load_data(str(folder), test=True)
    assert len(data.classes) == 120 and data.train.pixels.shape[1:] == (3, 16, 16)
    assert data.test is not None and torch.equal(data.test.labels, torch.arange(120))
    assert any("first 120 of 200 classes" in note for note in data.notes)
    images = len(data.train) + len(data.search)
    monkeypatch.setitem(archives.ARCHIVES, "imagenet16", archives.ARCHIVES["imagenet16"]._replace(images=images))
    DECODED.clear()
    for spec, how in ((str(folder), {}), ("imagenet16-120", {"data_dir": tmp_path})):
        data = load_data(spec, **how)
        assert (data.name, data.split) == ("imagenet16-120", "imagenet16-120-halves")
        assert data.normalisation == sources.KNOWN["imagenet16-120"].normalisation
    DECODED.clear()


def test_imagenet16_that_is_not_there_or_not_as_published_is_said(tmp_path: Path) -> None:
    refused("imagenet16-120", "ImageNet16", "--data-dir", data_dir=tmp_path)
    refused("imagenet16-120", "image-net.org", data_dir=tmp_path, download=True)
    imagenet16(tmp_path / "ImageNet16")
    refused("imagenet16-120", "not imagenet16-120 as published", data_dir=tmp_path)
    refused(imagenet16(tmp_path / "Imagenet32", 32), "32 pixels", "has 16")


# Damage


def test_damaged_batches_say_so(tmp_path: Path) -> None:
    folder = cifar10(tmp_path / "cifar-10-batches-py")
    third = folder / "data_batch_3"
    whole = third.read_bytes()
    again = "--data cifar10 --download"
    third.write_bytes(whole[: len(whole) // 2])
    refused(folder, "data_batch_3 is damaged or cut off", again)
    third.write_bytes(b"<html>404</html>")
    refused(folder, "data_batch_3 is damaged or cut off", again)
    third.write_bytes(b"")
    refused(folder, "data_batch_3 is damaged or cut off", again)
    third.write_bytes(of_python_2(batch(20, 10) | {"labels": [1, 2, 3]}))
    refused(folder, "20 images and 3 labels")
    third.write_bytes(of_python_2({"data": b"", "label": [1]}))
    refused(folder, "it holds data, label")
    third.write_bytes(of_python_2(batch(20, 10, side=30)))
    refused(folder, "30 and 32 pixels")
    third.unlink()
    refused(folder, "data_batch_3 is missing", again)
    for file in folder.iterdir():
        file.unlink()
    refused(folder, "data_batch_1 is missing")


def test_a_published_set_with_other_files_is_said_to_be_damaged(tmp_path: Path) -> None:
    folder = cifar10(tmp_path / "cifar-10-batches-py")
    (folder / "data_batch_2").unlink()
    refused("cifar10", "damaged", "data_batch_2 is missing", "not as published", f"--data {folder}", data_dir=tmp_path)
    (tmp_path / "train_32x32.mat").write_bytes(b"MATLAB 5.0")
    refused("svhn", "damaged", "test_32x32.mat is missing", "train_32x32.mat is not as published", data_dir=tmp_path)
    assert integrity.damage("cifar100", tmp_path) is None
    refused("cifar100", "is not in", "--download", data_dir=tmp_path)


class _Hostile:
    def __init__(self, call: Callable[..., object], *arguments: object) -> None:
        self.what = call, arguments

    def __reduce__(self) -> Any:
        return self.what


@pytest.mark.parametrize("protocol", range(6))
def test_nothing_in_a_batch_is_run(tmp_path: Path, protocol: int) -> None:
    import os

    trace = tmp_path / "trace"
    for attack in (_Hostile(os.mkdir, str(trace)), _Hostile(eval, f"open({str(trace)!r}, 'w')")):
        file = tmp_path / "data_batch_1"
        file.write_bytes(pickle.dumps({"data": attack, "labels": []}, protocol))
        with pytest.raises(BadInput, match=r"none of it was run|damaged"):
            read_batch(file, "copy it again")
        assert not trace.exists()


def test_no_mutation_of_a_batch_does_anything_but_open_or_be_refused(tmp_path: Path) -> None:
    content = of_python_2(batch(4, 10))
    random = np.random.RandomState(0)
    file = tmp_path / "data_batch_1"
    opened = 0
    for number in range(300):
        changed = bytearray(content)
        if number % 3 == 0:
            changed = changed[: random.randint(len(changed))]
        for _ in range(random.randint(1, 6)):
            # Most of a batch is pixels, whose change changes nothing else: look at the instructions too.
            limit = len(changed) if number % 2 else min(len(changed), 160)
            if limit:
                changed[random.randint(limit)] = random.randint(256)
        file.write_bytes(changed)
        try:
            assert read_batch(file, "copy it again").pixels.shape[1] == 3
            opened += 1
        except BadInput as error:
            assert "\n" not in str(error)
    assert opened > 20


def test_claims_that_only_take_up_memory_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "data_batch_1"
    for claim in (
        b"\x80\x02}r\xff\xff\xff\x7f.",  # a place far out in the reader's memory
        b"\x80\x04B\xff\xff\xff\x7f.",  # two gigabytes of bytes that are not there
        b"\x80\x02" + b"(" * 100_000 + b".",
        b"\x80\x02" + b"]" + b"q\x00" + b"h\x00a" * 10_000 + b".",  # a list that holds itself
    ):
        file.write_bytes(claim)
        with pytest.raises(BadInput):
            read_batch(file, "copy it again")
    size = of_python_2(batch(4, 10)).replace(b"M" + struct.pack("<H", 4), b"M\xff\xff", 1)
    file.write_bytes(size)
    with pytest.raises(BadInput, match="an array of shape"):
        read_batch(file, "copy it again")
