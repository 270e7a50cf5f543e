"""Decide: discretize the supernet step by step, and see what each choice leaves possible."""

import streamlit as st

from app.figures.outcomes import outcomes_info, plot_outcomes
from app.figures.tape import plot_tape, tape_info
from app.library import image_sets
from app.parts import export_menu, style, text, train_panel
from app.parts.cell_card import cell_card
from app.parts.untuned import untuned
from app.screens.decide.autoplay import Playing
from app.screens.decide.card import card
from app.screens.decide.finish import finished, genotype_of
from app.screens.decide.view import Deciding
from app.state.page import live
from app.state.session import BRANCH_NAMES
from app.state.url import LARGEST_SEED
from app.work import tuned
from app.work.measurements import Measurement
from engine import nasbench201
from engine.drawing import palette, wording
from engine.selection.decisions import Decision, InputsDecision
from engine.selection.genotype import parse_genotype

ORDERS = {
    "index": "by index",
    "random": "random, by seed",
    "disagreement": "largest disagreement first",
}


def page() -> None:
    live(_body, Playing)
    # Training refreshes itself by its own clock, so it lies outside of that fragment.
    if (genotype := st.session_state.get("to-train")) is not None:
        st.markdown(f"**Train from scratch** `{genotype}`")
        train_panel.panel(parse_genotype(genotype))


def _body(view: Playing) -> None:
    if view.advance():
        st.rerun()
    if view.step is None:
        text.title("Every edge is decided", _order_line(view))
        _controls(view)
        untuned(view)
        finished(view)
        genotype = str(genotype_of(view))
        if st.session_state.get("to-train") != genotype and st.button(
            "Train its network from scratch", key="to-train-it"
        ):
            st.session_state["to-train"] = genotype
            st.rerun()
        return
    name, controls = st.columns([4, 7], vertical_alignment="center")
    with name:
        text.title(
            f"Step {view.selection.steps_done + 1} of {view.space.steps} · {view.step_name()}", _order_line(view)
        )
    with controls:
        _controls(view)
    untuned(view)
    left, centre, right = st.columns([13, 10, 7])
    with left:
        with st.container(border=True, key="cell-card"):
            cell_card(view, view.scores(), key="decide", title="The cell so far")
        if view.space.family == "nas-bench-201":
            with st.container(border=True, key="outcomes-card"):
                _outcomes(view)
    with centre, st.container(border=True, key="decision-card"):
        if view.is_past:
            _past(view)
        else:
            card(view)
    with right, st.container(border=True, key="tape-card"):
        _tape(view)


def _order_line(view: Deciding) -> str:
    order = ORDERS[view.order]
    seed = f" {view.seed}" if view.order == "random" else ""
    return f"order: {order}{seed} · {view.preset_line()}"


def _controls(view: Playing) -> None:
    undo, redo, auto, tuning, order, export = st.columns(6)
    past = view.is_past
    nothing = past or not view.selection.decisions
    undo.button("↶ Undo", shortcut="U", on_click=view.undo, disabled=nothing, width="stretch", key="undo")
    redo.button(
        "↷ Redo", shortcut="Y", on_click=view.redo, disabled=past or not view.can_redo, width="stretch", key="redo"
    )
    with export:
        export_menu.menu(view)
    with tuning, st.popover("Tuning", width="stretch"):
        _tuning(view)
    with auto:
        _auto_play(view)
    with order, st.popover("Order", width="stretch"):
        st.radio(
            "Edge order", list(ORDERS), format_func=ORDERS.get, key="order-choice", index=list(ORDERS).index(view.order)
        )
        st.number_input("Seed", min_value=0, max_value=LARGEST_SEED, step=1, key="order-seed", value=view.seed)
        st.button("Use this order", on_click=view.set_order, type="primary", key="use-order")
        st.caption("Or click any undecided edge to decide it next.")
        st.button("Start over", on_click=view.reset, disabled=nothing, key="reset")


def _tuning(view: Deciding) -> None:
    def cost(letter: str) -> str:
        preset = tuned.PRESETS[letter]
        if not preset.amount:
            return "the weights stay as they are"
        amount = f"{preset.amount} {'mini-batches' if preset.unit == 'batches' else preset.unit} at lr {preset.lr:g}"
        seconds = tuned.seconds(view.summary, letter, view.image_set)
        return amount + (f", about {text.duration(seconds)}" if seconds else "")

    st.radio(
        "Fine-tune after every decision",
        list(tuned.PRESETS),
        format_func=lambda letter: tuned.PRESETS[letter].label,
        captions=[cost(letter) for letter in tuned.PRESETS],
        index=list(tuned.PRESETS).index(view.state.preset),
        on_change=view.set_preset,
        key="tune-choice",
    )
    known = view.image_set.images
    count = f"{wording.count(known[0])} " if known else ""
    images = f"{count}training images{image_sets.name_of([view.data])}"
    st.caption(
        "Without it the signal dies after two or three decisions. Tuning works on a copy of the weights, on the "
        f"{images}; undo gives the earlier weights back."
    )


def _auto_play(view: Playing) -> None:
    if view.playing:
        st.button("⏸ Pause", on_click=view.pause, width="stretch", key="pause")
        return
    with st.popover("▶ Play", width="stretch"):
        st.button("by α", on_click=view.play, args=("alpha",), width="stretch", key="play-alpha")
        st.button("by measurement", on_click=view.play, args=("measured",), width="stretch", key="play-measured")
        st.slider("Seconds per step", 0.5, 3.0, 1.0, 0.5, key="play-speed")


def _outcomes(view: Deciding) -> None:
    found = nasbench201.reachable(view.selection)
    alpha = nasbench201.lookup(str(view.selection.alpha_path().decoded())).cifar10
    paths = view.paths()
    measured = [nasbench201.lookup(path.genotype).cifar10 for path in paths]
    cells = "cell" if found.count == 1 else "cells"
    text.heading("Where this can still lead", f"true CIFAR-10 accuracy of {wording.count(found.count)} {cells}")
    info = outcomes_info(found, alpha, measured)
    text.chart(
        plot_outcomes(info, view.theme),
        key="outcomes",
        alt=f"{info.summary}; alpha's path ends at {alpha:.2f} %",
    )
    if paths:
        st.caption(view.paths_line(paths))
    else:
        st.button(
            "Follow the measured path",
            on_click=view.measure_paths,
            disabled=view.busy,
            key="measure-paths",
            help="Decide each remaining edge by the largest drop, measured again after every decision",
        )


def _past(view: Deciding) -> None:
    """Instead of the decision card, where an earlier moment is looked at."""
    text.heading("An earlier moment")
    taken, now = view.selection.steps_done, len(view.state.link.decisions)
    decisions = "decision" if taken == 1 else "decisions"
    st.info(f"You look at the supernet after {taken} {decisions} of {now}. Nothing can be decided here.")
    st.button("Return", type="primary", on_click=view.look_at_now, width="stretch", key="return")
    st.button(
        "Continue from here",
        shortcut="B",
        on_click=view.branch_off,
        disabled=len(view.state.branches) + 1 == len(BRANCH_NAMES),
        help="In a new branch; the decisions taken after this moment stay in the old one",
        width="stretch",
        key="branch-off",
    )


def _branches(view: Deciding) -> None:
    """The lines of decisions there are, with their final scores."""
    lines = {name: link.decisions for name, link in view.state.branches.items()}
    lines[view.state.branch] = view.state.link.decisions

    def words(name: str) -> str:
        taken = lines[name]
        if len(taken) < view.space.steps:
            return f"{name} · {len(taken)} of {view.space.steps}"
        if view.space.family == "nas-bench-201":
            cell = str(view.start.replay(taken).decoded())
            return f"{name} · true {nasbench201.lookup(cell).cifar10:.2f} %"
        return f"{name} · complete"

    st.pills(
        "Branches",
        sorted(lines),
        format_func=words,
        default=view.state.branch,
        required=True,
        on_change=view.switch_branch,
        key="branch-choice",
        label_visibility="collapsed",
    )


def _tape(view: Deciding) -> None:
    text.heading("Tape")
    if view.state.branches:
        _branches(view)
    decisions = view.state.link.decisions
    track = view.accuracy_track()
    last = [after or at_once for at_once, after in track]
    looking = view.selection.steps_done if view.is_past else None
    text.chart(
        plot_tape(tape_info([found.accuracy.accuracy if found else None for found in last], looking), view.theme),
        key="tape",
        alt="Supernet accuracy after each decision",
    )
    lines = []
    for number, (decision, found) in enumerate(zip(decisions, track[1:], strict=True), start=1):
        lines.append(_entry(view, number, decision, *found))
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
        st.button("Measure accuracies", on_click=view.measure_track, disabled=view.busy, key="measure-track")
    if decisions:
        with st.popover("Look back", width="stretch"):
            _moments(view)


def _moments(view: Deciding) -> None:
    """Earlier moments to look at. Nothing is undone by that."""
    for number, decision in enumerate((None, *view.state.link.decisions[:-1])):
        if decision is None:
            words = "the start"
        elif isinstance(decision, InputsDecision):
            words = f"after {number}: inputs of {view.space.node_name(decision.node)}"
        else:
            edge = view.space.edge_name(view.space.edge(decision.cell, decision.edge))
            words = f"after {number}: {edge}, {palette.operation(decision.operation).label}"
        st.button(wording.plain(words), on_click=view.look, args=(number,), width="stretch", key=f"look-{number}")


def _entry(
    view: Deciding, number: int, decision: Decision, at_once: Measurement | None, after: Measurement | None
) -> str:
    accuracy = wording.percent(at_once.accuracy.accuracy) if at_once else "–"
    if after:
        before = wording.number(at_once.accuracy.accuracy) if at_once else "–"
        accuracy = f"{before} → {wording.percent(after.accuracy.accuracy)}"
    by = view.decided_by(decision)
    if isinstance(decision, InputsDecision):
        node = wording.subscripts(view.space.node_name(decision.node))
        what = f"inputs of {node}"
        chip = "keep 2"
    else:
        edge = view.space.edge(decision.cell, decision.edge)
        what = wording.subscripts(view.space.edge_name(edge))
        chip = style.chip(decision.operation)
    past = " class='past'" if number > view.selection.steps_done else ""
    return f"<li{past}><span>{number}</span><span>{what}</span>{chip}<span class='by'>{by}</span><b>{accuracy}</b></li>"
