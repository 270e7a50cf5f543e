"""The choice of one step as a grid of evidence: what each operation, or each input of a node, has for and against it.

GridRow           what is drawn of one operation or input
operations_grid   a row for every operation of an edge
inputs_grid       a row for every input of a node
Reach             which true accuracies a choice leaves within reach
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from app.figures.evidence_table import Cell, Column, Mark, Row, Scale, Table, bar, chip, column, text, ticks, unmeasured
from app.figures.evidence_table import drop as drop_cell
from engine.drawing import palette, wording
from engine.results import Interval, Reachable

Reach = Mapping[str, Reachable]
"""By operation, the true accuracies of the cells that stay reachable with it."""


class GridRow(NamedTuple):
    """One choice. weight: its mixing weight, None where alpha is unknown. drop, ci: points, None while not measured.
    parameters: weights it adds.

    operation: whose colours the row has. mark: what stands behind the drop.
    """

    id: str
    name: str
    operation: str | None
    weight: float | None
    drop: float | None
    ci: Interval | None
    mark: Mark
    parameters: int
    by_alpha: bool


def operations_grid(
    rows: Sequence[GridRow],
    *,
    name: str,
    chosen: str | None,
    reach: Reach | None = None,
    preliminary: bool = False,
    keys: Mapping[str, str] | None = None,
    without: str = "not measured",
) -> Table:
    """A radio group. rows: in the order they are shown; the keys 1, 2, ... choose them. Where alpha is unknown there is
    no column of weights: all of them are equal and say nothing.

    name: of the step, in words. reach: None where no table knows the truth. keys: further keys of the keyboard.
    without: what is said of a row that has no drop.
    """
    is_known = _has_weights(rows)
    columns = [*_HEAD, *([column("α weight", "minmax(62px, 2fr)", "2 / 1 / 3 / 4")] if is_known else [])]
    columns += [column("drop, points", "minmax(110px, 5fr)", "2 / 4 / 3 / 7" if is_known else "2 / 1 / 3 / 7")]
    columns += [column("weights", "48px", "1 / 4 / 2 / 5", "right")]
    if reach is not None:
        columns += [column("reachable", "minmax(46px, 2fr)", "1 / 5 / 2 / 6"), column("best", "38px", "1 / 6", "right")]
        columns += [column("median", "44px", "1 / 7", "right")]
    return _grid(rows, "radio", columns, name, {chosen} if chosen else set(), reach, preliminary, keys or {}, without)


def inputs_grid(
    rows: Sequence[GridRow],
    *,
    name: str,
    chosen: Collection[str],
    preliminary: bool = False,
    without: str = "not measured",
) -> Table:
    """A group of boxes to tick; rows: the node's inputs by source."""
    columns = [*_HEAD, column("drop without this input, points", "minmax(140px, 5fr)", "2 / 1 / 3 / 8")]
    return _grid(rows, "checkbox", columns, name, set(chosen), None, preliminary, {}, without)


_HEAD = [
    column("", "18px", "1 / 1"),
    column("", "20px", "1 / 2"),
    column("", "minmax(112px, 3fr)", "1 / 3 / 2 / 4"),
]


def _grid(
    rows: Sequence[GridRow],
    role: str,
    columns: list[Column],
    name: str,
    chosen: Collection[str],
    reach: Reach | None,
    preliminary: bool,
    keys: Mapping[str, str],
    without: str,
) -> Table:
    drops = Scale.over([end for row in rows for end in (0.0, row.drop, *(row.ci or ())) if end is not None])
    widest = max((row.weight or 0.0 for row in rows), default=0.0) or 1.0
    known = Scale.over([end for found in (reach or {}).values() for end in (_floor(found), found.best)])
    drawn: list[Row] = []
    for number, row in enumerate(rows, start=1):
        is_chosen = row.id in chosen
        cells: list[Cell] = [{"kind": "choice"}, text(str(number), tone="key")]
        cells.append(chip(row.operation, row.name, strong=is_chosen))
        if role == "radio" and _has_weights(rows):
            share, weight = (row.weight or 0.0) / widest, wording.weight(row.weight or 0.0)
            cells.append(bar(share, weight, mark="alpha" if row.by_alpha else ""))
        if row.drop is None:
            cells.append(unmeasured())
        else:
            value = wording.number(row.drop, sign=True)
            mark: Mark = "" if preliminary else row.mark
            cells.append(drop_cell(drops, row.operation, row.drop, row.ci, value, mark=mark, preliminary=preliminary))
        if role == "radio":
            cells.append(text(_thousands(row.parameters)))
        if reach is not None:
            found = reach[row.id]
            cells += [_ticks(found, known), text(wording.number(found.best), strong=is_chosen)]
            cells.append(text(wording.number(found.median), strong=is_chosen))
        label = _label(row, role, preliminary, (reach or {}).get(row.id), without)
        drawn.append({"id": row.id, "label": label, "chosen": is_chosen, "quiet": False, "cells": cells})
    digits = {str(number): row.id for number, row in enumerate(rows, start=1)}
    return {
        "label": name,
        "role": "radio" if role == "radio" else "checkbox",
        "columns": columns,
        "narrow": "18px 20px minmax(80px, 1fr) 42px 2px 36px 40px",
        "rows": drawn,
        "keys": {**digits, **keys},
    }


def _has_weights(rows: Sequence[GridRow]) -> bool:
    return any(row.weight is not None for row in rows)


_LOWEST = 80.0
"""Below it lies what nobody would choose: it is drawn at the left end, so that the rest can be told apart."""


def _floor(found: Reachable) -> float:
    return max(found.worst, min(_LOWEST, found.median - 1))


def _ticks(found: Reachable, scale: Scale) -> Cell:
    """A tick for each percentage point that holds reachable cells, as strong as they are many."""
    most = max(found.counts)
    places: dict[float, float] = {}
    for start, count in zip(found.bin_edges, found.counts, strict=False):
        if count:
            place = scale.share(min(start + 0.5, found.best))
            places[place] = max(places.get(place, 0.0), round(0.25 + 0.75 * count / most, 2))
    return ticks(sorted(places.items()), scale.share(found.median))


def _thousands(number: int) -> str:
    """ "0", "940", "6.7 k", "60 k", "1.2 M"."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{wording.number(number / size, 1 if number < 10 * size else 0)} {unit}"
    return str(number)


_MARKED: dict[Mark, str] = {"measured": "measured best", "leads": "leads, not told apart"}


def _label(row: GridRow, role: str, preliminary: bool, found: Reachable | None, without: str) -> str:
    """The row in words, for those who do not see it."""
    parts = [wording.plain(row.name) if row.operation is None else palette.operation(row.operation).label]
    if role == "checkbox":
        parts = [wording.plain(row.name)]
    if row.weight is not None:
        parts.append(f"α weight {wording.weight(row.weight)}{', α keeps it' if row.by_alpha else ''}")
    if row.drop is None:
        parts.append(without)
    else:
        parts.append(f"drop {wording.with_interval(row.drop, row.ci)}{', preliminary' if preliminary else ''}")
        if row.mark in _MARKED and not preliminary:
            parts.append(_MARKED[row.mark])
    if role == "radio":
        parts.append(f"adds {wording.count(row.parameters)} weights")
    if found is not None:
        best, median = wording.percent(found.best), wording.percent(found.median)
        parts.append(f"best reachable {best}, median {median} of {wording.count(found.count)} cells")
    return "; ".join(parts)
