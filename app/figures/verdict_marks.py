"""What a sweep of a supernet says, as one mark for every edge and one line in words.

MarksInfo, MarksRow   the verdicts of all edges, a row for every cell type
marks_info            from a sweep's scores
draw_marks            as HTML
draw_line             the line in words as HTML

Covered marks and lines have their places and say nothing: nothing moves when the answer comes.
"""

import re
from collections.abc import Iterable
from html import escape
from typing import Literal, NamedTuple

from engine.drawing import wording
from engine.results import EdgeScores, Verdict
from engine.spaces import SearchSpace

Mark = Verdict | Literal["unmeasured", "decided"] | None
"""decided: in the training; None: alpha is unknown."""
_OTHER_MARKS = {"unmeasured": ("·", "not measured"), "decided": ("■", "decided in its training")}
_CELLS = {"reduce": "reduction"}
_OTHERS: tuple[tuple[Mark, str, str], ...] = (
    ("too_close", "is too close to call", "are too close to call"),
    ("indistinct", "has nothing to tell apart", "have nothing to tell apart"),
    ("unmeasured", "is not measured", "are not measured"),
    ("decided", "was decided in its training", "were decided in its training"),
)
"""How edges are counted that neither agree nor disagree: in the words of the other pages."""


class MarksRow(NamedTuple):
    """One cell type. marks: name and verdict of its edges, in their order."""

    cell: str
    marks: tuple[tuple[str, Mark], ...]


class MarksInfo(NamedTuple):
    """is_covered: whether what the sweep says is not to be given away yet."""

    rows: tuple[MarksRow, ...]
    is_covered: bool = False

    @property
    def summary(self) -> str:
        """e.g. "Measurement disagrees with α on 3 of 6 edges and agrees on 2; 1 is too close to call";
        covered, that it is."""
        edges = sum(len(row.marks) for row in self.rows)
        if self.is_covered:
            return f"What measurement says of its {edges} edges stays covered until you have guessed"
        return self._summary

    @property
    def slot(self) -> str:
        """As long as the summary without a cover, and without its numbers."""
        return re.sub(r"\d", "0", self._summary)

    @property
    def _summary(self) -> str:
        verdicts = [verdict for row in self.rows for _, verdict in row.marks]
        others = {
            verdict: f"{count} {one if count == 1 else many}"
            for verdict, one, many in _OTHERS
            if (count := verdicts.count(verdict))
        }
        if set(verdicts) <= {"unmeasured", "decided"}:
            taken = f"; {others['decided']}" if "decided" in others else ""
            return f"None of its {len(verdicts)} edges is measured{taken}"
        if None in verdicts:
            return "Measured; α is unknown, so nothing can agree with it"
        against, agreed = verdicts.count("disagree"), verdicts.count("agree")
        rest = f"; {', '.join(others.values())}" if others else ""
        return f"Measurement disagrees with α on {against} of {len(verdicts)} edges and agrees on {agreed}{rest}"


def marks_info(
    space: SearchSpace,
    scores: Iterable[EdgeScores],
    *,
    decided: Iterable[tuple[str, int]] = (),
    covered: bool = False,
) -> MarksInfo:
    """Every edge of the space; those without scores are not measured, or were `decided` in the training.

    covered: without scores there is nothing to be covered."""
    verdicts: dict[tuple[str, int], Mark] = {(one.cell, one.edge): one.verdict for one in scores}
    found = dict[tuple[str, int], Mark](dict.fromkeys(decided, "decided")) | verdicts
    return MarksInfo(
        tuple(
            MarksRow(
                cell,
                tuple(
                    (space.cell(cell).edge_name(edge), found.get((cell, edge.index), "unmeasured"))
                    for edge in space.edges(cell)
                ),
            )
            for cell in space.cells
        ),
        covered and bool(verdicts),
    )


def draw_marks(info: MarksInfo) -> str:
    """HTML: one picture with the summary as its text; a mark's edge and verdict at the pointer."""
    rows = []
    for row in info.rows:
        name = f"<em>{escape(_CELLS.get(row.cell, row.cell))}</em>" if len(info.rows) > 1 else ""
        rows.append(f"<div>{name}<span>{''.join(_mark(*mark, info.is_covered) for mark in row.marks)}</span></div>")
    return f'<div class="verdict-marks" role="img" aria-label="{escape(info.summary)}">{"".join(rows)}</div>'


def draw_line(info: MarksInfo) -> str:
    """HTML of the summary; covered, a bar of the same size that says so."""
    if not info.is_covered:
        return f'<p class="tile-line">{escape(info.summary)}.</p>'
    hidden = f'<span aria-hidden="true">{escape(info.slot)}.</span>'
    return f'<p class="tile-line covered" role="img" aria-label="{escape(info.summary)}">{hidden}</p>'


def _mark(name: str, verdict: Mark, is_covered: bool) -> str:
    if is_covered:
        return f'<i class="covered" title="{escape(wording.plain(name))}: guess before you look">&nbsp;</i>'
    if verdict == "unmeasured" or verdict == "decided":
        glyph, word = _OTHER_MARKS[verdict]
    else:
        glyph, word = wording.VERDICT[verdict][:2]
    return f'<i class="{verdict}" title="{escape(wording.plain(name))}: {word}">{glyph}</i>'
