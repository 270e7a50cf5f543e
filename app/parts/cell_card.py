"""The cell card: what its strands show, and the clickable graph or the same as a list.

cell_card   draw it
"""

import streamlit as st

from app.figures.cell_graph import Graph, Measure, cell_graph_info
from app.figures.edge_names import parse_edge_id
from app.parts import sentences, text
from app.parts.cell_graph import cell_graph
from app.state import keys
from app.state.actions import Actions
from app.state.questions import Questions
from engine.drawing import palette, wording

MEASURES: dict[Measure, str] = {"alpha": "α", "drop": "measured drop", "both": "both"}


def cell_card(ask: Questions, do: Actions, *, key: str = "cell", title: str = "The cell") -> None:
    """The cell graph with its strands switch and its list-view twin."""
    name, controls = st.columns([1, 2], vertical_alignment="center")
    with name:
        text.heading(title)
    page, scores = ask.page, ask.scores
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
    graph = cell_graph_info(
        page.space,
        page.cell,
        alphas=page.weights(),
        scores=scores,
        selection=page.selection,
        focus=page.edge,
        measure=shown,
        isolate=page.isolated,
        available=page.image_set.available,
    )

    def choose(chosen: str | None) -> None:
        do.select(parse_edge_id(page.space, chosen)[1] if chosen else None)

    if keys.LIST_VIEW.get(False):
        _list(ask, do, graph, key)
    else:
        cell_graph(graph, key=f"{key}-graph", on_select=choose)


def _list(ask: Questions, do: Actions, graph: Graph, key: str) -> None:
    page, chosen_row = ask.page, keys.CELL_LIST.of(key)
    rows = []
    for edge, mark in zip(page.space.edges(page.cell), graph["edges"], strict=True):
        found, by_alpha = ask.scores.get(edge.index), page.selection.best_by_alpha(page.cell, edge)
        rows.append(
            {
                "edge": wording.plain(page.space.cell(page.cell).edge_name(edge)),
                "α keeps": palette.operation(by_alpha).label if by_alpha else "unknown",
                "measurement keeps": palette.operation(found.best).label if found else "not measured",
                "verdict": wording.VERDICT[found.verdict].text if found else "",
                "lead": (found and sentences.lead(found)) or "",
                "decided": palette.operation(mark["operation"]).label if mark["operation"] else "",
            }
        )

    def choose() -> None:
        if chosen := chosen_row.get(None).selection.rows:
            do.select(chosen[0])

    st.dataframe(
        rows,
        key=chosen_row.name,
        on_select=choose,
        selection_mode="single-row",
        hide_index=True,
        height=330,
        alt="edges",
    )
