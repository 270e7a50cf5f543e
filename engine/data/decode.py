"""Encoded images (JPEG, PNG, ...) with labels, before they are decoded.

Images        decoded pixels and labels
Encoded       images still encoded, their labels, and where each one is, for error messages
read_rows     Encoded from parquet files
read_classes  Encoded from the folders <class>/*
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import pyarrow
import pyarrow.parquet
import torch
from PIL import Image
from torch import Tensor

from engine.errors import BadInput

SIDE = 32  # pixels; every image is stored at this width and height

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
        return cls(sources, np.concatenate([part.labels for part in parts]), where, parts[0].classes)

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

    def decode(self) -> Images:
        """Pixels uint8 [N,3,32,32]; images of another size are resized. Raises BadInput naming an unreadable image."""
        pixels = np.empty((len(self.sources), SIDE, SIDE, 3), np.uint8)

        def fill(start: int) -> None:
            for row, source in enumerate(self.sources[start : start + 500], start):
                try:
                    with Image.open(source if isinstance(source, Path) else io.BytesIO(source)) as file:
                        image = file if file.mode == "RGB" else file.convert("RGB")
                        if image.size != (SIDE, SIDE):
                            image = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
                        pixels[row] = np.frombuffer(image.tobytes(), np.uint8).reshape(SIDE, SIDE, 3)
                except Exception as error:  # Pillow's readers raise many kinds on damaged files
                    raise BadInput(f"{self.where(row)} is not a readable image; remove or replace it") from error

        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            list(pool.map(fill, range(0, len(self.sources), 500)))
        return Images(
            torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))), torch.from_numpy(self.labels)
        )


def read_rows(files: Sequence[Path]) -> Encoded[bytes]:
    """The rows of parquet `files`, one after the other.

    Columns: `image` or `img` (encoded bytes, or a struct with `bytes` as on Hugging Face) and `label` or `fine_label`
    (whole numbers). Raises BadInput naming the file when it is missing, is not parquet, or lacks these columns.
    """
    sources: list[bytes] = []
    labels: list[np.ndarray] = []
    starts: list[int] = []
    classes: tuple[str, ...] | None = None
    for file in files:
        try:
            schema = pyarrow.parquet.read_schema(file)
            image = next((column for column in ("image", "img") if column in schema.names), None)
            label = next((column for column in ("label", "fine_label") if column in schema.names), None)
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
    """The images `folder`/<class>/*, sorted by path; hidden files do not count.

    `classes` fixes the class numbers; without it they are the sorted folder names. Raises BadInput for no class folder,
    one that is not in `classes`, or one without images.
    """
    found = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    if not found:
        raise BadInput(f"{folder} has no class folders; put the images in {folder}/<class>/")
    names = tuple(classes or (entry.name for entry in found))
    files: list[Path] = []
    for entry in found:
        if entry.name not in names:
            raise BadInput(f"{entry} is no class of the training images; rename it to one of: {', '.join(names)}")
        inside = sorted(file for file in entry.iterdir() if file.is_file() and not file.name.startswith("."))
        if not inside:
            raise BadInput(f"{entry} holds no images; add some or remove the folder")
        files += inside
    numbers = {name: number for number, name in enumerate(names)}
    labels = np.array([numbers[file.parent.name] for file in files], np.int64)
    return Encoded(files, labels, lambda row: str(files[row]), names)


def _class_names(schema: pyarrow.Schema, label: str) -> tuple[str, ...] | None:
    # Where Hugging Face's datasets library writes them.
    try:
        return tuple(map(str, json.loads(schema.metadata[b"huggingface"])["info"]["features"][label]["names"])) or None
    except (KeyError, TypeError, ValueError):
        return None
