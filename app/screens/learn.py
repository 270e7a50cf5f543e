"""Learn: the lessons, each where it was left, and the words of the field, each with an address of its own."""

import difflib
from html import escape
from urllib.parse import urlencode

import streamlit as st

from app.library.lessons import Lesson, lessons, problems
from app.parts import text
from app.parts.guide.course import to_step
from app.parts.terms import TERMS, glossary
from app.state import keys, session
from app.state.actions import Actions
from app.state.live import live
from app.state.page import PageState
from app.state.questions import Questions

WORDS = "words"
"""In the address: the word that it points at."""


def page() -> None:
    live(_body)


def _body(page: PageState, ask: Questions, do: Actions) -> None:
    minutes = sum(lesson.minutes for lesson in lessons().values())
    text.title(
        "Learn how an architecture is chosen",
        f"{len(lessons())} lessons on the real pages, {minutes} minutes in all; each goes on where it was left.",
    )
    for problem in problems():
        st.warning(text.literal(problem), icon=":material/warning:")
    if pointed := _word():
        with st.container(border=True, key="word-card"):
            text.heading(escape(TERMS[pointed].word))
            st.html(f"<p>{escape(TERMS[pointed].text)}</p>")
    for name, lesson in lessons().items():
        with st.container(border=True, key=f"lesson-{name}-card"):
            _lesson(name, lesson)
    with st.container(border=True, key="words-card"):
        text.heading("Words", "the # beside a word is its address")
        st.html(glossary(lambda word: _address(page, word), pointed))


def _lesson(name: str, lesson: Lesson) -> None:
    places, steps = keys.PLACES.get({}), len(lesson.steps)
    at = lesson.place(places[name]) if name in places else None
    is_through = at == steps - 1
    said, state, again, way = st.columns([14, 5, 4, 5], vertical_alignment="center")
    with said:
        text.heading(f"{lesson.number}. {escape(lesson.title)}", escape(lesson.asks))
    progress = "finished" if is_through else f"step {at + 1} of {steps}" if at is not None else f"{steps} steps"
    state.caption(f"{progress} · {lesson.minutes} min")
    if at is None or is_through:
        label = "Do it again" if is_through else "Begin"
        way.button(label, on_click=to_step, args=(name, 0), key=f"begin-{name}", width="stretch")
        return
    again.button("Start over", type="tertiary", on_click=to_step, args=(name, 0), key=f"again-{name}")
    way.button("Go on", type="primary", on_click=to_step, args=(name, at), key=f"begin-{name}", width="stretch")


def _address(page: PageState, word: str) -> str:
    return "?" + urlencode(session.query(page.entry.id, page.space) | {WORDS: word}, safe=",:")


def _word() -> str:
    """The word that the address points at; "" for none. One that is not here is a message, once."""
    asked = st.query_params.get(WORDS, "")
    if asked in TERMS or asked == keys.WORD.get(""):
        return asked if asked in TERMS else ""
    keys.WORD.set(asked)
    if asked:
        near = difflib.get_close_matches(asked, TERMS, 1, 0.4)
        meant = f"; did you mean {near[0]}?" if near else "; all words are listed below."
        st.toast(f"There is no word “{text.literal(asked[:40])}” here{meant}", icon=":material/warning:")
    return ""
