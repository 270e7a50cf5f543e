"""The weight that skip should get beside a convolution, and the one that it has learned: a row for every edge.

OptimumRow, OptimaInfo   what is drawn
optima_info              from the result of lab "optimal-alpha"
plot_optima              the plotly figure
"""

from typing import NamedTuple

from app.figures.frame import TICK, Figure, Margin, empty_figure, figure, label, rounded, small
from engine.analysis.optimal_alpha import OptimalResult
from engine.drawing import palette, wording
from engine.drawing.palette import Theme
from engine.results import Interval


class OptimumRow(NamedTuple):
    """An edge. Weights of skip, 0 to 1; learned: None where alpha is unknown."""

    name: str
    optimal: float
    ci: Interval | None
    stated: float
    learned: float | None


class OptimaInfo(NamedTuple):
    rows: tuple[OptimumRow, ...]

    @property
    def summary(self) -> str:
        """e.g. "input → node 1: skip should get 0.69, has 0.53; ..."."""
        said = []
        for row in self.rows:
            has = "α unknown" if row.learned is None else f"has {row.learned:.2f}"
            said.append(f"{wording.plain(row.name)}: skip should get {row.optimal:.2f}, {has}")
        return "; ".join(said) or "no edge offers both"


def optima_info(result: OptimalResult) -> OptimaInfo:
    several = len({each.cell for each in result.edges}) > 1
    return OptimaInfo(
        tuple(
            OptimumRow(
                f"{each.cell}: {each.name}" if several else each.name,
                rounded(each.optimal),
                each.ci,
                rounded(each.stated),
                None if each.learned is None else rounded(each.learned),
            )
            for each in result.edges
        )
    )


_ROW = 26
_MARGIN = Margin(150, 16, 56, 62)


def plot_optima(info: OptimaInfo, theme: Theme) -> Figure:
    """A dot is the minimiser, a small ring what the proposition states, an open diamond what was learned."""
    if not info.rows:
        return empty_figure("no edge offers both", theme)
    look, count = palette.roles(theme), len(info.rows)
    places = list(range(count))
    shapes, texts = [], []
    for place, row in enumerate(info.rows):
        name = wording.subscripts(row.name)
        texts.append(
            label(name, 0, place, look.text, xref="paper", xanchor="right", xshift=-8) | {"font": small(look.text)}
        )
        if row.learned is not None:
            ends = {"x0": row.learned, "x1": row.optimal, "y0": place, "y1": place}
            shapes.append({"type": "line", **ends, "line": {"color": look.border, "width": 2}, "layer": "below"})
    learned = [(row.learned, place) for place, row in enumerate(info.rows) if row.learned is not None]
    known = [
        _marks([row.stated for row in info.rows], places, "as the proposition states", "circle-open", 8, look.muted),
        _marks([row.optimal for row in info.rows], places, "exact minimiser", "circle", 9, look.text)
        | {"error_x": _intervals(info.rows, look.text)},
        _marks([x for x, _ in learned], [y for _, y in learned], "learned", "diamond-open", 11, look.accent),
    ]
    shapes.append(
        {
            "type": "line",
            "x0": 0.5,
            "x1": 0.5,
            "y0": -0.5,
            "y1": count - 0.5,
            "line": {"color": look.muted, "width": 1},
            "layer": "below",
        }
    )
    below = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    for number, (text, color) in enumerate((("● minimiser   ○ as stated", look.text), ("◇ learned", look.accent))):
        texts.append(
            label(text, 0, 0, color, **below, yshift=-36, xshift=-_MARGIN.left + 4 + 180 * number)
            | {"font": small(color)}
        )
    tick = {"tickfont": {"size": TICK, "color": look.muted}, "fixedrange": True, "zeroline": False}
    return figure(
        theme,
        _MARGIN.top + _MARGIN.bottom + _ROW * count,
        _MARGIN,
        known,
        xaxis={
            "range": [-0.03, 1.03],
            "gridcolor": look.grid,
            "dtick": 0.25,
            "title": {"text": "weight of skip", "font": {"size": TICK, "color": look.muted}, "standoff": 4},
            **tick,
        },
        yaxis={"range": [count - 0.5, -0.5], "visible": False, "fixedrange": True},
        shapes=shapes,
        annotations=texts,
    )


def _intervals(rows: tuple[OptimumRow, ...], color: str) -> dict:
    """95 % intervals of the minimiser."""
    ends = [(row.optimal, row.optimal) if row.ci is None else row.ci for row in rows]
    return {
        "type": "data",
        "symmetric": False,
        "array": [rounded(max(0.0, high - row.optimal)) for (_, high), row in zip(ends, rows, strict=True)],
        "arrayminus": [rounded(max(0.0, row.optimal - low)) for (low, _), row in zip(ends, rows, strict=True)],
        "color": color,
        "thickness": 2,
        "width": 0,
    }


def _marks(xs: list[float], ys: list[int], name: str, symbol: str, size: int, color: str) -> dict:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": xs,
        "y": ys,
        "hovertemplate": f"{name}: %{{x:.2f}}<extra></extra>",
        "cliponaxis": False,
        "marker": {"symbol": symbol, "size": size, "color": color, "line": {"width": 2, "color": color}},
    }
