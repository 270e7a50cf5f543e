"""What a link says of a visit, whatever supernet is on screen: a lesson, and what a teacher asked for. No Streamlit.

Visit    lesson and step, what is hidden, and whether it is shown to a room
HIDING   what can be hidden, and what that means
KEYS     the keys of a link that say so
read     query parameters -> Visit, with a sentence for everything that had to be dropped
write    Visit -> query parameters, what is at its default left out
"""

import difflib
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass

from app.library.lessons import lessons

KEYS = ("lesson", "at", "hide", "present")
HIDING = {
    "answers": "what was measured stays covered on Start and after a lesson's question, and the truth is not shown",
    "drop": "measured drops, on all pages",
    "truth": "true accuracies",
    "path": "where measured paths lead",
    "train": "training",
    "upload": "bringing files",
}


@dataclass(frozen=True)
class Visit:
    """lesson: its name, "" where none is open; at: the key of its step, "" for the first. hide: names of HIDING, in
    their order. present: larger letters, and no sidebar until it is asked for."""

    lesson: str = ""
    at: str = ""
    hide: tuple[str, ...] = ()
    present: bool = False

    def hides(self, *what: str) -> bool:
        """Whether any of these is hidden."""
        return any(word in self.hide for word in what)


def read(params: Mapping[str, str]) -> tuple[Visit, list[str]]:
    """Never raises."""
    dropped: list[str] = []
    lesson, at = _place(params.get("lesson", ""), params.get("at", ""), dropped)
    hide = _hidden(params.get("hide", ""), dropped)
    present = params.get("present", "")
    if present not in ("", "0", "1"):
        dropped.append(f"The link's present was left out: write 1, not {reprlib.repr(present)}.")
    return Visit(lesson, at, hide, present == "1"), dropped


def write(visit: Visit) -> dict[str, str]:
    values = {"lesson": visit.lesson, "at": visit.at, "hide": ",".join(visit.hide), "present": "1" * visit.present}
    return {key: text for key, text in values.items() if text}


def _place(lesson: str, at: str, dropped: list[str]) -> tuple[str, str]:
    if not lesson:
        return "", ""
    known = lessons()
    if lesson not in known:
        dropped.append(f"The link's lesson was left out: {_no('lesson', lesson, known)}.")
        return "", ""
    steps = [step.key for step in known[lesson].steps]
    if at and at not in steps:
        dropped.append(f"The lesson begins at its first step: {_no('step', at, steps)}.")
        return lesson, ""
    return lesson, at


def _hidden(text: str, dropped: list[str]) -> tuple[str, ...]:
    words = [word for word in text.replace(" ", ",").split(",") if word]
    for word in words:
        if word not in HIDING:
            dropped.append(f"The link's hide was read without this: {_no('word', word, HIDING)}.")
    return tuple(word for word in HIDING if word in words)


def _no(what: str, given: str, known: Mapping[str, object] | list[str]) -> str:
    """That there is none of this name, and which is the nearest."""
    near = difflib.get_close_matches(given, list(known), 1, 0.4)
    meant = f"did you mean {near[0]}? There are" if near else "there are"
    return f"there is no {what} {reprlib.repr(given)}; {meant} {', '.join(known)}"
