"""Decisions: the steps that turn a supernet into one discrete cell.

OperationDecision   an edge keeps one operation
InputsDecision      a node keeps some of its incoming edges
read_decision       a decision from its JSON form, `dataclasses.asdict` of it
"""

import reprlib
from dataclasses import dataclass
from typing import Any

from engine.errors import BadInput


@dataclass(frozen=True)
class OperationDecision:
    """An edge keeps one operation."""

    cell: str
    edge: int
    operation: str


@dataclass(frozen=True)
class InputsDecision:
    """A node keeps these incoming edges (ascending), as many as its cell type says; its other edges are discarded."""

    cell: str
    node: int
    edges: tuple[int, ...]


Decision = OperationDecision | InputsDecision


def read_decision(data: Any) -> Decision:
    """Raises BadInput for anything that is not shaped like a decision; whether it is legal, the selection says."""
    match data:
        case {"cell": str(cell), "edge": int(edge), "operation": str(operation)}:
            return OperationDecision(cell, edge, operation)
        case {"cell": str(cell), "node": int(node), "edges": [int(), *_] as edges} if all(
            isinstance(edge, int) for edge in edges
        ):
            return InputsDecision(cell, node, tuple(edges))
    raise BadInput(f"not a decision: {reprlib.repr(data)}; it holds cell, edge, operation or cell, node, edges")
