"""The ground that every picture in a notebook lies on, and what several of them share.

html      one HTML element of a value, by its type
sheet     a light ground with a title, its parts, and what the numbers rest on
table     rows of a table
chip      an operation's code on its colour, and its name
rests_on  images, BN mode and time of a measurement, in words

Colours and fonts stand in the elements themselves: a style sheet would reach the whole notebook, and notebooks whose
output is cleaned would lose it. The ground is light in dark notebooks too, so that all colours can be told apart.
"""

from collections.abc import Iterable, Sequence
from functools import singledispatch
from html import escape
from typing import Any

from engine.drawing import wording
from engine.drawing.finished_svg import FONT
from engine.drawing.palette import colour, ink, operation, roles

LOOK = roles("light")
_QUIET = f"color:{LOOK.muted};margin:4px 0 0"


@singledispatch
def html(value: Any) -> str:
    """One HTML element. Raises TypeError for a value that nothing here draws."""
    raise TypeError(f"nothing here draws a {type(value).__name__}; register a function for it with html.register")


def sheet(title: str, parts: Iterable[str], notes: Iterable[str] = ()) -> str:
    """title and notes are plain text, parts are HTML."""
    ground = (
        f"display:inline-block;max-width:100%;box-sizing:border-box;overflow-x:auto;padding:10px 14px;"
        f"background:{LOOK.background};color:{LOOK.text};border:1px solid {LOOK.border};border-radius:8px;"
        f"font:13px/1.45 {FONT}"
    )
    said = (f'<div style="{_QUIET}">{escape(note)}</div>' for note in notes)
    return "\n".join(
        [f'<div style="{ground}"><div style="font-weight:600">{escape(title)}</div>', *parts, *said, "</div>"]
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """head: plain text. rows: HTML."""
    cell = f"padding:2px 14px 2px 0;text-align:left;white-space:nowrap;background:{LOOK.background};color:"
    names = "".join(f'<th style="{cell}{LOOK.muted};font-weight:500">{escape(name)}</th>' for name in head)
    body = "\n".join(
        "<tr>" + "".join(f'<td style="{cell}{LOOK.text}">{each}</td>' for each in row) + "</tr>" for row in rows
    )
    style = "border-collapse:collapse;border:none;font:inherit;margin:6px 0 0;font-variant-numeric:tabular-nums"
    return f'<table style="{style}"><thead><tr>{names}</tr></thead><tbody>\n{body}\n</tbody></table>'


def chip(name: str, words: bool = True) -> str:
    look = operation(name)
    ground = (
        f"display:inline-block;min-width:22px;text-align:center;border-radius:9px;font-size:11px;font-weight:700;"
        f"padding:0 3px;background:{colour(name, 'light')};color:{ink(name, 'light')}"
    )
    code = f'<span style="{ground}" title="{escape(look.label)}">{escape(look.code)}</span>'
    return f"{code} {escape(look.label)}" if words else code


def rests_on(found: Any) -> str:
    """e.g. "1,024 images in groups of 64 · batch statistics · 0.8 s on CPU". Nothing says whether it was just measured
    or read from a file: a result does not know."""
    groups = f" in groups of {wording.count(found.batch_size)}" if found.bn == "batch" else ""
    took = f"took {wording.number(found.seconds)} s on {wording.device_name(found.device)}"
    return f"{wording.count(found.images)} images{groups} · {wording.bn(found.bn)} · {took}"
