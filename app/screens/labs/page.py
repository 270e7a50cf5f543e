"""The page of labs: which there are, and the one that is chosen, with what it shows of the supernet on screen."""

import streamlit as st

from app.parts import text
from app.screens.labs import controls, shown
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
    live(_body)


def _body(page: PageState, ask: Questions, do: Actions) -> None:
    lab = registry.find(_chosen())
    text.title(lab.title, f"Claim: {lab.claim}")
    names = registry.names()
    if len(names) > 1:
        _list(names)
    st.markdown(f":small[{lab.source} · [paper]({lab.link})]")
    if (reason := lab.refuses(page.summary)) is not None:
        with st.container(border=True, key="lab-refused-card"):
            text.heading("Not for this supernet")
            st.caption(f"{text.literal(reason[0].upper() + reason[1:])}. Choose another supernet in the sidebar.")
        return
    is_running = lab_runs.active() is not None
    st.fragment(_lab, run_every=REFRESH if is_running else None)(page, lab, is_running)


def _list(names: tuple[str, ...]) -> None:
    st.segmented_control(
        "Lab",
        names,
        format_func=lambda name: registry.find(name).title.partition("?")[0].partition(":")[0],
        key=keys.LAB.name,
        bind="query-params",
        required=True,
        default=names[0],
        label_visibility="collapsed",
    )


def _chosen() -> str:
    """The lab on screen; what a link says and is none is told once."""
    names, said = registry.names(), st.query_params.get(keys.LAB.name)
    if said and said not in names:
        if keys.LAB_SAID.get("") != said:
            known = ", ".join(names)
            st.toast(
                f"The link's lab was left out: there is no lab {text.literal(said[:40])} here; there are {known}.",
                icon=":material/warning:",
            )
            keys.LAB_SAID.set(said)
        return names[0]
    found = keys.LAB.get(said or names[0])
    return found if found in names else names[0]


def _lab(page: PageState, lab: Lab, was_running: bool) -> None:
    if was_running != (lab_runs.active() is not None):
        st.rerun()  # begin to be drawn again and again, or end it
    with st.container(horizontal=True, vertical_alignment="center", key="lab-controls"):
        asked = controls.asked(page, lab)
        run = lab_runs.find(asked) if asked is not None else None
        found = shown.find(page, lab, asked, run)
        controls.run_line(lab, asked, run, found)
    shown.draw(page, lab, asked, found)
