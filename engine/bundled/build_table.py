"""Build the bundled NAS-Bench-201 table from a CSV file.

    python -m engine.bundled.build_table nas-bench-201.csv

The CSV has the columns architecture, cifar10_test, cifar100_test, imagenet16_120_test (percent), one row for each of
the 15,625 cells in the order of the benchmark's own index. Its public source is v-tao/nats-bench-landscape.
"""

import csv
import os
import sys
from pathlib import Path

import numpy as np

from engine.nasbench201 import CELLS, DATASETS, TABLE, code_of
from engine.selection.genotype_text import parse_genotype


def build(source: Path, target: Path) -> None:
    """Write `codes` [15625] and `accuracies` [15625, 3] (hundredths of a percent), both uint16."""
    with source.open(newline="") as file:
        rows = list(csv.DictReader(file))
    codes = [code_of(parse_genotype(row["architecture"])) for row in rows]
    if sorted(codes) != list(range(CELLS)):
        raise SystemExit(f"{source}: expected every one of the {CELLS} cells once")
    accuracies = [[round(100 * float(row[f"{dataset}_test"])) for dataset in DATASETS] for row in rows]
    part = target.with_suffix(".tmp")
    with part.open("wb") as file:
        np.savez_compressed(file, codes=np.array(codes, np.uint16), accuracies=np.array(accuracies, np.uint16))
    os.replace(part, target)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    build(Path(sys.argv[1]), TABLE)
