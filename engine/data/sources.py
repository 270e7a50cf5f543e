"""The kinds of image source, each read as training half, search half and test part.

Known, KNOWN      published data sets by name: classes, image size and normalisation
DataSet           what is known about a data set
Data              one that is decoded to 32 pixels
StreamedData      one whose images are read from their files
read_bundled      the CIFAR-10 sample shipped with the project
read_torchvision  CIFAR-10, CIFAR-100 or SVHN through torchvision
read_parquet      parquet files of encoded images and labels
read_folder       train/<class>/* and test/<class>/* (or val/<class>/*), decoded
stream_folder     the same, not decoded
cifar10_order     recognises CIFAR-10 by its labels
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from engine.data.augment import Normalisation
from engine.data.decode import Decoded, Encoded, Images, read_classes, read_rows
from engine.data.identity import PUBLISHED as PUBLISHED
from engine.data.integrity import damage
from engine.data.layout import Layout, class_folders
from engine.data.pixels import Steps
from engine.data.scan import in_words, strays_in_words
from engine.errors import BadInput

BUNDLED = Path(__file__).parents[1] / "bundled"
CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


class Known(NamedTuple):
    """A published data set: what a supernet that was trained on it takes and gives."""

    classes: int
    image_size: int  # pixels, as published
    normalisation: Normalisation


# Reference section 4.1; ImageNet16-120 as AutoDL-Projects normalises it, in parts of 255.
KNOWN = {
    "cifar10": Known(10, 32, Normalisation((0.49139968, 0.48215827, 0.44653124), (0.24703233, 0.24348505, 0.26158768))),
    "cifar100": Known(100, 32, Normalisation((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762))),
    "svhn": Known(10, 32, Normalisation((0.4377, 0.4438, 0.4728), (0.1980, 0.2010, 0.1970))),
    "imagenet16-120": Known(
        120,
        16,
        Normalisation(
            (122.68 / 255, 116.66 / 255, 104.01 / 255),
            (63.22 / 255, 61.26 / 255, 65.09 / 255),
        ),
    ),
}
NORMALISATION = {name: known.normalisation for name, known in KNOWN.items()}
IMAGENET = Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Of photographs, as the published code has it for ImageNet."""
# SHA-256 of the labels (one byte each) of CIFAR-10's five training batches.
CIFAR10_BATCHES = (
    "d829dbdf32167c9d7b3687cee66d92d80d46c441308b5aca0d11e8b69e27dac9",
    "5d18f7371ed35ea9ade77952fe958b0660a45cd6c8b8a8970030f21612cfd7e3",
    "32cf77b0ee2e790b1c4384d2d82e42dc1571b87e67f6da8f444b2725b2973f65",
    "d2815e3f8f656272864920fc0edde56b04ec9cf81bf397c0dd3069f4aea51aeb",
    "2ddf3ab27d5d04409c94ce7b56849c243129c10de1058ae0bfe14c77e934800c",
)


@dataclass(frozen=True, eq=False)
class DataSet:
    """What is known about a data set: `train` trains weights, `search` trains alphas and is scored, `test` tests."""

    name: str  # cifar10, cifar100, svhn, else the folder's or file's name
    spec: str  # as asked for
    classes: tuple[str, ...]
    normalisation: Normalisation
    split: str  # equal ids: the same images train weights
    # What was lost or left out while it was read, a sentence each.
    notes: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, eq=False)
class Data(DataSet):
    """A data set ready for use."""

    train: Images
    search: Images
    test: Images | None  # None when absent or not asked for


@dataclass(frozen=True, eq=False)
class StreamedData(DataSet):
    """A data set of files. Their normalisation is assumed to be that of ImageNet: measuring would read them all."""

    train: Encoded[Path]
    search: Encoded[Path]
    test: Encoded[Path] | None  # None when absent or not asked for


def read_bundled(test: bool) -> Data:
    """The CIFAR-10 sample: every image in the part that it has in the reference split of the full set."""
    train, search, held_out = (
        read_rows([BUNDLED / f"cifar10-{part}.parquet"]).decode().images if wanted else None
        for part, wanted in (("train", True), ("search", True), ("test", test))
    )
    assert train is not None and search is not None
    return Data(
        "cifar10", "bundled", CIFAR10_CLASSES, NORMALISATION["cifar10"], "cifar10-halves", train, search, held_out
    )


def read_torchvision(name: str, root: Path, download: bool, test: bool) -> Data:
    """CIFAR-10, CIFAR-100 or SVHN (its train split alone, without `extra`) from `root`, in reference halves.

    Raises BadInput when the files are absent or fail torchvision's checksums, which it verifies before it reads them.
    """
    import torchvision.datasets  # takes over a second, and only these sets need it

    def part(is_test: bool) -> tuple[Images, Sequence[str]]:
        try:
            if name == "svhn":
                found = torchvision.datasets.SVHN(root, "test" if is_test else "train", download=download)
                pixels, labels, classes = found.data, found.labels, [str(digit) for digit in range(10)]
            else:
                kind = torchvision.datasets.CIFAR10 if name == "cifar10" else torchvision.datasets.CIFAR100
                found = kind(root, train=not is_test, download=download)
                pixels, labels, classes = found.data.transpose(0, 3, 1, 2), found.targets, found.classes
        except (RuntimeError, OSError) as error:
            if download:
                raise BadInput(f"{name} cannot be downloaded to {root} ({error}); check the connection") from error
            raise BadInput(damage(name, root) or absent(name, root)) from error
        labels = torch.as_tensor(np.asarray(labels, np.int64))
        return Images(torch.from_numpy(np.ascontiguousarray(pixels)), labels), classes

    whole, classes = part(False)
    train, search = halves(whole)
    held_out = part(True)[0] if test else None
    return Data(name, name, tuple(classes), NORMALISATION[name], f"{name}-halves", train, search, held_out)


def absent(name: str, root: Path) -> str:
    """A sentence for a published set that is not there."""
    return f"{name} is not in {root}; add --download, or --data-dir with its folder"


def read_parquet(found: Layout, spec: str, test: bool) -> Data:
    """Parquet files of encoded images and labels, together one data set in the order of their names.

    With the labels of CIFAR-10 (`cifar10_order`) it is CIFAR-10: reference halves and normalisation. Anything else is
    halved in its own order, and its normalisation measured on the first half. A test part without labels (all -1, as
    published for competitions) gives way to the validation part. Raises BadInput for fewer than two classes, a label
    out of range (a gap in the numbers counts as that) or an unreadable image.
    """
    rows, name = read_rows(found.train), found.name
    order = cifar10_order(rows.labels)
    if order is not None:
        rows, name = rows.take(order), "cifar10"
        classes: tuple[str, ...] = CIFAR10_CLASSES
    else:
        # Counting the labels, not trusting the largest: one stray 255 must not make 256 classes.
        classes = rows.classes or tuple(str(label) for label in range(len(np.unique(rows.labels))))
    _check_two_classes(rows, spec)
    rows.check_labels(classes)
    whole = rows.decode()
    train, search = halves(whole.images)
    held_out = None
    if test and (test_rows := _labelled(found.tests)) is not None:
        test_rows.check_labels(classes)
        held_out = test_rows.decode(whole.scale)
    if order is not None:
        normalisation, split = NORMALISATION["cifar10"], "cifar10-halves"
    else:
        normalisation, split = Normalisation.of(train.pixels), f"halves-{digest(rows.labels.tobytes())}"
    notes = (*found.notes, *_lossy(whole, held_out))
    tested = None if held_out is None else held_out.images
    return Data(name, spec, tuple(classes), normalisation, split, train, search, tested, notes=notes)


def _labelled(tests: Sequence[Sequence[Path]]) -> Encoded[bytes] | None:
    """The first test part with labels; where none has, the first."""
    parts = [read_rows(files) for files in tests[:1]]
    if parts and (parts[0].labels == -1).all():
        parts += [read_rows(files) for files in tests[1:]]
    return next((part for part in parts if not (part.labels == -1).all()), next(iter(parts), None))


def read_folder(found: Layout, spec: str, test: bool) -> Data:
    """The images of class folders and, where there is one, of a test part, decoded.

    Each class is split at random (seed 0, over sorted paths): floor(n/2) of its images train weights. Normalisation is
    measured on the training half. Raises BadInput for no training images, one class, a class with a single image or
    an unreadable image.
    """
    files = stream_folder(found, spec, test)
    # Both halves at once: how images of 16 bits are read must not depend on which half they are in.
    whole = Encoded.join([files.train, files.search]).decode()
    count = len(files.train)
    train, search = (
        Images(whole.images.pixels[part], whole.images.labels[part]) for part in (slice(count), slice(count, None))
    )
    held_out = None if files.test is None else files.test.decode(whole.scale)
    notes = (*files.notes, *_lossy(whole, held_out))
    tested = None if held_out is None else held_out.images
    normalisation = Normalisation.of(train.pixels)
    return Data(files.name, spec, files.classes, normalisation, files.split, train, search, tested, notes=notes)


def stream_folder(found: Layout, spec: str, test: bool) -> StreamedData:
    """As `read_folder`, with the same halves and the same split, but the images stay in their files.

    Raises BadInput as that does, except for an unreadable image, which is only met when it is read.
    """
    (folder,) = found.train
    files = read_classes(folder)
    classes = files.classes or ()
    _check_two_classes(files, spec)
    random = np.random.RandomState(0)
    trains = np.zeros(len(files.labels), bool)
    for label, name in enumerate(classes):
        members = np.flatnonzero(files.labels == label)
        if len(members) < 2:
            raise BadInput(f"class {name} in {folder} has 1 image; give at least 2, one for each half")
        trains[random.permutation(members)[: len(members) // 2]] = True
    train, search = (files.take(np.flatnonzero(chosen)) for chosen in (trains, ~trains))
    notes = list(found.notes)
    held_out, strays = None, files.strays
    if test:
        held_out, said = _test_part([place for part in found.tests for place in part], classes)
        notes += said
        strays = strays + held_out.strays if held_out is not None else strays
    if skipped := strays_in_words(strays):
        notes.append(skipped)
    # As if the folder were called train, whatever it is called: the same images have the same split.
    paths = "\n".join(f"train/{file.relative_to(folder).as_posix()}" for file in files.sources)
    split = f"stratified-{digest(paths.encode())}"
    return StreamedData(found.name, spec, classes, IMAGENET, split, train, search, held_out, notes=tuple(notes))


def _test_part(places: Sequence[Path], classes: Sequence[str]) -> tuple[Encoded[Path] | None, list[str]]:
    """The first part that has folders of these classes, and a sentence for every one before it that has none."""
    said: list[str] = []
    for place in places:
        if any(entry.name in classes for entry in class_folders(place)):
            return read_classes(place, classes), said
        if any(entry.name != "images" for entry in class_folders(place)):
            return read_classes(place, classes), said  # says which folder is no class
        said.append(f"{place} has no class folders (seen {in_words(place)}), so its images are not used")
    return None, said


def _lossy(whole: Decoded, held_out: Decoded | None) -> tuple[str, ...]:
    return Steps.join([whole.steps, *([held_out.steps] if held_out is not None else [])]).sentences()


def cifar10_order(labels: np.ndarray) -> np.ndarray | None:
    """Where each row of the original CIFAR-10 training set stands among `labels` [N]; None when it is another set.

    The set is recognised by its labels: 50,000 of them, in five runs of 10,000 that are the published training batches.
    Copies that hold the batches in another order (their archive lists batch 4 first) are put back in the original one.
    """
    if len(labels) != 50_000 or labels.min() < 0 or labels.max() > 9:
        return None
    runs = [hashlib.sha256(run.tobytes()).hexdigest() for run in labels.astype(np.uint8).reshape(5, 10_000)]
    if set(runs) != set(CIFAR10_BATCHES):
        return None
    return np.concatenate([np.arange(10_000) + 10_000 * runs.index(batch) for batch in CIFAR10_BATCHES])


def halves(whole: Images) -> tuple[Images, Images]:
    """In the order of the data set, the first floor(n/2) images train the weights (reference section 4.1)."""
    cut = len(whole) // 2
    return Images(whole.pixels[:cut], whole.labels[:cut]), Images(whole.pixels[cut:], whole.labels[cut:])


def _check_two_classes(rows: Encoded, spec: str) -> None:
    if len(np.unique(rows.labels)) < 2:
        raise BadInput(f"the training images of {spec} are all of one class; give images of at least 2 classes")


def digest(content: bytes) -> str:
    """Twelve hexadecimal digits: enough to tell splits apart."""
    return hashlib.sha256(content).hexdigest()[:12]
