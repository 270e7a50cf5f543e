"""Handing in: what a student decided and answered, with a name, as one file or link; and the task that a teacher sets.

section   the part of the Export menu for it
task      a link that begins with what is decided, and to which starting over returns
"""

import re
from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from app.state import keys
from app.state.page import PageState
from app.state.url import Link
from engine.drawing import wording
from engine.selecting.hand_in import LONGEST_NAME, HandIn, tidy
from engine.selecting.record import SelectionRecord


def section(page: PageState, document: SelectionRecord, address: Callable[[Link], str]) -> None:
    """A field for the name; with one, the file and the link. address: of a line."""
    st.markdown("**Hand in**")
    name = keys.STUDENT.get(page.link.name)
    st.text_input("Your name", name, max_chars=LONGEST_NAME, key=keys.STUDENT_NAME.name, on_change=_named)
    if not name:
        st.caption("With your name come a file and a link for your teacher. Nothing is sent by itself.")
        return
    given = tuple(number for number, each in enumerate(page.link.taken) if each.by == "l")
    answers = tuple(keys.ANSWERS.get({}).values())
    handed = replace(document, hand_in=HandIn(name, given, answers))
    st.download_button(
        "Hand-in file",
        lambda: f"{handed.to_json()}\n".encode(),  # made on click, on a thread that knows nothing of the session
        file_name=f"hand-in-{re.sub(r'[^0-9A-Za-z]+', '-', name).strip('-').lower() or 'student'}.json",
        mime="application/json",
        on_click="ignore",
        type="primary",
        width="stretch",
        key="export-hand-in",
    )
    st.code(address(replace(page.link, name=name)), language=None, wrap_lines=True)
    answered = f"your {wording.several(len(answers), 'answer')} to questions" if answers else ""
    also = f", and {answered}; the link leaves out the answers" if answered else ""
    st.caption(f"Both hold your name, the decisions and who took each{also}. Give one of them to your teacher.")


def _named() -> None:
    keys.STUDENT.set(tidy(keys.STUDENT_NAME.get("")))


def task(page: PageState, address: Callable[[Link], str]) -> None:
    """Nothing where nothing is decided: every link begins so."""
    given = tuple(each._replace(by="l") for each in page.link.taken)
    if not given:
        return
    st.markdown("**Set as a task**")
    st.code(address(replace(page.link.having(given), task=given)), language=None, wrap_lines=True)
    number = "The decision" if len(given) == 1 else f"The {len(given)} decisions"
    st.caption(f"{number} so far are given: *Start over* returns to them, and a hand-in does not count them.")
