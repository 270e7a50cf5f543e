"""The graph of a cell type as data.

Edge       one edge of a cell type: index, source node, target node
CellSpec   nodes, edges and their candidate operations, what the output is, how many inputs a node keeps

Node numbers count from 0, inputs first. Edges are numbered by target, then by source.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from engine.errors import BadInput

Output = Literal["concat", "last"]
"""What a cell gives on: all its inner nodes joined along the channels, or its last node."""


@dataclass(frozen=True, order=True)
class Edge:
    """An edge of a cell type, from node `source` to node `target`."""

    index: int
    source: int
    target: int


@dataclass(frozen=True)
class CellSpec:
    """One cell type.

    inputs: nodes that are inputs; nodes: all nodes that hold features, inputs included. operations: of every edge, its
    candidates in column order. keep: how many incoming edges a node keeps in the end, or None where it keeps all.
    none_may_win: whether an operation that adds nothing can be the one an edge ends with. stride: 2 where the cell
    halves the image (the edges that leave an input do). Made by `CellSpec.of`.
    """

    inputs: int
    nodes: int
    edges: tuple[Edge, ...]
    operations: tuple[tuple[str, ...], ...]
    output: Output = "concat"
    keep: int | None = None
    none_may_win: bool = False
    stride: int = 1

    @classmethod
    def of(
        cls,
        inputs: int,
        nodes: int,
        operations: Sequence[str] | Sequence[Sequence[str]],
        *,
        edges: Sequence[Sequence[int]] | None = None,
        output: Output = "concat",
        keep: int | None = None,
        none_may_win: bool | None = None,
        stride: int = 1,
    ) -> "CellSpec":
        """operations: for all edges alike, or one list an edge. edges: (source, target) pairs; None: a node takes all
        nodes before it. none_may_win None: where nodes keep all their edges.

        Raises BadInput for what is no cell.
        """
        for name, number, least, most in (("inputs", inputs, 1, 8), ("nodes", nodes, 2, 32), ("stride", stride, 1, 2)):
            if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
                raise BadInput(f"{name} must be a whole number from {least} to {most}, not {number!r}")
        if nodes <= inputs:
            raise BadInput(f"nodes counts the {inputs} inputs too, so it must be more than that, not {nodes}")
        if output not in get_args(Output):
            raise BadInput(f"output must be one of {', '.join(get_args(Output))}, not {output!r}")
        if keep is not None and (not isinstance(keep, int) or isinstance(keep, bool) or not 1 <= keep < nodes):
            raise BadInput(f"keep must be the number of edges a node keeps, 1 to {nodes - 1}, not {keep!r}")
        found = _edges(inputs, nodes, edges)
        return cls(
            inputs,
            nodes,
            found,
            _operations(operations, len(found)),
            output,
            keep,
            keep is None if none_may_win is None else bool(none_may_win),
            stride,
        )

    @property
    def input_nodes(self) -> tuple[int, ...]:
        return tuple(range(self.inputs))

    @property
    def inner_nodes(self) -> tuple[int, ...]:
        """Nodes that edges lead into."""
        return tuple(range(self.inputs, self.nodes))

    @property
    def joined(self) -> tuple[int, ...]:
        """Nodes that the output joins; none where the last node is the output."""
        return self.inner_nodes if self.output == "concat" else ()

    @cached_property
    def _entering(self) -> dict[int, tuple[Edge, ...]]:
        return {node: tuple(edge for edge in self.edges if edge.target == node) for node in range(self.nodes)}

    def entering(self, node: int) -> tuple[Edge, ...]:
        """Edges that enter a node, by source; none for a node that there is not."""
        return self._entering.get(node, ())

    def kept(self, node: int) -> int:
        """How many incoming edges a node has in the end."""
        entering = len(self.entering(node))
        return entering if self.keep is None else min(self.keep, entering)

    @cached_property
    def topology_nodes(self) -> tuple[int, ...]:
        """Nodes that keep some of their incoming edges: 3, 4 and 5 in the DARTS family, none in NAS-Bench-201."""
        return tuple(node for node in self.inner_nodes if self.kept(node) < len(self.entering(node)))

    @property
    def is_whole(self) -> bool:
        """Whether every inner node takes all nodes before it."""
        return self.edges == _edges(self.inputs, self.nodes, None)

    @property
    def steps(self) -> int:
        """Decisions until everything about this cell type is decided."""
        return len(self.edges) + len(self.topology_nodes)

    def node_name(self, node: int) -> str:
        """What a node is called on screen; as in the papers, inner nodes count from 0 where the output joins them."""
        if node < self.inputs:
            if self.output == "last" and self.inputs == 1:
                return "input"
            return f"c_{{k-{self.inputs - node}}}"
        if self.output == "last":
            return "output" if node == self.nodes - 1 else f"node {node}"
        return f"node {node - self.inputs}"

    def edge_name(self, edge: Edge) -> str:
        """What an edge is called on screen, e.g. "c_{k-2} → node 0"."""
        return f"{self.node_name(edge.source)} → {self.node_name(edge.target)}"


def _edges(inputs: int, nodes: int, given: Sequence[Sequence[int]] | None) -> tuple[Edge, ...]:
    if given is None:
        pairs = [(source, target) for target in range(inputs, nodes) for source in range(target)]
    else:
        if not isinstance(given, list | tuple) or not all(
            isinstance(pair, list | tuple) and len(pair) == 2 and all(type(node) is int for node in pair)
            for pair in given
        ):
            raise BadInput("edges must be a list of [source, target] pairs of node numbers")
        pairs = sorted(((pair[0], pair[1]) for pair in given), key=lambda pair: (pair[1], pair[0]))
    for source, target in pairs:
        if not 0 <= source < target < nodes or target < inputs:
            raise BadInput(
                f"edge [{source}, {target}] must lead from an earlier node to one of {inputs} to {nodes - 1}"
            )
    if len(set(pairs)) < len(pairs):
        raise BadInput("edges must differ: one of them is listed twice")
    if missing := sorted(set(range(inputs, nodes)) - {target for _, target in pairs}):
        raise BadInput(f"no edge leads to node {missing[0]}; add one, or leave the node out")
    return tuple(Edge(index, source, target) for index, (source, target) in enumerate(pairs))


def _operations(given: Sequence[str] | Sequence[Sequence[str]], edges: int) -> tuple[tuple[str, ...], ...]:
    if not isinstance(given, list | tuple) or not given:
        raise BadInput("operations must be a list of names, or one such list for every edge")
    table: list[tuple[str, ...]] = []
    for row in [given] * edges if all(isinstance(name, str) for name in given) else given:
        if not isinstance(row, list | tuple) or not all(isinstance(name, str) for name in row):
            raise BadInput("operations must be a list of names, or one such list for every edge")
        if len(set(row)) < len(row):
            raise BadInput(f"operations of an edge must differ: {', '.join(map(str, row))}")
        table.append(tuple(map(str, row)))
    if len(table) != edges:
        raise BadInput(f"operations has {len(table)} lists and the cell {edges} edges; give one list an edge, or one")
    if len({len(row) for row in table}) > 1 or not table[0]:
        raise BadInput("every edge of a cell type must offer the same number of operations, at least one")
    return tuple(table)
