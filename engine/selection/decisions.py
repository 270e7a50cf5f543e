"""Decisions: the steps that turn a supernet into one discrete cell.

OperationDecision   an edge keeps one operation
InputsDecision      a node keeps some of its incoming edges
read_decision       a decision from its JSON form, `dataclasses.asdict` of it
"""

import reprlib
from dataclasses import dataclass

from engine.checked import checked
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


def read_decision(data: object) -> Decision:
    """Raises BadInput for anything that is not shaped like a decision; whether it is legal, the selection says."""
    try:
        return checked(tuple[Decision], [data])[0]
    except BadInput:
        raise BadInput(
            f"not a decision: {reprlib.repr(data)}; it holds cell, edge, operation or cell, node, edges"
        ) from None
