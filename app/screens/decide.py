"""Decide: discretize the supernet step by step, and see what each choice leaves possible."""

import streamlit as st

from app import panels, style
from app.deciding import Deciding
from app.decision_card import card
from app.figures.outcomes import outcomes_info, plot_outcomes
from app.figures.tape import plot_tape, tape_info
from app.finished import finished
from app.measure import Measurement
from app.url import LARGEST_SEED
from app.view import live
from engine import nasbench201
from engine.decisions import Decision, InputsDecision

ORDERS = {
    "index": "by index",
    "random": "random, by seed",
    "disagreement": "largest disagreement first",
}


def page() -> None:
    live(_body, Deciding)


def _body(view: Deciding) -> None:
    if view.advance():
        st.rerun()
    if view.step is None:
        panels.title("Every edge is decided", _order_line(view))
        _controls(view)
        finished(view)
        return
    name, controls = st.columns([5, 6], vertical_alignment="center")
    with name:
        panels.title(
            f"Step {view.selection.steps_done + 1} of {view.space.steps} · {view.step_name()}", _order_line(view)
        )
    with controls:
        _controls(view)
    left, centre, right = st.columns([13, 10, 7])
    with left:
        with st.container(border=True, key="cell-card"):
            panels.cell(view, view.scores(), key="decide", title="The cell so far")
        if view.space.family == "nas-bench-201":
            with st.container(border=True, key="outcomes-card"):
                _outcomes(view)
    with centre, st.container(border=True, key="decision-card"):
        card(view)
    with right, st.container(border=True, key="tape-card"):
        _tape(view)


def _order_line(view: Deciding) -> str:
    order = ORDERS[view.order]
    seed = f" {view.seed}" if view.order == "random" else ""
    return f"order: {order}{seed} · no fine-tuning between steps (the published procedure fine-tunes 5 epochs)"


def _controls(view: Deciding) -> None:
    undo, redo, auto, order = st.columns(4)
    undo.button(
        "↶ Undo", shortcut="U", on_click=view.undo, disabled=not view.selection.decisions, width="stretch", key="undo"
    )
    redo.button("↷ Redo", shortcut="Y", on_click=view.redo, disabled=not view.can_redo, width="stretch", key="redo")
    with auto:
        _auto_play(view)
    with order, st.popover("Order", width="stretch"):
        st.radio(
            "Edge order", list(ORDERS), format_func=ORDERS.get, key="order-choice", index=list(ORDERS).index(view.order)
        )
        st.number_input("Seed", min_value=0, max_value=LARGEST_SEED, step=1, key="order-seed", value=view.seed)
        st.button("Use this order", on_click=view.set_order, type="primary", key="use-order")
        st.caption("Or click any undecided edge to decide it next.")
        st.button("Start over", on_click=view.reset, disabled=not view.selection.decisions, key="reset")


def _auto_play(view: Deciding) -> None:
    if view.playing:
        st.button("⏸ Pause", on_click=view.pause, width="stretch", key="pause")
        return
    with st.popover("▶ Auto-play", width="stretch"):
        st.button("by α", on_click=view.play, args=("alpha",), width="stretch", key="play-alpha")
        st.button("by measurement", on_click=view.play, args=("measured",), width="stretch", key="play-measured")
        st.slider("Seconds per step", 0.5, 3.0, 1.0, 0.5, key="play-speed")


def _outcomes(view: Deciding) -> None:
    found = nasbench201.reachable(view.selection)
    alpha = nasbench201.lookup(str(view.selection.alpha_path().genotype())).cifar10
    paths = view.paths()
    measured = [nasbench201.lookup(path.genotype).cifar10 for path in paths]
    cells = "cell" if found.count == 1 else "cells"
    panels.heading("Where this can still lead", f"true CIFAR-10 accuracy of {style.count(found.count)} {cells}")
    info = outcomes_info(found, alpha, measured)
    st.plotly_chart(
        plot_outcomes(info, view.theme),
        theme=None,
        config={"displayModeBar": False},
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


def _tape(view: Deciding) -> None:
    panels.heading("Tape")
    accuracies = view.accuracy_track()
    st.plotly_chart(
        plot_tape(tape_info([found.result.accuracy if found else None for found in accuracies]), view.theme),
        theme=None,
        config={"displayModeBar": False},
        key="tape",
        alt="Supernet accuracy after each decision",
    )
    start, *after = accuracies
    lines = []
    for number, (decision, found) in enumerate(zip(view.selection.decisions, after, strict=True), start=1):
        lines.append(_entry(view, number, decision, found))
    lines.reverse()
    accuracy = style.percent(start.result.accuracy) if start else "not measured"
    lines.append(f"<li class='start'>start · supernet {accuracy}</li>")
    st.html(f"<ol class='tape' reversed>{''.join(lines)}</ol>")
    known = [found for found in accuracies if found]
    if known:
        images = " and ".join(dict.fromkeys(style.count(found.result.images) for found in known))
        st.caption(f"{images} images · {style.bn(known[-1].result.bn)}")
    if len(known) < len(accuracies):
        st.button("Measure accuracies", on_click=view.measure_track, disabled=view.busy, key="measure-track")


def _entry(view: Deciding, number: int, decision: Decision, found: Measurement | None) -> str:
    accuracy = style.percent(found.result.accuracy) if found else "–"
    by = view.decided_by(decision)
    if isinstance(decision, InputsDecision):
        node = style.subscripts(view.space.node_name(decision.node))
        what = f"inputs of {node}"
        chip = "keep 2"
    else:
        edge = view.space.edge(decision.cell, decision.edge)
        what = style.subscripts(view.space.edge_name(edge))
        chip = style.chip(decision.operation)
    return f"<li><span>{number}</span><span>{what}</span>{chip}<span class='by'>{by}</span><b>{accuracy}</b></li>"
