"""Drawing a page from the session's state, and again while work is running.

unasked why a run is not measured on images before its visitor says so
covered whether nothing may give away what measurement says
begin   the page's state in step with the address, at the beginning of a drawing
live    draw a page's body as a fragment that refreshes itself while work is running
stay    keep the address on another page
refresh, is_off   how often that is, and whether it is no longer right
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

import streamlit as st

from app.library import epochs, image_sets
from app.library.catalog import Entry
from app.library.image_sets import ImageSet
from app.state import keys, session, url
from app.state.actions import Actions
from app.state.page import PageState
from app.state.questions import Questions
from app.work.workshop import workshop

REFRESH = 0.6
"""Seconds between looks at running work."""
A_JOB = 0.08
"""Seconds more for each job that goes on: where many take turns each advances more rarely, and looking takes time."""
Body = Callable[[PageState, Questions, Actions], None]


class Beside(Protocol):
    """What goes along with every page (`keys.BESIDE`). settle: before the address is written; body: after the page's
    own."""

    def settle(self, page: PageState, ask: Questions, do: Actions) -> None: ...

    def body(self, page: PageState, ask: Questions, do: Actions) -> None: ...


Settle = Callable[[PageState, Questions, Actions], Mapping[str, str]]


def current() -> PageState | None:
    """What the sidebar's widgets and the session say; None when there is nothing to show."""
    whole = session.entries().get(keys.RUN.get(""))
    if whole is None or whole.summary is None:
        return None
    epoch = keys.EPOCH.of(whole.id).get(None) if keys.ON_PAGE.get("") == "explore" else None
    entry = epochs.at_epoch(whole, epoch)
    assert entry.summary is not None
    cells, cell = entry.summary.space.cells, keys.CELL.get(None)
    images = image_sets.chosen(entry.summary, keys.DATA.get(None))
    return PageState(
        entry,
        session.state(whole.id, whole.begun),
        cell=cell if cell in cells else cells[0],
        images=url.BUDGETS.get(keys.BUDGET.get("1k"), 1024),
        image_set=images,
        unasked=unasked(entry, images),
        isolated=keys.ISOLATED.get(None),
        visitor=session.visitor(),
        theme="dark" if st.context.theme.type == "dark" else "light",
        later=frozenset(whole.begun).difference(entry.begun),
        visit=session.attending(),
    )


def covered(page: PageState) -> bool:
    """Whether Start still asks what measurement says: then nothing beside the question may give the answer away."""
    return keys.ON_PAGE.get("") == "start" and (page.link.step != "seen" or page.hides("answers", "drop"))


def unasked(entry: Entry, images: ImageSet) -> str | None:
    """Why a run is not measured on these images before its visitor says so, in a sentence; None where it is."""
    if entry.summary is None or entry.id in keys.OTHER_DATA.get(frozenset()) or not image_sets.needs_asking(images):
        return None
    return image_sets.unasked(entry.summary, images)


def begin(*, part: bool = False) -> PageState | None:
    """The page's state, with what Back, Forward or a link changed; None when there is nothing to show.

    Once in a drawing, before anything asks for the state, and before the widgets are drawn that it sets. part: whether
    only a part of the page is drawn.
    """
    runs = {name: entry.summary.start for name, entry in session.entries().items() if entry.summary}
    if runs:
        session.restore(runs)
        session.read(runs, part=part)
    return current()


def live(body: Body, settle: Settle | None = None, *, preselects: bool = False) -> None:
    """Draw `body` in a fragment: clicks redraw it alone, and it refreshes itself while this visitor's work runs.

    settle: changes the state where that has to be done before the page is drawn, as the drawing itself changes nothing;
    what it returns is added to the address. Then the address is written, once: were it written after the drawing, a
    visitor who goes back while it is drawn would be overtaken by it. preselects: whether the clearest disagreement is
    shown while no edge is selected.
    """
    page = current()
    if page is None:
        return
    measurements = workshop().measurements
    every, alone = refresh(_is_active(Questions(page, measurements))), False

    def draw() -> None:
        nonlocal alone
        # The first drawing is part of the whole page's, which has begun with the sidebar; later ones stand alone.
        now = begin(part=True) if alone else current()
        alone = True
        if now is None:
            return
        now = replace(now, preselects=preselects)
        ask = Questions(now, measurements)
        do = Actions(ask, measurements)
        if preselects:
            do.preselect()
        more = settle(now, ask, do) if settle else {}
        beside = keys.BESIDE.get(None)
        if beside is not None:
            beside.settle(now, ask, do)
        session.write(now.entry.id, now.space, more)
        if is_off(every, _is_active(ask)):
            st.rerun()  # start or stop refreshing; the whole page is drawn then, so what is here need not be
        body(now, Questions(now, measurements), do)
        if beside is not None:
            beside.body(now, Questions(now, measurements), do)
        now.run.draw(time.monotonic())
        if is_off(every, _is_active(ask)):
            st.rerun()

    st.fragment(draw, run_every=every)()


def stay() -> None:
    """Let the address say what it said on the page before, on a page that is not drawn by `live`."""
    if (page := current()) is not None:
        session.write(page.entry.id, page.space, {})


def refresh(active: bool) -> float | None:
    """Seconds between two looks at work that is running; None where none is."""
    return max(REFRESH, A_JOB * len(workshop().jobs.active())) if active else None


def is_off(every: float | None, active: bool) -> bool:
    """Whether looks should begin, end, or come much more or less often than they do."""
    wanted = refresh(active)
    return (every is None) != (wanted is None) or (
        every is not None and wanted is not None and not every / 2 <= wanted <= every * 2
    )


def _is_active(ask: Questions) -> bool:
    """Whether the page has to refresh itself: work is running, or decisions or epochs play."""
    return ask.busy or ask.page.run.playing is not None or keys.EPOCHS_PLAY.get(None) is not None
