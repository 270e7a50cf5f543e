"""Explore: look at a cell, measure its edges, see where alpha and measurement disagree. Nothing is decided here."""

import streamlit as st

from app.figures.evidence import images_said
from app.figures.matrix import plot_matrix
from app.figures.matrix_info import matrix_info
from app.figures.slope import plot_slope, slope_info
from app.library import epochs
from app.parts import epoch_slider, sentences, text, truth
from app.parts.cell_card import cell_card
from app.parts.inspector import in_words, inspector
from app.parts.progress import running, work_button
from app.parts.terms import marked, term
from app.parts.untuned import untuned
from app.state import keys, session
from app.state.actions import Actions
from app.state.live import live
from app.state.page import PageState
from app.state.questions import Questions
from engine.drawing import wording
from engine.results import EdgeScores

MANY = 8
"""Edges up to which the matrix is shown whole."""


def page() -> None:
    live(_body, _settle, preselects=True)


def _settle(page: PageState, ask: Questions, do: Actions) -> dict[str, str]:
    """Go on where the epochs play; the sidebar follows."""
    epoch_slider.advance(page)
    if keys.EPOCH_BESIDE.get(None) != keys.EPOCH.of(page.entry.id).get(None):
        st.rerun()
    return {}


def _body(page: PageState, ask: Questions, do: Actions) -> None:
    head, action = st.columns([11, 4], vertical_alignment="center")
    with head:
        said = sentences.headline(page.selection, page.cell, ask.scores, hidden=page.hides("drop"))
        line = marked(_subtitle(ask), "supernet", "operation", "images")
        text.title(marked(said, "alpha", "edge"), line, in_words(ask))
        text.notes(page.summary)
        untuned(ask, do)
    with action:
        _next(ask, do)
    left, right = st.columns([13, 10])
    with left, st.container(border=True, key="cell-card"):
        has_past = epochs.count(session.entries()[page.entry.id]) > 1
        cell_card(ask, do, aside=(lambda: epoch_slider.epoch_slider(page)) if has_past else None)
    with right, st.container(border=True, key="inspector-card"):
        inspector(ask, do)
    left, right = st.columns([13, 10])
    with left, st.container(border=True, key="matrix-card"):
        _matrix(ask, do)
    with right, st.container(border=True, key="slope-card"):
        _contest(ask)


def _subtitle(ask: Questions) -> str:
    measured = list(ask.measurements.values())
    if not ask.page.can_measure:
        return epoch_slider.said(ask.page)
    if not measured:
        return "Select an edge and measure it: each operation is removed in turn and the accuracy it costs is shown."
    best = max(measured, key=lambda each: each.images)
    parts = [epoch_slider.said(ask.page), sentences.too_close(ask.scores)]
    if (supernet := ask.find(ask.accuracy())) is not None:
        base = supernet.accuracy.baseline
        images = wording.count(supernet.images)
        parts.append(f"Supernet accuracy {wording.percent(base.accuracy, base.ci)} on {images} images")
    if len({each.images for each in measured}) == 1:
        parts[2:] = [f"Supernet {wording.percent(best.accuracy.accuracy, best.accuracy.baseline.ci)}"]
        parts.append(text.provenance(best))
    else:
        images = images_said(each.images for each in measured)
        parts.append(f"every edge shows its best measurement, on {images} images; the small rings tell how many")
    return " · ".join(part for part in parts if part)


def _next(ask: Questions, do: Actions) -> None:
    """The page's one primary action: measure what is unmeasured, then settle what is open."""
    if not ask.page.can_measure:
        label = "Drops are hidden" if ask.page.hides("drop") else "Nothing can be measured here"
        st.button(label, disabled=True, width="stretch", key="no-weights")
    elif ask.settling is not None:
        running(ask.settling, do, "all")
    elif missing := ask.unmeasured():
        edges = "edge" if len(missing) == 1 else "edges"
        label = f"Measure all {len(missing)} {edges}{_about(ask.estimate(missing))}"
        st.button(label, type="primary", on_click=do.measure_all, width="stretch", key="measure-all")
    else:
        count = len(ask.to_settle())
        label = f"Settle the {wording.several(count, 'open edge')}{_about(ask.seconds_to_settle())}"
        st.button(
            label if count else "No edge is open",
            type="primary",
            on_click=do.settle,
            disabled=not count,
            width="stretch",
            key="settle",
            help="Spend images only on edges that are too close to call; each stops once it is separated",
        )


def _about(seconds: float | None) -> str:
    return f" (about {wording.duration(seconds)})" if seconds else ""


def _matrix(ask: Questions, do: Actions) -> None:
    page = ask.page
    best = " · wide ring = truly best" if truth.is_shown(page) else ""
    signs = f"size = drop · hollow = better without · ○ α · ● measured (pale: open){best}"
    text.heading("Every edge", marked(signs, "drop"))
    rows = [ask.score_or_alphas(edge.index) for edge in page.space.edges(page.cell)]
    without = sentences.without(*page.evidence)
    info = matrix_info(page.space, rows, page.edge, page.decided(), truth.of_cell(page), ask.preview, without)
    _estimate(ask, do, any(row.is_estimated for row in info.rows))

    def choose() -> None:
        points = keys.MATRIX.get(None).selection.points
        if points:  # a second click empties the selection: that is not a choice
            do.select(int(points[0]["customdata"][0]))

    figure = plot_matrix(info, page.theme)
    # More rows than there is room for scroll under the card's title, by the keyboard too.
    with st.container(key="many-edges" if len(rows) > MANY else None):
        if len(rows) > MANY:
            st.html(f'<p class="scrolls" tabindex="0">{len(rows)} edges; the arrow keys scroll</p>')
        text.chart(figure, key=keys.MATRIX.name, on_select=choose, selection_mode="points", alt=info.summary)


def _estimate(ask: Questions, do: Actions, shown: bool) -> None:
    """Guesses where nothing is measured: the button that asks for them, or what they are."""
    if shown and ask.preview is not None:
        st.caption(sentences.estimates(ask.preview))
    elif ask.page.can_measure and ask.unmeasured():
        work_button(
            "Estimate what is not measured",
            ask.estimating,
            do,
            do.estimate,
            key="estimate",
            help="One gradient guesses what every operation is worth: where to look first, never a verdict",
        )


def _contest(ask: Questions) -> None:
    """One edge ranked twice; with the truth at hand, who is right."""
    if not truth.is_shown(ask.page):
        _slope(ask)
        return
    name, choice = st.columns([1, 1], vertical_alignment="center")
    with name:
        text.heading("Who is right?")
    with choice:
        shown = st.segmented_control(
            "Compare by",
            ["score", "ranked twice"],
            default="score",
            required=True,
            key=keys.CONTEST.name,
            label_visibility="collapsed",
        )
    if shown == "score":
        truth.scoreboard(ask)
    else:
        _slope(ask)


def _slope(ask: Questions) -> None:
    page = ask.page
    if page.edge is None:
        text.heading("The same edge, ranked twice", "select an edge")
        return
    found = ask.score_or_alphas(page.edge)
    if found.best_by_alpha is None:
        text.heading("The same edge, ranked twice", "α is unknown here and ranks nothing")
        return
    text.heading("The same edge, ranked twice", f"crossing lines are {term('verdict', 'disagreement')}")
    info = slope_info(found)
    alt = f"{wording.plain(page.edge_name(page.edge))}: {info.summary}"
    if not isinstance(found, EdgeScores):
        alt += f"; {sentences.without(*page.evidence)}"
    text.chart(plot_slope(info, page.theme, unmeasured=sentences.no_drops(*page.evidence)), key="slope", alt=alt)
