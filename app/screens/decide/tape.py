"""The tape: every decision so far with its accuracy, earlier moments to look at, and branches.

tape   draw it
past   instead of the decision card, where an earlier moment is looked at
"""

import streamlit as st

from app.figures.tape import plot_tape, tape_info
from app.library import image_sets
from app.parts import text
from app.parts.style import chip
from app.screens.decide.actions import Deciding
from app.state import keys
from app.state.page import PageState
from app.state.run import BRANCH_NAMES
from app.work.questions import Measurement
from engine import nasbench201
from engine.drawing import palette, wording
from engine.selection.decisions import Decision, InputsDecision


def tape(deciding: Deciding) -> None:
    text.heading("Tape")
    page, run = deciding.page, deciding.run
    if run.branches:
        _branches(deciding)
    decisions = run.link.decisions
    track = deciding.ask.accuracy_track()
    last = [after or at_once for at_once, after in track]
    looking = len(run.shown) if run.is_past else None
    text.chart(
        plot_tape(tape_info([found.accuracy.accuracy if found else None for found in last], looking), page.theme),
        key="tape",
        alt="Supernet accuracy after each decision",
    )
    lines = []
    for number, (decision, found) in enumerate(zip(decisions, track[1:], strict=True), start=1):
        lines.append(_entry(page, number, decision, *found))
    lines.reverse()
    accuracy = wording.percent(last[0].accuracy.accuracy) if last[0] else "not measured"
    lines.append(f"<li class='start'>start · supernet {accuracy}</li>")
    st.html(f"<ol class='tape' reversed>{''.join(lines)}</ol>")
    known = [found for found in last if found]
    if known:
        images = " and ".join(dict.fromkeys(wording.count(found.result.images) for found in known))
        of = image_sets.name_of(found.data for found in known)
        st.caption(f"{images} images{of} · {wording.bn(known[-1].result.bn)}")
    if len(known) < len(last):
        st.button(
            "Measure accuracies", on_click=deciding.measure_track, disabled=deciding.ask.busy, key="measure-track"
        )
    if decisions:
        with st.popover("Look back", width="stretch"):
            _moments(deciding)


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
        disabled=len(run.branches) + 1 == len(BRANCH_NAMES),
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
        if page.space.genotype_format == "nas-bench-201":
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


def _moments(deciding: Deciding) -> None:
    """Earlier moments to look at. Nothing is undone by that."""
    space = deciding.page.space
    for number, decision in enumerate((None, *deciding.run.link.decisions[:-1])):
        if decision is None:
            words = "the start"
        elif isinstance(decision, InputsDecision):
            words = f"after {number}: inputs of {space.cell(decision.cell).node_name(decision.node)}"
        else:
            edge = space.cell(decision.cell).edge_name(space.edge(decision.cell, decision.edge))
            words = f"after {number}: {edge}, {palette.operation(decision.operation).label}"
        st.button(wording.plain(words), on_click=deciding.look, args=(number,), width="stretch", key=f"look-{number}")


def _entry(
    page: PageState, number: int, decision: Decision, at_once: Measurement | None, after: Measurement | None
) -> str:
    accuracy = wording.percent(at_once.accuracy.accuracy) if at_once else "–"
    if after:
        before = wording.number(at_once.accuracy.accuracy) if at_once else "–"
        accuracy = f"{before} → {wording.percent(after.accuracy.accuracy)}"
    by = page.run.by.get(decision, "link")  # one that came with a link was taken by nobody here
    if isinstance(decision, InputsDecision):
        node = wording.subscripts(page.space.cell(decision.cell).node_name(decision.node))
        what = f"inputs of {node}"
        kept = f"keep {len(decision.edges)}"
    else:
        edge = page.space.edge(decision.cell, decision.edge)
        what = wording.subscripts(page.space.cell(decision.cell).edge_name(edge))
        kept = chip(decision.operation)
    past = " class='past'" if number > len(page.decisions) else ""
    return f"<li{past}><span>{number}</span><span>{what}</span>{kept}<span class='by'>{by}</span><b>{accuracy}</b></li>"
