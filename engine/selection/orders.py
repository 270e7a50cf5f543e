"""Orders in which a selection visits what is left to decide.

Order         edges of all cell types, then the nodes that choose between inputs
index_order   by index
edge_order    random, the order that the published code draws from a seed
next_step     what an order visits next in a selection: a NextStep
distinct      which orders differ in what a selection has left to decide
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal, NamedTuple, Protocol

import numpy as np

from engine.errors import BadInput
from engine.spaces import SearchSpace


class Order(NamedTuple):
    """(cell type, edge) and (cell type, node) pairs. Cell types alternate, as in the published schedule."""

    edges: tuple[tuple[str, int], ...]
    nodes: tuple[tuple[str, int], ...]


class Decided(Protocol):
    """What an order must know of a selection."""

    @property
    def space(self) -> SearchSpace: ...

    def is_decided(self, cell: str, edge: int) -> bool: ...

    def kept(self, cell: str, node: int) -> tuple[int, ...] | None: ...


def index_order(space: SearchSpace) -> Order:
    """Edges by index, then nodes by index."""
    return Order(
        _in_turns({cell: [edge.index for edge in space.edges(cell)] for cell in space.cells}),
        _in_turns({cell: list(space.cell(cell).topology_nodes) for cell in space.cells}),
    )


def _in_turns(columns: Mapping[str, list[int]]) -> tuple[tuple[str, int], ...]:
    rows = zip_longest(*([(cell, index) for index in indices] for cell, indices in columns.items()))
    return tuple(place for row in rows for place in row if place is not None)


def edge_order(space: SearchSpace, seed: int) -> Order:
    """The order of DARTS-PT's official code for this seed (0 to 2**32 - 1, else BadInput).

    The code draws each next edge from NumPy's global generator, uniformly among the undecided edges of the cell type.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise BadInput(f"seed must be a whole number from 0 to {2**32 - 1}, not {seed!r}")
    random = np.random.RandomState(seed)

    def draw(remaining: dict[str, list[int]]) -> tuple[tuple[str, int], ...]:
        drawn = []
        while any(remaining.values()):
            for cell, left in remaining.items():
                if left:
                    choice = int(random.choice(left, size=1)[0])
                    left.remove(choice)
                    drawn.append((cell, choice))
        return tuple(drawn)

    edges = draw({cell: [edge.index for edge in space.edges(cell)] for cell in space.cells})
    return Order(edges, draw({cell: list(space.cell(cell).topology_nodes) for cell in space.cells}))


@dataclass(frozen=True)
class NextStep:
    """What is decided next: an edge's operation or a node's inputs."""

    kind: Literal["edge", "node"]
    cell: str
    index: int


def next_step(selection: Decided, order: Order) -> NextStep | None:
    """The first undecided edge of an order, after the last edge the first node; None when all is decided."""
    for cell, edge in order.edges:
        if not selection.is_decided(cell, edge):
            return NextStep("edge", cell, edge)
    for cell, node in order.nodes:
        if selection.kept(cell, node) is None:
            return NextStep("node", cell, node)
    return None


def distinct(selection: Decided, orders: int) -> tuple[int, ...]:
    """Seeds from 0 to orders - 1 whose orders visit what is left to decide each in a way of its own; of those that do
    it in the same way the first. Paths in equal orders are one path, and no spread."""
    first: dict[Order, int] = {}
    for seed in range(orders):
        order = edge_order(selection.space, seed)
        edges = tuple(place for place in order.edges if not selection.is_decided(*place))
        nodes = tuple(place for place in order.nodes if selection.kept(*place) is None)
        first.setdefault(Order(edges, nodes), seed)
    return tuple(first.values())
