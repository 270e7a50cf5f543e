"""Bring a part of the page into view.

scroll_to   once for every time it is asked for
"""

import streamlit as st

_component = st.components.v2.component(
    "supernet_explorer_scroll",
    html="",
    js="""export default ({ data }) => {
        const done = (window.supernetScrolls ??= {});
        if (done[data.part] === data.asked) return;
        done[data.part] = data.asked;
        const part = document.querySelector(`.st-key-${data.part}`);
        const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
        part?.scrollIntoView({ behavior: still ? "auto" : "smooth" });
        part?.querySelector("button")?.focus({ preventScroll: true });
    }""",
)


def scroll_to(part: str, asked: int) -> None:
    """part: the key of a container. asked: how often it was asked for; asked again with the same it does nothing."""
    with st.container(key="scroll"):
        _component(key=f"scroll-to-{part}", data={"part": part, "asked": asked})
