"""A banner where the tuned weights that a link names are not on this machine.

untuned   draw it, or nothing
"""

import streamlit as st

from app.state.actions import Actions
from app.state.questions import Questions


def untuned(ask: Questions, do: Actions) -> None:
    """Say so where the tuned weights that the link names are not on this machine, and offer to make them."""
    if not ask.page.untuned or not ask.page.entry.has_weights:
        return
    if ask.tuning:
        st.caption("fine-tuning · the numbers below are those of the weights before it")
        return
    said, button = st.columns([4, 1], vertical_alignment="center")
    said.warning(
        "The tuned weights of this link are not on this machine: the numbers below are untuned.",
        icon=":material/warning:",
    )
    button.button("Tune again", on_click=do.tune_again, width="stretch", key="tune-again")
