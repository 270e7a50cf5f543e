"""The guide: a card beside the page with one step of a lesson, and a frame around what it speaks of.

Guide   what `app.state.live` draws beside every page
"""

import re
from html import escape
from pathlib import Path

import streamlit as st

from app.library.lessons import Question, lessons
from app.parts.guide.anchors import ANCHORS
from app.parts.guide.conditions import find as condition
from app.parts.guide.course import Course, current, is_done, is_here, leave, settle, to_step
from app.parts.guide.facts import filled
from app.parts.terms import TERMS, marked
from app.state import keys
from app.state.actions import Actions
from app.state.page import PageState
from app.state.questions import Questions
from engine.drawing import wording
from engine.errors import BadInput
from engine.selecting.hand_in import Answer

_WORDS = tuple(name for name in TERMS if name not in {"lead", "edge_order", "rank", "images"})
"""Those that a sentence does not use in another sense."""
_CSS = Path(__file__).with_name("guide.css").read_text(encoding="utf-8")
_view = st.components.v2.component(
    "supernet_explorer_guide",
    html="",
    js=Path(__file__).with_name("guide.js").read_text(encoding="utf-8"),
)


class Guide:
    def settle(self, page: PageState, ask: Questions, do: Actions) -> None:
        settle(page, ask)

    def body(self, page: PageState, ask: Questions, do: Actions) -> None:
        if (course := current()) is None:
            return
        with st.container(key="guide"):
            st.html(f"<style>{_CSS}{_spotlight(course, page)}</style>")
            _head(course)
            with st.container(key="guide-step"):
                is_open = _step(course, page, ask)
            _foot(course, is_open)


def _spotlight(course: Course, page: PageState) -> str:
    """A frame with the step's number; the other cards step back for a moment."""
    anchor = ANCHORS.get(course.step.spotlight)
    if anchor is None or not is_here(course, page):
        return ""
    look = (Path(__file__).with_name("spotlight.css")).read_text(encoding="utf-8")
    name = re.sub(r"\W", "-", f"{course.name}-{course.step.key}")
    return look.replace("PART", anchor.selector).replace("NUMBER", str(course.place + 1)).replace("NAME", name)


def _head(course: Course) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="guide-head"):
        st.html(f"<b>Guide</b> <span>{escape(course.lesson.title)}</span>")
        st.button(
            "",
            icon=":material/close:",
            type="tertiary",
            on_click=leave,
            key="guide-close",
            help="Close; your place is kept",
        )


def _step(course: Course, page: PageState, ask: Questions) -> bool:
    """What the step says. Returns whether the next one may come."""
    step, steps = course.step, len(course.lesson.steps)
    title = _inline(_said(step.title, ask))
    st.html(f"<p class='guide-number'>Step {course.place + 1} of {steps}</p><h2 class='guide-title'>{title}</h2>")
    if not is_here(course, page):
        where = step.page.capitalize()
        st.html(f"<p>This step is on page {where}, with supernet {escape(course.lesson.run)}.</p>")
        st.button("Go there", type="primary", on_click=to_step, args=(course.name, course.place), key="guide-go")
        return False
    for problem in _problems(course, ask):
        st.warning(problem, icon=":material/warning:")
    st.html(_paragraphs(_said(step.text, ask)))
    answered = step.question is None or _question(course, step.question, ask)
    done = is_done(course, ask)
    if step.do and answered:
        st.html(
            f"<p class='guide-do{' done' if done else ''}'>{'✓ ' if done else ''}{_inline(_said(step.do, ask))}</p>"
        )
    if course.next is None:
        st.html(f"<p class='guide-takeaway'>{_inline(_said(course.lesson.takeaway, ask))}</p>")
    selector = ANCHORS[step.spotlight].selector if step.spotlight in ANCHORS else ""
    is_told = step.question is not None and answered
    _view(key="guide-view", data={"step": course.address, "selector": selector, "told": is_told})
    return answered and done


def _problems(course: Course, ask: Questions) -> list[str]:
    """What of a step's file nothing here knows, a line each."""
    step, found = course.step, []
    if step.spotlight and step.spotlight not in ANCHORS:
        found.append(f"Lesson {course.name} points at {step.spotlight!r}; there are {', '.join(ANCHORS)}.")
    try:
        if step.until:
            condition(step.until)
    except BadInput as problem:
        found.append(f"Lesson {course.name} waits for what nothing can tell: {problem}.")
    question = step.question
    texts = [step.title, step.text, step.do, *((question.text, question.right, question.after) if question else ())]
    for text in texts:
        try:
            filled(text, ask)
        except BadInput as problem:
            found.append(f"Lesson {course.name} names what is not known: {problem}.")
    return found


def _said(text: str, ask: Questions) -> str:
    try:
        return filled(text, ask)
    except BadInput:  # said above
        return text


def _question(course: Course, question: Question, ask: Questions) -> bool:
    """Draw it; whether it is answered."""
    place = course.address
    options = [_said(option, ask) for option in question.options]
    given = keys.ANSWERS.get({}).get(place)
    answer = None if given is None else given.said
    right = _said(question.right, ask)
    is_told = answer is not None and not ask.page.hides("answers")
    with st.container(key="guide-question"):
        st.html(f"<p><b>{_inline(_said(question.text, ask))}</b></p>")
        for number, option in enumerate(options, start=1):
            mark = ("✓ " if option == right else "✗ " if option == answer else "") if is_told else ""
            st.button(
                f"{mark}{option}",
                on_click=_answer,
                args=(Answer(place, option, option == right),),
                disabled=given is not None,
                type="primary" if option == answer else "secondary",
                width="stretch",
                key=f"guide-answer-{number}",
            )
    if answer is not None:
        after = _said(question.after, ask) if is_told else "Your answer is kept. What is right is hidden by this link."
        st.html(_paragraphs(after))
    return answer is not None


def _answer(answer: Answer) -> None:
    keys.ANSWERS.set(keys.ANSWERS.get({}) | {answer.step: answer})


def _foot(course: Course, is_open: bool) -> None:
    dots = "".join(
        f"<i class='{'here' if place == course.place else 'past' if place < course.place else ''}'></i>"
        for place in range(len(course.lesson.steps))
    )
    st.html(f"<div class='guide-dots' aria-hidden='true'>{dots}</div>")
    with st.container(horizontal=True, key="guide-foot"):
        st.button(
            "Back",
            on_click=to_step,
            args=(course.name, course.place - 1),
            disabled=course.place == 0,
            width="stretch",
            key="guide-back",
        )
        if course.next is not None:
            st.button(
                "Next",
                type="primary",
                on_click=to_step,
                args=(course.name, course.place + 1),
                disabled=not is_open,
                width="stretch",
                key="guide-next",
            )
            return
        following = _following(course.name)
        if following is not None:
            st.button(
                "Next lesson",
                type="primary",
                on_click=to_step,
                args=(following, 0),
                disabled=not is_open,
                width="stretch",
                key="guide-next-lesson",
                help=lessons()[following].title,
            )
        else:
            st.button(
                "Finish", type="primary", on_click=leave, disabled=not is_open, width="stretch", key="guide-finish"
            )


def _following(name: str) -> str | None:
    names = list(lessons())
    after = names.index(name) + 1
    return names[after] if after < len(names) else None


def _paragraphs(text: str) -> str:
    """Paragraphs of plain text with **bold** and *slanted* words, as HTML; words of the field explain themselves."""
    parts = [part for part in re.split(r"\n\s*\n", text.strip()) if part]
    left, said = list(_WORDS), []
    for part in parts:
        html = marked(escape(" ".join(part.split()), quote=False), *left)
        left = [name for name in left if f'title="{escape(TERMS[name].word)}: ' not in html]
        said.append(f"<p>{_shaped(html)}</p>")
    return wording.subscripts("".join(said))


def _inline(text: str) -> str:
    return wording.subscripts(_shaped(escape(" ".join(text.split()), quote=False)))


def _shaped(html: str) -> str:
    return re.sub(r"\*(.+?)\*", r"<i>\1</i>", re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", html))
