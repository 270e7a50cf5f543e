"""The cells of NAS-Bench-201 by their index in the benchmark.

cell_at   the cell with an index
codes     all cells as numbers in base 5, edge 0 being the lowest digit
CELLS     how many there are
TABLE     the file with the benchmark's table
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.selection.genotype import Genotype
from engine.spaces import NAS_BENCH_201_OPERATIONS as OPERATIONS
from engine.spaces import search_space

CELLS = 15_625
TABLE = Path(__file__).parents[1] / "bundled" / "nas-bench-201.npz"


@cache
def codes() -> NDArray[np.int64]:
    """[15625]: the code of every cell, by index."""
    with np.load(TABLE, allow_pickle=False) as file:
        return file["codes"].astype(np.int64)


def cell_at(index: int) -> Genotype:
    """The cell with this index of the benchmark (0 to 15,624)."""
    code = int(codes()[index])
    edges = search_space("nas-bench-201").edges("cell")
    base = len(OPERATIONS)
    return Genotype({"cell": [(OPERATIONS[code // base**edge.index % base], edge.source) for edge in edges]})
