"""The cell card: what its strands show, and the clickable graph or the same as a list.

cell_card      draw it
cell_picture   the graph or the list alone
"""

from collections.abc import Callable, Mapping

import streamlit as st

from app.figures.cell_graph import Measure, cell_graph_info
from app.figures.edge_list import edge_list
from app.figures.edge_names import parse_edge_id
from app.parts import sentences, text
from app.parts.cell_graph import cell_graph
from app.parts.evidence_table import evidence_table
from app.state import keys
from app.state.actions import Actions
from app.state.questions import Questions
from engine.results import EdgeScores

MEASURES: dict[Measure, str] = {"alpha": "α", "drop": "measured drop", "both": "both"}
MANY = 8
"""Edges up to which the list is shown whole; more scroll in its height, in pixels."""
_HEIGHT = 330


def cell_card(
    ask: Questions,
    do: Actions,
    *,
    key: str = "cell",
    title: str = "The cell",
    aside: Callable[[], None] | None = None,
) -> None:
    """The cell graph with its strands switch and its list-view twin. aside: draws what stands beside the switch."""
    name, controls, *rest = st.columns([3, 9, 8] if aside else [1, 2], vertical_alignment="center")
    with name:
        text.heading(title)
    if aside is not None:
        with rest[0]:
            aside()
    first: Measure = "drop" if ask.scores else "alpha"
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
    cell_picture(ask, do, key, shown, ask.scores, sentences.no_drops(*ask.page.evidence))


def cell_picture(
    ask: Questions, do: Actions, key: str, measure: Measure, scores: Mapping[int, EdgeScores], unmeasured: str
) -> None:
    """The graph, or the list. scores: to show, by edge. unmeasured: what is said of an edge without them."""
    page = ask.page
    graph = cell_graph_info(
        page.space,
        page.cell,
        alphas=page.weights(),
        scores=scores,
        selection=page.selection,
        focus=page.edge,
        measure=measure,
        isolate=page.isolated,
        available=page.image_set.available,
        unmeasured=unmeasured.replace("<br>", " "),
    )

    def choose(chosen: str | None) -> None:
        do.select(parse_edge_id(page.space, chosen)[1] if chosen else None)

    if keys.LIST_VIEW.get(False):
        with st.container(height=_HEIGHT if len(graph["edges"]) > MANY else "content", border=False, key=f"{key}-rows"):
            rows = edge_list(graph, scores, sentences.without(*ask.page.evidence))
            evidence_table(rows, key=f"{key}-list", on_choose=choose)
    else:
        cell_graph(graph, key=f"{key}-graph", on_select=choose)
