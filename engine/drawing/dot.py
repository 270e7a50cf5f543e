"""A finished cell as a Graphviz digraph, cell types as clusters.

dot   DOT text; any Graphviz program lays it out
"""

import re
from collections.abc import Iterator, Sequence

from engine.drawing.finished_cell import FinishedCell, cell_types, finished_cell
from engine.drawing.palette import operation, roles
from engine.drawing.wording import plain
from engine.errors import BadInput
from engine.selection.genotype import Genotype

_STYLES = {"": "solid", "2 3": "dotted", "2 8": "dotted"}  # Graphviz knows one kind of dash


def dot(genotype: Genotype, cell: str | None = None, about: Sequence[str] = ()) -> str:
    """One cell type, or all of them. about: lines that say where the genotype comes from.

    Raises BadInput for a cell type that the genotype does not have, and where the graphviz library is missing.
    """
    try:
        import graphviz  # it writes the text without any program; nothing else in the engine needs it
    except ImportError:
        raise BadInput("DOT text needs the graphviz library: pip install graphviz, or use format svg") from None
    cells = [finished_cell(genotype, name) for name in (cell_types(genotype) if cell is None else (cell,))]
    look = roles("light")
    font = {"fontname": "Helvetica", "fontcolor": look.text}
    graph = graphviz.Digraph(
        "cell",
        graph_attr={**font, "rankdir": "LR", "nodesep": "0.2", "ranksep": "0.4", "bgcolor": look.background},
        node_attr={**font, "shape": "box", "style": "rounded,filled", "fillcolor": look.surface, "height": "0.36"},
        edge_attr={**font, "fontsize": "12", "arrowsize": "0.7"},
    )
    for one in cells:
        name = re.sub(r"\W", "_", one.cell)  # Graphviz would take a colon for the port of a node
        part = graph if len(cells) == 1 else graphviz.Digraph(f"cluster_{name}")
        if part is not graph:
            part.attr(label=graphviz.escape(one.cell))
        for node, words in enumerate(one.nodes):
            part.node(f"{name}_{node}", graphviz.escape(plain(words)))
        for source, target, label, looks in _edges(one):
            part.edge(f"{name}_{source}", f"{name}_{target}", graphviz.escape(label) if label else None, **looks)
        if part is not graph:
            graph.subgraph(part)
    return "".join(f"// {line}\n" for line in about) + graph.source


def _edges(cell: FinishedCell) -> Iterator[tuple[int, int, str, dict[str, str]]]:
    """Source, target, label and looks of every line."""
    for edge in cell.edges:
        style = operation(edge.operation)
        looks = {"color": style.light, "fontcolor": style.light, "style": _STYLES.get(style.dash, "dashed")}
        yield (
            edge.source,
            edge.target,
            f"{style.code} {style.label}",
            {**looks, "penwidth": f"{2.5 * style.width:.1f}"},
        )
    for node in cell.joined:
        yield node, len(cell.nodes) - 1, "", {"color": roles("light").muted}
