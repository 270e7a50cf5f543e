"""A page that a teacher's link hides: what it says instead.

hidden   the words that hide a page
page     draw it
"""

import streamlit as st

from app.parts import text
from app.state import keys, session
from app.state.actions import Actions
from app.state.live import live
from app.state.page import PageState
from app.state.questions import Questions

BY = {
    "compare": ("drop", "truth", "path"),
    "labs": ("drop", "truth", "path"),
    "runs": ("drop", "truth", "path"),
    "train": ("train",),
}
"""Pages that cannot be shown without what these words hide: their subject is just that."""


def hidden(name: str) -> tuple[str, ...]:
    """The words of the link that hide a page; () for one that is shown."""
    return tuple(word for word in BY.get(name, ()) if session.attending().hides(word))


def page() -> None:
    live(_body)


def _body(page: PageState, ask: Questions, do: Actions) -> None:
    words = ", ".join(hidden(keys.ON_PAGE.get("")))
    text.title("This page is hidden", f"The link that you came by hides it (hide={words}). The other pages are open.")
    if st.button("Explore", type="primary", key="from-hidden"):
        session.go_to("explore", page.entry.id, page.start)
