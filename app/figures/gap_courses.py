"""How far skip lies above convolution, beside the supernet's accuracy: a line for a training, a dot for an epoch.

GapLine, GapInfo   what is drawn
gap_info           from the result of lab "skip-minus-conv"
plot_gaps          the plotly figure
"""

from typing import NamedTuple

from app.figures.frame import TICK, Figure, Margin, empty_figure, figure, label, line_name, rounded, small
from engine.analysis.skip_minus_conv import GapResult
from engine.drawing import palette
from engine.drawing.palette import Theme
from engine.results import Interval


class GapLine(NamedTuple):
    """By epoch: accuracy (%) with its 95 % interval, and the mean gap of weights."""

    name: str
    epochs: tuple[int, ...]
    accuracy: tuple[float, ...]
    ci: tuple[Interval | None, ...]
    gap: tuple[float, ...]


class GapInfo(NamedTuple):
    lines: tuple[GapLine, ...]

    @property
    def summary(self) -> str:
        """e.g. "nas-bench-201: from +0.008 at 33.9 % to +0.088 at 63.3 %"."""
        said = [
            f"{each.name}: from {each.gap[0]:+.3f} at {each.accuracy[0]:.1f} % to {each.gap[-1]:+.3f} at "
            f"{each.accuracy[-1]:.1f} %"
            for each in self.lines
        ]
        return "; ".join(said) or "no epoch is known"


def gap_info(result: GapResult) -> GapInfo:
    return GapInfo(
        tuple(
            GapLine(
                each.name,
                tuple(at.epoch for at in each.epochs),
                tuple(rounded(at.accuracy) for at in each.epochs),
                tuple(at.ci for at in each.epochs),
                tuple(round(at.gap, 4) + 0.0 for at in each.epochs),
            )
            for each in result.courses
            if each.epochs
        )
    )


_MARGIN = Margin(54, 14, 26, 44)
_NAME = 18


def plot_gaps(info: GapInfo, theme: Theme) -> Figure:
    if not info.lines:
        return empty_figure("no epoch is known", theme)
    look, traces, texts = palette.roles(theme), [], []
    below = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    for place, each in enumerate(info.lines):
        color, dash = palette.line(place, theme)
        traces.append(_line(each, color, dash))
        text = line_name(each.name, dash)
        down = -_MARGIN.bottom - _NAME * place
        texts.append(label(text, 0, 0, color, **below, xshift=4 - _MARGIN.left, yshift=down) | {"font": small(color)})
    above = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "xshift": 4 - _MARGIN.left}
    texts.append(label("<b>weight of skip minus convolution</b>", 0, 1, look.text, **above, yshift=4))
    tick = {"tickfont": {"size": TICK, "color": look.muted}, "fixedrange": True}
    return figure(
        theme,
        310 + _NAME * len(info.lines),
        _MARGIN._replace(bottom=_MARGIN.bottom + _NAME * len(info.lines) + 4),
        traces,
        xaxis={
            "gridcolor": look.grid,
            "nticks": 8,
            "zeroline": False,
            "title": {
                "text": "accuracy of the supernet, %",
                "font": {"size": TICK, "color": look.muted},
                "standoff": 4,
            },
            **tick,
        },
        yaxis={
            "gridcolor": look.grid,
            "nticks": 7,
            "rangemode": "tozero",
            "zeroline": True,
            "zerolinecolor": look.muted,
            **tick,
        },
        annotations=texts,
    )


def _line(each: GapLine, color: str, dash: str) -> dict:
    ends = [(x, x) if ci is None else ci for x, ci in zip(each.accuracy, each.ci, strict=True)]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(each.accuracy),
        "y": list(each.gap),
        "line": {"color": color, "width": 2, "dash": dash},
        "marker": {"color": color, "size": 6},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [rounded(high - x) for x, (_, high) in zip(each.accuracy, ends, strict=True)],
            "arrayminus": [rounded(x - low) for x, (low, _) in zip(each.accuracy, ends, strict=True)],
            "color": color,
            "thickness": 0.6,
            "width": 0,
        },
        "hovertext": [f"{each.name}, epoch {epoch}" for epoch in each.epochs],
        "hovertemplate": "%{hovertext}: %{y:+.3f} at %{x:.1f} %<extra></extra>",
    }
