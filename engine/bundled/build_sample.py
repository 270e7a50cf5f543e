"""Builds the bundled CIFAR-10 sample: python -m engine.bundled.build_sample TRAIN.parquet TEST.parquet

Takes CIFAR-10 as two parquet files (columns `image`: encoded bytes, `label`) and writes cifar10-train, -search and
-test.parquet beside this file: image bytes unchanged, the first images of every class in each part of the reference
split, in ascending order of `index`, their row in the original dataset.
"""

import argparse
import os
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet

from engine.data.decode import Encoded, read_rows
from engine.data.sources import cifar10_order
from engine.errors import BadInput

PER_CLASS = {"train": 500, "search": 1500, "test": 100}


def first_of_each_class(labels: np.ndarray, start: int, stop: int, per_class: int) -> np.ndarray:
    """The first `per_class` rows of each class among rows `start` to `stop` of `labels`, ascending."""
    rows = np.arange(start, stop)
    return np.sort(np.concatenate([rows[labels[start:stop] == label][:per_class] for label in range(10)]))


def write_part(rows: Encoded, index: np.ndarray, file: Path) -> None:
    """Writes rows `index` of `rows` to `file`, atomically."""
    table = pyarrow.table(
        {
            "image": pyarrow.array([rows.sources[i] for i in index], pyarrow.binary()),
            "label": pyarrow.array(rows.labels[index], pyarrow.uint8()),
            "index": pyarrow.array(index, pyarrow.int32()),
        }
    )
    unfinished = file.with_suffix(".tmp")
    # High-level zstd takes out the header that all the JPEGs share: two thirds of their bytes.
    pyarrow.parquet.write_table(table, unfinished, compression="zstd", compression_level=19, use_dictionary=False)
    os.replace(unfinished, file)
    print(f"{file.name}: {len(index)} images, {file.stat().st_size / 1e6:.2f} MB")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("train", type=Path, help="parquet file of the 50,000 training images")
    arguments.add_argument("test", type=Path, help="parquet file of the 10,000 test images")
    arguments.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write to")
    given = arguments.parse_args()
    train, test = read_rows([given.train]), read_rows([given.test])
    order = cifar10_order(train.labels)
    if order is None:
        raise BadInput(f"{given.train} is not CIFAR-10; give its 50,000 training images")
    train = train.take(order)
    for part, rows, start, stop in (
        ("train", train, 0, 25_000),
        ("search", train, 25_000, 50_000),
        ("test", test, 0, len(test.labels)),
    ):
        chosen = first_of_each_class(rows.labels, start, stop, PER_CLASS[part])
        write_part(rows, chosen, given.out / f"cifar10-{part}.parquet")


if __name__ == "__main__":
    main()
