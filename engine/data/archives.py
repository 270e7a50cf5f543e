"""Published archives as data sets: the folders that CIFAR-10, CIFAR-100, ImageNet16 and SVHN unpack to.

read_archive   one of them, from wherever it lies
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from engine.data.augment import Normalisation
from engine.data.batches import read_batch, read_names
from engine.data.decode import Images
from engine.data.layout import Layout
from engine.data.sources import (
    CIFAR10_CLASSES,
    KNOWN,
    NORMALISATION,
    Data,
    cifar10_order,
    digest,
    halves,
    read_torchvision,
)
from engine.errors import BadInput


class _Archive(NamedTuple):
    """name: of the published set. train, test: its files. names: the file and key of the class names. again: how to get
    it anew. images: in the training part as published."""

    name: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    names: tuple[str, str] | None
    again: str
    images: int


DOWNLOAD = "copy or download it again"
ARCHIVES = {
    "cifar10": _Archive(
        "cifar10",
        tuple(f"data_batch_{number}" for number in range(1, 6)),
        ("test_batch",),
        ("batches.meta", "label_names"),
        f"{DOWNLOAD} (--data cifar10 --download)",
        50_000,
    ),
    "cifar100": _Archive(
        "cifar100",
        ("train",),
        ("test",),
        ("meta", "fine_label_names"),
        f"{DOWNLOAD} (--data cifar100 --download)",
        50_000,
    ),
    "imagenet16": _Archive(
        "imagenet16-120",
        tuple(f"train_data_batch_{number}" for number in range(1, 11)),
        ("val_data",),
        None,
        DOWNLOAD,
        151_700,
    ),
}


def read_archive(found: Layout, spec: str, test: bool, wanted: str | None = None) -> Data:
    """An archive's training part in reference halves and, if wanted, its test part.

    Images and labels that are as many as published are the published set, with its name and normalisation; for CIFAR-10
    the labels decide. Others are a data set of their own. Of ImageNet16 the first 120 classes are taken, as
    NAS-Bench-201 does. wanted: the published set that it has to be. Raises BadInput, naming the file, for what is
    missing or damaged.
    """
    if found.kind == "svhn":
        data = read_torchvision("svhn", found.root, False, test)
        return Data("svhn", spec, data.classes, data.normalisation, data.split, data.train, data.search, data.test)
    archive = ARCHIVES[found.kind]
    whole = _read(found.root, archive, archive.train)
    whole, notes = _first_classes(whole, archive)
    numbers = np.unique(whole.labels.numpy())
    if len(numbers) < 2:
        raise BadInput(f"the training images of {spec} are all of one class; give images of at least 2 classes")
    published = _is_published(whole, archive)
    if wanted is not None and not published:
        raise BadInput(
            f"{found.root} is not {wanted} as published: {len(whole):,} training images of {len(numbers)} classes; "
            f"{archive.again}"
        )
    if not published:
        notes.append(f"{found.root} is not {archive.name} as published, so it is a data set of its own")
    classes = _classes(found.root, archive, int(numbers.max()) + 1, published)
    if numbers.min() < 0 or numbers.max() >= len(classes):
        raise BadInput(
            f"{found.root} is damaged: its labels go from {numbers.min()} to {numbers.max()}; {archive.again}"
        )
    train, search = halves(whole)
    held_out = _first_classes(_read(found.root, archive, archive.test), archive)[0] if test else None
    name = archive.name if published else found.name
    split = f"{archive.name}-halves" if published else f"halves-{digest(whole.labels.numpy().tobytes())}"
    normalisation = NORMALISATION[archive.name] if published else Normalisation.of(train.pixels)
    return Data(name, spec, classes, normalisation, split, train, search, held_out, notes=tuple(notes))


def _read(root: Path, archive: _Archive, files: Sequence[str]) -> Images:
    batches = [read_batch(root / file, archive.again) for file in files]
    sides = {batch.pixels.shape[-1] for batch in batches}
    side = KNOWN[archive.name].image_size
    if sides != {side}:
        raise BadInput(
            f"{root} holds images of {' and '.join(map(str, sorted(sides)))} pixels, and {archive.name} has {side}; "
            "take the archive of that size, or images in train/<class>/ folders"
        )
    pixels = np.concatenate([batch.pixels for batch in batches])
    return Images(torch.from_numpy(pixels), torch.from_numpy(np.concatenate([batch.labels for batch in batches])))


def _first_classes(images: Images, archive: _Archive) -> tuple[Images, list[str]]:
    """Of ImageNet16, whose labels begin with 1, the classes of NAS-Bench-201."""
    if archive.name != "imagenet16-120":
        return images, []
    labels = images.labels.numpy() - 1
    chosen = np.flatnonzero(labels < KNOWN[archive.name].classes)
    count = len(np.unique(labels))
    taken = images.take(chosen)
    said = [f"took the first 120 of {count:,} classes, as NAS-Bench-201 does"] if count > 120 else []
    return Images(taken.pixels, torch.from_numpy(labels[chosen])), said


def _is_published(images: Images, archive: _Archive) -> bool:
    labels = images.labels.numpy()
    if archive.name == "cifar10":
        order = cifar10_order(labels)
        return order is not None and bool((np.diff(order) > 0).all())
    return len(images) == archive.images and len(np.unique(labels)) == KNOWN[archive.name].classes


def _classes(root: Path, archive: _Archive, seen: int, published: bool) -> tuple[str, ...]:
    """Names of the classes; those in the archive where they are as many as its labels need."""
    if published and archive.name == "cifar10":
        return CIFAR10_CLASSES
    names = read_names(root / archive.names[0], archive.names[1]) if archive.names else None
    count = KNOWN[archive.name].classes if published else seen
    return names if names is not None and len(names) >= count else tuple(str(number) for number in range(count))
