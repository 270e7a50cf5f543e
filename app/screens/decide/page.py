"""Decide: discretize the supernet step by step, and see what each choice leaves possible."""

import streamlit as st

from app.library import image_sets
from app.parts import export_menu, text, train_panel
from app.parts.cell_card import cell_card
from app.parts.terms import marked
from app.parts.untuned import untuned
from app.screens.decide.actions import Deciding
from app.screens.decide.autoplay import advance, play
from app.screens.decide.card import card
from app.screens.decide.finish import conclusion, finished
from app.screens.decide.outcomes import outcomes
from app.screens.decide.spoken import finding, happened
from app.screens.decide.step import at_step
from app.screens.decide.tape import past, tape
from app.state import keys, session
from app.state.actions import Actions
from app.state.live import current, live
from app.state.page import PageState
from app.state.questions import Questions
from app.state.url import LARGEST_SEED
from app.work import tuned
from engine.drawing import wording
from engine.selection.genotype_text import parse_genotype

ORDERS = {
    "index": "by index",
    "random": "random, by seed",
    "disagreement": "largest disagreement first",
}


def page() -> None:
    # Training refreshes itself by its own clock, so it lies outside of the page's fragment.
    genotype, now = keys.TO_TRAIN.get(""), current()
    if session.attending().hides("train"):
        genotype = ""
    belongs = now is not None and now.selection.is_complete and str(now.selection.decoded()) == genotype
    if genotype and not belongs:  # shown from elsewhere, it comes first
        _training(genotype, None)
    live(_body, _settle)
    if genotype and belongs and now is not None:
        _training(genotype, now.summary.meta.get("dataset"))


def _training(genotype: str, dataset: str | None) -> None:
    with st.container(border=True, key="training-card"):
        said, close = st.columns([8, 1], vertical_alignment="center")
        said.markdown(f"**Train from scratch** `{genotype}`")
        close.button("Close", on_click=keys.TO_TRAIN.drop, key="close-training", width="stretch")
        train_panel.panel(parse_genotype(genotype), dataset)


def _settle(page: PageState, ask: Questions, do: Actions) -> dict[str, str]:
    """Go on with a running auto-play."""
    if page.run.playing is not None and advance(Deciding(at_step(ask), do)):
        st.rerun()
    return {}


def _body(page: PageState, ask: Questions, do: Actions) -> None:
    deciding = Deciding(at_step(ask), do)
    page, step = deciding.page, deciding.step
    if step.place is None:
        said = conclusion(page, deciding.ask)
        text.title("Every edge is decided", said or _order_line(page), said or "", before=happened(page))
        _controls(deciding)
        _notes(page)
        untuned(deciding.ask, deciding.do)
        finished(deciding)
        genotype = str(page.selection.decoded())
        is_offered = keys.TO_TRAIN.get("") != genotype and not page.hides("train")
        if is_offered and st.button("Train its network from scratch", key="to-train-it"):
            keys.TO_TRAIN.set(genotype)
            st.rerun()
        return
    name, controls = st.columns([1, 2], vertical_alignment="center")
    with name:
        heading = f"Step {len(page.decisions) + 1} of {page.space.steps} · {step.name}"
        text.title(
            heading, marked(_order_line(page), "edge_order", "fine_tuning"), _found(deciding), before=happened(page)
        )
    with controls:
        _controls(deciding)
    _notes(page)
    untuned(deciding.ask, deciding.do)
    left, right = st.columns([11, 17])
    with left:
        with st.container(border=True, key="cell-card"):
            cell_card(deciding.ask, deciding.do, key="decide", title="The cell so far")
        if page.knows_truth:
            with st.container(border=True, key="outcomes-card"):
                outcomes(deciding)
    with right:
        with st.container(border=True, key="decision-card"):
            if page.run.is_past:
                past(deciding)
            else:
                card(deciding)
        with st.container(border=True, key="tape-card"):
            tape(deciding)


def _notes(page: PageState) -> None:
    """What is to be known of the supernet, and of who decided."""
    text.notes(page.summary)
    if page.link.name:
        st.caption(f"Handed in by {text.literal(page.link.name)}")


def _found(deciding: Deciding) -> str:
    """What is spoken of the step on screen."""
    measured = deciding.step.measurement
    return finding(deciding.page.space, measured.result if measured else None).spoken


def _order_line(page: PageState) -> str:
    order = ORDERS[page.link.order]
    seed = f" {page.link.seed}" if page.link.order == "random" else ""
    return f"order: {order}{seed} · {_preset_line(tuned.PRESETS[page.run.preset])}"


def _preset_line(preset: tuned.Preset) -> str:
    """What tuning follows the next decision."""
    if not preset.amount:
        return "no fine-tuning between steps (the published procedure fine-tunes 5 epochs)"
    unit = "mini-batches" if preset.unit == "batches" else preset.unit
    return f"fine-tuning after each decision: {preset.amount} {unit} at lr {preset.lr:g}"


def _controls(deciding: Deciding) -> None:
    page, run = deciding.page, deciding.run
    is_past = run.is_past
    nothing = is_past or not page.decisions
    with st.container(key="tools"):
        undo, redo, auto, tuning, order, export = st.columns(6)
    with undo:
        st.button(
            "Undo",
            icon=":material/undo:",
            shortcut="U",
            on_click=deciding.undo,
            disabled=nothing,
            width="stretch",
            key="undo",
        )
    with redo:
        st.button(
            "Redo",
            icon=":material/redo:",
            shortcut="Y",
            on_click=deciding.redo,
            disabled=is_past or not run.undone,
            width="stretch",
            key="redo",
        )
    with export:
        export_menu.menu(deciding.ask)
    with tuning, st.popover("Tuning", width="stretch"):
        _tuning(deciding)
    with auto:
        _auto_play(deciding)
    with order, st.popover("Order", width="stretch"):
        st.radio(
            "Edge order",
            list(ORDERS),
            format_func=ORDERS.get,
            key=keys.ORDER.name,
            index=list(ORDERS).index(page.link.order),
        )
        st.number_input("Seed", min_value=0, max_value=LARGEST_SEED, step=1, key=keys.SEED.name, value=page.link.seed)
        st.button("Use this order", on_click=deciding.set_order, type="primary", key="use-order")
        st.caption("Or click any undecided edge to decide it next.")
        _start_over(deciding, is_past or run.is_at_start)


def _start_over(deciding: Deciding, disabled: bool) -> None:
    """The button, which asks first. In place of a dialog, whose buttons are lost where the page refreshes itself."""
    if disabled or not keys.START_OVER.get(False):
        st.button("Start over", on_click=deciding.ask_to_start_over, disabled=disabled, key="start-over")
        return
    run = deciding.run
    number, given, by = len(run.link.decisions), len(run.given), "the task" if run.link.task else "its training"
    stay = f"{number} {'decision stays' if number == 1 else 'decisions stay'} as branch {run.branch}, and you"
    begin = f"with the {given} given by {by}" if given else "without any"
    st.markdown(
        f"Start over? {stay if number else 'You'} go on {begin} in a new one; edge order and tuning stay as they are."
    )
    go, no = st.columns(2)
    go.button("Start over", type="primary", on_click=deciding.start_over, key="start-over-now", width="stretch")
    no.button("Keep going", on_click=deciding.keep_going, key="start-over-not", width="stretch")


def _tuning(deciding: Deciding) -> None:
    page = deciding.page

    def cost(letter: str) -> str:
        preset = tuned.PRESETS[letter]
        if not preset.amount:
            return "the weights stay as they are"
        amount = f"{preset.amount} {'mini-batches' if preset.unit == 'batches' else preset.unit} at lr {preset.lr:g}"
        seconds = tuned.seconds(page.summary, letter, page.image_set)
        return amount + (f", about {wording.duration(seconds)}" if seconds else "")

    st.radio(
        "Fine-tune after every decision",
        list(tuned.PRESETS),
        format_func=lambda letter: tuned.PRESETS[letter].label,
        captions=[cost(letter) for letter in tuned.PRESETS],
        index=list(tuned.PRESETS).index(page.run.preset),
        on_change=deciding.set_preset,
        key=keys.PRESET.name,
    )
    known = page.image_set.images
    count = f"{wording.count(known[0])} " if known else ""
    images = f"{count}training images{image_sets.name_of([page.data])}"
    st.caption(
        "Without it the signal dies after two or three decisions. Tuning works on a copy of the weights, on the "
        f"{images}; undo gives the earlier weights back."
    )


def _auto_play(deciding: Deciding) -> None:
    if deciding.run.playing:
        st.button("Pause", icon=":material/pause:", on_click=deciding.pause, width="stretch", key="pause")
        return
    known = deciding.page.start.alphas.known
    with st.popover("Play", icon=":material/play_arrow:", width="stretch"):
        st.button(
            "by α", on_click=play, args=(deciding, "alpha"), width="stretch", key="play-alpha", disabled=not known
        )
        if not deciding.page.hides("drop", "path"):
            st.button(
                "by measurement", on_click=play, args=(deciding, "measured"), width="stretch", key="play-measured"
            )
        st.slider("Seconds per step", 0.5, 3.0, 1.0, 0.5, key=keys.SPEED.name)
