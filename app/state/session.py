"""One browser session in step with the address bar, and what it takes along from page to page.

state     what the session holds of a run
read      adopt what Back, Forward or a link changed: once in a drawing, at its beginning
write     write what has changed: once in a drawing, when the state is settled and before the page is drawn
query     the session's part of the address, to take along to another page
go_to     draw another page, perhaps of another run
carry     keep what the sidebar chose from page to page
check     tell the visitor which of the sidebar's values in the address cannot be used
restore   once in a session: what the visitor made when here before (`app.state.memory`)
visitor   who this is, the same after a reload (by `browser`)
entries   the supernets that this visitor can open
present   the name that a supernet has by now
keep_opened, keep_trained   hold what was opened or trained, also for the visitor's next visit
rename    let what is open or remembered follow a supernet that was given another name
leave     show another supernet in the place of one that is gone
attending what a link said of the visit: a lesson, and what a teacher asked for
attend    open a lesson, go on in it, or leave it
is_presented   whether the page is shown to a room, also before the address is read

The link is the document, and Back and Forward are undo and redo: where the address does not say what was last written,
the visitor has moved in it, and the state follows. Only `app.state.live` reads and writes.
"""

import hashlib
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import cycle
from typing import NoReturn
from urllib.parse import urlsplit

import streamlit as st

from app.library.catalog import Entry
from app.state import history, keys, memory, url, visit
from app.state.address import Address
from app.state.opened import Opened
from app.state.run import RunState
from app.state.url import Link
from app.state.visit import Visit
from app.work.workshop import workshop
from engine.selection.decisions import Decision
from engine.selection.selection import Selection
from engine.spaces import SearchSpace

_SWITCHES = (keys.LIST_VIEW, keys.SHOW_TRUTH)
"""Visitor's keys with a widget of their own."""


def visitor() -> str:
    """Who this is: the browser by the cookie that Streamlit gave it, which outlives a reload; else the session."""
    return keys.VISITOR.kept(lambda: _known() or uuid.uuid4().hex)


def _known() -> str | None:
    """Who this is, where that will be known after a reload too."""
    return browser(st.context.cookies.get("_streamlit_xsrf"))


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


def entries() -> dict[str, Entry]:
    """The supernets that this visitor can open, by name."""
    return workshop().catalog.entries(visitor())


def states() -> dict[str, RunState]:
    """What the session holds, by run."""
    return keys.RUNS.kept(dict)


def state(run: str, begun: Sequence[Decision] = ()) -> RunState:
    """What the session holds of a run; it is kept while other runs are looked at.

    begun: the decisions it comes with.
    """
    found = states().setdefault(run, RunState(link=Link(decisions=tuple(begun))))
    if begun:
        found.begun = tuple(begun)
    return found


def restore(runs: Mapping[str, Selection]) -> None:
    """Once in a session: take up what the visitor made when here before. runs: the selections that runs begin with."""
    if keys.KEPT.is_set:
        return
    known = _known()
    kept = memory.Kept() if known is None else memory.recall(known)
    for name, run in kept.runs.items():
        if name in runs and name not in states():
            states()[name] = memory.unpack(run, runs[name].with_decisions())
    for key in _SWITCHES:
        if key.name in kept.widgets and not key.is_set:
            key.set(kept.widgets[key.name])
    if kept.opened and not keys.OPENED.is_set:
        keys.OPENED.set(memory.unpack_opened(kept.opened, runs))
    keys.TRAINED.kept(lambda: dict(kept.trained))
    keys.PLACES.set(dict(kept.lessons) | keys.PLACES.get({}))
    keys.ANSWERS.set(dict(kept.answers) | keys.ANSWERS.get({}))
    keys.KEPT.set(kept)


def _remember(run: str, space: SearchSpace) -> None:
    """Keep what the session holds for the visitor's next one, if there was a change. run: the one on screen."""
    before = keys.KEPT.get(memory.Kept())
    now, runs, widgets = memory.pack(state(run), space), dict(before.runs), dict(before.widgets)
    if run in runs or not now.is_untouched:
        runs[run] = now
    for key in _SWITCHES:
        if (value := key.get(False)) != widgets.get(key.name, False):
            widgets[key.name] = value
    places, answers = dict(keys.PLACES.get({})), dict(keys.ANSWERS.get({}))
    _write_down(before, replace(before, runs=runs, widgets=widgets, lessons=places, answers=answers))


def keep_opened(opened: Sequence[Opened]) -> None:
    """Hold these selections from now on, also for the visitor's next visit."""
    keys.OPENED.set(list(opened))
    spaces = {name: entry.summary.space for name, entry in entries().items() if entry.summary is not None}
    before = keys.KEPT.get(memory.Kept())
    away = {name: line for name, line in before.opened.items() if opened and line.run not in spaces}
    _write_down(before, replace(before, opened=away | memory.pack_opened(opened, spaces)))


def keep_trained(trained: Mapping[str, bool]) -> None:
    """Hold these genotypes as trained from scratch (`keys.TRAINED`), also for the visitor's next visit."""
    keys.TRAINED.set(dict(trained))
    before = keys.KEPT.get(memory.Kept())
    _write_down(before, replace(before, trained=dict(trained)))


def _write_down(before: memory.Kept, after: memory.Kept) -> None:
    if (known := _known()) is not None and after != before:
        memory.remember(known, before, after)
    keys.KEPT.set(after)


def attending() -> Visit:
    return keys.VISIT.get(Visit())


def is_presented() -> bool:
    return attending().present or (not keys.ADDRESS.is_set and st.query_params.get("present") == "1")


def attend(told: Visit) -> None:
    """Let the visit go on so, as a visitor wants it: a step in the browser's history. A lesson's place is kept."""
    _attend(told)
    state(keys.RUN.get("")).changed = True


def _attend(told: Visit) -> None:
    keys.VISIT.set(told)
    if told.lesson:
        keys.PLACES.set(keys.PLACES.get({}) | {told.lesson: told.at})


def page() -> str:
    """The path of the page in the address."""
    return urlsplit(st.context.url or "").path


def shown(names: Collection[str]) -> dict[str, str]:
    """These keys as the address has them."""
    said = st.query_params.to_dict()
    return {name: said[name] for name in names if name in said}


def read(runs: Mapping[str, Selection], *, part: bool = False) -> None:
    """Adopt what the address says, where the visitor has moved in it and no callback has changed the run on screen.

    runs: the selections that runs begin with, by name; the first is on screen where the address names none of them.
    part: whether only a part of the page is drawn.
    """
    first = next(iter(runs))
    address, said = keys.ADDRESS.kept(Address), shown(url.KEYS)
    if keys.RUN.get("") not in runs:  # Streamlit may forget a widget's value where the page changes
        before = present(address.written.get("run", first), runs)
        keys.RUN.set(before if before in runs else first)
    news = address.news(said, page(), time.monotonic(), part=part)
    on_screen = keys.RUN.get("")
    if news is not None and not state(on_screen, runs[on_screen].decisions).changed:
        address.adopt(said)
        run = present(news.get("run", first), runs)
        run = run if run in runs else first
        if run != on_screen:
            keys.RUN.set(run)
        link, dropped = url.read(news, runs[run])
        state(run).adopt(link)
        told, left_out = visit.read(news)
        _attend(told)
        for sentence in (*dropped, *left_out):
            st.toast(sentence, icon=":material/warning:")


def present(name: str, runs: Collection[str]) -> str:
    """The name that a supernet has by now, where this visitor gave it another; names that are in use stand."""
    moved, seen = keys.MOVED.get({}), set[str]()
    while name not in runs and name in moved and name not in seen:
        seen.add(name)
        name = moved[name]
    return name


def write(run: str, space: SearchSpace, more: Mapping[str, str]) -> None:
    """Let the address say what the session holds of a run, and more. All of it is one step in the browser's history."""
    current, address = state(run), keys.ADDRESS.kept(Address)
    changes = address.write(shown(url.KEYS), query(run, space), time.monotonic(), current.stepped) | dict(more)
    current.changed, current.stepped = False, 0
    if changes:
        st.query_params.update(changes)
    history.ask(address.step)
    _remember(run, space)


def query(run: str, space: SearchSpace) -> dict[str, str]:
    """The session's part of the address, for `st.switch_page` and `st.page_link`. Without it, they drop our keys, and
    `st.switch_page` refuses an address that holds a widget's."""
    entry = entries().get(run)
    return {"run": run} | url.write(space, state(run).link, entry.begun if entry else ()) | visit.write(attending())


def go_to(page: str, run: str, start: Selection, more: Mapping[str, str] | None = None) -> NoReturn:
    """Draw another page instead, with a run as it was left, or as it begins where it is seen for the first time.

    more: what the address says besides, of the keys that this page reads."""
    state(run, start.decisions)
    st.switch_page(keys.PAGES.get({})[page], query_params=query(run, start.space) | dict(more or {}))


def carry() -> None:
    """Keep what the sidebar chose from page to page: a change of the page drops it from the address, and the widgets
    would start at their defaults. Call before the widgets are drawn, and `kept` after."""
    before, values = keys.CONTEXT.get((page(), {}))
    if page() != before:
        for name, value in values.items():
            if value is not None and name not in st.query_params:
                st.session_state[name] = value


def kept() -> None:
    """Remember what `carry` carries."""
    keys.CONTEXT.set((page(), {name: st.session_state.get(name) for name in url.CONTEXT}))


def check(runs: Mapping[str, SearchSpace], default: str) -> None:
    """Say which of the sidebar's values in the address cannot be used. Call before their widgets are drawn, as
    Streamlit drops such values without a word. runs: the names there are, with their spaces."""
    params = st.query_params.to_dict()
    if "run" in params:
        params["run"] = present(params["run"], runs)
    sentences = url.check(params, runs, default)
    for sentence in sentences:
        if sentence not in keys.SAID.get([]):
            st.toast(sentence, icon=":material/warning:")
    keys.SAID.set(sentences)


def rename(old: str, new: str) -> None:
    """In a callback: let what is open or remembered follow a supernet that was given another name."""
    held = states()
    if old in held:
        held[new] = held.pop(old)
    keep_opened([each._replace(run=new) if each.run == old else each for each in keys.OPENED.get([])])
    before = keys.KEPT.get(memory.Kept())
    if (run := before.runs.get(old)) is not None:
        after = replace(before, runs={name: each for name, each in before.runs.items() if name != old} | {new: run})
        _write_down(before, after)
    leave(old, new)


def leave(old: str, other: str) -> None:
    """In a callback: show another supernet in the place of one that is gone, also where Back leads to it."""
    moved = keys.MOVED.kept(dict)
    moved[old] = other
    moved.pop(other, None)
    if keys.RUN.get("") == old:
        keys.RUN.set(other)
