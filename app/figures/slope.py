"""One edge ranked twice: by alpha at the left, by measured drop at the right. Crossing lines are disagreement.

SlopeInfo, SlopeRow   what is drawn
slope_info            from an edge's scores, or from its alphas while nothing is measured
plot_slope            the plotly figure, about 400 pixels wide
"""

from typing import NamedTuple

from app.figures.edge_alphas import EdgeAlphas
from app.figures.frame import UNMEASURED, Figure, Margin, axis, empty_figure, figure, label, pill, rounded
from engine.drawing import palette, wording
from engine.drawing.palette import Theme
from engine.results import EdgeScores


class SlopeRow(NamedTuple):
    """One operation. Ranks start at 1 (strongest); rank_by_drop and drop (points) are None while not measured."""

    operation: str
    rank_by_alpha: int
    rank_by_drop: int | None
    drop: float | None


class SlopeInfo(NamedTuple):
    """Rows by rank in alpha. `crossings` counts the pairs of operations that the two rankings order differently."""

    rows: tuple[SlopeRow, ...]
    crossings: int

    @property
    def summary(self) -> str:
        """What the figure shows, in a sentence."""
        by_alpha = ", ".join(palette.operation(row.operation).label for row in self.rows)
        measured = [row for row in self.rows if row.rank_by_drop is not None]
        if not measured:
            return f"by α {by_alpha}"
        by_drop = sorted(measured, key=lambda row: row.rank_by_drop or 0)
        said = ", ".join(palette.operation(row.operation).label for row in by_drop)
        pairs = len(self.rows) * (len(self.rows) - 1) // 2
        return f"by α {by_alpha}; by drop {said}; {self.crossings} of {pairs} pairs are ordered differently"


def slope_info(scores: EdgeScores | EdgeAlphas) -> SlopeInfo:
    """Both rankings of an edge; ties keep the column order."""
    if isinstance(scores, EdgeScores):
        alphas = {score.name: score.weight if score.alpha is None else score.alpha for score in scores.operations}
        drops = {score.name: score.drop for score in scores.operations}
    else:
        alphas, drops = dict(zip(scores.operations, scores.alphas, strict=True)), {}
    by_alpha, by_drop = _ranks(alphas), _ranks(drops)
    names = sorted(by_alpha, key=by_alpha.__getitem__)
    rows = tuple(SlopeRow(name, by_alpha[name], by_drop.get(name), drops.get(name)) for name in names)
    order = [by_drop[name] for name in names] if drops else []
    crossings = sum(first > second for place, first in enumerate(order) for second in order[place + 1 :])
    return SlopeInfo(rows, crossings)


def _ranks(values: dict[str, float]) -> dict[str, int]:
    return {name: rank for rank, name in enumerate(sorted(values, key=lambda name: -values[name]), start=1)}


_ROW = 32
_MARGIN = Margin(6, 6, 30, 4)
_LEFT, _RIGHT = 0.36, 0.76  # where the pills stand, as fractions of the width
_END = 0.055  # between a pill's centre and its line


def plot_slope(info: SlopeInfo, theme: Theme, *, unmeasured: str = UNMEASURED) -> Figure:
    """The figure: a line for every operation, with its drop at the right end, or `unmeasured` in place of drops."""
    if not info.rows:
        return empty_figure("no operations", theme)
    look, count = palette.roles(theme), len(info.rows)
    top = {"yref": "paper", "yanchor": "bottom", "yshift": 6}
    annotations = [label("rank by α", _LEFT, 1, look.muted, **top), label("rank by drop", _RIGHT, 1, look.muted, **top)]
    shapes = []
    for row in info.rows:
        beside = {"xanchor": "right", "xshift": -21}
        annotations.append(label(palette.operation(row.operation).label, _LEFT, row.rank_by_alpha, look.text, **beside))
        ends = [(_LEFT, row.rank_by_alpha)]
        if row.rank_by_drop is not None and row.drop is not None:
            ends.append((_RIGHT, row.rank_by_drop))
            value = {"xanchor": "left", "xshift": 21}
            annotations.append(label(wording.points(row.drop), _RIGHT, row.rank_by_drop, look.text, **value))
        for x, y in ends:
            shape, code = pill(row.operation, x, y, theme)
            shapes.append(shape)
            annotations.append(code)
    measured = [row for row in info.rows if row.rank_by_drop is not None]
    if not measured:
        annotations.append(label(unmeasured, _RIGHT, (count + 1) / 2, look.muted))
    return figure(
        theme,
        _MARGIN.top + _MARGIN.bottom + _ROW * count,
        _MARGIN,
        [_line(row, theme) for row in measured],
        xaxis=axis(0, 1),
        yaxis=axis(count + 0.5, 0.5),
        shapes=shapes,
        annotations=annotations,
    )


def _line(row: SlopeRow, theme: Theme) -> dict:
    """A smooth step from the left rank to the right one."""
    look = palette.operation(row.operation)
    steps = [step / 24 for step in range(25)]
    start, stop = _LEFT + _END, _RIGHT - _END
    left, right = row.rank_by_alpha, row.rank_by_drop or row.rank_by_alpha
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [rounded(start + (stop - start) * t) for t in steps],
        "y": [rounded(left + (right - left) * t * t * (3 - 2 * t)) for t in steps],
        "line": {
            "color": palette.colour(row.operation, theme),
            "dash": look.plotly_dash,
            "width": max(2, 3 * look.width),
        },
        "hovertext": f"<b>{look.code}</b> {look.label}<br>{left}. by α, {right}. by drop",
        "hoverinfo": "text",
    }
