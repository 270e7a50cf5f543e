"""Lines of decisions as a small tree: which line leaves which one, at which step, by whose decision, and where it ends.

Knot          one decision of a line as it is drawn
Line          a line of decisions
Stem          where a line leaves another one
stems         of every line
branch_tree   the table, each line under the one it leaves; a row's id is the line's name
"""

from collections.abc import Sequence
from typing import NamedTuple

from app.figures.evidence_table import Cell, Row, Table, chip, column, marks, text, twig
from app.figures.tape_rows import BY, SAID
from engine.drawing import palette, wording


class Knot(NamedTuple):
    """place: the edge or node. operation: None where inputs were kept, which `kept` says. by: who took it, as the
    page's state says; it does not make two decisions different."""

    place: str
    operation: str | None
    kept: str
    by: str

    @property
    def decision(self) -> tuple[str, str | None, str]:
        return self.place, self.operation, self.kept


class Line(NamedTuple):
    """end: true accuracy (%) of its cell, None where no table knows or it is not finished. supernet: accuracy (%) after
    its decisions and on how many images, None while not measured."""

    name: str
    knots: tuple[Knot, ...]
    end: float | None
    supernet: tuple[float, int] | None


class Stem(NamedTuple):
    """parent: the line that this one leaves after `shared` decisions; None for the first line."""

    parent: str | None
    shared: int


def stems(lines: Sequence[Line]) -> dict[str, Stem]:
    """lines: by the order of their beginning. A line leaves the earlier one with which it has most in common."""
    found: dict[str, Stem] = {}
    for number, line in enumerate(lines):
        shared = {other.name: _shared(line, other) for other in lines[:number]}
        parent = max(shared, key=lambda name: shared[name], default=None)
        found[line.name] = Stem(parent, shared[parent] if parent else 0)
    return found


def branch_tree(lines: Sequence[Line], current: str, steps: int) -> Table:
    """lines: by the order of their beginning. current: the name of the one on screen. steps: of a whole selection."""
    found = stems(lines)
    ordered = _under([line.name for line in lines], found)
    by_name = {line.name: line for line in lines}
    rows: list[Row] = []
    for number, name in enumerate(ordered):
        line, stem = by_name[name], found[name]
        up = number - ordered.index(stem.parent) if stem.parent else 0
        own = line.knots[stem.shared] if len(line.knots) > stem.shared else None
        cells: list[Cell] = [text(name, strong=name == current)]
        cells += [twig(stem.shared / steps, len(line.knots) / steps, up)]
        cells += [text(_leaves(stem), tone="" if stem.parent else "muted")]
        cells += [*_differs(own if stem.parent else None), text(f"{len(line.knots)} of {steps}")]
        cells += [text(_end(line), strong=line.end is not None)]
        label = _label(line, stem, own, steps)
        rows.append({"id": name, "label": label, "chosen": name == current, "quiet": False, "cells": cells})
    return {
        "label": "Branches; choose one to go on in it",
        "role": "button",
        "columns": [
            column("", "14px", "1 / 1 / 3 / 2"),
            column("", "minmax(60px, 2fr)", "1 / 2 / 3 / 3"),
            column("leaves", "82px", "2 / 3"),
            column("there", "minmax(40px, 3fr)", "1 / 3 / 2 / 5"),
            column("by", "38px", "1 / 5", "right"),
            column("decided", "54px", "2 / 4"),
            column("end", "minmax(92px, 2fr)", "2 / 5", "right"),
        ],
        "narrow": "14px minmax(30px, 1fr) 66px 46px 96px",
        "rows": rows,
        "keys": {},
    }


def _shared(one: Line, other: Line) -> int:
    """How many decisions two lines begin with alike."""
    count = 0
    for first, second in zip(one.knots, other.knots, strict=False):
        if first.decision != second.decision:
            break
        count += 1
    return count


def _under(names: Sequence[str], found: dict[str, Stem], parent: str | None = None) -> list[str]:
    """Each line, then those that leave it."""
    here = [name for name in names if found[name].parent == parent]
    return [each for name in here for each in (name, *_under(names, found, name))]


def _leaves(stem: Stem) -> str:
    if stem.parent is None:
        return "the first"
    return f"{stem.parent} after {stem.shared}" if stem.shared else f"{stem.parent} at once"


def _differs(own: Knot | None) -> tuple[Cell, Cell]:
    if own is None:
        return text(""), marks(())
    return chip(own.operation, own.place if own.operation else own.kept), marks(BY[own.by])


def _end(line: Line) -> str:
    if line.end is not None:
        return f"true {wording.percent(line.end, digits=2)}"
    if line.supernet is not None:
        return f"supernet {wording.percent(line.supernet[0])}"
    return ""


def _label(line: Line, stem: Stem, own: Knot | None, steps: int) -> str:
    parts = [f"Branch {line.name}"]
    if stem.parent is not None:
        after = "1 decision" if stem.shared == 1 else f"{stem.shared} decisions"
        parts.append(f"leaves {stem.parent} {f'after {after}' if stem.shared else 'at the start'}")
        if own is not None:
            what = palette.operation(own.operation).label if own.operation else own.kept
            by = SAID[own.by]
            parts.append(f"there {wording.plain(what)} on {wording.plain(own.place)}, {by}")
    parts.append(f"{len(line.knots)} of {steps} decided")
    if line.end is not None:
        parts.append(f"true accuracy {wording.percent(line.end, digits=2)}")
    if line.supernet is not None:
        accuracy, images = line.supernet
        parts.append(f"supernet {wording.percent(accuracy)} on {wording.count(images)} images")
    return "; ".join(parts)
