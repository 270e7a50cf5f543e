"""A finished cell as a value: what is drawn the same on the page, in files, in reports and in notebooks.

FinishedCell    nodes and operations of one cell type, ready to draw
FinishedEdge    one operation, and whether another genotype lacks it
finished_cell   from a genotype, optionally beside another one
cell_so_far     from a selection in which decisions may be missing
cell_types      that a genotype has

`engine.drawing.finished_svg` draws it, `engine.drawing.dot` as Graphviz does.
"""

from typing import NamedTuple

from engine.drawing.palette import operation
from engine.drawing.wording import plain
from engine.selection.genotype import Genotype
from engine.selection.selection import Selection
from engine.spaces import CellSpec


class FinishedEdge(NamedTuple):
    """An operation from node `source` to node `target`; `differs` where the other genotype does not have it."""

    operation: str
    source: int
    target: int
    differs: bool = False


class FinishedCell(NamedTuple):
    """nodes: names by node number, inputs first, and last the output where it joins nodes. joined: those nodes.

    undecided: (source, target) of edges without an operation yet, drawn as thin dashed lines.
    """

    cell: str
    nodes: tuple[str, ...]
    edges: tuple[FinishedEdge, ...]
    joined: tuple[int, ...]
    undecided: tuple[tuple[int, int], ...] = ()

    @property
    def text(self) -> str:
        """All of it in words."""
        edges = [
            f"{operation(edge.operation).label} from {plain(self.nodes[edge.source])} "
            f"to {plain(self.nodes[edge.target])}{' (only here)' if edge.differs else ''}"
            for edge in self.edges
        ]
        edges += [
            f"undecided from {plain(self.nodes[one])} to {plain(self.nodes[other])}" for one, other in self.undecided
        ]
        return f"{self.cell}: {', '.join(edges)}"


def finished_cell(genotype: Genotype, cell: str, other: Genotype | None = None) -> FinishedCell:
    """One cell type of a genotype. Raises BadInput if one of the genotypes has no such cell type."""
    spec = genotype.space.cell(cell)
    elsewhere = None if other is None else set(other.edges(cell))
    return FinishedCell(
        cell,
        _node_names(spec),
        tuple(
            FinishedEdge(*edge, differs=elsewhere is not None and edge not in elsewhere)
            for edge in genotype.edges(cell)
        ),
        spec.joined,
    )


def cell_so_far(selection: Selection, cell: str) -> FinishedCell:
    """One cell type of a selection: what is decided with its operation, what is not without one, and without the edges
    that a node was decided to lose. Raises BadInput for another cell type."""
    spec = selection.space.cell(cell)
    open_edges, decided = [], []
    for edge in spec.edges:
        name = selection.operation(cell, edge)
        if name is None:
            open_edges.append((edge.source, edge.target))
        elif not selection.is_discarded(cell, edge):
            decided.append(FinishedEdge(name, edge.source, edge.target))
    return FinishedCell(cell, _node_names(spec), tuple(decided), spec.joined, tuple(open_edges))


def _node_names(spec: CellSpec) -> tuple[str, ...]:
    names = tuple(map(spec.node_name, range(spec.nodes)))
    return (*names, "c_{k}") if spec.joined else names


def cell_types(genotype: Genotype) -> tuple[str, ...]:
    return tuple(name for name, _ in genotype.cells)
