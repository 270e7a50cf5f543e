"""Going through a lesson: which step is open, and what is on screen as one begins.

Course    the lesson that is open, and its step
current   it, or None
is_here   whether the page shows what the step speaks of
is_done, is_answered   whether what it asks for is done, and its question answered
to_step   in a callback: open a step, and its page
leave     in a callback: close the lesson; its place is kept
settle    before a page is drawn: go to the step's page, and on where what was asked is done
"""

from dataclasses import replace
from typing import NamedTuple

import streamlit as st

from app.library.lessons import Lesson, Step, lessons
from app.parts import text
from app.parts.guide import conditions
from app.state import keys, session
from app.state.page import PageState
from app.state.questions import Questions
from app.state.url import Link
from engine.analysis import registry
from engine.errors import BadInput


class Course(NamedTuple):
    """name: of the lesson. place: of the step, from 0."""

    name: str
    lesson: Lesson
    place: int

    @property
    def step(self) -> Step:
        return self.lesson.steps[self.place]

    @property
    def address(self) -> str:
        """Lesson and step."""
        return f"{self.name}/{self.step.key}"

    @property
    def next(self) -> Step | None:
        steps = self.lesson.steps
        return steps[self.place + 1] if self.place + 1 < len(steps) else None


def current() -> Course | None:
    visit = session.attending()
    if not visit.lesson:
        return None
    lesson = lessons()[visit.lesson]
    return Course(visit.lesson, lesson, lesson.place(visit.at))


def is_here(course: Course, page: PageState) -> bool:
    step, shown = course.step, keys.LAB.get(None)  # type: ignore[arg-type]
    lab = registry.names()[0] if shown is None or shown.lab is None else shown.lab
    return keys.ON_PAGE.get("") == step.page and page.entry.id == course.lesson.run and step.lab in ("", lab)


def is_done(course: Course, ask: Questions) -> bool:
    """Whether what the step asks the visitor to do is done; a condition that nothing can tell counts as done."""
    until = course.step.until
    try:
        return not until or conditions.is_met(until, ask)
    except BadInput:
        return True


def is_answered(course: Course) -> bool:
    """Whether the step's question has been answered, if it has one."""
    return course.step.question is None or course.address in keys.ANSWERS.get({})


def to_step(name: str, place: int) -> None:
    """Open a step of a lesson and set its stage; decisions of the visitor's own stay as a branch."""
    _begin(name, place)
    keys.TO_STEP.set(True)


def leave() -> None:
    session.attend(replace(session.attending(), lesson="", at=""))


def _begin(name: str, place: int, *, by_itself: bool = False) -> None:
    lesson = lessons()[name]
    step, entry = lesson.steps[place], session.entries().get(lesson.run)
    if entry is not None and entry.summary is not None:
        run = session.state(entry.id, entry.begun)
        if not by_itself:
            keys.EPOCHS_PLAY.drop()
            keys.ISOLATED.drop()
            keys.EPOCH.of(entry.id).set(None)
        if step.decisions:
            start = entry.summary.start.with_decisions()
            line = start.alpha_path().decisions if step.decisions == "alpha" else ()
            if line != run.link.decisions and not run.begin(Link(decisions=line, by="a" * len(line))):
                st.toast("No name is left for another branch: start over without one.", icon=":material/warning:")
        if step.edge:
            run.focus(step.edge)
        if step.story:
            run.go_to_step(step.story)
    session.attend(replace(session.attending(), lesson=name, at=step.key))


def settle(page: PageState, ask: Questions) -> None:
    course = current()
    if keys.TO_STEP.get(False):
        keys.TO_STEP.drop()
        if course is not None and not is_here(course, page):
            _go_there(course)
    if course is None or not is_here(course, page) or not course.step.until or not is_answered(course):
        return
    this = course.name, course.step.key
    if not is_done(course, ask):
        keys.WAITS.set(this)
    elif keys.WAITS.get(("", "")) == this and course.next is not None and course.next.page == course.step.page:
        _begin(course.name, course.place + 1, by_itself=True)


def _go_there(course: Course) -> None:
    entry = session.entries().get(course.lesson.run)
    if entry is None or entry.summary is None:
        said = f"This lesson needs supernet {course.lesson.run}, which is not here; put it into checkpoints/."
        st.toast(text.literal(said), icon=":material/warning:")
        return
    more = {"lab": course.step.lab} if course.step.lab else {}
    session.go_to(course.step.page, entry.id, entry.summary.start, more)
