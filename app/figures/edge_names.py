"""Edges as short texts, for links and for the clickable graph.

prefix          a cell type in such a text: "n" normal, "r" reduction, "c" NAS-Bench-201's, else its name and "~"
edge_id         an edge as text: "n0-2" is state 0 -> state 2 of the normal cell, "encoder~0-2" the same in another one
parse_edge_id   the cell type and edge that such a text names
"""

import reprlib

from engine.errors import BadInput
from engine.spaces import Edge, SearchSpace

_SHORT = {"normal": "n", "reduce": "r", "cell": "c"}


def prefix(cell: str) -> str:
    """What stands for a cell type; no two cell types share one, and none ends in a digit."""
    return _SHORT.get(cell, f"{cell}~")


def edge_id(cell: str, edge: Edge) -> str:
    """The edge in the grammar of URLs: "n0-2" for normal, state 0 -> state 2."""
    return f"{prefix(cell)}{edge.source}-{edge.target}"


def parse_edge_id(space: SearchSpace, text: str) -> tuple[str, int]:
    """Cell type and edge index that `edge_id` wrote. Raises BadInput for any other text."""
    for cell in space.cells:
        for edge in space.edges(cell):
            if edge_id(cell, edge) == text:
                return cell, edge.index
    example = edge_id(space.cells[0], space.edges(space.cells[0])[0])
    raise BadInput(f"no edge {reprlib.repr(text)} in {space.name}; write one like {example}")
