"""Start: which operation should survive? A live cell on an edge where alpha is wrong, its measured half covered.

page   draw it: the question, what is at stake, and the supernets there are to look at
"""

from collections.abc import Mapping
from html import escape

import streamlit as st

from app.parts import sentences, text
from app.parts.cell_card import cell_picture
from app.parts.scroll import scroll_to
from app.parts.terms import marked, term
from app.screens.start.card import COVER, card, is_seen, spoken
from app.screens.start.stakes import Stake, Stakes, stakes
from app.screens.start.tiles import tiles
from app.state import keys, session
from app.state.actions import Actions
from app.state.live import covered, current, live
from app.state.page import PageState
from app.state.questions import Questions

NAME = "Supernet Explorer"
QUESTION = "Which operation should survive?"
CLAIM = marked(
    "While it is searched, a network mixes several operations on every edge of a small cell; in the end one per edge "
    "may stay. The usual judge is α, the learned mixing weight. The other way: take an operation out and measure what "
    "it costs.",
    *("operation", "edge", "cell", "alpha", "mixing_weight"),
)


def page() -> None:
    now = current()
    if now is None:
        _nothing()
    live(_body, _settle, preselects=True)
    tiles(is_covered=now is not None and covered(now))


def _nothing() -> None:
    """No supernet can be opened: one is trained in minutes."""
    text.title(QUESTION, f"{CLAIM} No supernet is here to ask: train a small one, which takes minutes, or bring one.")
    if st.button("Train a supernet", type="primary", key="to-train"):
        st.switch_page(keys.PAGES.get({})["train"])


def _settle(page: PageState, ask: Questions, do: Actions) -> Mapping[str, str]:
    do.on(ask.on(page.as_it_came())).preselect()
    if keys.COVERED.get(False) != covered(page):
        st.rerun()  # the sidebar and the rows below know the answer, too
    return {}


def _body(page: PageState, ask: Questions, do: Actions) -> None:
    ask = ask.on(page.as_it_came())
    seen, found = is_seen(ask), stakes(ask)
    st.html(f"<p class='product'>{NAME}</p>")
    text.title(QUESTION, CLAIM, f"{spoken(ask)} {found.sentence if seen else ''}")
    text.notes(page.summary)
    left, right = st.columns(2)
    with left, st.container(border=True, key="cell-card", height="stretch"):
        half = "measured" if seen else "hidden"
        text.heading("The cell", f"left half of a pill: what α keeps · right half: {half}")
        unmeasured = sentences.no_drops(*page.evidence) if seen or not ask.scores else COVER
        scores = ask.scores if seen else {}
        cell_picture(ask, do, "start", "drop" if scores else "alpha", scores, unmeasured)
    with right, st.container(border=True, key="question-card", height="stretch"):
        card(ask, do)
    with st.container(border=True, key="stakes-card"):
        numbers, buttons = st.columns([10, 9], vertical_alignment="center")
        numbers.html(_strip(found, seen, page.hides("answers")))
        with buttons.container(horizontal=True, gap="small"):
            _ways_on(page, seen)
    if (asked := keys.TO_SUPERNETS.get(0)) > 0:
        scroll_to("supernets", asked)


def _strip(found: Stakes, seen: bool, is_hidden: bool) -> str:
    """The two numbers; that of measurement is covered until somebody guessed. is_hidden: for good, by a link."""
    after = "hidden by this link" if is_hidden else "after your guess"
    measured = found.measured if seen else Stake("? %", after)
    cover = "" if seen else " covered"
    parts = [
        f"<div><span>Follow α on every edge</span><b>{escape(found.alpha.number)}</b>"
        f"<span>{marked(escape(found.alpha.below), 'rank')}</span></div>",
        f"<div class='measured{cover}'><span>{term('measured_path', 'Follow measurement')}</span>"
        f"<b>{escape(measured.number)}</b>"
        f"<span>{marked(escape(measured.below), 'edge_order')}</span></div>",
        f"<p>{marked(escape(found.source), 'one_shot')}</p>",
    ]
    return f"<div class='stakes'>{''.join(parts)}</div>"


def _ways_on(page: PageState, seen: bool) -> None:
    if st.button("Decide it yourself", type="primary" if seen else "secondary", key="to-decide"):
        session.go_to("decide", page.entry.id, page.start)
    if st.button("Explore", key="to-explore"):
        session.go_to("explore", page.entry.id, page.start)
    if st.button("Lessons", key="to-lessons", help="Seven lessons of a few minutes, on these pages"):
        session.go_to("learn", page.entry.id, page.start)
    st.button("Other supernets", on_click=_ask_for_supernets, key="to-supernets")


def _ask_for_supernets() -> None:
    keys.TO_SUPERNETS.set(keys.TO_SUPERNETS.get(0) + 1)
