"""Lessons as data: one TOML file each beside this one. Free of Streamlit and torch.

Lesson, Step, Question   what a file holds
lessons                  all of them by name (that of the file), in the order of their numbers
problems                 a line for every file that cannot be read

A text holds numbers as names of facts in braces, "{drop c1-2 nor_conv_3x3}": they are filled from what is measured or
stored, so no number stands in a file. A step that speaks of what is on no page, waits for what nothing can tell, or
names a fact that nobody knows is found by the tests, and is said on the page where one is met all the same.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.checked import checked
from engine.errors import BadInput

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Question:
    """Asked before what it is about is shown. right: the option that is; texts with facts. after: what is said then."""

    text: str
    options: tuple[str, ...]
    right: str
    after: str
    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012


@dataclass(frozen=True)
class Step:
    """One card of a lesson. key: its name in a link. page: the page that it speaks of; spotlight: what of it (a name of
    `app.parts.guide.anchors`).

    What is on screen as it begins, each only where it is given: edge: in focus; decisions: "none", or "alpha" for the
    cell that alpha leads to; story: where Start's question stands; lab: the lab on page Labs.
    do: what the visitor is asked to do; until: what tells that it is done (a name of `app.parts.guide.conditions` and
    its words).
    """

    key: str
    title: str
    page: str
    text: str
    spotlight: str = ""
    edge: str = ""
    decisions: str = ""
    story: str = ""
    lab: str = ""
    do: str = ""
    until: str = ""
    question: Question | None = None
    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012


@dataclass(frozen=True)
class Lesson:
    """number: its place among all. asks: the question that it answers. run: the supernet that it speaks of."""

    number: int
    title: str
    asks: str
    minutes: int
    run: str
    takeaway: str
    steps: tuple[Step, ...]
    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012

    def place(self, key: str) -> int:
        """The step of this name, by its place; the first where there is none."""
        return next((place for place, step in enumerate(self.steps) if step.key == key), 0)


def read(path: Path) -> Lesson:
    """Raises BadInput for a file that is no lesson."""
    try:
        lesson = checked(Lesson, tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as problem:  # tomllib's and BadInput are ValueErrors
        why = " ".join(str(problem).split())
        raise BadInput(f"Lesson {path.name} was left out: {why}; correct the file.") from None
    keys = [step.key for step in lesson.steps]
    if not keys or len(set(keys)) < len(keys):
        raise BadInput(f"Lesson {path.name} was left out: give it steps, each with a key of its own.")
    return lesson


@cache
def _read(folder: Path) -> tuple[dict[str, Lesson], tuple[str, ...]]:
    found, wrong = {}, []
    for path in sorted(folder.glob("*.toml")):
        try:
            found[path.stem] = read(path)
        except BadInput as problem:
            wrong.append(str(problem))
    return dict(sorted(found.items(), key=lambda item: item[1].number)), tuple(wrong)


def lessons() -> dict[str, Lesson]:
    return _read(FOLDER)[0]


def problems() -> tuple[str, ...]:
    return _read(FOLDER)[1]
