"""Steps in the browser's history: undo goes back in it and redo goes forward, so that its own buttons go on from there.

ask   let the browser take a step
"""

from pathlib import Path

import streamlit as st

from app.state.address import Step

_component = st.components.v2.component(
    "supernet_explorer_history",
    html="",
    js=Path(__file__).with_name("history.js").read_text(encoding="utf-8"),
)


def ask(step: Step | None) -> None:
    """Let the browser take a step, if there is one; asked again for the same one it does nothing."""
    if step is not None:
        _component(key="history", data=step._asdict())
