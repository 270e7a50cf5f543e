"""The weight that skip has over a training, and the one it should have where that was measured.

SkipInfo      what is drawn
skip_info     from the result of lab "optimal-alpha"; None where there is only one moment
plot_skip     the plotly figure
"""

from typing import NamedTuple

from app.figures.frame import TICK, Figure, Margin, figure, label, rounded, small
from engine.analysis.optimal_alpha import OptimalResult
from engine.drawing import palette
from engine.drawing.palette import Theme


class SkipInfo(NamedTuple):
    """Means over the edges. learned: after every epoch from 1 on. optimal, stated: (epoch, weight of skip)."""

    learned: tuple[float, ...]
    optimal: tuple[tuple[int, float], ...]
    stated: tuple[tuple[int, float], ...]

    @property
    def summary(self) -> str:
        """e.g. "skip should have 0.68 after epoch 6, 0.72 after epoch 30; it has 0.52, 0.55"."""
        should = ", ".join(f"{weight:.2f} after epoch {epoch}" for epoch, weight in self.optimal)
        has = ", ".join(f"{self.learned[epoch - 1]:.2f}" for epoch, _ in self.optimal if epoch <= len(self.learned))
        return f"skip should have {should}; it has {has}" if has else f"skip should have {should}"


def skip_info(result: OptimalResult) -> SkipInfo | None:
    if len(result.epochs) < 2:
        return None
    return SkipInfo(
        tuple(map(rounded, result.learned)),
        tuple((each.epoch, rounded(each.optimal)) for each in result.epochs),
        tuple((each.epoch, rounded(each.stated)) for each in result.epochs),
    )


_MARGIN = Margin(46, 14, 16, 62)


def plot_skip(info: SkipInfo, theme: Theme) -> Figure:
    """A line for what was learned, dots for the minimiser, rings for what the proposition states."""
    look = palette.roles(theme)
    learned = {
        "type": "scatter",
        "mode": "lines",
        "x": [*range(1, len(info.learned) + 1)],
        "y": list(info.learned),
        "line": {"color": look.accent, "width": 3},
        "hovertemplate": "learned, epoch %{x}: %{y:.2f}<extra></extra>",
    }
    marks = [
        _marks(info.stated, "as the proposition states", "circle-open", 9, look.muted),
        _marks(info.optimal, "exact minimiser", "circle", 10, look.text),
    ]
    tick = {"tickfont": {"size": TICK, "color": look.muted}, "fixedrange": True, "zeroline": False}
    title = {"font": {"size": TICK, "color": look.muted}, "standoff": 4}
    below = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top", "yshift": -40}
    words = (("— learned", look.accent), ("● minimiser   ○ as stated", look.text))
    return figure(
        theme,
        280,
        _MARGIN,
        [learned, *marks],
        xaxis={
            "range": [0.5, max(len(info.learned), info.optimal[-1][0]) + 0.7],
            "showgrid": False,
            "title": {"text": "after epoch", **title},
            **tick,
        },
        yaxis={
            "range": [0, 1.02],
            "gridcolor": look.grid,
            "dtick": 0.25,
            "title": {"text": "weight of skip", **title},
            **tick,
        },
        annotations=[
            label(text, 0, 0, color, **below, xshift=-_MARGIN.left + 4 + 90 * place) | {"font": small(color)}
            for place, (text, color) in enumerate(words)
        ],
    )


def _marks(points: tuple[tuple[int, float], ...], name: str, symbol: str, size: int, color: str) -> dict:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x for x, _ in points],
        "y": [y for _, y in points],
        "hovertemplate": f"{name}, epoch %{{x}}: %{{y:.2f}}<extra></extra>",
        "cliponaxis": False,
        "marker": {"symbol": symbol, "size": size, "color": color, "line": {"width": 2, "color": color}},
    }
