"""What the visitor let train from scratch: a line each in the sidebar, on whatever page and after a reload.

lines   how far each run is or what came out of it, and the way to it
"""

import streamlit as st

from app.parts import status, text
from app.parts.train_panel import REFRESH, how_far, outcome
from app.state import keys, session
from app.state.page import PageState
from app.work.retraining import Run, latest

MOST_SHOWN = 3
"""Runs that have a line, the latest ones."""


def lines(page: PageState) -> None:
    """Draw them; they refresh themselves while one runs."""
    active = any(run.running for run in _runs())
    st.fragment(_lines, run_every=REFRESH if active else None)(page, active)


def _runs() -> list[Run]:
    """The visitor's runs that are here, the latest at the end."""
    trained = keys.TRAINED.get({})
    return latest(trained) if trained else []


def _lines(page: PageState, was_active: bool) -> None:
    runs = _runs()
    if was_active != any(run.running for run in runs):
        st.rerun()  # the end is told on the whole page, which then no longer refreshes itself
    _tell(runs)
    for run in reversed(runs[-MOST_SHOWN:]):
        _line(run, page)


def _tell(runs: list[Run]) -> None:
    """Say once that a run has ended."""
    trained = keys.TRAINED.get({})
    ended = [run for run in runs if not run.running and not trained[run.recipe.genotype]]
    for run in ended:
        if run.done:
            status.tell("Training from scratch: done")
        else:  # why, its line says
            status.tell("Training from scratch: stopped", ":material/warning:")
    if ended:
        session.keep_trained(trained | {run.recipe.genotype: True for run in ended})


def _line(run: Run, page: PageState) -> None:
    name = run.path.name
    if run.running:
        share, words = how_far(run)
        st.progress(share, f"Training from scratch  \n{words}")
    else:
        st.caption(f"Trained from scratch: {text.literal(outcome(run))}")
    with st.container(horizontal=True, gap="small"):
        if st.button("Show", key=f"show-training-{name}", help=text.literal(run.recipe.genotype)):
            keys.TO_TRAIN.set(run.recipe.genotype)
            session.go_to("decide", page.entry.id, page.start)
        if not run.running:
            st.button(
                "Forget", key=f"forget-training-{name}", on_click=_forget, args=(run,), help="The run itself stays"
            )


def _forget(run: Run) -> None:
    session.keep_trained({name: told for name, told in keys.TRAINED.get({}).items() if name != run.recipe.genotype})
