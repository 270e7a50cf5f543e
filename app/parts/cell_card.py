"""The cell card: what its strands show, and the clickable graph or the same as a list.

cell_card   draw it
"""

import streamlit as st

from app.figures.cell_graph import Graph, Measure
from app.figures.cell_graph import cell_graph as graph_of
from app.figures.edge_names import parse_edge_id
from app.parts import text
from app.parts.cell_graph import cell_graph
from app.state.page import View
from engine.drawing import palette, wording
from engine.results import EdgeScores

MEASURES: dict[Measure, str] = {"alpha": "α", "drop": "measured drop", "both": "both"}


def cell_card(view: View, scores: dict[int, EdgeScores], *, key: str = "cell", title: str = "The cell") -> None:
    """The cell graph with its strands switch and its list-view twin."""
    name, controls = st.columns([1, 2], vertical_alignment="center")
    with name:
        text.heading(title)
    first: Measure = "drop" if scores else "alpha"
    with controls:
        shown = st.segmented_control(
            "Strands show",
            list(MEASURES),
            format_func=MEASURES.__getitem__,
            default=first,
            required=True,
            key=f"{key}-measure",
            label_visibility="collapsed",
        )
    graph = graph_of(
        view.space,
        view.cell,
        alphas=view.weights(),
        scores=scores,
        selection=view.selection,
        focus=view.edge,
        measure=shown,
        isolate=view.isolated,
    )

    def choose(chosen: str | None) -> None:
        view.select(parse_edge_id(view.space, chosen)[1] if chosen else None)

    if st.session_state.get("list-view"):
        _list(view, graph, key)
    else:
        cell_graph(graph, key=f"{key}-graph", on_select=choose)


def _list(view: View, graph: Graph, key: str) -> None:
    rows = []
    for edge, mark in zip(view.space.edges(view.cell), graph["edges"], strict=True):
        found = view.score(edge.index)
        rows.append(
            {
                "edge": view.space.edge_name(edge),
                "α keeps": palette.operation(view.selection.best_by_alpha(view.cell, edge)).label,
                "measurement keeps": palette.operation(found.best).label if found else "not measured",
                "verdict": wording.VERDICT[found.verdict].text if found else "",
                "difference": wording.with_interval(found.difference, found.difference_ci) if found else "",
                "decided": palette.operation(mark["operation"]).label if mark["operation"] else "",
            }
        )

    def choose() -> None:
        chosen = st.session_state[f"{key}-list"].selection.rows
        if chosen:
            view.select(chosen[0])

    st.dataframe(
        rows, key=f"{key}-list", on_select=choose, selection_mode="single-row", hide_index=True, height=330, alt="edges"
    )
