"""Search spaces: which edges a cell has, and which candidate operations each edge offers.

SearchSpace    a named space: cell types, edges, operations per edge
Edge           one edge of a cell type: index, source node, target node
search_space   look a space up by name ("darts", alias "s5", ..., "nas-bench-201")
SPACES         names of all spaces, in the order they are listed to people

Node numbers count from 0. DARTS family: 0 and 1 are the cell's two inputs, 2..5 its inner nodes.
NAS-Bench-201: 0 is the input, 3 the output. Edges are numbered by target, then by source.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from engine.errors import BadInput, one_of

Family = Literal["darts", "nas-bench-201"]


@dataclass(frozen=True, order=True)
class Edge:
    """An edge of a cell type, from node `source` to node `target`."""

    index: int
    source: int
    target: int


@dataclass(frozen=True, repr=False)
class SearchSpace:
    """A cell topology with a list of candidate operations for every edge.

    `table[cell][edge]` is the ordered tuple of operation names; the order is the column order of alphas,
    weights and scores everywhere.
    """

    name: str
    family: Family
    table: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]

    def __repr__(self) -> str:
        return f"SearchSpace({self.name!r})"

    @property
    def cells(self) -> tuple[str, ...]:
        """Cell types: ("normal", "reduce"), or ("cell",) in NAS-Bench-201."""
        return tuple(cell for cell, _ in self.table)

    @cached_property
    def _operations(self) -> dict[str, tuple[tuple[str, ...], ...]]:
        return dict(self.table)

    @property
    def nodes(self) -> tuple[int, ...]:
        """All nodes of a cell that hold a feature map, inputs first."""
        return tuple(range(6 if self.family == "darts" else 4))

    @property
    def input_nodes(self) -> tuple[int, ...]:
        return (0, 1) if self.family == "darts" else (0,)

    @property
    def topology_nodes(self) -> tuple[int, ...]:
        """Nodes that keep two of their incoming edges: 3, 4 and 5 in the DARTS family, none in NAS-Bench-201."""
        return (3, 4, 5) if self.family == "darts" else ()

    @property
    def steps(self) -> int:
        """Decisions until a selection is complete, over all cell types."""
        return sum(len(edges) + len(self.topology_nodes) for _, edges in self.table)

    @cached_property
    def _edges(self) -> tuple[Edge, ...]:
        first_inner = len(self.input_nodes)
        pairs = [(source, target) for target in self.nodes[first_inner:] for source in range(target)]
        return tuple(Edge(index, source, target) for index, (source, target) in enumerate(pairs))

    def check_cell(self, cell: str) -> str:
        if cell not in self._operations:
            raise one_of(f"cell type for space {self.name}:", cell, self.cells)
        return cell

    def edges(self, cell: str) -> tuple[Edge, ...]:
        """All edges of a cell type in index order. Raises BadInput for an unknown cell type."""
        self.check_cell(cell)
        return self._edges

    def edge(self, cell: str, edge: int | Edge) -> Edge:
        """The edge with this index. Raises BadInput if the cell type has no such edge."""
        edges = self.edges(cell)
        index = edge.index if isinstance(edge, Edge) else edge
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(edges):
            raise BadInput(f"no edge {index!r} in cell type {cell!r} of {self.name}; edges are 0 to {len(edges) - 1}")
        return edges[index]

    def operations(self, cell: str, edge: int | Edge) -> tuple[str, ...]:
        """Candidate operations of an edge, in column order."""
        return self._operations[cell][self.edge(cell, edge).index]

    def operation_index(self, cell: str, edge: int | Edge, operation: str) -> int:
        """Column of a candidate operation. Raises BadInput if the edge does not offer it."""
        operations = self.operations(cell, edge)
        if operation not in operations:
            raise one_of(
                f"operation for edge {self.edge(cell, edge).index} ({cell}) of {self.name}:", operation, operations
            )
        return operations.index(operation)

    def shape(self, cell: str) -> tuple[int, int]:
        """Shape of this cell type's alphas: (edges, operations)."""
        return len(self.edges(cell)), len(self.operations(cell, 0))

    def inputs(self, node: int) -> tuple[Edge, ...]:
        """Edges that enter a node, by source."""
        return tuple(edge for edge in self._edges if edge.target == node)

    def node_name(self, node: int) -> str:
        """What a node is called on screen."""
        if self.family == "darts":
            return ("c_{k-2}", "c_{k-1}", "node 0", "node 1", "node 2", "node 3")[node]
        return ("input", "node 1", "node 2", "output")[node]

    def edge_name(self, edge: Edge) -> str:
        """What an edge is called on screen, e.g. "c_{k-2} → node 0"."""
        return f"{self.node_name(edge.source)} → {self.node_name(edge.target)}"


def _uniform(operations: Sequence[str], edges: int) -> tuple[tuple[str, ...], ...]:
    return (tuple(operations),) * edges


def _darts(name: str, *operations: str) -> SearchSpace:
    return SearchSpace(name, "darts", (("normal", _uniform(operations, 14)), ("reduce", _uniform(operations, 14))))


# RobustDARTS S1: the two strongest operations of each edge of a DARTS search, edge by edge.
_SHORT = {
    "sk": "skip_connect",
    "mp": "max_pool_3x3",
    "ap": "avg_pool_3x3",
    "s3": "sep_conv_3x3",
    "d3": "dil_conv_3x3",
    "d5": "dil_conv_5x5",
}
_S1_NORMAL = "sk,d3 sk,d5 sk,d5 sk,s3 sk,d3 mp,sk sk,s3 sk,s3 sk,d3 sk,s3 mp,sk sk,d3 d3,d5 d3,d5"
_S1_REDUCE = "mp,ap mp,d3 mp,ap mp,ap sk,d5 mp,ap mp,s3 sk,d3 sk,d5 mp,ap mp,ap sk,d5 sk,d5 sk,d5"


def _per_edge(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(_SHORT[code] for code in edge.split(",")) for edge in text.split())


_POOL_SKIP_CONV = (
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
NAS_BENCH_201_OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")

_REGISTRY = {
    space.name: space
    for space in (
        SearchSpace("nas-bench-201", "nas-bench-201", (("cell", _uniform(NAS_BENCH_201_OPERATIONS, 6)),)),
        _darts("darts", *_POOL_SKIP_CONV),
        _darts("darts-none", "none", *_POOL_SKIP_CONV),
        SearchSpace("s1", "darts", (("normal", _per_edge(_S1_NORMAL)), ("reduce", _per_edge(_S1_REDUCE)))),
        _darts("s2", "skip_connect", "sep_conv_3x3"),
        _darts("s3", "none", "skip_connect", "sep_conv_3x3"),
        _darts("s4", "noise", "sep_conv_3x3"),
    )
}
SPACES = tuple(_REGISTRY)
_ALIASES = {"s5": "darts"}


def search_space(name: str) -> SearchSpace:
    """The space with this name. Raises BadInput, listing the known names, for any other."""
    space = _REGISTRY.get(_ALIASES.get(name, name)) if isinstance(name, str) else None
    if space is None:
        raise one_of("search space", name, (*SPACES, *_ALIASES))
    return space
