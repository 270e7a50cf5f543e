"""A mix of skip and one convolution: how far it is from the wanted map at every weight of skip (Prop. 1).

ToyMix      three numbers, and what follows from them
plot_mix    the plotly figure

theta of skip and 1 - theta of the convolution give var(theta (x - m*) + (1 - theta) (o - m*)), with a = var(o - m*),
b = var(x - m*) and their covariance c.
"""

import math
from typing import NamedTuple

from app.figures.frame import TICK, Figure, Margin, figure, label, rounded, small
from engine.analysis.optimal_alpha import minimiser, stated
from engine.drawing import palette
from engine.drawing.palette import Theme

POINTS = 101


class ToyMix(NamedTuple):
    """a, b: variances of what the convolution and skip are off by, of a map with variance 1; c: their covariance."""

    a: float
    b: float
    c: float

    @classmethod
    def of(cls, a: float, b: float, correlation: float) -> "ToyMix":
        """correlation: from -1 to 1, so that every covariance that it leads to is possible."""
        return cls(a, b, correlation * math.sqrt(a * b))

    @property
    def optimal(self) -> float:
        """The weight of skip that is best."""
        return minimiser(self.a, self.b, self.c)

    @property
    def stated(self) -> float:
        """The one of Proposition 1, for c = 0."""
        return stated(self.a, self.b)

    @property
    def logits(self) -> tuple[float, float] | None:
        """The best alphas of skip and convolution, up to a constant; None where one of them gets nothing."""
        skip, conv = self.a - self.c, self.b - self.c
        return None if min(skip, conv) <= 0 else (math.log(skip), math.log(conv))

    def at(self, theta: float) -> float:
        """The variance of what the mix is off by."""
        return theta**2 * self.b + (1 - theta) ** 2 * self.a + 2 * theta * (1 - theta) * self.c

    @property
    def summary(self) -> str:
        """e.g. "best at a weight of 0.62 for skip, off by 0.31; ..."."""
        return (
            f"best at a weight of {self.optimal:.2f} for skip, off by {self.at(self.optimal):.2f}; skip alone is off "
            f"by {self.b:.2f}, the convolution alone by {self.a:.2f}"
        )


_MARGIN = Margin(44, 16, 30, 44)


def plot_mix(mix: ToyMix, theme: Theme) -> Figure:
    """The curve; a dot at its lowest point, a ring where Proposition 1 puts it."""
    look = palette.roles(theme)
    weights = [number / (POINTS - 1) for number in range(POINTS)]
    curve = {
        "type": "scatter",
        "mode": "lines",
        "x": weights,
        "y": [rounded(mix.at(theta)) for theta in weights],
        "line": {"color": look.accent, "width": 2},
        "hovertemplate": "skip %{x:.2f}: off by %{y:.2f}<extra></extra>",
    }
    marks = [
        _mark(mix.stated, mix, "as the proposition states", "circle-open", 10, look.muted),
        _mark(mix.optimal, mix, "exact minimiser", "circle", 10, look.text),
    ]
    tick = {"tickfont": {"size": TICK, "color": look.muted}, "fixedrange": True, "zeroline": False}
    title = {"font": {"size": TICK, "color": look.muted}, "standoff": 4}
    ends = [
        label(text, x, 1, look.muted, yref="paper", yanchor="bottom", xanchor=anchor, yshift=6)
        | {"font": small(look.muted)}
        for text, x, anchor in (("convolution alone", 0, "left"), ("skip alone", 1, "right"))
    ]
    return figure(
        theme,
        220,
        _MARGIN,
        [curve, *marks],
        xaxis={
            "range": [-0.02, 1.02],
            "gridcolor": look.grid,
            "dtick": 0.25,
            "title": {"text": "weight of skip", **title},
            **tick,
        },
        yaxis={
            "range": [0, rounded(1.1 * max(mix.at(0), mix.at(1)))],
            "gridcolor": look.grid,
            "title": {"text": "off by (variance)", **title},
            "nticks": 5,
            **tick,
        },
        annotations=ends,
    )


def _mark(theta: float, mix: ToyMix, name: str, symbol: str, size: int, color: str) -> dict:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [rounded(theta)],
        "y": [rounded(mix.at(theta))],
        "hovertemplate": f"{name}: skip %{{x:.2f}}, off by %{{y:.2f}}<extra></extra>",
        "cliponaxis": False,
        "marker": {"symbol": symbol, "size": size, "color": color, "line": {"width": 2, "color": color}},
    }
