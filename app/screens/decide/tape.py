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
from app.state import keys
from app.state.page import PageState
from app.work.questions import Measurement
from engine import nasbench201
from engine.drawing import palette, wording
from engine.selection.decisions import Decision, InputsDecision, OperationDecision

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
        text.heading("Tape", "choose a row to look back · ring: α · dot: measured · person: you")
    if len(known) < len(track):
        button.button(
            "Measure accuracies",
            on_click=deciding.measure_track,
            disabled=deciding.ask.busy,
            width="stretch",
            key="measure-track",
        )
    if run.branches:
        _branches(deciding)
    rows = decisions_taken(deciding, track)
    first = track[0][0]
    start = None if first is None else first.accuracy.accuracy
    covered = nasbench201.covers(page.space)
    median = nasbench201.reachable(page.start).median if covered else None
    table = tape_rows(rows, start=(start, median), shown=len(run.shown), reachable=covered)
    with st.container(height=_HEIGHT if len(rows) > 4 else "content", border=False, key="tape-rows"):
        evidence_table(table, key="tape", on_choose=lambda row: deciding.look(int(row)))
    if known:
        images = " and ".join(dict.fromkeys(wording.count(found.result.images) for found in known))
        of = image_sets.name_of(found.data for found in known)
        st.caption(f"{images} images{of} · {wording.bn(known[-1].result.bn)}")
    if covered:
        _costliest(deciding, [median, *(row.median for row in rows)])


def decisions_taken(deciding: Deciding, track: Track) -> list[Taken]:
    """The decisions of the line, the first one first, with what is known of each. track: their accuracies."""
    page = deciding.page
    decisions, covered = page.link.decisions, nasbench201.covers(page.space)
    values = [tuple(found and found.accuracy.accuracy for found in each) for each in track]  # at once, after tuning
    rows = []
    for number, decision in enumerate(decisions, start=1):
        (earlier, before), (at_once, tuned) = values[number - 1], values[number]
        rows.append(
            Taken(
                place_name(page, decision),
                None if isinstance(decision, InputsDecision) else decision.operation,
                _inputs(page, decision) if isinstance(decision, InputsDecision) else "",
                _by(page, decision),
                before or earlier,
                at_once,
                tuned,
                nasbench201.reachable(page.start.with_decisions(decisions[:number])).median if covered else None,
            )
        )
    return rows


def _by(page: PageState, decision: Decision) -> str:
    """Who took it; one that came with a link was taken by nobody here."""
    return page.run.by.get(decision, "link")


def place_name(page: PageState, decision: Decision) -> str:
    """The edge or node of a decision, with its cell where the space has several."""
    spec = page.space.cell(decision.cell)
    cell = f"{decision.cell}, " if len(page.space.cells) > 1 else ""
    if isinstance(decision, InputsDecision):
        return f"{cell}inputs of {spec.node_name(decision.node)}"
    return cell + spec.edge_name(page.space.edge(decision.cell, decision.edge))


def _inputs(page: PageState, decision: InputsDecision) -> str:
    spec = page.space.cell(decision.cell)
    return " + ".join(spec.node_name(page.space.edge(decision.cell, edge).source) for edge in decision.edges)


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


def _branches(deciding: Deciding) -> None:
    """The lines of decisions there are, with their final scores."""
    page, run = deciding.page, deciding.run
    lines = {name: link.decisions for name, link in run.branches.items()}
    lines[run.branch] = run.link.decisions

    def words(name: str) -> str:
        taken = lines[name]
        if len(taken) < page.space.steps:
            return f"{name} · {len(taken)} of {page.space.steps}"
        if nasbench201.covers(page.space):
            cell = str(page.start.replay(taken).decoded())
            return f"{name} · true {nasbench201.lookup(cell).cifar10:.2f} %"
        return f"{name} · complete"

    st.pills(
        "Branches",
        sorted(lines),
        format_func=words,
        default=run.branch,
        required=True,
        on_change=deciding.switch_branch,
        key=keys.BRANCH.name,
        label_visibility="collapsed",
    )
