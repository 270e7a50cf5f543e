"""Explore: look at a cell, measure its edges, see where alpha and measurement disagree. Nothing is decided here."""

import streamlit as st

from app.figures.matrix import matrix_info, plot_matrix
from app.figures.slope import plot_slope, slope_info
from app.parts import sentences, text
from app.parts.cell_card import cell_card
from app.parts.inspector import inspector
from app.parts.untuned import untuned
from app.state.page import View, live
from app.work.measurements import Request
from engine.drawing import wording


def page() -> None:
    live(_body)


def _body(view: View) -> None:
    scores = view.scores()
    missing = view.unmeasured()
    head, action = st.columns([5, 2], vertical_alignment="center") if missing else (st.container(), None)
    with head:
        text.title(sentences.headline(view.selection, view.cell, scores), _subtitle(view))
        untuned(view)
    if action is not None:
        with action:
            _measure_all(view, missing)
    left, right = st.columns([7, 5])
    with left, st.container(border=True, key="cell-card"):
        cell_card(view, scores)
    with right, st.container(border=True, key="inspector-card"):
        inspector(view)
    left, right = st.columns([7, 5])
    with left, st.container(border=True, key="matrix-card"):
        _matrix(view)
    with right, st.container(border=True, key="slope-card"):
        _slope(view)


def _subtitle(view: View) -> str:
    measured = list(view.measurements().values())
    if not measured:
        return "Select an edge and measure it: each operation is removed in turn and the accuracy it costs is shown."
    found = measured[0].result
    parts = [
        sentences.too_close(view.scores()),
        f"Supernet accuracy {wording.percent(found.baseline.accuracy, found.baseline.ci)}",
        text.provenance(measured[0]),
    ]
    return " · ".join(part for part in parts if part)


def _measure_all(view: View, missing: list[Request]) -> None:
    seconds = view.estimate(missing)
    about = f" (about {text.duration(seconds)})" if seconds else ""
    label = f"Measure all {len(missing)} edges{about}"
    st.button(label, on_click=view.measure_all, disabled=view.busy, width="stretch", key="measure-all")


def _matrix(view: View) -> None:
    text.heading("Every edge, every operation", "size = drop · hollow = better without · ○ α · ● measured")

    def choose() -> None:
        points = st.session_state["matrix"].selection.points
        if points:  # a second click empties the selection: that is not a choice
            view.select(int(points[0]["customdata"][0]))

    rows = [view.score_or_alphas(edge.index) for edge in view.space.edges(view.cell)]
    info = matrix_info(view.space, rows, selected=view.edge, decided=view.decided())
    figure = plot_matrix(info, view.theme)
    text.chart(
        figure,
        key="matrix",
        on_select=choose,
        selection_mode="points",
        alt=sentences.headline(view.selection, view.cell, view.scores()),
    )


def _slope(view: View) -> None:
    if view.edge is None:
        text.heading("The same edge, ranked twice", "select an edge")
        return
    text.heading("The same edge, ranked twice", "crossing lines are disagreement")
    info = slope_info(view.score_or_alphas(view.edge))
    alt = f"{view.edge_name()}: operations ranked by alpha and by accuracy drop"
    text.chart(plot_slope(info, view.theme), key="slope", alt=alt)
