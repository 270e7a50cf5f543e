"""Search spaces as data. Free of torch.

By module: `cell` is a cell type's graph, `operations` what is known about operations, `skeletons` the network around
the cells, `space` all of it together; `catalog` holds the named spaces, `declared` reads spaces of one's own, `plugins`
finds operations of one's own.
"""

from engine.spaces.catalog import SPACES, described, recorded, search_space, space_text
from engine.spaces.cell import CellSpec, Edge
from engine.spaces.operations import BUILT_IN, MissingPlugin, OperationSpec
from engine.spaces.space import (
    DARTS_OPERATIONS,
    NAS_BENCH_201_OPERATIONS,
    GenotypeFormat,
    SearchSpace,
)

__all__ = [
    "BUILT_IN",
    "DARTS_OPERATIONS",
    "NAS_BENCH_201_OPERATIONS",
    "SPACES",
    "CellSpec",
    "Edge",
    "GenotypeFormat",
    "MissingPlugin",
    "OperationSpec",
    "SearchSpace",
    "described",
    "recorded",
    "search_space",
    "space_text",
]
