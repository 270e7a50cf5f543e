"""A finished cell as a left-to-right graph, the way the papers draw it.

DerivedInfo, DerivedEdge   what is drawn
derived_info               from a genotype, optionally beside another one
plot_derived               DOT text; the browser lays it out, no dot program is needed
"""

import re
from typing import NamedTuple

import graphviz

from engine.drawing import palette
from engine.drawing.palette import Theme
from engine.selection.genotype import Genotype
from engine.spaces import search_space


class DerivedEdge(NamedTuple):
    """An operation from node `source` to node `target`; `differs` where the other genotype does not have it."""

    operation: str
    source: int
    target: int
    differs: bool


class DerivedInfo(NamedTuple):
    """nodes: names by node number, inputs first; joined: nodes that the cell's output concatenates (DARTS family)."""

    cell: str
    nodes: tuple[str, ...]
    edges: tuple[DerivedEdge, ...]
    joined: tuple[int, ...]


def derived_info(genotype: Genotype, cell: str, other: Genotype | None = None) -> DerivedInfo:
    """One cell type of a genotype. Raises BadInput if one of the genotypes has no such cell type."""
    space = search_space("darts" if genotype.family == "darts" else "nas-bench-201")
    elsewhere = None if other is None else set(other.edges(cell))
    edges = sorted(genotype.edges(cell), key=lambda edge: (edge[2], edge[1]))
    return DerivedInfo(
        cell,
        tuple(space.node_name(node) for node in space.nodes),
        tuple(DerivedEdge(*edge, differs=elsewhere is not None and edge not in elsewhere) for edge in edges),
        space.nodes[len(space.input_nodes) :] if genotype.family == "darts" else (),
    )


def plot_derived(info: DerivedInfo, theme: Theme, names: bool = True) -> str:
    """DOT text with explicit colours on a transparent ground; operations that differ are outlined and say ≠.

    names: False leaves the two-letter codes alone, for narrow columns, where a wide graph would shrink its text.
    """
    look = palette.roles(theme)
    font = {"fontname": "Source Sans, sans-serif", "fontsize": "14", "fontcolor": look.text}
    graph = graphviz.Digraph(
        graph_attr={"rankdir": "LR", "bgcolor": "transparent", "nodesep": "0.2", "ranksep": "0.3", "pad": "0.05"},
        node_attr={**font, "shape": "box", "style": "rounded,filled", "fillcolor": look.surface, "color": look.text},
        edge_attr={**font, "arrowsize": "0.7"},
    )
    for number, name in enumerate((*info.nodes, *(("c_{k}",) if info.joined else ()))):
        graph.node(str(number), _node_label(name), margin="0.1,0.06", height="0.36", width="0.5")
    for edge in info.edges:
        graph.edge(str(edge.source), str(edge.target), **_drawn(edge, theme, names))
    for node in info.joined:
        graph.edge(str(node), str(len(info.nodes)), color=look.muted, penwidth="1", arrowsize="0.5")
    return graph.source


_STYLES = {"": "solid", "2 3": "dotted", "2 8": "dotted"}  # Graphviz knows one kind of dash
_SUBSCRIPT = str.maketrans("k-12", "ₖ₋₁₂")


def _drawn(edge: DerivedEdge, theme: Theme, names: bool) -> dict[str, str]:
    look, color = palette.operation(edge.operation), palette.colour(edge.operation, theme)
    signal = palette.roles(theme).disagree
    outline = f'BORDER="2" COLOR="{signal}" STYLE="ROUNDED"' if edge.differs else 'BORDER="0"'
    code = f'<FONT COLOR="{palette.ink(edge.operation, theme)}"><B>{look.code}</B></FONT>'
    sign = f'<FONT COLOR="{signal}"><B>≠</B></FONT>' if edge.differs else ""
    beside = " ".join(filter(None, (look.label if names else "", sign)))
    cells = f'<TD STYLE="ROUNDED" BGCOLOR="{color}">{code}</TD>' + (f"<TD>{beside}</TD>" if beside else "")
    return {
        "label": f'<<TABLE {outline} CELLBORDER="0" CELLPADDING="2"><TR>{cells}</TR></TABLE>>',
        "color": color,
        "penwidth": f"{2.5 * look.width:.1f}",
        "style": _STYLES.get(look.dash, "dashed"),
        "tooltip": f"{look.label}{', only here' if edge.differs else ''}",
    }


def _node_label(name: str) -> str:
    """Subscripts as characters: Graphviz, which guesses widths, would set a smaller text apart."""
    return re.sub(r"_\{(.+?)\}", lambda match: match[1].translate(_SUBSCRIPT), name)
