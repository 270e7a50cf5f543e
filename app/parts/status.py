"""The page's one live region: what a screen reader says when something has been decided, measured or selected.

say   let it say this, once it is something else than before
"""

import streamlit as st

from engine.drawing import wording

_component = st.components.v2.component(
    "supernet_explorer_status",
    html='<div role="status" aria-live="polite"></div>',
    js="""export default ({ data, parentElement }) => {
        const region = parentElement.querySelector("[role=status]");
        if (region.textContent !== data.text) region.textContent = data.text;
    }""",
)


def say(*sentences: str) -> None:
    """Say these, in their order; empty ones are left out."""
    with st.container(key="status"):
        _component(key="spoken", data={"text": wording.plain(" ".join(filter(None, sentences)))})
