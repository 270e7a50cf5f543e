"""The two sides of a comparison, in step with the address. Needs no torch.

Sides     what the session holds of them
follow    adopt what the address says of them
current   the two sides on screen
choose    change them, in a callback
read      the side that a text names
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from app.screens.compare.endings import RunEndings, Side
from app.screens.compare.presets import Pair, default
from app.state import keys, session
from app.state.address import Address
from engine.errors import BadInput

NAMES = ("a", "b")
"""Of the sides, in the address."""


@dataclass
class Sides:
    """chosen: the sides by name, as far as they were chosen. run: the sidebar's. changed: in a callback."""

    address: Address = field(default_factory=Address)
    chosen: dict[str, Side] = field(default_factory=dict)
    run: str | None = None
    changed: bool = False


def read(text: str, runs: Mapping[str, RunEndings]) -> Side:
    """The side that a text names. Raises BadInput where there is no such run or ending."""
    run, _, ending = text.rpartition(":")
    run = session.present(run, runs)
    if run not in runs:
        raise BadInput(f"there is no supernet {run!r} here; write RUN:ENDING, with a run of the sidebar")
    if ending not in runs[run].endings:
        raise BadInput(f"{run} has no ending {ending!r}; it has {', '.join(runs[run].endings)}")
    return Side(run, ending)


def follow(runs: Mapping[str, RunEndings], run: str, *, entered: bool) -> dict[str, str]:
    """Adopt what the address says of the sides. Returns what is to be written into it. Once in a drawing.

    run: the sidebar's. entered: whether the page was not on screen before. A change of the page drops the names, which
    says nothing.
    """
    sides = keys.SIDES.kept(Sides)
    if entered and sides.address.page is not None:
        sides.address.page = ""  # it was not asked on the pages in between
    shown, now = session.shown(NAMES), time.monotonic()
    news = sides.address.news(shown, session.page(), now)
    if news is not None and not sides.changed:
        sides.address.adopt(shown)
        sides.chosen = _read_all(news, runs)
    elif sides.run not in (None, run):
        sides.chosen = {}  # another run in the sidebar begins anew
    sides.run, sides.changed = run, False
    return sides.address.write(shown, {name: str(side) for name, side in _chosen(runs).items()}, now)


def current(runs: Mapping[str, RunEndings], run: str) -> Pair:
    """The two sides on screen. Without any in the address: the default of `run`, the sidebar's."""
    chosen = _chosen(runs)
    first, second = default(runs[chosen["a"].run if "a" in chosen else run])
    return chosen.get("a", first), chosen.get("b", second)


def _chosen(runs: Mapping[str, RunEndings]) -> dict[str, Side]:
    """The sides that were chosen and are still there."""
    chosen = keys.SIDES.kept(Sides).chosen.items()
    now = {name: side._replace(run=session.present(side.run, runs)) for name, side in chosen}
    return {name: side for name, side in now.items() if side.run in runs and side.ending in runs[side.run].endings}


def _read_all(texts: Mapping[str, str], runs: Mapping[str, RunEndings]) -> dict[str, Side]:
    found = {}
    for name, text in texts.items():
        try:
            found[name] = read(text, runs)
        except BadInput as error:
            st.toast(f"The link's {name} was left out: {error}.", icon=":material/warning:")
    return found


def choose(chosen: Sequence[Side]) -> None:
    """Show these two sides from the next drawing on."""
    sides = keys.SIDES.kept(Sides)
    sides.chosen, sides.changed = dict(zip(NAMES, chosen, strict=True)), True
