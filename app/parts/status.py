"""The page's one live region: what a screen reader says when something has been decided, measured or selected.

say    let it say this, once it is something else than before
tell   say on whatever page that work has ended: a message, and once a sentence in the live region
"""

import streamlit as st

from app.state import keys
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
    """Say these, in their order; empty ones are left out. Before them what has been told, until the page says
    something else: were it taken away earlier, the rest would be read out again."""
    text = wording.plain(" ".join(filter(None, sentences)))
    before, told = keys.SPOKEN.get(("", ""))
    told = " ".join(keys.TOLD.get([])) or (told if text == before else "")
    keys.TOLD.drop()
    keys.SPOKEN.set((text, told))
    with st.container(key="status"):
        _component(key="spoken", data={"text": f"{told} {text}".strip()})


def tell(sentence: str, icon: str = ":material/check:") -> None:
    """Say that work has ended; in the sidebar, before the page speaks. sentence: ours, without signs of Markdown."""
    st.toast(sentence, icon=icon)
    keys.TOLD.set([*keys.TOLD.get([]), f"{sentence}."])
