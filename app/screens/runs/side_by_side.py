"""Several runs side by side: where they end, which operations win, how alpha went.

card    draw the comparison that is chosen
VIEWS   the comparisons, always in this order
"""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.figures.over_epochs import Course, plot_over_epochs, summary
from app.figures.strips import plot_strips, strips_info
from app.figures.wins_map import plot_wins_map, wins_map
from app.library.catalog import Entry
from app.library.members import course
from app.parts import text
from app.parts.terms import term
from app.state import keys
from app.state.page import PageState
from engine.drawing import wording
from engine.errors import BadInput
from engine.population import Member
from engine.spaces import search_space

ENDS, WINS, EPOCHS = "Where they end", "Which operations win", "α over training"
VIEWS = (ENDS, WINS, EPOCHS)


def card(page: PageState, chosen: Sequence[Member], entries: Mapping[str, Entry]) -> None:
    """A comparison that does not apply to these runs says why in its place."""
    with st.container(border=True, key="strips-card"):
        view = st.segmented_control(
            "Compare by", VIEWS, default=ENDS, required=True, key=keys.RUNS_VIEW.name, label_visibility="collapsed"
        )
        {ENDS: _ends, WINS: _wins, EPOCHS: _epochs}[view or ENDS](page, chosen, entries)


def _ends(page: PageState, chosen: Sequence[Member], entries: Mapping[str, Entry]) -> None:
    info = strips_info(chosen)
    text.heading(ENDS, f"every procedure, every {term('edge_order', 'edge order')}; the bar is the median")
    text.chart(plot_strips(info, page.theme), key="strips", alt=info.summary)
    if info.without:
        names = ", ".join(map(text.literal, info.without))
        st.caption(f"Without a table of true accuracies, or without a full selection: {names}")


def _wins(page: PageState, chosen: Sequence[Member], entries: Mapping[str, Entry]) -> None:
    text.heading(WINS, "% of the runs that end with an operation on an edge; a run's edge orders share its vote")
    spaces = sorted({member.space for member in chosen if member.space})
    if len(spaces) != 1:
        st.caption(f"These runs are of several search spaces ({', '.join(spaces)}): their edges are not the same ones.")
        return
    try:
        cells = search_space(spaces[0]).cells
    except BadInput:
        st.caption(f"{spaces[0]} is a declared space; only its own checkpoints know its edges.")
        return
    cell = cells[0]
    if len(cells) > 1:
        cell = st.segmented_control("Cell", cells, default=cell, required=True, key=keys.RUNS_CELL.name) or cell
    info = wins_map(chosen, cell)
    said = info.summary if info else "no cell is known to compare"
    text.chart(plot_wins_map(info, page.theme), key="wins-map", alt=said)
    if info:
        measured = f"{wording.several(info.cells, 'finished cell')} by measurement"
        st.caption(f"{measured} in {info.runs[1]} of {len(chosen)} runs · {said}")


def _epochs(page: PageState, chosen: Sequence[Member], entries: Mapping[str, Entry]) -> None:
    courses = [Course(member.name, found) for member in chosen if (found := course(member.name, entries)) is not None]
    text.heading(EPOCHS, "what the largest alphas would give after every epoch")
    text.chart(plot_over_epochs(courses, page.theme), key="over-epochs", alt=summary(courses))
    known = {each.name for each in courses if each.over.skips}
    without = [member.name for member in chosen if member.name not in known]
    if without:
        st.caption(f"Without alphas of earlier epochs: {', '.join(map(text.literal, without))}")
