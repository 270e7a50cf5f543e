"""Orders in which a selection visits what is left to decide.

Order         edges of all cell types, then the nodes that keep two inputs
index_order   by index
edge_order    random, the order that the published code draws from a seed
next_step     what an order visits next in a selection: a NextStep
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from engine.errors import BadInput
from engine.spaces import SearchSpace

if TYPE_CHECKING:
    from engine.selection.selection import Selection


class Order(NamedTuple):
    """(cell type, edge) and (cell type, node) pairs. Cell types alternate, as in the published schedule."""

    edges: tuple[tuple[str, int], ...]
    nodes: tuple[tuple[str, int], ...]


def index_order(space: SearchSpace) -> Order:
    """Edges by index, then nodes by index."""
    edges = [edge.index for edge in space.edges(space.cells[0])]
    return Order(
        tuple((cell, edge) for edge in edges for cell in space.cells),
        tuple((cell, node) for node in space.topology_nodes for cell in space.cells),
    )


def edge_order(space: SearchSpace, seed: int) -> Order:
    """The order of DARTS-PT's official code for this seed (0 to 2**32 - 1, else BadInput).

    The code draws each next edge from NumPy's global generator, uniformly among the undecided edges of the cell type.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise BadInput(f"seed must be a whole number from 0 to {2**32 - 1}, not {seed!r}")
    random = np.random.RandomState(seed)

    def draw(indices: list[int]) -> tuple[tuple[str, int], ...]:
        remaining = {cell: list(indices) for cell in space.cells}
        drawn = []
        for _ in indices:
            for cell, left in remaining.items():
                choice = int(random.choice(left, size=1)[0])
                left.remove(choice)
                drawn.append((cell, choice))
        return tuple(drawn)

    edges = draw([edge.index for edge in space.edges(space.cells[0])])
    return Order(edges, draw(list(space.topology_nodes)))


@dataclass(frozen=True)
class NextStep:
    """What is decided next: an edge's operation or a node's inputs."""

    kind: Literal["edge", "node"]
    cell: str
    index: int


def next_step(selection: "Selection", order: Order) -> NextStep | None:
    """The first undecided edge of an order, after the last edge the first node; None when all is decided."""
    for cell, edge in order.edges:
        if not selection.is_decided(cell, edge):
            return NextStep("edge", cell, edge)
    for cell, node in order.nodes:
        if selection.kept(cell, node) is None:
            return NextStep("node", cell, node)
    return None
