"""The epoch slider: a run's training, from its first epoch to its last, and by itself.

epoch_slider   draw it
advance        one epoch on, where the epochs play
said           the epoch on screen in words, with the true accuracy of alpha's cell where a table knows it
"""

import time

import streamlit as st

from app.library import epochs
from app.state import keys, session
from app.state.page import PageState
from engine import nasbench201
from engine.drawing import wording

SECONDS = 0.5
"""How long an epoch is shown while they play."""


def _last(page: PageState) -> int:
    return epochs.count(session.entries()[page.entry.id])


def epoch_slider(page: PageState) -> None:
    """A slider over the epochs whose alphas the run has kept, and a button that plays them."""
    last, run = _last(page), page.entry.id
    button, slider = st.columns([1, 5], vertical_alignment="center", gap="small")
    if keys.EPOCHS_PLAY.get(None) is not None:
        button.button("", icon=":material/pause:", on_click=_pause, key="pause-epochs", help="Stay at this epoch")
    else:
        button.button(
            "",
            icon=":material/play_arrow:",
            on_click=_play,
            args=(run, last),
            key="play-epochs",
            help="See alpha's training again",
        )
    place = keys.EPOCH_SLIDER.of(run)
    place.set(page.entry.epoch or last)
    with slider:
        st.slider(
            "Epoch",
            1,
            last,
            format=f"epoch %d of {last}",
            key=place.name,
            on_change=_grab,
            args=(run, last),
            label_visibility="collapsed",
        )


def _play(run: str, last: int) -> None:
    """From the first epoch, where the last one is on screen."""
    if keys.EPOCH.of(run).get(None) in (None, last):
        keys.EPOCH.of(run).set(1)
    keys.EPOCHS_PLAY.set(time.monotonic())


def _pause() -> None:
    keys.EPOCHS_PLAY.drop()


def _grab(run: str, last: int) -> None:
    """The visitor takes the slider: nothing moves by itself any more."""
    _pause()
    chosen = keys.EPOCH_SLIDER.of(run).get(last)
    keys.EPOCH.of(run).set(None if chosen == last else chosen)


def advance(page: PageState) -> None:
    """One epoch on, where the epochs play and this one has been seen; at the last one they stop."""
    since, now = keys.EPOCHS_PLAY.get(None), time.monotonic()
    if since is None or now - since < SECONDS:
        return
    keys.EPOCHS_PLAY.set(now)
    key, last = keys.EPOCH.of(page.entry.id), _last(page)
    following = (page.entry.epoch or last) + 1
    if following >= last:
        _pause()
    key.set(following if following < last else None)


def said(page: PageState) -> str:
    """e.g. "Epoch 6 of 30: α's cell has a true accuracy of 54.30 % (CIFAR-10)"; "" at the last epoch."""
    if page.entry.epoch is None:
        return ""
    first = f"Epoch {page.entry.epoch} of {_last(page)}"
    start = page.start
    if not page.knows_truth or not start.alphas.known:
        return first
    true = nasbench201.lookup(str(start.alpha_path().decoded())).cifar10
    return f"{first}: α's cell has a true accuracy of {wording.percent(true, digits=2)} (CIFAR-10)"
