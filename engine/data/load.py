"""Images to train, search and score on.

load_data         a data SPEC as its parts: training half, search half, test part
scoring_batches   the fixed, seeded batches that masked evaluation uses
scoring_order     which search images those are
split_warning     a sentence when a checkpoint was trained on another split, else None
clear_cache       forget the decoded images kept in memory
also              Data, Images, Normalisation, augment, crop_padding, normalise, prepare, resize
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.data import sources
from engine.data.augment import Normalisation, augment, crop_padding, normalise, prepare, resize
from engine.data.decode import Images
from engine.data.sources import Data
from engine.errors import BadInput

__all__ = [
    "Data",
    "Images",
    "Normalisation",
    "augment",
    "clear_cache",
    "crop_padding",
    "load_data",
    "normalise",
    "prepare",
    "resize",
    "scoring_batches",
    "scoring_order",
    "split_warning",
]

augment_pixels = augment  # `scoring_batches` has an argument of that name

DATA_DIR = "data"  # where torchvision sets are looked for unless told


def load_data(
    spec: str = "bundled", *, data_dir: str | Path | None = None, download: bool = False, test: bool = False
) -> Data:
    """The data that `spec` names, decoded to uint8 [N,3,32,32] and kept in memory for the next call.

    `spec`: `bundled`; `cifar10`, `cifar100`, `svhn` (torchvision, in `data_dir`, default `data`, fetched with
    `download`); a folder with *train*.parquet and *test*.parquet; two such files joined by a comma; a folder
    train/<class>/*, test/<class>/*. A parquet of CIFAR-10 is recognised by its label sequence
    (`datasets.cifar10_order`). `test` also reads the test part, where there is one. Raises BadInput when there is
    nothing usable, naming the file or row.
    """
    read, files = _source(spec, data_dir, download)
    key = (spec, test, *((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files if file.exists()))
    with _lock:
        if key not in _cache:
            _cache[key] = read(test)
        _cache.move_to_end(key)
        while len(_cache) > CACHED:
            _cache.popitem(last=False)
        return _cache[key]


def clear_cache() -> None:
    """Forget the decoded images kept in memory."""
    with _lock:
        _cache.clear()


CACHED = 2  # data sets kept decoded: 60,000 images of 32 x 32 are 184 MB
_cache: OrderedDict[tuple[object, ...], Data] = OrderedDict()
_lock = Lock()


def _source(spec: str, data_dir: str | Path | None, download: bool) -> tuple[Callable[[bool], Data], list[Path]]:
    """How to read `spec`, given whether the test part is wanted, and the files whose change makes it another set."""
    if spec == "bundled":
        return sources.read_bundled, []
    if spec in sources.PUBLISHED:
        root = Path(data_dir or DATA_DIR).expanduser()
        return (lambda test: sources.read_torchvision(spec, root, download, test)), [root]
    path = Path(spec).expanduser()
    if path.is_dir():
        train, test_files = sorted(path.glob("*train*.parquet")), sorted(path.glob("*test*.parquet"))
        name = path.resolve().name
        if train:
            return (lambda test: sources.read_parquet(train, test_files, name, spec, test)), train + test_files
        return (lambda test: sources.read_folder(path, spec, test)), sorted(path.glob("t*/*/*"))
    files = [Path(piece.strip()).expanduser() for piece in spec.split(",")]
    if len(files) <= 2 and all(file.suffix == ".parquet" for file in files):
        for file in files:
            if not file.is_file():
                raise BadInput(f"{file} does not exist; give TRAIN.parquet,TEST.parquet")
        return (lambda test: sources.read_parquet(files[:1], files[1:], files[0].stem, spec, test)), files
    known = ", ".join(("bundled", *sources.PUBLISHED))
    raise BadInput(f"no data {spec!r}: use {known}, an existing folder, or TRAIN.parquet,TEST.parquet")


def scoring_order(available: int, images: int | None = 1024) -> np.ndarray:
    """Which of the `available` search images are scored, int64 [n]: the first `images` of a seed-0 permutation.

    None, or more than there are, means all. Raises BadInput below 1.
    """
    if images is not None and images < 1:
        raise BadInput(f"cannot score on {images} images; ask for at least 1 image")
    return np.random.RandomState(0).permutation(available)[:images]


def scoring_batches(
    spec: str = "bundled",
    images: int | None = 1024,
    batch_size: int = 64,
    checkpoint: object | None = None,
    device: str | torch.device = "cpu",
    augment: bool = False,
    seed: int = 0,
    shuffle: bool = False,
    data_dir: str | Path | None = None,
    download: bool = False,
) -> list[tuple[Tensor, Tensor]]:
    """The search images that scores are measured on, as a list of (images, labels) batches on `device`.

    Images are normalised float32 [B,3,S,S] in channels_last, labels int64 [B]; only the last batch may be shorter.
    Which images, and their order, is `scoring_order`: the same on every call. `checkpoint` (an engine checkpoint, or
    its `meta`) gives image size and normalisation; without it 32 pixels and the data's own. `augment` crops and flips
    at random and `shuffle` reorders, both by `seed`: the published measurement (reference section 5.2) does both, with
    another seed for every mask. Raises BadInput for fewer than 1 image, a batch size below 1, or a checkpoint with
    another number of classes.
    """
    if batch_size < 1:
        raise BadInput(f"batch size {batch_size} is too small; use at least 1")
    data = load_data(spec, data_dir=data_dir, download=download)
    meta = _meta(checkpoint)
    classes = meta("classes")
    if classes is not None:
        expected = classes if isinstance(classes, int) else len(classes)
        if expected != len(data.classes):
            raise BadInput(
                f"the checkpoint tells {expected} classes apart but {data.spec} has {len(data.classes)}; "
                f"use the data it was trained on ({meta('data') or 'see its meta.json'})"
            )
    size = meta("image_size") or 32
    normalisation = meta("normalisation") or data.normalisation
    if isinstance(normalisation, Mapping):
        normalisation = Normalisation.from_json(normalisation)
    order = scoring_order(len(data.search), images)
    if shuffle:
        order = order[np.random.RandomState(seed).permutation(len(order))]
    generator = torch.Generator().manual_seed(seed)
    batches = []
    for rows in torch.from_numpy(order).split(batch_size):
        pixels = resize(data.search.pixels[rows].to(device), size)
        if augment:
            pixels = augment_pixels(pixels, crop_padding(size), generator)
        batches.append((normalise(pixels, normalisation), data.search.labels[rows].to(device)))
    return batches


def split_warning(data: Data, checkpoint: object | None) -> str | None:
    """A sentence when `checkpoint` was trained on another split than `data`, so scores may be too good; else None."""
    split = _meta(checkpoint)("split")
    if split is None or split == data.split:
        return None
    return (
        f"the checkpoint was trained on split {split} and {data.spec} is split {data.split}: "
        "training images may be included in the scores"
    )


def _meta(checkpoint: object | None) -> Callable[[str], Any]:
    meta = getattr(checkpoint, "meta", checkpoint)
    if isinstance(meta, Mapping):
        return meta.get
    return lambda key: getattr(meta, key, None)
