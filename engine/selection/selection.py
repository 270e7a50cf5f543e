"""Selections: which operations and inputs have been decided, on top of a supernet's alphas.

Selection                           alphas and the decisions taken so far; immutable, every decision gives a new one
unknown_alpha                       the error where alpha should choose and is unknown
OperationDecision, InputsDecision   one decision (see engine.selection.decisions)

Letters in shapes: E edges of a cell type, K candidate operations of an edge.
"""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import BadInput
from engine.results.shown import Shown
from engine.selection import written
from engine.selection.alphas import Alphas
from engine.selection.decisions import Decision, InputsDecision, OperationDecision, read_decision
from engine.selection.genotype import Genotype, Pair, kept_pairs
from engine.selection.mixing import Mixing
from engine.selection.orders import NextStep, index_order, next_step
from engine.spaces import Edge, SearchSpace, recorded

if TYPE_CHECKING:
    import torch

__all__ = ["Decision", "InputsDecision", "OperationDecision", "Selection"]


@dataclass(frozen=True, init=False, repr=False)
class Selection(Shown):
    """Alphas plus an ordered list of decisions; comparable and hashable, so it can key a cache.

    alphas: cell type -> [E, K], as tensors, arrays or nested sequences. betas: cell type -> [E], the edge strengths
    of PC-DARTS. mixing: how the search mixed by them. Raises BadInput for other cell types or shapes and for NaN or
    infinity.
    """

    space: SearchSpace
    alphas: Alphas
    decisions: tuple[Decision, ...]

    def __init__(self, space: SearchSpace, alphas: Any, betas: Any = None, mixing: Mixing = "softmax") -> None:
        object.__setattr__(self, "space", space)
        object.__setattr__(self, "alphas", Alphas.read(space, alphas, betas, mixing=mixing))
        object.__setattr__(self, "decisions", ())

    def __repr__(self) -> str:
        return f"<Selection in {self.space.name}: {self.steps_done} of {self.space.steps} steps>"

    # What has been decided

    @property
    def steps_done(self) -> int:
        """Decisions taken, of `space.steps`."""
        return len(self.decisions)

    @property
    def is_complete(self) -> bool:
        return self.steps_done == self.space.steps

    def operation(self, cell: str, edge: int | Edge) -> str | None:
        """The operation that an edge was decided for, or None."""
        index = self.space.edge(cell, edge).index
        taken = (d for d in self.decisions if isinstance(d, OperationDecision))
        return next((d.operation for d in taken if (d.cell, d.edge) == (cell, index)), None)

    def is_decided(self, cell: str, edge: int | Edge) -> bool:
        return self.operation(cell, edge) is not None

    def kept(self, cell: str, node: int) -> tuple[int, ...] | None:
        """The incoming edges that a node was decided to keep, or None."""
        self.space.check_cell(cell)
        taken = (d for d in self.decisions if isinstance(d, InputsDecision))
        return next((d.edges for d in taken if (d.cell, d.node) == (cell, node)), None)

    def is_discarded(self, cell: str, edge: int | Edge) -> bool:
        """Whether the edge's target node was decided to keep other edges."""
        edge = self.space.edge(cell, edge)
        kept = self.kept(cell, edge.target)
        return kept is not None and edge.index not in kept

    def undecided_edges(self, cell: str) -> tuple[int, ...]:
        """Indices of the edges without a decided operation."""
        return tuple(edge.index for edge in self.space.edges(cell) if not self.is_decided(cell, edge))

    def open_nodes(self, cell: str) -> tuple[int, ...]:
        """Nodes whose inputs can be decided now: all their operations are, and their inputs are not."""
        return tuple(
            node
            for node in self.space.cell(cell).topology_nodes
            if self.kept(cell, node) is None and not self._undecided_inputs(cell, node)
        )

    def _undecided_inputs(self, cell: str, node: int) -> list[int]:
        entering = self.space.cell(cell).entering(node)
        return [edge.index for edge in entering if not self.is_decided(cell, edge)]

    # Decisions

    def discretize(self, cell: str, edge: int | Edge, operation: str) -> "Selection":
        """The selection in which an edge keeps one operation.

        Raises BadInput for an unknown edge or operation and for an edge that is already decided.
        """
        index = self.space.edge(cell, edge).index
        self.space.operation_index(cell, index, operation)
        before = self.operation(cell, index)
        if before is not None:
            raise BadInput(f"edge {index} ({cell}) is already decided for {before}; undo that decision first")
        return self._with((*self.decisions, OperationDecision(cell, index, operation)))

    def keep_inputs(self, cell: str, node: int, edges: Iterable[int]) -> "Selection":
        """The selection in which a node keeps some of its incoming edges (two in the DARTS family), and loses the rest.

        Raises BadInput for a node without that choice (in the DARTS family only nodes 3 to 5 have it), before all
        operations into the node are decided, and for edges that are not as many different ones of the node's own.
        """
        spec = self.space.cell(cell)
        if node not in spec.topology_nodes:
            nodes = [str(number) for number in spec.topology_nodes]
            many = f"only nodes {', '.join(nodes[:-1])} and {nodes[-1]} choose" if nodes[1:] else ""
            choice = many or (f"only node {nodes[0]} chooses" if nodes else "no node chooses")
            raise BadInput(f"node {node!r} keeps all its inputs; {choice} inputs in {self.space.name}")
        if (before := self.kept(cell, node)) is not None:
            raise BadInput(f"node {node} ({cell}) already keeps edges {before}; undo that decision first")
        if undecided := self._undecided_inputs(cell, node):
            raise BadInput(f"decide the operations of edges {undecided} ({cell}) before the inputs of node {node}")
        incoming = [edge.index for edge in spec.entering(node)]
        wanted = [self.space.edge(cell, edge).index for edge in edges] if isinstance(edges, Iterable) else []
        keep = spec.kept(node)
        if len(wanted) != keep or len(set(wanted)) != keep or not set(wanted) <= set(incoming):
            number = {1: "one edge", 2: "two different edges"}.get(keep, f"{keep} different edges")
            raise BadInput(f"node {node} ({cell}) keeps {number} of {incoming}, not {edges!r}")
        return self._with((*self.decisions, InputsDecision(cell, int(node), tuple(sorted(wanted)))))

    def decide(self, decision: Decision) -> "Selection":
        """The selection with one more decision; checked as in `discretize` and `keep_inputs`."""
        if isinstance(decision, InputsDecision):
            return self.keep_inputs(decision.cell, decision.node, decision.edges)
        return self.discretize(decision.cell, decision.edge, decision.operation)

    def replay(self, decisions: Iterable[Decision]) -> "Selection":
        """The selection with these decisions taken one after the other."""
        selection = self
        for decision in decisions:
            selection = selection.decide(decision)
        return selection

    def with_decisions(self, decisions: Iterable[Decision] = ()) -> "Selection":
        """The same alphas and edge strengths with these decisions in place of its own."""
        return self._with(()).replay(decisions)

    def undo(self) -> "Selection":
        """The selection before the last decision. Raises BadInput when there is none."""
        if not self.decisions:
            raise BadInput("nothing to undo: no decision has been taken")
        return self._with(self.decisions[:-1])

    def _with(self, decisions: tuple[Decision, ...]) -> "Selection":
        selection = Selection(self.space, self.alphas)
        object.__setattr__(selection, "decisions", decisions)
        return selection

    # What alpha says

    def best_by_alpha(self, cell: str, edge: int | Edge) -> str | None:
        """The operation with the largest alpha; `none` only where it may win, ties to the lower index. None where
        alpha is unknown (`Alphas.best`)."""
        return self.alphas.best(cell, self.space.edge(cell, edge).index)

    def inputs_by_alpha(self, cell: str, node: int) -> tuple[int, ...] | None:
        """The incoming edges that the magnitude rule keeps, ascending, whatever has been decided; None where alpha is
        unknown."""
        kept = self.alphas.inputs(cell, node)
        return None if kept is None else tuple(sorted(kept))

    def by_alpha(self, step: NextStep) -> Decision | None:
        """What alpha decides about an edge or a node; None where alpha is unknown."""
        if step.kind == "node":
            edges = self.inputs_by_alpha(step.cell, step.index)
            return None if edges is None else InputsDecision(step.cell, step.index, edges)
        operation = self.best_by_alpha(step.cell, step.index)
        return None if operation is None else OperationDecision(step.cell, step.index, operation)

    def alpha_path(self) -> "Selection":
        """The complete selection that alpha alone leads to from here: remaining edges by index, then nodes.

        Raises BadInput where alpha is unknown.
        """
        order = index_order(self.space)
        selection = self
        while (step := next_step(selection, order)) is not None:
            decision = self.by_alpha(step)
            if decision is None:
                raise unknown_alpha(step)
            selection = selection.decide(decision)
        return selection

    # What it means for the supernet, and in the end

    def weights(
        self, device: "torch.device | str | None" = None, dtype: "torch.dtype | None" = None
    ) -> dict[str, "torch.Tensor"]:
        """Mixing weights, cell type -> [E, K], in the precision of the alphas unless `dtype` says otherwise; what they
        are in which state is said in `engine.selection.weights`."""
        from engine.selection.weights import weights_of

        return {cell: weights_of(self, cell).to(device=device, dtype=dtype) for cell in self.space.cells}

    def is_settled(self, cell: str, node: int) -> bool:
        """Whether nothing about a node's inputs is left to decide: then its edges add up plainly."""
        if node in self.space.cell(cell).topology_nodes:
            return self.kept(cell, node) is not None
        return not self._undecided_inputs(cell, node)

    def _kept_operations(self, cell: str, node: int) -> dict[int, str] | None:
        """Edge -> operation of the edges that a node ends with, or None while something about it is undecided."""
        if not self.is_settled(cell, node):
            return None
        entering = self.space.cell(cell).entering(node)
        incoming = (edge.index for edge in entering if not self.is_discarded(cell, edge))
        return {edge: str(self.operation(cell, edge)) for edge in incoming}

    @property
    def replaced_none(self) -> tuple[str, ...]:
        """One line for every node that keeps `none` where a genotype cannot (DARTS family): what it becomes."""
        notes = []
        for cell in self.space.cells:
            for node in self.space.cell(cell).inner_nodes:
                lost = self._cannot_hold(cell, node)
                if lost:
                    pairs = " and ".join(f"{name} from node {source}" for name, source in self._pairs(cell, node))
                    notes.append(f"{cell}, node {node} keeps {lost}, which a genotype cannot hold; decoded as {pairs}")
        return tuple(notes)

    def _cannot_hold(self, cell: str, node: int) -> str | None:
        """A kept operation that no genotype of this space can have."""
        kept = self._kept_operations(cell, node) or {}
        return next((name for edge, name in kept.items() if name not in self.space.eligible(cell, edge)), None)

    def _pairs(self, cell: str, node: int) -> list[Pair]:
        return kept_pairs(self.space, cell, node, self._kept_operations(cell, node) or {})

    def genotype(self) -> Genotype:
        """As `decoded`, with a warning where `none` was replaced."""
        decoded = self.decoded()
        if self.replaced_none:
            warnings.warn("; ".join(self.replaced_none), stacklevel=2)
        return decoded

    def decoded(self) -> Genotype:
        """The genotype of a complete selection, a node's pairs by source. Raises BadInput before the end.

        `none` kept in the DARTS family is replaced as `genotype.kept_pairs` says; `replaced_none` says where.
        """
        if not self.is_complete:
            missing = self.space.steps - self.steps_done
            raise BadInput(f"{missing} of {self.space.steps} decisions are missing; a genotype needs them all")
        return Genotype(
            {
                cell: [pair for node in self.space.cell(cell).inner_nodes for pair in self._pairs(cell, node)]
                for cell in self.space.cells
            },
            self.space,
        )

    # JSON

    def to_json(self) -> str:
        """Everything the selection is, as one JSON object; floats survive the round trip exactly."""
        return written.write(self.space, self.alphas, self.decisions)

    @classmethod
    def from_json(cls, text: str, space: SearchSpace | None = None) -> "Selection":
        """Read `to_json`. Raises BadInput for other text, another version, a decision that is not legal, or a
        selection of another space than `space` (when given)."""
        data, said = written.read(text)
        found = recorded(said.space, said.declaration)
        if space is not None and found != space:
            raise BadInput(f"the selection is of space {found.name}; choose one of space {space.name}")
        alphas = Alphas.read(found, data.get("alphas"), data.get("betas"), said.dtype, said.mixing)
        return cls(found, alphas).replay(map(read_decision, said.decisions))


def unknown_alpha(step: NextStep) -> BadInput:
    """The sentence for a choice that alpha cannot make."""
    return BadInput(
        f"alpha is unknown at {step.kind} {step.index} ({step.cell}): its alphas are all equal, as in files of weights "
        "alone, so it chooses nothing; decide by measurement, or import the checkpoint together with its alphas"
    )
