"""Images to train, search and score on.

load_data         a data SPEC as its parts: training half, search half, test part
open_data         the same for a network's image size: decoded, or from 64 pixels on left in its files
open_feed         parts of a data set as batches
scoring_batches   the fixed, seeded batches that masked evaluation uses
kept_batches      the same, kept in memory
scoring_order     which search images those are
DECODED, BATCHES  the decoded images and the batches kept in memory
also              data_warning, Data, Images, Normalisation, augment, crop_padding, normalise, resize
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from engine.data import archives, layout, sources
from engine.data.augment import Normalisation, augment, crop_padding, normalise, resize
from engine.data.belonging import data_warning, reader, spec_for
from engine.data.decode import Encoded, Images
from engine.data.feed import Batch, Batches, Feed, MemoryFeed, held
from engine.data.identity import content_id, data_root
from engine.data.sources import Data, StreamedData
from engine.errors import BadInput
from engine.memory import Kept
from engine.spaces.image_sizes import is_streamed

__all__ = [
    "BATCHES",
    "DECODED",
    "Data",
    "Images",
    "Normalisation",
    "StreamedData",
    "augment",
    "crop_padding",
    "data_warning",
    "kept_batches",
    "load_data",
    "normalise",
    "open_data",
    "open_feed",
    "resize",
    "scoring_batches",
    "scoring_order",
]


PACKED = (".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".7z", ".rar")


def load_data(
    spec: str = "bundled", *, data_dir: str | Path | None = None, download: bool = False, test: bool = False
) -> Data:
    """The data that `spec` names, decoded to uint8 [N,3,32,32] and kept in memory for the next call.

    `spec`: `bundled`; `cifar10`, `cifar100`, `svhn` (torchvision, in `data_dir`, else as `data_root` says, fetched with
    `download`); `imagenet16-120` (the folder ImageNet16 there); two parquet files joined by a comma; or a folder in any
    layout that `engine.data.layout` knows: *train*.parquet and *test*.parquet (also in data/, as on Hugging Face),
    train/<class>/* with test/ or val/, <class>/*, or a published archive. CIFAR-10 is recognised by its label sequence
    (`sources.cifar10_order`). `test` also reads the test part, where there is one. What was lost on the way stands in
    `notes`. ImageNet16 has 16 pixels, all others 32. Raises BadInput when there is nothing usable, naming the file or
    row, and what was seen.
    """
    read = _source(spec, data_dir, download)
    root = str(data_dir) if spec in sources.PUBLISHED else None
    return DECODED.get((spec, root, test, content_id(spec, data_dir, fresh=True)), lambda: read(test))


def _bytes(data: Data) -> int:
    parts = (part for part in (data.train, data.search, data.test) if part is not None)
    return sum(part.pixels.nbytes + part.labels.nbytes for part in parts)


DECODED: Kept[Data] = Kept(400_000_000, _bytes)  # two full sets: 60,000 images of 32 x 32 are 184 MB


def open_data(
    spec: str = "bundled",
    image_size: int = 32,
    *,
    data_dir: str | Path | None = None,
    download: bool = False,
    test: bool = False,
) -> Data | StreamedData:
    """The data that `spec` names for networks of an image size: `load_data` up to 32 pixels.

    From 64 pixels on `spec` is a folder train/<class>/*, whose images stay in their files; their normalisation is
    assumed to be ImageNet's. Raises BadInput for another image size, another `spec`, and as `load_data` does.
    """
    if not is_streamed(image_size):
        return load_data(spec, data_dir=data_dir, download=download, test=test)
    path = Path(spec).expanduser()
    if not path.is_dir():
        raise BadInput(
            f"images of {image_size} pixels are read from a folder train/<class>/*, and {spec!r} is none; "
            "give one, or use 32 or 16 pixels"
        )
    found = layout.find(path)
    if found.kind != "classes":
        raise BadInput(
            f"images of {image_size} pixels are read from a folder train/<class>/*, and {spec} holds {found.kind}; "
            "give one, or use 32 or 16 pixels"
        )
    return sources.stream_folder(found, spec, test)


def open_feed(
    parts: Sequence[Images | Encoded[Path]],
    normalisation: Normalisation,
    image_size: int,
    device: str | torch.device = "cpu",
) -> Feed:
    """Parts of one data set, one after the other, as batches on `device`."""
    files = [part for part in parts if isinstance(part, Encoded)]
    if files:
        from engine.data.stream import StreamedFeed  # torchvision takes over a second, and only this needs it

        return StreamedFeed(Encoded.join(files), normalisation, image_size, device)
    return MemoryFeed(
        Images.join([part for part in parts if isinstance(part, Images)]), normalisation, image_size, device
    )


def _source(spec: str, data_dir: str | Path | None, download: bool) -> Callable[[bool], Data]:
    """How to read `spec`, given whether the test part is wanted."""
    if spec == "bundled":
        return sources.read_bundled
    if spec in sources.PUBLISHED:
        root = data_root(data_dir)
        if spec == "imagenet16-120":
            return lambda test: _imagenet16(root, spec, download, test)
        return lambda test: sources.read_torchvision(spec, root, download, test)
    path = Path(spec).expanduser()
    if path.is_dir():
        found = layout.find(path)
        if found.kind == "parquet":
            return lambda test: sources.read_parquet(found, spec, test)
        if found.kind == "classes":
            return lambda test: sources.read_folder(found, spec, test)
        return lambda test: archives.read_archive(found, spec, test)
    files = [Path(piece.strip()).expanduser() for piece in spec.split(",")]
    if len(files) <= 2 and all(file.suffix.lower() == ".parquet" for file in files):
        for file in files:
            if not file.is_file():
                raise BadInput(f"{file} does not exist; give TRAIN.parquet,TEST.parquet")
        pair = layout.pair(files[0], *files[1:])
        return lambda test: sources.read_parquet(pair, spec, test)
    if path.is_file():
        what = "an archive: unpack it, and give" if path.suffix.lower() in PACKED else "no data that is read here; give"
        raise BadInput(f"{path} is {what} its folder, or TRAIN.parquet,TEST.parquet")
    known = ", ".join(("bundled", *sources.PUBLISHED))
    raise BadInput(f"no data {spec!r}: use {known}, an existing folder, or TRAIN.parquet,TEST.parquet")


def _imagenet16(root: Path, spec: str, download: bool, test: bool) -> Data:
    place = next((each for each in (root / "ImageNet16", root / "ImageNet16-120", root) if each.is_dir()), root)
    if download or not any(place.glob("train_data_batch_*")):
        why = "it has to be asked for at image-net.org, so it cannot be fetched here" if download else "it is not there"
        raise BadInput(
            f"{spec} is read from {root / 'ImageNet16'} with train_data_batch_1 to 10 and val_data, and {why}; "
            "add --data-dir with its folder"
        )
    found = layout.Layout("imagenet16", place, spec)
    return archives.read_archive(found, spec, test, wanted=spec)


def scoring_order(available: int, images: int | None = 1024) -> np.ndarray:
    """Which of the `available` search images are scored, int64 [n]: the first `images` of a seed-0 permutation.

    None, or more than there are, means all. Raises BadInput below 1.
    """
    if images is not None and images < 1:
        raise BadInput(f"cannot score on {images} images; ask for at least 1 image")
    return np.random.RandomState(0).permutation(available)[:images]


def scoring_batches(
    spec: str | None = None,
    images: int | None = 1024,
    batch_size: int = 64,
    checkpoint: object | None = None,
    device: str | torch.device = "cpu",
    augment: bool = False,
    seed: int = 0,
    shuffle: bool = False,
    data_dir: str | Path | None = None,
    download: bool = False,
) -> Sequence[Batch]:
    """The search images that scores are measured on, as (images, labels) batches on `device`: a list, or from 64 pixels
    on a sequence that reads them from their files each time they are taken (unless augmented).

    Images are normalised float32 [B,3,S,S] in channels_last, labels int64 [B]; only the last batch may be shorter.
    Which images, and their order, is `scoring_order`: the same on every call. `checkpoint` (an engine checkpoint, or
    its `meta`) gives image size and normalisation; without it 32 pixels and the data's own. `augment` crops and flips
    at random and `shuffle` reorders, both by `seed`: the published measurement (reference section 5.2) does both, with
    another seed for every mask. spec: None is the bundled images, and is refused for a checkpoint that was trained on
    another data set. Raises BadInput for that, fewer than 1 image, a batch size below 1, or a checkpoint with another
    number of classes.
    """
    spec = spec_for(checkpoint, spec)
    if batch_size < 1:
        raise BadInput(f"batch size {batch_size} is too small; use at least 1")
    meta = reader(checkpoint)
    size = meta("image_size") or 32
    data = open_data(spec, size, data_dir=data_dir, download=download)
    classes = meta("classes")
    if classes is not None:
        expected = classes if isinstance(classes, int) else len(classes)
        if expected != len(data.classes):
            raise BadInput(
                f"the checkpoint tells {expected} classes apart but {data.spec} has {len(data.classes)}; "
                f"use the data it was trained on ({meta('data') or 'see its meta.json'})"
            )
    normalisation = meta("normalisation") or data.normalisation
    if isinstance(normalisation, Mapping):
        normalisation = Normalisation.from_json(normalisation)
    order = scoring_order(len(data.search), images)
    if shuffle:
        order = order[np.random.RandomState(seed).permutation(len(order))]
    feed = open_feed([data.search.take(order)], normalisation, size, device)
    groups = torch.arange(len(order)).split(batch_size)
    if augment:
        return list(feed.augmented(groups, torch.Generator().manual_seed(seed)))
    return held(feed, groups)


def kept_batches(
    spec: str,
    *,
    images: int | None,
    batch_size: int,
    checkpoint: object,
    device: str | torch.device,
    augment: bool = False,
    seed: int = 0,
    data_dir: str | Path | None = None,
    download: bool = False,
) -> Sequence[Batch]:
    """As `scoring_batches`, kept in memory for whoever asks for the same: supernets that take images of one size and
    normalisation share them, so do all tuned stages of one. Nobody may write into them."""
    meta = reader(checkpoint)
    key = (
        (spec, content_id(spec, data_dir, fresh=True), str(data_dir) if spec in sources.PUBLISHED else None),
        tuple(str(meta(name)) for name in ("image_size", "normalisation", "classes")),
        (images, batch_size, augment, seed if augment else 0, str(device)),
    )
    return BATCHES.get(
        key,
        lambda: scoring_batches(
            spec, images, batch_size, checkpoint, device, augment, seed, data_dir=data_dir, download=download
        ),
    )


def _batch_bytes(batches: Sequence[Batch]) -> int:
    """Those that are read when they are taken take nothing."""
    return 0 if isinstance(batches, Batches) else sum(images.nbytes + labels.nbytes for images, labels in batches)


BATCHES: Kept[Sequence[Batch]] = Kept(640_000_000, _batch_bytes)  # twice all search images of CIFAR-10 in float32
