"""Numbers of a paper beside ours, as an HTML table.

draw_compared   the table
"""

from collections.abc import Sequence
from html import escape

from engine.analysis.lab import Compared
from engine.drawing import wording


def draw_compared(rows: Sequence[Compared]) -> str:
    """A dash stands where one of them has no number."""
    head = "<tr><th></th><th scope='col'>paper</th><th scope='col'>here</th></tr>"
    body = "".join(
        f"<tr><th scope='row'>{escape(each.what)}{_note(each)}</th><td>{_number(each, each.paper)}</td>"
        f"<td><b>{_number(each, each.ours)}</b>{_interval(each)}</td></tr>"
        for each in rows
    )
    return f"<table class='compared'>{head}{body}</table>"


def _number(each: Compared, value: float | None) -> str:
    if value is None:
        return "–"
    unit = f" {each.unit}" if each.unit else ""
    return f"{wording.number(value, 2)}{unit}"


def _interval(each: Compared) -> str:
    if each.ci is None:
        return ""
    return f" <span>[{wording.number(each.ci[0], 2)}, {wording.number(each.ci[1], 2)}]</span>"


def _note(each: Compared) -> str:
    return f"<span>{escape(each.note)}</span>" if each.note else ""
