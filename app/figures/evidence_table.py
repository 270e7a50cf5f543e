"""A table whose rows can be chosen, with bars, whiskers and ticks in its cells: what is drawn, as plain data.

Table, Column, Row   what the component app.parts.evidence_table paints
text, chip, bar, drop, ticks, marks, path, twig   cells
Scale                places values on a cell's width

Everything is a share of a cell's width from 0 to 1, or a text. Rows have fixed heights, so that nothing moves when
numbers come in. Colours are those of both themes; the browser picks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from engine.drawing import palette
from engine.results import Interval

Cell = dict[str, Any]
"""One cell: its `kind`, and what that kind needs."""
Mark = Literal["alpha", "measured", "leads", "you", "link", "truth", ""]
"""Signs: alpha's choice, the measured one, one that leads without being told apart, a person's, one of a link."""


class Column(TypedDict):
    """head: what stands above it. width: a CSS grid track. narrow: its CSS grid area where rows have two lines."""

    head: str
    width: str
    narrow: str
    align: Literal["left", "right"]


class Row(TypedDict):
    """id: what a choice reports. label: the row in words, for screen readers. quiet: steps back."""

    id: str
    label: str
    chosen: bool
    quiet: bool
    cells: list[Cell]


class Table(TypedDict):
    """label: the table in words. keys: keys of the keyboard -> id they choose.

    role: how its rows are chosen, and heard: "row" makes it a table whose cells are heard one by one, under their
    columns' heads; else every row is one control, heard by its label. narrow: CSS grid tracks of a row of two lines.
    """

    label: str
    role: Literal["radio", "checkbox", "button", "row"]
    columns: list[Column]
    narrow: str
    rows: list[Row]
    keys: dict[str, str]


@dataclass(frozen=True)
class Scale:
    """From values to shares of a cell's width."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float], least: float = 1.0) -> "Scale":
        """A scale over these values with a little room at both ends, at least so wide."""
        known = list(values) or [0.0]
        low, high = min(known), max(known)
        high = max(high, low + least)
        room = 0.04 * (high - low)
        return cls(low - room, high + room)

    def share(self, value: float) -> float:
        return round(min(1.0, max(0.0, (value - self.low) / (self.high - self.low))), 4)


def column(head: str, width: str, narrow: str, align: Literal["left", "right"] = "left") -> Column:
    return {"head": head, "width": width, "narrow": narrow, "align": align}


def text(words: str, *, strong: bool = False, tone: Literal["", "muted", "loss", "key"] = "") -> Cell:
    return {"kind": "text", "text": words, "strong": strong, "tone": tone}


def chip(operation: str | None, words: str = "", *, strong: bool = False) -> Cell:
    """An operation's code on its colour, and words beside it; without an operation the words alone."""
    if operation is None:
        return {"kind": "chip", "code": "", "words": words, "strong": strong}
    return {"kind": "chip", "code": palette.operation(operation).code, "words": words, "strong": strong} | _look(
        operation
    )


def bar(share: float, words: str, *, mark: Mark = "") -> Cell:
    """A bar from the left, its value behind it, a mark before it."""
    return {"kind": "bar", "share": round(share, 4), "text": words, "mark": mark}


def drop(
    scale: Scale,
    operation: str | None,
    value: float,
    ci: Interval | None,
    words: str,
    *,
    mark: Mark = "",
    preliminary: bool = False,
) -> Cell:
    """A bar from zero with a whisker, its value and a mark behind it. preliminary: grey, for results that come in."""
    zero, end = scale.share(0.0), scale.share(value)
    return {
        "kind": "drop",
        "zero": zero,
        "from": min(zero, end),
        "to": max(zero, end),
        "whisker": [scale.share(each) for each in ci] if ci else [],
        "text": words,
        "mark": mark,
        "preliminary": preliminary,
        "pattern": palette.operation(operation).pattern if operation else "",
    } | (_look(operation) if operation else {})


def unmeasured() -> Cell:
    return {"kind": "hatch"}


def ticks(places: Sequence[tuple[float, float]], middle: float) -> Cell:
    """places: (share, strength from 0 to 1) of each tick; middle: that of the thick one."""
    return {"kind": "ticks", "places": [list(place) for place in places], "middle": middle}


def marks(signs: Sequence[Mark]) -> Cell:
    return {"kind": "marks", "marks": list(signs)}


def path(points: Sequence[tuple[float, float]]) -> Cell:
    """A small line through points, shares of width and height from the top; the last has a dot, others are hollow."""
    return {"kind": "path", "points": [list(point) for point in points]}


def twig(start: float, end: float, up: int) -> Cell:
    """A line from `start` to `end`, shares of the width, that grows out of the row so many rows above; 0 for none."""
    return {"kind": "twig", "from": round(start, 4), "to": round(end, 4), "up": up}


def _look(operation: str) -> dict[str, str]:
    style = palette.operation(operation)
    inks = {"ink_light": palette.ink(operation, "light"), "ink_dark": palette.ink(operation, "dark")}
    return {"light": style.light, "dark": style.dark, **inks}
