"""Logs of searches: the alphas that a program printed, epoch by epoch.

read_log   every printing of alphas in a text, in order
Printed    one of them

What programs print: tensors and arrays in brackets, matrix after matrix (DARTS: normal, then reduce), one for every
node (pt.darts), or as torch printed them before its version 0.4; with or without a word before that says which.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]

LONGEST = 50_000
"""Characters of one printed matrix."""
BY_NODE = {(2, 3, 4, 5): 14, (1, 2, 3): 6}
"""Rows of matrices that are printed node by node, and of all together."""
PAIRS, BOTH, BENCH = 14, 28, 6
"""Edges of a DARTS cell, of both its cell types in one matrix, and of a NAS-Bench-201 cell."""

_NUMBER = r"[-+]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|nan|inf)"
_MATRIX = re.compile(r"[\[\]\s,\d.eE+\-naif]*")
_ROW = re.compile(r"\[([^\[\]]+)\]")
_OLD = re.compile(r"\[torch\.(?:cuda\.)?\w+Tensor of size (\d{1,2})x(\d{1,2})[^\]\n]{0,40}\]")
_SCALE = re.compile(rf"\s*({_NUMBER})\s*\*\s*")
_NUMBERS = re.compile(rf"\s*(?:{_NUMBER})(?:[\s,]+(?:{_NUMBER}))*[\s,]*")
_EPOCH = re.compile(r"\bepoch\b[\s:=#\[(]{0,5}(\d{1,5})|\b(\d{1,5})(?:-\d{1,5})?(?:-?th)?[ -]epoch\b", re.IGNORECASE)
_CELL = re.compile(r"(normal)|(reduc)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Printed:
    """Alphas as printed at one moment. tables: by cell type, [E, K]; epoch: that the log named last, or None."""

    epoch: int | None
    tables: dict[str, Table]


@dataclass(frozen=True, eq=False)
class _Matrix:
    start: int
    rows: Table
    cell: str
    kind: str


def read_log(text: str) -> tuple[list[Printed], bool]:
    """Every whole printing of alphas, and whether they are concentrations of DrNAS, taken back to its alphas.

    An epoch that is printed again, after an interruption, counts as printed last.
    """
    matrices = list(_by_node(sorted(_matrices(text), key=lambda matrix: matrix.start)))
    concentrations = [each for each in matrices if each.kind == "concentration"]
    known = [each for each in concentrations or matrices if each.kind != "beta" and _is_known(each)]
    marks = [(found.start(), int(found[1] or found[2])) for found in _EPOCH.finditer(text)]
    prints = list(_prints(known, marks))
    if prints:  # a log may hold several stages, which mix other numbers of operations
        shapes = _shapes(prints[-1])
        prints = [each for each in prints if _shapes(each) == shapes]
    if concentrations:
        prints = [Printed(p.epoch, {cell: _raw(rows) for cell, rows in p.tables.items()}) for p in prints]
    return _last_of_each(prints), bool(concentrations)


def _shapes(printed: Printed) -> dict[str, tuple[int, ...]]:
    return {cell: rows.shape for cell, rows in printed.tables.items()}


def _is_known(matrix: _Matrix) -> bool:
    return len(matrix.rows) in (PAIRS, BOTH, BENCH) and 2 <= matrix.rows.shape[1] <= 20


def _raw(concentrations: Table) -> Table:
    """Alphas from elu(alpha) + 1."""
    return np.where(concentrations >= 1, concentrations - 1, np.log(np.maximum(concentrations, 1e-6)))


# Matrices


def _matrices(text: str) -> Iterator[_Matrix]:
    position, end = text.find("[["), -1
    while position >= 0:
        if end < position:
            end = text.find("]]", position)
            if end < 0:
                break
        if end - position > LONGEST:
            position = text.find("[[", end - LONGEST)
            continue
        block = text[position : end + 2]
        numbers = _MATRIX.match(block)
        assert numbers is not None  # of any text, if only of its beginning
        if numbers.end() < len(block):
            position = text.find("[[", position + max(2, numbers.end() - 1))
            continue
        if (rows := _rows(_ROW.findall(block))) is not None:
            yield _Matrix(position, rows, *_label(text, position))
        position = text.find("[[", end)
    for match in _OLD.finditer(text):
        if (older := _older(text, match)) is not None:
            yield _Matrix(match.start(), older, *_label(text, match.start()))


def _rows(lines: list[str]) -> Table | None:
    """A matrix from the texts of its rows; None unless they are equally long."""
    try:
        rows = [[float(number) for number in re.split(r"[\s,]+", line.strip(" ,\n\t"))] for line in lines]
    except ValueError:
        return None
    return np.array(rows) if rows and len({len(row) for row in rows}) == 1 else None


def _older(text: str, match: re.Match[str]) -> Table | None:
    """A matrix as torch printed it before 0.4: lines of numbers, and below them what they are."""
    count = int(match[1])
    lines = text[max(0, match.start() - LONGEST) : match.start()].splitlines()[-count - 2 :]
    rows = _rows([line for line in lines if _NUMBERS.fullmatch(line)][-count:])
    if rows is None or rows.shape != (count, int(match[2])):
        return None
    scale = next((found for line in lines if (found := _SCALE.fullmatch(line))), None)
    return rows * float(scale[1]) if scale else rows


def _label(text: str, start: int) -> tuple[str, str]:
    """The cell type that the words before a matrix name, and "beta" or "concentration" where they name these.

    Words on its line count, or else on the line before, unless that is a genotype, which names both.
    """
    before = text[max(0, start - 400) : start]
    *earlier, line = before.split("\n")[-3:]
    words = line
    if not re.search(r"normal|reduc|beta|concentration", line, re.IGNORECASE) and earlier:
        words = next((each for each in reversed(earlier) if each.strip()), "")
        if "]" in words or "Genotype" in words:
            words = ""
    kind = next((kind for kind in ("concentration", "beta") if kind in words.lower()), "")
    named = [("normal" if found[1] else "reduce") for found in _CELL.finditer(words)]
    return (named[-1] if len(set(named)) == 1 and "Genotype" not in words else ""), kind


def _by_node(matrices: list[_Matrix]) -> Iterator[_Matrix]:
    """Matrices, those that are printed node by node as one."""
    waiting = list(matrices)
    while waiting:
        for pattern in BY_NODE:
            group = waiting[: len(pattern)]
            widths = {each.rows.shape[1] for each in group}
            if tuple(len(each.rows) for each in group) == pattern and len(widths) == 1:
                first = group[0]
                yield _Matrix(first.start, np.concatenate([each.rows for each in group]), first.cell, first.kind)
                del waiting[: len(pattern)]
                break
        else:
            yield waiting.pop(0)


# Printings


def _prints(matrices: list[_Matrix], marks: list[tuple[int, int]]) -> Iterator[Printed]:
    """Whole printings: both cell types of DARTS, or the one of NAS-Bench-201."""
    places = [place for place, _ in marks]
    tables: dict[str, Table] = {}
    for matrix in matrices:
        number = bisect_right(places, matrix.start)
        epoch = marks[number - 1][1] if number else None
        if len(matrix.rows) == BENCH:
            yield Printed(epoch, {"cell": matrix.rows})
            continue
        if len(matrix.rows) == BOTH:
            yield Printed(epoch, {"normal": matrix.rows[:PAIRS], "reduce": matrix.rows[PAIRS:]})
            continue
        cell = matrix.cell or ("reduce" if "normal" in tables else "normal")
        if cell in tables:
            tables = {}
        tables[cell] = matrix.rows
        if len(tables) == 2:
            yield Printed(epoch, {name: tables[name] for name in ("normal", "reduce")})
            tables = {}


def _last_of_each(prints: list[Printed]) -> list[Printed]:
    """One printing for every epoch, where the log numbers them; from where it goes back, it was begun again."""
    if any(each.epoch is None for each in prints):
        return prints
    kept: list[Printed] = []
    for each in prints:
        while kept and (kept[-1].epoch or 0) >= (each.epoch or 0):
            kept.pop()
        kept.append(each)
    return kept
