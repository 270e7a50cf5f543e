"""Does a signal rank the operations as the truth does? A row for every signal, a circle for every edge.

RanksInfo, RankRow   what is drawn
ranks_info           from the rows of lab "signals"
plot_ranks           the plotly figure
TruthTable           the truth by edge and operation, and which signals name it
draw_truth_table     that as an HTML table
GLYPHS               the sign of a signal, in figure and table
"""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from app.figures.frame import TICK, Figure, Margin, empty_figure, figure, label, rounded, small
from engine.analysis.signals.kinds import KINDS
from engine.analysis.signals.results import SignalRow, SignalsResult
from engine.drawing import palette, wording
from engine.drawing.palette import Theme
from engine.results import Interval, TruthKind

_SIGNS = "○●▲△▼▽◆◇□◧■◐◑★☆✚✕⊠"
GLYPHS = {kind.name: sign for kind, sign in zip(KINDS, _SIGNS, strict=True)}
OWN = "✳"
"""The sign of every signal of one's own."""


class RankRow(NamedTuple):
    """A signal. points: rank correlation and name of every edge. ci: of their mean. hits: whether it names a truly best
    operation, by edge."""

    sign: str
    label: str
    words: str
    points: tuple[tuple[float, str], ...]
    mean: float
    ci: Interval | None
    hits: tuple[bool, ...]
    is_baseline: bool


class RanksInfo(NamedTuple):
    """rows: in the order of the signals. edges: how many there are."""

    rows: tuple[RankRow, ...]
    edges: int

    @property
    def summary(self) -> str:
        """e.g. "α: 0.37 [0.03, 0.70], names 0 of 6 truly best; drop: ..."."""
        said = [f"{row.label}: {_mean(row)}, names {sum(row.hits)} of {self.edges} truly best" for row in self.rows]
        return "; ".join(said) or "no signal is known yet"


def ranks_info(rows: Sequence[SignalRow], names: Sequence[str]) -> RanksInfo:
    """names: of the edges, in words."""
    return RanksInfo(
        tuple(
            RankRow(
                GLYPHS.get(row.name, OWN),
                row.label,
                row.words,
                tuple(zip(map(rounded, row.correlations), names, strict=True)),
                row.mean,
                row.ci,
                row.hits,
                row.is_baseline,
            )
            for row in rows
        ),
        len(names),
    )


_ROW = 40
_MARGIN = Margin(10, 118, 56, 40)
_DOTS, _WORDS = 0.17, -0.26
_SPREAD = 0.07
"""Rows apart in which circles of nearly equal height are drawn."""


def plot_ranks(info: RanksInfo, theme: Theme) -> Figure:
    """Circles are edges, the thick line is their mean, the band its 95 % interval."""
    if not info.rows:
        return empty_figure("no signal is known on all edges yet", theme)
    look, count = palette.roles(theme), len(info.rows)
    low = min([-0.5, *(point for row in info.rows for point, _ in row.points)]) - 0.08
    left = {"xref": "paper", "xanchor": "left", "xshift": -_MARGIN.left + 4}
    right = {"xref": "paper", "xanchor": "right", "xshift": _MARGIN.right - 4}
    shapes, annotations, dots = [], [], []
    for place, row in enumerate(info.rows):
        at = place + _DOTS
        name = f"{row.sign} <b>{escape(row.label)}</b> · {escape(row.words)}"
        annotations.append(label(name, 0, place + _WORDS, look.muted, **left, font=small(look.muted)))
        hits = f"{sum(row.hits)}/{info.edges}"
        annotations.append(
            label(f"<b>{wording.number(row.mean, 2)}</b> {_short(row.ci)} · {hits}", 1, at, look.text, **right)
        )
        if row.ci is not None:
            shapes.append(_bar(row.ci[0], row.ci[1], at, 0.11, look.border))
        shapes.append(_bar(row.mean - 0.008, row.mean + 0.008, at, 0.2, look.text))
        dots += [(x, y, name) for x, y, name in _placed(row, at)]
    over = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "yshift": 3}
    annotations.append(
        label("mean [95 %] · best", 1, 1, look.muted, **over, xanchor="right", xshift=_MARGIN.right - 4)
        | {"font": small(look.muted)}
    )
    circles = {
        "type": "scatter",
        "mode": "markers",
        "x": [x for x, _, _ in dots],
        "y": [y for _, y, _ in dots],
        "hovertext": [f"{text}: {wording.number(x, 2)}" for x, _, text in dots],
        "hoverinfo": "text",
        "cliponaxis": False,
        "marker": {"symbol": "circle", "size": 9, "color": look.background, "line": {"width": 2, "color": look.muted}},
    }
    return figure(
        theme,
        _MARGIN.top + _MARGIN.bottom + _ROW * count,
        _MARGIN,
        [circles],
        xaxis={
            "range": [rounded(low), 1.06],
            "fixedrange": True,
            "zeroline": True,
            "zerolinecolor": look.muted,
            "gridcolor": look.grid,
            "dtick": 0.5,
            "tickfont": {"size": TICK, "color": look.muted},
            "title": {
                "text": "rank correlation with the truth · ○ an edge",
                "font": {"size": TICK, "color": look.muted},
            },
        },
        yaxis={"range": [count - 0.5, -0.5], "visible": False, "fixedrange": True},
        shapes=shapes,
        annotations=annotations,
    )


def _placed(row: RankRow, at: float) -> list[tuple[float, float, str]]:
    """Circles of an edge each; those at the same place are moved apart."""
    seen: dict[float, int] = {}
    found = []
    for x, name in row.points:
        number = seen.get(x, 0)
        seen[x] = number + 1
        found.append((x, rounded(at + _SPREAD * ((number + 1) // 2) * (-1 if number % 2 else 1)), wording.plain(name)))
    return found


def _bar(low: float, high: float, at: float, half: float, color: str) -> dict:
    box = {"x0": rounded(low), "x1": rounded(high), "y0": rounded(at - half), "y1": rounded(at + half)}
    return {"type": "rect", **box, "fillcolor": color, "line": {"width": 0}, "layer": "below"}


def _short(ci: Interval | None) -> str:
    return "" if ci is None else f"[{wording.number(ci[0])}, {wording.number(ci[1])}]"


def _mean(row: RankRow) -> str:
    return f"{wording.number(row.mean, 2)} {_short(row.ci)}".rstrip()


class TruthTable(NamedTuple):
    """edges: names; operations: names; values: true accuracies (%), by edge and operation; best: whether an operation
    is truly best; marks: signs and names of the signals that name it."""

    edges: tuple[str, ...]
    operations: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    best: tuple[tuple[bool, ...], ...]
    marks: tuple[tuple[tuple[tuple[str, str], ...], ...], ...]


def truth_table(result: SignalsResult, rows: Sequence[SignalRow], truth: TruthKind) -> TruthTable:
    """rows: the signals that are shown."""
    values = result.mean if truth == "mean" else result.best
    worth = result.worth()
    return TruthTable(
        result.names,
        result.operations,
        values,
        tuple(tuple(name in each.winners_by(truth) for name in result.operations) for each in worth),
        tuple(
            tuple(
                tuple((GLYPHS.get(row.name, OWN), row.label) for row in rows if row.named[place] == name)
                for name in result.operations
            )
            for place in range(len(result.edges))
        ),
    )


def draw_truth_table(info: TruthTable) -> str:
    """A frame marks the truly best; a sign under a number a signal that names the operation."""
    head = "".join(
        f"<th scope='col' title='{palette.operation(name).label}'>{palette.operation(name).code}</th>"
        for name in info.operations
    )
    body = []
    for place, edge in enumerate(info.edges):
        cells = []
        for column, value in enumerate(info.values[place]):
            kind = " class='best'" if info.best[place][column] else ""
            marks = info.marks[place][column]
            said = escape(", ".join(name for _, name in marks), quote=True)
            signs = f"<i title='{said}'>{''.join(sign for sign, _ in marks)}</i>" if marks else ""
            cells.append(f"<td{kind}><b>{wording.number(value)}</b>{signs}</td>")
        body.append(f"<tr><th scope='row'>{escape(wording.plain(edge))}</th>{''.join(cells)}</tr>")
    rows = f"<tr><th></th>{head}</tr>{''.join(body)}"
    return f"<div class='truths-box' tabindex='0'><table class='truths'>{rows}</table></div>"
