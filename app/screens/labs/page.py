"""The page of labs: which there are, and the one that is chosen, with what it shows of the supernet on screen."""

import re
from html import escape

import streamlit as st

from app.parts import text
from app.parts.terms import marked
from app.screens.labs import address, controls, shown
from app.state import keys
from app.state.actions import Actions
from app.state.live import live
from app.state.page import PageState
from app.state.questions import Questions
from app.work import lab_runs
from engine.analysis import registry
from engine.analysis.lab import Lab

REFRESH = 2.0


def page() -> None:
    live(_body, _settle)


def _settle(page: PageState, ask: Questions, do: Actions) -> dict[str, str]:
    # Streamlit forgets a widget that a page does not draw.
    return address.follow(entered=not keys.LAB_CHOICE.is_set)


def _body(page: PageState, ask: Questions, do: Actions) -> None:
    lab = registry.find(address.current())
    words = escape(f"Claim: {lab.claim}", quote=False)
    text.title(
        lab.title,
        marked(
            words, "supernet", "alpha", "operation", "cell", "skip", "convolution", "residual_network", "feature_map"
        ),
    )
    _list()
    st.markdown(f":small[{lab.source} · [paper]({lab.link})]")
    if (reason := lab.refuses(page.summary)) is not None:
        with st.container(border=True, key="lab-refused-card"):
            text.heading("Not for this supernet")
            st.caption(f"{text.literal(reason[0].upper() + reason[1:])}. Choose another supernet in the sidebar.")
        return
    is_running = lab_runs.active() is not None
    st.fragment(_lab, run_every=REFRESH if is_running else None)(page, lab, is_running)


def _list() -> None:
    """All labs, the one on screen chosen."""
    keys.LAB_CHOICE.set(address.current())
    st.segmented_control(
        "Lab",
        registry.names(),
        format_func=lambda name: re.split("[?:,]", registry.find(name).title)[0],
        key=keys.LAB_CHOICE.name,
        required=True,
        on_change=lambda: address.choose(keys.LAB_CHOICE.get("")),
        label_visibility="collapsed",
    )


def _lab(page: PageState, lab: Lab, was_running: bool) -> None:
    if was_running != (lab_runs.active() is not None):
        st.rerun()  # begin to be drawn again and again, or end it
    with st.container(horizontal=True, vertical_alignment="center", key="lab-controls"):
        asked = controls.asked(page, lab)
        run = lab_runs.find(asked) if asked is not None else None
        found = shown.find(page, lab, asked, run)
        controls.run_line(lab, asked, run, found)
    shown.draw(page, lab, asked, found)
