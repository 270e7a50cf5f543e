"""The tape as rows to look back at: every decision, who took it, the supernet's accuracy and what stayed reachable.

Taken       one decision as it is drawn
tape_rows   the table, the newest decision on top; a row's id is how many decisions stood after it
LOSS        points of the reachable median whose loss is pointed out
BY, SAID    who took a decision, as signs and in words
"""

from collections.abc import Sequence
from typing import NamedTuple

from app.figures.evidence_table import Cell, Mark, Row, Scale, Table, chip, column, marks, path, text
from engine.drawing import palette, wording

LOSS = 0.5


class Taken(NamedTuple):
    """operation: None where inputs were kept, which `kept` says in words. by: who took it, as the page's state says.

    before, at_once, tuned: accuracy (%) before the decision, right after it and after its tuning. median: true accuracy
    (%) of the cells that stayed reachable. None where not known.
    """

    place: str
    operation: str | None
    kept: str
    by: str
    before: float | None
    at_once: float | None
    tuned: float | None
    median: float | None


BY: dict[str, tuple[Mark, ...]] = {
    "α": ("alpha",),
    "measured": ("measured",),
    "both": ("alpha", "measured"),
    "you": ("you",),
    "training": ("link",),
    "link": ("link",),
}
SAID = {
    "α": "as α suggests",
    "measured": "as measured",
    "both": "as both suggest",
    "you": "by you",
    "training": "in its training",
    "link": "from a link",
}


def tape_rows(
    taken: Sequence[Taken], *, start: tuple[float | None, float | None], shown: int, reachable: bool = False
) -> Table:
    """start: accuracy and reachable median before any decision. shown: how many decisions stand at the moment shown.

    reachable: whether a table knows the truth, and its column is drawn.
    """
    known = [value for each in taken for value in (each.before, each.at_once, each.tuned) if value is not None]
    scale = Scale.over(known)
    rows: list[Row] = []
    last = start[1]
    for number, each in enumerate(taken, start=1):
        cells: list[Cell] = [text(str(number), strong=number == shown), text(each.place)]
        cells += [chip(each.operation, "" if each.operation else each.kept), marks(BY[each.by])]
        cells += [text(_accuracy(each)), path(_points(each, scale))]
        change = None
        if reachable:
            change = each.median - last if each.median is not None and last is not None else None
            is_loss = change is not None and change < -LOSS
            cells.append(text(_number(each.median), strong=is_loss, tone="loss" if is_loss else ""))
            said = "" if change is None else wording.number(change, sign=True)
            cells.append(text(said, tone="loss" if is_loss else "muted"))
            last = each.median
        label = _label(number, each, change)
        row: Row = {
            "id": str(number),
            "label": label,
            "chosen": number == shown,
            "quiet": number > shown,
            "cells": cells,
        }
        rows.append(row)
    first: list[Cell] = [text(""), text("start", tone="muted"), chip(None), marks(()), text(_percent(start[0]))]
    first += [path(()), *((text(_number(start[1])), text("")) if reachable else ())]
    label = f"The start, supernet {_percent(start[0])}"
    rows.insert(0, {"id": "0", "label": label, "chosen": shown == 0, "quiet": False, "cells": first})
    columns = [
        column("", "18px", "1 / 1"),
        column("edge", "minmax(100px, 3fr)", "1 / 2 / 2 / 4"),
        column("kept", "minmax(44px, 1fr)", "1 / 4"),
        column("by", "38px", "1 / 5"),
        column("accuracy", "minmax(92px, 2fr)", "2 / 2 / 3 / 4"),
        column("", "64px", "2 / 4"),
    ]
    if reachable:
        columns += [column("reachable", "56px", "2 / 5", "right"), column("", "38px", "2 / 6", "right")]
    return {
        "label": "Decisions, the newest first; choose one to look back at that moment",
        "role": "button",
        "columns": columns,
        "narrow": "18px 1fr 1fr 64px 46px 40px",
        "rows": rows[::-1],
        "keys": {},
    }


def _accuracy(each: Taken) -> str:
    if each.tuned is not None:
        return f"{_number(each.at_once)} → {wording.percent(each.tuned)}"
    return _percent(each.at_once)


def _number(value: float | None) -> str:
    return "–" if value is None else wording.number(value)


def _percent(value: float | None) -> str:
    return "–" if value is None else wording.percent(value)


def _points(each: Taken, scale: Scale) -> list[tuple[float, float]]:
    """Before, at once, after tuning: as far as known, spread over the width."""
    values = [value for value in (each.before, each.at_once, each.tuned) if value is not None]
    if len(values) < 2:
        return []
    return [(number / (len(values) - 1), round(1 - scale.share(value), 4)) for number, value in enumerate(values)]


def _label(number: int, each: Taken, change: float | None) -> str:
    what = palette.operation(each.operation).label if each.operation else each.kept
    parts = [f"{number}. {wording.plain(each.place)}: {wording.plain(what)}", SAID[each.by]]
    parts.append(f"supernet {_accuracy(each)}" if each.at_once is not None else "accuracy not measured")
    if each.median is not None:
        moved = "" if change is None else f", {wording.number(change, sign=True)}"
        parts.append(f"reachable median {wording.percent(each.median)}{moved}")
    return "; ".join(parts)
