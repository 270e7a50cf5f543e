"""Decisions as a link says them. Without Streamlit and torch.

format_decisions   decisions as text, "n0-2.S3,n1-2.SK,n3:0+1"
parse_decisions    the same again
Partly             some of them are legal and some are not

A decision is `edge.code` (codes of `engine.drawing.palette`), or `node:source+source` for the inputs a node keeps,
nodes numbered as in a genotype.
"""

import re
import reprlib
from collections.abc import Iterable

from app.figures.edge_names import edge_id, parse_edge_id, prefix
from engine.drawing import palette
from engine.errors import BadInput, one_of
from engine.selection.decisions import Decision, InputsDecision
from engine.selection.selection import Selection
from engine.spaces import SearchSpace


def format_decisions(decisions: Iterable[Decision], space: SearchSpace) -> str:
    """Decisions in order, "n0-2.S3,n1-2.SK,n3:0+1"; "" for none."""
    return ",".join(_format_decision(decision, space) for decision in decisions)


def _format_decision(decision: Decision, space: SearchSpace) -> str:
    if isinstance(decision, InputsDecision):
        sources = "+".join(str(space.edge(decision.cell, edge).source) for edge in decision.edges)
        return f"{prefix(decision.cell)}{decision.node}:{sources}"
    edge = space.edge(decision.cell, decision.edge)
    return f"{edge_id(decision.cell, edge)}.{palette.operation(decision.operation).code}"


class Partly(BadInput):
    """Some decisions are legal and some are not. kept: those before the first that is not; why: what is wrong there."""

    def __init__(self, kept: tuple[Decision, ...], why: BadInput) -> None:
        beginning = "the first one" if len(kept) == 1 else f"the first {len(kept)}"
        used = f"only {beginning} could be used" if kept else "none could be used"
        super().__init__(f"Of the link's decisions {used}: {why}.")
        self.kept, self.why = kept, why


def parse_decisions(text: str, space: SearchSpace) -> tuple[Decision, ...]:
    """Raises Partly at the first one that is not legal after those before it."""
    # Alphas play no part in what is legal.
    selection = Selection(
        space, {cell: [[0.0] * len(space.operations(cell, edge)) for edge in space.edges(cell)] for cell in space.cells}
    )
    for item in text.split(",") if text else ():
        try:
            selection = _take(selection, item)
        except BadInput as error:
            raise Partly(selection.decisions, error) from None
    return selection.decisions


_OPERATION = re.compile(r"(.+)\.(\w\w)", re.ASCII)
# A plus sign typed into an address arrives as a space.
_INPUTS = re.compile(r"(.*?\D)(\d{1,3}):(\d{1,3}(?:[+ ]\d{1,3})*)", re.ASCII)


def _take(selection: Selection, item: str) -> Selection:
    space = selection.space
    if match := _OPERATION.fullmatch(item):
        cell, edge = parse_edge_id(space, match[1])
        codes = {palette.operation(name).code: name for name in space.operations(cell, edge)}
        if match[2] not in codes:
            raise one_of(f"operation on edge {match[1]} of {space.name}:", match[2], codes)
        return selection.discretize(cell, edge, codes[match[2]])
    if match := _INPUTS.fullmatch(item):
        cells = {prefix(cell): cell for cell in space.cells}
        if match[1] not in cells:
            raise BadInput(f"unknown cell type in {reprlib.repr(item)}; use one of: {', '.join(cells)}")
        node, sources = int(match[2]), [int(source) for source in re.split("[+ ]", match[3])]
        edges = {edge.source: edge.index for edge in space.cell(cells[match[1]]).entering(node)}
        if not set(sources) <= set(edges):
            raise BadInput(f"node {node} of {space.name} has no inputs {reprlib.repr(match[3])}; write n3:0+1")
        return selection.keep_inputs(cells[match[1]], node, [edges[source] for source in sources])
    raise BadInput(f"{reprlib.repr(item)} is no decision; write one like n0-2.S3 or n3:0+1")
