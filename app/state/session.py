"""What one browser session holds: ids and small lists, and how they follow the link in the address bar.

State     decisions, edge in focus, order and what else belongs to one run
Address   what the address bar said and what was last written to it
state     the session's state for a run
sync      adopt what Back, Forward or a link changed; write what callbacks changed
query     the session's part of the address, to take along to another page
carry     keep what the sidebar chose from page to page
check     tell the visitor which of the sidebar's values in the address cannot be used
visitor   who this is, the same after a reload (by `browser`)

The link is the document, and Back and Forward are undo and redo: where the address does not say what was last written,
the visitor has moved in it, and the state follows.
"""

import hashlib
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import cycle
from urllib.parse import urlsplit

import streamlit as st

from app.state import url
from app.state.url import Link
from engine.selection.decisions import Decision
from engine.selection.selection import Selection
from engine.spaces import SearchSpace

BRANCH_NAMES = tuple("ABCDEFGH")
"""As many branches as a visitor can have of a run."""
ECHO_SECONDS = 1.0
"""Until a browser has received an address, it still reports the one before; hardly anybody goes back as quickly."""


@dataclass
class State:
    """One run in one session. by: who took a decision ("α", "measured", "you"). redo: undone decisions, next last.

    preset: the tuning that follows the next decision, a letter of `app.tuned.PRESETS`. looking: how many of the
    decisions are looked at, without taking back the others. branches: the lines of decisions that were left, by name.
    """

    link: Link = field(default_factory=Link)
    redo: list[Decision] = field(default_factory=list)
    by: dict[Decision, str] = field(default_factory=dict)
    skipped: list[tuple[str, int]] = field(default_factory=list)
    playing: str | None = None
    played: float = 0.0
    preset: str = "n"
    looking: int | None = None
    branch: str = "A"
    branches: dict[str, Link] = field(default_factory=dict)
    changed: bool = False  # by a callback, since the address was last written

    def adopt(self, link: Link) -> None:
        """Take the address's word; decisions that Back took away can be redone, Forward takes them from there."""
        before, after = self.link.decisions, link.decisions
        if before[: len(after)] == after:
            self.redo.extend(reversed(before[len(after) :]))
        else:
            forward = list(reversed(after[len(before) :]))
            if after[: len(before)] == before and self.redo[-len(forward) :] == forward:
                del self.redo[-len(forward) :]
            else:
                self.redo.clear()
        self.link = link
        self.playing = self.looking = None
        if link.tune:
            self.preset = link.tune[-1]

    def branch_off(self) -> None:
        """Go on from the moment looked at in a new branch; the line so far stays under its name."""
        assert self.looking is not None
        kept = self.link.decisions[: self.looking]
        self.branches[self.branch] = self.link
        self.branch = next(name for name in BRANCH_NAMES if name not in self.branches)
        self._go(replace(self.link, decisions=kept, tune=self.link.tune[: len(kept)].rstrip("n"), edge=None))

    def switch(self, name: str) -> None:
        """Go on in another branch."""
        self.branches[self.branch] = self.link
        self.branch = name
        self._go(self.branches.pop(name))

    def _go(self, link: Link) -> None:
        self.link, self.changed = link, True
        self.redo.clear()
        self.playing = self.looking = None


@dataclass
class Address:
    """The address bar of one session, as far as `url.KEYS` go; texts by key, without those at their default.

    Two habits of Streamlit shape it. A change of the page drops our keys from the address, and such a bare address
    stays behind in the browser's history. And every message that changes the address is an entry in that history,
    which can set several keys but delete none: a key that was written stays, empty at its default.
    """

    page: str | None = None
    run: str | None = None
    written: dict[str, str] = field(default_factory=dict)
    arrivals: dict[str, list[dict[str, str]]] = field(default_factory=dict)  # by page, what it was entered with
    of_other_runs: dict[str, dict[str, str]] = field(default_factory=dict)  # by run
    sent: dict[str, str] = field(default_factory=dict)  # our keys as they should be in the address by now
    before: dict[str, str] | None = None  # what they were before, until the browser shows that it has received them
    sent_at: float = 0.0

    def news(self, shown: Mapping[str, str], page: str, run: str, now: float) -> dict[str, str] | None:
        """What the address says, if the visitor has moved in it; None where it is what was written, or its echo.

        shown: our keys in the address. now: seconds, from any clock that never goes back.
        """
        is_first = self.page is None
        if page != self.page:
            self._arrive(page, bare=not shown)
        meant = {key: text for key, text in shown.items() if text} if shown else self._bare()
        if run != self.run:
            if self.run is not None:
                self.of_other_runs[self.run] = self.written
            self.of_other_runs.pop(run, None)
            self.run = run
        if is_first:
            self.sent = dict(shown)
        if shown == self.sent:
            self.before = None
        is_echo = shown == self.before and now - self.sent_at < ECHO_SECONDS
        # A change of run leaves an address behind in which the new run stands beside the other's decisions.
        is_of_other_run = bool(meant) and meant in self.of_other_runs.values()
        if not is_first and (meant == self.written or is_echo or is_of_other_run):
            return None
        return meant

    def _arrive(self, page: str, *, bare: bool) -> None:
        self.page = page
        arrivals = self.arrivals.setdefault(page, [] if bare else [{}])
        if bare and self.written not in arrivals:
            arrivals.append(self.written)

    def _bare(self) -> dict[str, str]:
        """What an address without our keys means: what its page was entered with.

        A page entered with something was given an address with it at once. So whoever comes from such an address has
        gone back by that step, and whoever comes from another one has taken back what was done first on the page.
        """
        arrivals = self.arrivals[self.page or ""]
        if self.written in arrivals:
            return self.written
        return {} if {} in arrivals else arrivals[-1]

    def write(self, shown: Mapping[str, str], wanted: dict[str, str], now: float) -> dict[str, str]:
        """The keys to set so that the address says `wanted`; {} for none."""
        target = dict.fromkeys(shown, "") | wanted
        if target != shown:
            self.before, self.sent_at = dict(shown), now
        # What the browser shows may be older than what was sent to it, so that it has to be sent again.
        changes = target if target != shown or shown != self.sent else {}
        self.written, self.sent = wanted, target
        return changes


def visitor() -> str:
    """Who this is: the browser by the cookie that Streamlit gave it, which outlives a reload; else the session."""
    if "visitor" not in st.session_state:
        st.session_state["visitor"] = browser(st.context.cookies.get("_streamlit_xsrf")) or uuid.uuid4().hex
    return st.session_state["visitor"]


def browser(cookie: object) -> str | None:
    """What a browser's cookie stands for, whichever of its spellings it comes in; None if it is no such cookie.

    Its form is "2|MASK|TOKEN|TIME", and at every loading of the page the same token comes masked anew.
    """
    try:
        _, mask, token, _ = str(cookie).split("|")
        plain = bytes(a ^ b for a, b in zip(bytes.fromhex(token), cycle(bytes.fromhex(mask)), strict=False))
    except ValueError:
        return None
    return hashlib.sha256(plain).hexdigest() if plain else None


def state(run: str) -> State:
    """The session's state for a run; it is kept while other runs are looked at."""
    return st.session_state.setdefault("states", {}).setdefault(run, State())


def sync(run: str, start: Selection) -> State:
    """The run's state, in step with the address. `start` is the run's selection without decisions."""
    current, address = state(run), st.session_state.setdefault("address", Address())
    said = st.query_params.to_dict()
    shown = {key: said[key] for key in url.KEYS if key in said}
    now = time.monotonic()
    news = address.news(shown, urlsplit(st.context.url or "").path, run, now)
    if news is not None and not current.changed:
        link, dropped = url.read(news, start)
        current.adopt(link)
        for sentence in dropped:
            st.toast(sentence, icon="⚠️")
    current.changed = False
    if changes := address.write(shown, url.write(start.space, current.link), now):
        st.query_params.update(changes)
    return current


def query() -> dict[str, str]:
    """The session's part of the address, for `st.switch_page` and `st.page_link`. Without it, they drop our keys, and
    `st.switch_page` refuses an address that holds a widget's."""
    return dict(st.session_state.setdefault("address", Address()).written)


def carry() -> None:
    """Keep what the sidebar chose from page to page: a change of the page drops it from the address, and the widgets
    would start at their defaults. Call before the widgets are drawn, and `kept` after."""
    page = urlsplit(st.context.url or "").path
    before, values = st.session_state.get("context", (page, {}))
    if page != before:
        for key, value in values.items():
            if value is not None and key not in st.query_params:
                st.session_state[key] = value


def kept() -> None:
    """Remember what `carry` carries."""
    page = urlsplit(st.context.url or "").path
    st.session_state["context"] = page, {key: st.session_state.get(key) for key in url.CONTEXT}


def check(runs: Mapping[str, SearchSpace], default: str) -> None:
    """Say which of the sidebar's values in the address cannot be used. Call before their widgets are drawn, as
    Streamlit drops such values without a word. runs: the names there are, with their spaces."""
    sentences = url.check(st.query_params.to_dict(), runs, default)
    for sentence in sentences:
        if sentence not in st.session_state.get("said", ()):
            st.toast(sentence, icon="⚠️")
    st.session_state["said"] = sentences
