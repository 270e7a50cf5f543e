"""What a page shows before a room (`present=1`): larger letters and figures, and a switch of its theme.

style    the additional style sheet; "" where nothing is presented
switch   draw the switch

Streamlit keeps the theme that was chosen in its menu for every address in the browser, and reads it as it loads; the
menu itself is not there (`toolbarMode`).
"""

from collections.abc import Iterable
from pathlib import Path

import streamlit as st

from app.state import session

_CSS = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
_component = st.components.v2.component(
    "supernet_explorer_theme",
    html='<button type="button"></button>',
    css="""button { font: inherit; font-size: 0.85rem; padding: 0.25rem 0.7rem; border-radius: 0.5rem; cursor: pointer;
        color: var(--st-text-color); background: var(--st-background-color); border: 1px solid var(--st-border-color); }
        button:focus-visible { outline: 3px solid var(--st-primary-color); }""",
    js="""export default ({ data, parentElement }) => {
        const button = parentElement.querySelector("button");
        const other = getComputedStyle(button).colorScheme.includes("dark") ? "Light" : "Dark";
        button.textContent = `${other} theme`;
        button.onclick = () => {
            for (const path of data.paths) localStorage.setItem(`stActiveTheme-${path}-v2`, JSON.stringify(other));
            location.reload();
        };
    }""",
)


def style() -> str:
    return _CSS if session.is_presented() else ""


def switch(pages: Iterable[str]) -> None:
    """pages: names of the app's pages, the first one being at its root."""
    if session.is_presented():
        first, *others = pages
        with st.container(key="theme-switch"):
            _component(key="theme", data={"paths": ["/", *(f"/{name}" for name in (first, *others))]})
