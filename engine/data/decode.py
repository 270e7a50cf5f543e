"""Encoded images (JPEG, PNG, ...) with labels, before they are decoded.

Images        decoded pixels and labels
Decoded       these, with what decoding them took
Encoded       images still encoded, their labels, and where each one is, for error messages
read_rows     Encoded from parquet files
read_classes  Encoded from the folders <class>/*
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import pyarrow
import pyarrow.parquet
import torch
from PIL import Image
from torch import Tensor

from engine.data.layout import class_folders
from engine.data.pixels import SIDE, Depth, Range, Steps, check_upper, open_raw, squared
from engine.data.scan import beside, image_files, in_words
from engine.errors import BadInput

CHUNK = 500
"""Images that a thread decodes at a time."""
IMAGE_COLUMNS = ("image", "img", "png", "jpg", "jpeg", "webp")
LABEL_COLUMNS = ("label", "fine_label", "labels", "cls", "class", "target")
"""As Hugging Face's sets have them."""

Source = TypeVar("Source", bytes, Path)
"""An encoded image, or the file that holds it."""


@dataclass(frozen=True, eq=False)
class Images:
    pixels: Tensor  # uint8 [N,3,H,W]
    labels: Tensor  # int64 [N]

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def join(cls, parts: Sequence[Images]) -> Images:
        """The images of several parts, one after the other."""
        if len(parts) == 1:
            return parts[0]
        return cls(torch.cat([part.pixels for part in parts]), torch.cat([part.labels for part in parts]))

    def take(self, order: np.ndarray) -> Images:
        """The images `order` [M], in that order."""
        rows = torch.from_numpy(order)
        return Images(self.pixels[rows], self.labels[rows])


@dataclass(frozen=True, eq=False)
class Encoded(Generic[Source]):
    sources: Sequence[Source]
    labels: np.ndarray  # int64 [N]
    where: Callable[[int], str]  # row -> file, or file and row
    classes: tuple[str, ...] | None  # names, where the source tells them
    strays: Counter[str] = field(default_factory=Counter)  # files beside them that are no images, by name or ending

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def join(cls, parts: Sequence[Encoded[Source]]) -> Encoded[Source]:
        """The images of several parts of one data set, one after the other."""
        starts = np.cumsum([0, *map(len, parts)])

        def where(row: int) -> str:
            part = int(np.searchsorted(starts, row, side="right")) - 1
            return parts[part].where(row - int(starts[part]))

        sources = [source for part in parts for source in part.sources]
        strays = sum((part.strays for part in parts), Counter[str]())
        return cls(sources, np.concatenate([part.labels for part in parts]), where, parts[0].classes, strays)

    def take(self, order: np.ndarray) -> Encoded[Source]:
        """The rows `order` [M], in that order."""
        sources = [self.sources[i] for i in order]
        return Encoded(sources, self.labels[order], lambda row: self.where(int(order[row])), self.classes)

    def check_labels(self, classes: Sequence[str]) -> None:
        """Raises BadInput, naming the first such row, when a label is not one of `classes`."""
        wrong = np.flatnonzero((self.labels < 0) | (self.labels >= len(classes)))
        if len(wrong):
            row = int(wrong[0])
            raise BadInput(
                f"{self.where(row)} has label {self.labels[row]}; labels must be 0 to {len(classes) - 1}, fix that row"
            )

    def decode(self, scale: Range | None = None) -> Decoded:
        """Pixels uint8 [N,3,32,32]: the middle of images that are not square, resized. scale: of the training images,
        for a part that has to be read as they are.

        Raises BadInput naming an image that cannot be read, has no known white or is of one colour throughout.
        """
        pixels = np.empty((len(self.sources), SIDE, SIDE, 3), np.uint8)
        rest: dict[int, tuple[np.ndarray, Depth]] = {}  # by row, resized: their range is known at the end

        def fill(start: int) -> _Part:
            part = _Part()
            for row, source in enumerate(self.sources[start : start + CHUNK], start):
                raw = open_raw(source, self.where(row))
                part.steps.note(raw)
                if raw.numbers is None:
                    assert raw.rgb is not None
                    image = squared(raw.rgb)
                    pixels[row] = np.frombuffer(image.tobytes(), np.uint8).reshape(SIDE, SIDE, 3)
                    if raw.upper:
                        part.upper.append((int(pixels[row].max()), self.where(row)))
                else:
                    assert raw.depth is not None
                    part.deep.append((raw.depth, float(raw.numbers.max()), row))
                    rest[row] = np.asarray(squared(Image.fromarray(raw.numbers))), raw.depth
            return part

        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            parts = list(pool.map(fill, range(0, len(self.sources), CHUNK)))
        check_upper([each for part in parts for each in part.upper])
        if scale is None:
            scale = Range()
            for depth, high, row in (each for part in parts for each in part.deep):
                scale.see(depth, high, self.where(row))
        for row, (numbers, depth) in rest.items():
            pixels[row] = scale.scaled(numbers, depth, self.where(row))[..., None]
        self._check_colours(pixels)
        steps = Steps.join(part.steps for part in parts)
        steps.tops = {depth: scale.top(depth) for depth in steps.depths}
        images = Images(
            torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))), torch.from_numpy(self.labels)
        )
        return Decoded(images, steps, scale)

    def _check_colours(self, pixels: np.ndarray) -> None:
        """Raises BadInput, with their number, where images [N,S,S,3] show nothing."""
        empty: list[int] = []
        for start in range(0, len(pixels), CHUNK):
            part = pixels[start : start + CHUNK]
            empty += (start + np.flatnonzero((part == part[:, :1, :1]).all(axis=(1, 2, 3)))).tolist()
        if empty:
            others = f", as are {len(empty) - 1:,} others" if len(empty) > 1 else ""
            raise BadInput(f"{self.where(empty[0])} is of one colour throughout{others}; remove or replace them")


@dataclass
class _Part:
    """What a thread found: lossy steps, images of 16 bits or floats (with their largest value and row), and RGB images
    with 16 bits a channel (with their largest upper byte)."""

    steps: Steps = field(default_factory=Steps)
    deep: list[tuple[Depth, float, int]] = field(default_factory=list)
    upper: list[tuple[int, str]] = field(default_factory=list)


class Decoded(NamedTuple):
    """images: pixels and labels. steps: what was lost on the way. scale: how 16 bits and floats were read."""

    images: Images
    steps: Steps
    scale: Range


def read_rows(files: Sequence[Path]) -> Encoded[bytes]:
    """The rows of parquet `files`, one after the other.

    Columns: an image (IMAGE_COLUMNS: encoded bytes, or a struct with `bytes` as on Hugging Face) and a label
    (LABEL_COLUMNS: whole numbers). Raises BadInput naming the file when it is missing, is not parquet, or lacks these.
    """
    sources: list[bytes] = []
    labels: list[np.ndarray] = []
    starts: list[int] = []
    classes: tuple[str, ...] | None = None
    for file in files:
        try:
            schema = pyarrow.parquet.read_schema(file)
            image = next((column for column in IMAGE_COLUMNS if column in schema.names), None)
            label = next((column for column in LABEL_COLUMNS if column in schema.names), None)
            if image is None or label is None:
                raise BadInput(f"{file} needs the columns image and label; it has {', '.join(schema.names) or 'none'}")
            table = pyarrow.parquet.read_table(file, columns=[image, label])
        except FileNotFoundError:
            raise BadInput(f"{file} does not exist; give a parquet file with the columns image and label") from None
        except (OSError, pyarrow.ArrowException):
            raise BadInput(
                f"{file} is not a readable parquet file; write it anew with columns image and label"
            ) from None
        column = table[image].combine_chunks()
        if pyarrow.types.is_struct(column.type) and column.type.get_field_index("bytes") >= 0:
            column = column.field("bytes")
            if len(column) and column.null_count == len(column):
                raise BadInput(f"{file}: column {image} holds paths alone; store the images' bytes with them")
        if not (pyarrow.types.is_binary(column.type) or pyarrow.types.is_large_binary(column.type)):
            raise BadInput(f"{file}: column {image} holds {column.type}; store encoded image bytes (JPEG or PNG)")
        if not pyarrow.types.is_integer(table[label].type) or table[label].null_count:
            raise BadInput(f"{file}: column {label} must hold a whole number in every row; number the classes from 0")
        starts.append(len(sources))
        sources += column.to_pylist()
        labels.append(table[label].to_numpy().astype(np.int64))
        classes = classes or _class_names(schema, label)
    if not sources:
        raise BadInput(f"{', '.join(map(str, files))} has no rows; give a parquet file with images")

    def where(row: int) -> str:
        part = int(np.searchsorted(starts, row, side="right")) - 1
        return f"{files[part]} row {row - starts[part]}"

    return Encoded(sources, np.concatenate(labels), where, classes)


def read_classes(folder: Path, classes: Sequence[str] | None = None) -> Encoded[Path]:
    """The images `folder`/<class>/*, also in folders below, sorted by path; hidden files and stray ones do not count.

    `classes` fixes the class numbers; without it they are the sorted folder names. Raises BadInput for no class folder,
    one that is not in `classes`, or one without images.
    """
    found = class_folders(folder)
    if not found:
        raise BadInput(f"{folder} has no class folders: seen {in_words(folder)}; put the images in {folder}/<class>/")
    names = tuple(classes or (entry.name for entry in found))
    numbers = {name: number for number, name in enumerate(names)}
    files: list[Path] = []
    labels: list[int] = []
    strays = beside(folder)
    for entry in found:
        if entry.name not in names:
            raise BadInput(f"{entry} is no class of the training images; rename it to one of: {', '.join(names)}")
        inside, others = image_files(entry)
        strays += others
        if not inside:
            seen = f" (seen {', '.join(others)})" if others else ""
            raise BadInput(f"{entry} holds no images{seen}; add some or remove the folder")
        files += inside
        labels += [numbers[entry.name]] * len(inside)
    return Encoded(files, np.array(labels, np.int64), lambda row: str(files[row]), names, strays)


def _class_names(schema: pyarrow.Schema, label: str) -> tuple[str, ...] | None:
    # Where Hugging Face's datasets library writes them.
    try:
        return tuple(map(str, json.loads(schema.metadata[b"huggingface"])["info"]["features"][label]["names"])) or None
    except (KeyError, TypeError, ValueError):
        return None
