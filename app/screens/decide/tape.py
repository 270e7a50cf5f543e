"""The tape: every decision so far as a row to look back at, what a decision cost, and branches.

tape       draw it
past       instead of the decision card, where an earlier moment is looked at
decisions_taken   what the rows show
"""

from itertools import pairwise

import streamlit as st

from app.figures.tape_rows import LOSS, Taken, tape_rows
from app.library import image_sets
from app.parts import text
from app.parts.evidence_table import evidence_table
from app.screens.decide.actions import Deciding
from app.screens.decide.branches import branches
from app.screens.decide.naming import by_whom, place_name, what_is_kept
from app.work.questions import Measurement
from engine import nasbench201
from engine.drawing import palette, wording
from engine.selection.decisions import OperationDecision

Track = list[tuple[Measurement | None, Measurement | None]]
"""As `Questions.accuracy_track` gives it."""
_HEIGHT = 232
"""Pixels of the rows, which scroll in them."""


def tape(deciding: Deciding) -> None:
    page, run = deciding.page, deciding.run
    track = deciding.ask.accuracy_track()
    known = [found for at_once, after in track if (found := after or at_once) is not None]
    name, button = st.columns([3, 1], vertical_alignment="center")
    with name:
        given = " · dotted: its training" if page.entry.begun else ""
        text.heading("Tape", f"choose a row to look back · ring: α · dot: measured · person: you{given}")
    if len(known) < len(track):
        button.button(
            "Measure accuracies",
            on_click=deciding.measure_track,
            disabled=deciding.ask.busy,
            width="stretch",
            key="measure-track",
        )
    rows = decisions_taken(deciding, track)
    first = track[0][0]
    start = None if first is None else first.accuracy.accuracy
    covered = page.knows_truth
    median = nasbench201.reachable(page.start.with_decisions()).median if covered else None
    table = tape_rows(rows, start=(start, median), shown=len(run.shown), reachable=covered)
    with st.container(height=_HEIGHT if len(rows) > 4 else "content", border=False, key="tape-rows"):
        evidence_table(table, key="tape", on_choose=lambda row: deciding.look(int(row)))
    if known:
        images = " and ".join(dict.fromkeys(wording.count(found.result.images) for found in known))
        of = image_sets.name_of(found.data for found in known)
        st.caption(f"{images} images{of} · {wording.bn(known[-1].result.bn)}")
    if covered:
        _costliest(deciding, [median, *(row.median for row in rows)])
    branches(deciding)


def decisions_taken(deciding: Deciding, track: Track) -> list[Taken]:
    """The decisions of the line, the first one first, with what is known of each. track: their accuracies."""
    page = deciding.page
    decisions, covered = page.link.decisions, page.knows_truth
    values = [tuple(found and found.accuracy.accuracy for found in each) for each in track]  # at once, after tuning
    rows = []
    for number, decision in enumerate(decisions, start=1):
        (earlier, before), (at_once, tuned) = values[number - 1], values[number]
        rows.append(
            Taken(
                place_name(page.space, decision),
                *what_is_kept(page.space, decision),
                by_whom(page.run, decision, page.entry.begun),
                before or earlier,
                at_once,
                tuned,
                nasbench201.reachable(page.start.with_decisions(decisions[:number])).median if covered else None,
            )
        )
    return rows


def _costliest(deciding: Deciding, medians: list[float | None]) -> None:
    """The step that cost most of the reachable median, and a way to take it differently."""
    falls = [(before or 0.0) - (after or 0.0) for before, after in pairwise(medians)]
    if not falls or max(falls) <= LOSS:
        return
    number, page = falls.index(max(falls)), deciding.page
    decision = page.link.decisions[number]
    assert isinstance(decision, OperationDecision)
    before = page.start.with_decisions(page.link.decisions[:number])
    left = {
        name: nasbench201.reachable(before.discretize(decision.cell, decision.edge, name)).median
        for name in page.space.operations(decision.cell, decision.edge)
    }
    other = max(left, key=lambda name: left[name])
    label = palette.operation(other).label
    said, button = st.columns([3, 2], vertical_alignment="center")
    said.caption(
        f"Step {number + 1} cost {wording.number(max(falls))} points of the reachable median; **{label}** there would "
        f"leave {wording.number(left[other])}."
    )
    button.button(
        f"Try {label} in a branch",
        on_click=deciding.try_other,
        args=(number, OperationDecision(decision.cell, decision.edge, other)),
        disabled=deciding.has_all_branches,
        width="stretch",
        key="try-other",
    )


def past(deciding: Deciding) -> None:
    """Instead of the decision card, where an earlier moment is looked at."""
    text.heading("An earlier moment")
    run = deciding.run
    taken, now = len(run.shown), len(run.link.decisions)
    decisions = "decision" if taken == 1 else "decisions"
    st.info(f"You look at the supernet after {taken} {decisions} of {now}. Nothing can be decided here.")
    st.button("Return", type="primary", on_click=deciding.look, args=(None,), width="stretch", key="return")
    st.button(
        "Continue from here",
        shortcut="B",
        on_click=deciding.branch_off,
        disabled=deciding.has_all_branches,
        help="In a new branch; the decisions taken after this moment stay in the old one",
        width="stretch",
        key="branch-off",
    )
