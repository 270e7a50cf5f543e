"""Decisions of a page in words.

place_name     the edge or node of a decision
what_is_kept   its operation, or its inputs
by_whom        who took it
in_a_phrase    all of it
words          what is kept, in a sentence
"""

from collections.abc import Sequence

from app.figures.tape_rows import SAID
from app.state.run import RunState
from engine.drawing import palette, wording
from engine.selection.decisions import Decision, InputsDecision, OperationDecision
from engine.spaces import SearchSpace


def place_name(space: SearchSpace, decision: Decision) -> str:
    """The edge or node of a decision, with its cell where the space has several."""
    spec = space.cell(decision.cell)
    cell = f"{decision.cell}, " if len(space.cells) > 1 else ""
    if isinstance(decision, InputsDecision):
        return f"{cell}inputs of {spec.node_name(decision.node)}"
    return cell + spec.edge_name(space.edge(decision.cell, decision.edge))


def what_is_kept(space: SearchSpace, decision: Decision) -> tuple[str | None, str]:
    """Its operation, or None and the inputs that are kept."""
    if not isinstance(decision, InputsDecision):
        return decision.operation, ""
    spec = space.cell(decision.cell)
    return None, " + ".join(spec.node_name(space.edge(decision.cell, edge).source) for edge in decision.edges)


def by_whom(run: RunState, decision: Decision, begun: Sequence[Decision]) -> str:
    """Who took it, as the page's state says; what came with the supernet or a link was taken by nobody here.

    begun: the decisions that the supernet came with."""
    return run.by.get(decision, "training" if decision in begun else "link")


def in_a_phrase(space: SearchSpace, decision: Decision, by: str) -> str:
    """e.g. "skip taken on input → node 1, as α suggests"."""
    return f"{words(space, decision)} taken on {place_name(space, decision)}, {SAID[by]}"


def words(space: SearchSpace, decision: Decision) -> str:
    """e.g. "conv 3×3", or the names of the inputs that are kept."""
    if isinstance(decision, OperationDecision):
        return palette.operation(decision.operation).label
    edges = [space.edge(decision.cell, edge) for edge in decision.edges]
    return " and ".join(wording.plain(space.cell(decision.cell).node_name(edge.source)) for edge in edges)
