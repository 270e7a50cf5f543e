"""Which lab is on screen, and its part of the address: "lab=snapshots".

Choice    what the session holds of it
follow    adopt what the address says of it
current   the lab on screen
choose    another one, in a callback
"""

import time
from dataclasses import dataclass, field

import streamlit as st

from app.parts import text
from app.state import keys, session
from app.state.address import Address
from engine.analysis import registry

NAME = "lab"
"""In the address."""


@dataclass
class Choice:
    """lab: as far as one was chosen. changed: in a callback."""

    address: Address = field(default_factory=Address)
    lab: str | None = None
    changed: bool = False


def follow(*, entered: bool) -> dict[str, str]:
    """Adopt what the address says. Returns what is to be written into it. Once in a drawing. entered: whether the page
    was not on screen before; a change of the page drops the name, which says nothing."""
    choice = keys.LAB.kept(Choice)
    if entered and choice.address.page is not None:
        choice.address.page = ""  # it was not asked on the pages in between
    shown, now = session.shown((NAME,)), time.monotonic()
    news = choice.address.news(shown, session.page(), now)
    if news is not None and not choice.changed:
        choice.address.adopt(shown)
        choice.lab = _read(news.get(NAME))
    choice.changed = False
    wanted = {} if choice.lab is None else {NAME: choice.lab}
    return choice.address.write(shown, wanted, now)


def current() -> str:
    """The first one until another is chosen."""
    return keys.LAB.kept(Choice).lab or registry.names()[0]


def choose(lab: str) -> None:
    """Show this lab from the next drawing on."""
    choice = keys.LAB.kept(Choice)
    choice.lab, choice.changed = lab, True


def _read(said: str | None) -> str | None:
    if said is None or said in registry.names():
        return said
    known = ", ".join(registry.names())
    st.toast(
        f"The link's lab was left out: there is no lab {text.literal(said[:40])} here; there are {known}.",
        icon=":material/warning:",
    )
    return None
