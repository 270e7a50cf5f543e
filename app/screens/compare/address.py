"""The two sides of a comparison, in step with the address. Needs no torch.

current    the two sides on screen
choose     change them, in a callback
read       the side that a text names
"""

import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import streamlit as st

from app.screens.compare.endings import Shelf, Side
from app.screens.compare.presets import Pair, default
from app.state.session import Address
from engine.errors import BadInput

KEYS = ("a", "b")


def read(text: str, shelves: Mapping[str, Shelf]) -> Side:
    """The side that a text names. Raises BadInput where there is no such run or ending."""
    run, _, ending = text.rpartition(":")
    if run not in shelves:
        raise BadInput(f"there is no supernet {run!r} here; write RUN:ENDING, with a run of the sidebar")
    if ending not in shelves[run].endings:
        raise BadInput(f"{run} has no ending {ending!r}; it has {', '.join(shelves[run].endings)}")
    return Side(run, ending)


def current(shelves: Mapping[str, Shelf], run: str, *, entered: bool) -> Pair:
    """The two sides on screen. Without any in the address: the default of `run`, the sidebar's.

    entered: whether the page was not on screen before. A change of the page drops the keys, which says nothing.
    """
    address: Address = st.session_state.setdefault("sides-address", Address())
    if entered and address.page is not None:
        address.page = ""  # it was not asked on the pages in between
    said = st.query_params.to_dict()
    shown = {key: said[key] for key in KEYS if key in said}
    now = time.monotonic()
    news = address.news(shown, urlsplit(st.context.url or "").path, "", now)
    if news is not None and not st.session_state.get("sides-changed"):
        st.session_state["sides"] = _read_all(news, shelves)
    elif st.session_state.get("sides-run", run) != run:
        st.session_state["sides"] = {}  # another run in the sidebar begins anew
    st.session_state["sides-run"] = run
    st.session_state["sides-changed"] = False
    chosen = {key: side for key, side in st.session_state.get("sides", {}).items() if _exists(side, shelves)}
    if changes := address.write(shown, {key: str(side) for key, side in chosen.items()}, now):
        st.query_params.update(changes)
    first, second = default(shelves[chosen["a"].run if "a" in chosen else run])
    return chosen.get("a", first), chosen.get("b", second)


def _read_all(texts: Mapping[str, str], shelves: Mapping[str, Shelf]) -> dict[str, Side]:
    found = {}
    for key, text in texts.items():
        try:
            found[key] = read(text, shelves)
        except BadInput as error:
            st.toast(f"The link's {key} was left out: {error}.", icon="⚠️")
    return found


def _exists(side: Side, shelves: Mapping[str, Shelf]) -> bool:
    return side.run in shelves and side.ending in shelves[side.run].endings


def choose(sides: Sequence[Side]) -> None:
    """Show these two sides from the next drawing on."""
    st.session_state["sides"] = dict(zip(KEYS, sides, strict=True))
    st.session_state["sides-changed"] = True
