"""The supernet in training: a line in the sidebar, on whatever page; and how many wait for their turn.

line   how far it is, and the way to it; said once when it has ended
"""

import streamlit as st

from app.parts import status, text
from app.parts.train_panel import how_far
from app.state import keys, session
from app.state.page import PageState
from app.work.supernets import Training, trainings

REFRESH = 2.0


def line(page: PageState) -> None:
    """Draw it, where one is trained; it refreshes itself."""
    run = _running()
    st.fragment(_line, run_every=REFRESH if run else None)(page, run.name if run else None)


def _running() -> Training | None:
    """The one that works, else one that waits to begin."""
    active = [run for run in trainings() if run.running]
    return min(active, key=lambda run: run.waits, default=None)


def _has_ended(name: str) -> bool:
    """Whether nobody works on a run any more: one that waits behind another has not ended."""
    return not any(run.name == name and run.running for run in trainings())


def _line(page: PageState, was: str | None) -> None:
    run = _running()
    if (run.name if run else None) != was:
        if was is not None and _has_ended(was):
            status.tell(f"Training of {was} has ended")
        st.rerun()
    if run is None:
        return
    share, words = how_far(run)
    waiting = sum(each.waits for each in trainings() if each.name != run.name)
    st.progress(
        share,
        f"{text.literal(run.name)}  \n{words}"
        + (f"  \n{waiting} more wait{'s' if waiting == 1 else ''}" if waiting else ""),
    )
    if keys.ON_PAGE.get("") != "train" and st.button("Show", key="show-supernet", help="Its curves and alphas"):
        keys.TRAINING.set(run.name)
        session.go_to("train", page.entry.id, page.start)
