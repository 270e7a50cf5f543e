"""Train: start a supernet's training, and watch alpha take sides. It is a process of its own; closing the page ends
nothing."""

from collections.abc import Callable
from html import escape

import streamlit as st

from app.library import image_sets, imports
from app.parts import text
from app.parts.terms import marked
from app.parts.train_panel import how_far
from app.parts.training_record import is_recorded, training_record
from app.state import keys, session
from app.work import estimates, supernets
from app.work.supernets import OF_FAMILY, PRESETS, Training
from engine.checkpoint.format import Summary, read_summary
from engine.drawing import wording
from engine.errors import BadInput
from engine.spaces import SPACES
from engine.training import methods
from engine.training.recipe import Recipe

REFRESH = 2.0
FIRST_NAME = "my-first-run"
PURPOSE = {
    "Minutes": "The smallest there is: to see one train.",
    "Laptop": "To see α give in: on NAS-Bench-201 with darts, the bundled images and seed 0 it keeps skip on all six "
    "edges after two epochs.",
    "Paper": "The published size, for a GPU.",
}
PAUSE = "It ends after the running epoch, and can go on from there"
STOP = "The running epoch is given up; what is finished is kept, and it can go on from there"


def page() -> None:
    text.title(marked("Train a supernet, watch α take sides", "supernet", "alpha"), _line())
    left, right = st.columns([5, 14])
    with left, st.container(border=True, key="new-training-card"):
        _form()
    with right, st.container(border=True, key="training-card"):
        runs = list(supernets.trainings())
        refresh = REFRESH if any(run.running for run in runs) else None
        st.fragment(_runs, run_every=refresh)(refresh is not None)


def _line() -> str:
    return (
        f"Everything runs on this computer. The alphas of every epoch are kept, and the weights of every "
        f"{supernets.KEEP_EVERY}th; every page can open the run after its first epoch."
    )


# A new one


def _form() -> None:
    text.heading("New training")
    preset = st.segmented_control(
        "Size", list(PRESETS), default="Minutes", required=True, key="train-preset", label_visibility="collapsed"
    )
    st.caption(PURPOSE[preset])
    space = st.selectbox("Search space", list(SPACES), index=list(SPACES).index("nas-bench-201"), key="train-space")
    method = st.selectbox("Method", methods.names(), index=methods.names().index("darts"), key="train-method")
    with st.popover(f"What {method} does", width="stretch"):
        about = methods.about(method)
        st.markdown(f"**{about.title}** {about.text}")
        if about.equation:
            st.caption(about.equation)
    usual = PRESETS[preset] | ({} if space == "nas-bench-201" else {"cells": OF_FAMILY[preset]})
    part = f"{preset}-{space}"  # another choice brings its own numbers
    left, middle, right = st.columns(3)
    channels = left.number_input("Channels", 2, 256, usual["channels"], key=f"train-channels-{part}")
    cells = middle.number_input("Cells", 1, 50, usual["cells"], key=f"train-cells-{part}")
    pixels = right.selectbox("Pixels", [16, 32], index=usual["image_size"] // 32, key=f"train-pixels-{part}")
    left, middle = st.columns(2)
    epochs = left.number_input("Epochs", 1, 1000, usual["epochs"], key=f"train-epochs-{part}")
    seed = middle.number_input("Seed", 0, 2**31, 0, key="train-seed")
    sets = image_sets.image_sets()
    data = st.selectbox("Images", list(sets), key="train-data")
    known = sets[data].images
    st.caption(f"{wording.count(known[0])} images train the weights." if known else "Half of them train the weights.")
    changes = st.text_input(
        "Settings of the method", key="train-set", placeholder="alpha_lr=0.001, weight_decay=0.0005"
    )
    name = st.text_input("Name", FIRST_NAME, max_chars=60, key="train-name")
    try:
        recipe = Recipe(
            space=space,
            method=method,
            data=sets[data].spec,
            epochs=int(epochs),
            channels=int(channels),
            cells=int(cells),
            image_size=int(pixels),
            seed=int(seed),
            settings=methods.settings_for(method, space, _pairs(changes)),
        )
        recipe.check_trains_alphas()
    except BadInput as problem:
        st.error(str(problem), icon=":material/error:")
        st.button("Start", type="primary", width="stretch", key="train-start", disabled=True)
        return
    is_known = estimates.expected(recipe) is not None
    st.fragment(_estimate, run_every=None if is_known else REFRESH)(recipe, is_known)
    busy = any(run.running for run in supernets.trainings())
    label = "Start after the running one" if busy else "Start"
    if st.button(label, type="primary", width="stretch", key="train-start"):
        try:
            run = supernets.launch(_name(name), recipe)
        except BadInput as problem:
            st.error(str(problem), icon=":material/error:")
        else:
            keys.TRAINING.set(run.name)
            st.rerun()


def _estimate(recipe: Recipe, known: bool) -> None:
    """What it will take, on this machine as it is now; looked at again and again until it is known."""
    found = estimates.expected(recipe)
    if known != (found is not None):
        st.rerun()
    if found is None:
        estimates.measure(recipe)
        st.caption("Taking a few steps to see how long it will take …")
        return
    if found.problem:
        st.caption(f"How long it takes is not known: {text.literal(found.problem)}")
        return
    memory = "" if found.memory is None else f", {found.memory / 1e9:.1f} GB of memory"
    how = "as the last run of this size" if found.source == "run" else "a few steps were timed here"
    st.markdown(f"**about {wording.duration(found.seconds)}** ({wording.duration(found.per_epoch)} an epoch{memory})")
    st.caption(how)


def _pairs(changes: str) -> dict[str, str]:
    """Settings as they are typed: "key=value, key=value"; a comma within a value is written as a space."""
    found = {}
    for part in filter(None, (each.strip() for each in changes.split(","))):
        key, sign, value = part.partition("=")
        if not sign:
            raise BadInput(f"{part} is no setting; write key=value, for example alpha_lr=0.001")
        found[key.strip()] = ",".join(value.split())
    return found


def _name(name: str) -> str:
    found = imports.tidy(name)
    if not found:
        raise BadInput("the run needs a name of letters, digits, dots and dashes")
    return found


# Those there are


def _runs(refreshing: bool) -> None:
    runs = list(supernets.trainings())
    if refreshing != any(run.running for run in runs):
        st.rerun()
    if not runs:
        _no_run()
        return
    names = [run.name for run in reversed(runs)]
    shown = keys.TRAINING.get(names[0])
    if shown not in names:
        shown = names[0]
    if len(names) > 1:
        shown = st.selectbox("Run", names, index=names.index(shown), key=f"training-of-{len(names)}-{shown}")
        keys.TRAINING.set(shown)
    _run(next(run for run in runs if run.name == shown))


def _no_run() -> None:
    """Where nothing was trained here: how the training of the supernet in the sidebar went, if it is recorded."""
    text.heading("No training yet", "start one: the smallest takes minutes")
    entry = session.entries().get(keys.RUN.get(""))
    if entry is None or entry.summary is None or not is_recorded(entry.summary):
        return
    summary, meta = entry.summary, entry.summary.meta
    epochs = int((meta.get("hyperparameters") or {}).get("epochs") or len(summary.log))
    seed = "" if meta.get("seed") is None else f"seed {meta['seed']}, "
    st.caption(
        f"This is how {text.literal(entry.id)} was trained, from its files: {text.literal(str(meta['method']))}, "
        f"{seed}{len(summary.log)} of {wording.count(epochs)} epochs."
    )
    training_record(summary.log, summary, epochs)


def _run(run: Training) -> None:
    recipe = run.recipe
    text.heading(escape(run.name), escape(f"{recipe.space}, {recipe.method}, seed {recipe.seed}"))
    log = supernets.history(run)
    _state(run, len(log))
    _buttons(run)
    if not log:
        st.caption("No epoch is finished yet.")
        return
    training_record(log, _summary(run), recipe.epochs)


def _state(run: Training, finished: int) -> None:
    """How far it is, or how it ended. finished: epochs; the status says one more in the moment before it is kept."""
    epochs = run.recipe.epochs
    if run.running:
        st.progress(*how_far(run))
    elif run.problem:
        st.error(run.problem, icon=":material/error:")
    elif run.done:
        st.caption(f"Finished: {finished} of {epochs} epochs.")
    else:
        st.caption(f"Stopped after epoch {finished} of {epochs}; what is finished is kept.")


def _buttons(run: Training) -> None:
    with st.container(horizontal=True):
        if run.waits:
            st.button("Do not wait", on_click=run.stop, key="training-stop", help="It can go on later")
        elif run.running:
            st.button("Pause", on_click=_attempt, args=(run.pause,), key="training-pause", help=PAUSE)
            st.button("Stop and keep", on_click=run.stop, key="training-stop", help=STOP)
        elif not run.done:
            st.button("Go on", type="primary", on_click=_resume, args=(run,), key="training-resume")
        entry = session.entries().get(run.name)
        if entry and entry.summary and st.button("Open in Explore", key="training-open"):
            session.go_to("explore", entry.id, entry.summary.start)
        if not run.running:
            _discard(run)


def _discard(run: Training) -> None:
    """The button, which asks first, in its place."""
    if keys.TO_DISCARD.get("") != run.name:
        st.button("Discard", on_click=keys.TO_DISCARD.set, args=(run.name,), key="training-discard")
        return
    st.button(f"Discard {run.name} for good", type="primary", on_click=_gone, args=(run,), key="training-discard-now")
    st.button("Keep it", on_click=keys.TO_DISCARD.drop, key="training-discard-not")


def _resume(run: Training) -> None:
    _attempt(lambda: supernets.launch(run.name, run.recipe))


def _gone(run: Training) -> None:
    keys.TO_DISCARD.drop()
    _attempt(lambda: supernets.discard(run))


def _attempt(what: Callable[[], object]) -> None:
    try:
        what()
    except BadInput as problem:
        st.toast(str(problem), icon=":material/error:")


def _summary(run: Training) -> Summary | None:
    """Its checkpoint; None in the moment in which it is written."""
    try:
        return read_summary(run.path)
    except BadInput:
        return None
