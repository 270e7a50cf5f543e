"""How many weights each operation of a supernet has. Without torch, and without reading a weight.

operation_parameters   by cell type, edge and operation
"""

from collections import Counter
from functools import lru_cache
from math import prod
from pathlib import Path

from safetensors import safe_open

from engine.checkpoint.format import STATISTICS, WEIGHTS, Summary

Place = tuple[str, int, str]
"""Cell type, edge, operation."""


def operation_parameters(summary: Summary) -> dict[Place, int]:
    """Weights of every operation, over all cells of its type; an operation that is not in the table has none."""
    meta = summary.meta
    blocks = tuple(block.cell for block in summary.space.blocks(meta["channels"], meta["cells"]))
    return _counted(summary.path, summary.digest, blocks)


@lru_cache(maxsize=64)
def _counted(folder: Path, digest: str, blocks: tuple[str | None, ...]) -> dict[Place, int]:
    """digest: what the answer depends on besides. blocks: the cell type of each block, None for fixed ones."""
    counts: Counter[Place] = Counter()
    with safe_open(folder / WEIGHTS, framework="numpy") as file:
        for name in file.keys():  # noqa: SIM118
            parts = name.split(".")
            if parts[0] != "blocks" or len(parts) < 5 or parts[2] != "edges" or name.endswith(STATISTICS):
                continue
            cell = blocks[int(parts[1])]
            if cell is not None:
                counts[cell, int(parts[3]), parts[4]] += prod(file.get_slice(name).get_shape())
    return dict(counts)
