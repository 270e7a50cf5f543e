"""The clickable cell graph: a Streamlit component that draws an app.figures.cell_graph.Graph as inline SVG.

cell_graph   mount it; says which edge was chosen

The browser side (cell_graph.js, cell_graph.css) only paints: what is on the picture, its wording and its places come
from the Graph. It patches the nodes it has drawn before, so focus and transitions survive a rerun.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from app.figures.cell_graph import Graph
from app.parts.component import component

CLEARED = ""

_component = component(Path(__file__).parent)


def cell_graph(graph: Graph, *, key: str, on_select: Callable[[str | None], None] | None = None) -> str | None:
    """Draw the graph; clicking an edge, or Enter or Space on it, chooses it, Esc or the background clears the choice.

    on_select runs before the rerun's script with the chosen edge's id ("n0-2"), or None when the choice was cleared.
    Returns the id in the one run that a choice causes, CLEARED ("") when it was cleared, None in every other run.
    """

    def choose() -> None:
        chosen = st.session_state[key].edge
        if on_select is not None and chosen is not None:
            on_select(chosen or None)

    return _component(key=key, data=graph, on_edge_change=choose).edge
