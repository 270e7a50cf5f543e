"""What the operations of an edge are truly worth: the third column of the butterfly, or a figure below it.

draw_truth   traces on the third x axis, and texts
truth_axis   that axis, on the edge's own scale
plot_truth   the column as a figure of its own, from 280 pixels wide

A dot on a line is the mean true accuracy of the reachable cells with the operation; a ring marks the highest. Beside it
stand that mean and the best of these accuracies.
"""

from collections.abc import Sequence
from typing import NamedTuple

from app.figures.frame import Figure, Margin, axis, figure, label, rounded, small
from engine.drawing import palette, wording
from engine.drawing.palette import Theme
from engine.results import EdgeWorth


class Places(NamedTuple):
    """Where the dots and the two numbers stand, as fractions of the width; the numbers by their right ends."""

    dots: tuple[float, float]
    mean: float
    best: float


BESIDE = Places((0.715, 0.795), 0.905, 1.0)
_ALONE = Places((0.36, 0.6), 0.8, 1.0)
_NAMES = 0.33  # right end of the operations' names
_MARGIN = Margin(6, 6, 30, 6)
_ROW = 28


def plot_truth(truth: EdgeWorth, order: Sequence[str], theme: Theme) -> Figure:
    """The figure; order: as for `draw_truth`."""
    look, count = palette.roles(theme), len(order)
    traces, texts = draw_truth(truth, order, theme, _ALONE)
    names = [
        label(palette.operation(name).label, _NAMES, place, look.text, xref="paper", xanchor="right")
        for place, name in enumerate(order)
    ]
    return figure(
        theme,
        _MARGIN.top + _MARGIN.bottom + _ROW * count,
        _MARGIN,
        traces,
        xaxis3=truth_axis(truth, _ALONE),
        yaxis=axis(count - 0.5, -0.5),
        annotations=[*names, *texts],
    )


def truth_axis(truth: EdgeWorth, at: Places = BESIDE) -> dict:
    low, high = _ends(truth)
    room = 0.18 * (high - low)
    return axis(low - room, high + room, domain=list(at.dots), anchor="y")


def _ends(truth: EdgeWorth) -> tuple[float, float]:
    """Lowest and highest mean, at least a point apart."""
    means = [worth.mean for worth in truth.operations]
    return min(means), max(*means, min(means) + 1.0)


def draw_truth(
    truth: EdgeWorth, order: Sequence[str], theme: Theme, at: Places = BESIDE
) -> tuple[list[dict], list[dict]]:
    """order: operation names from the top row down."""
    look, rows = palette.roles(theme), [truth.operation(name) for name in order]
    places, (low, high) = list(range(len(rows))), _ends(truth)
    wins = [row.name in truth.winners for row in rows]
    line = {
        "type": "scatter",
        "mode": "lines",
        "xaxis": "x3",
        "x": [rounded(end) if end is not None else None for _ in rows for end in (low, high, None)],
        "y": [place for place in places for _ in range(3)],
        "line": {"color": look.border, "width": 2},
        "hoverinfo": "skip",
    }
    means = [rounded(row.mean) for row in rows]
    dots = {
        "type": "scatter",
        "mode": "markers",
        "xaxis": "x3",
        "x": means,
        "y": places,
        "marker": {"symbol": "circle", "size": 8, "color": look.text, "line": {"width": 0}},
        "cliponaxis": False,
        "hovertext": [
            f"<b>{palette.operation(row.name).code}</b> {palette.operation(row.name).label}<br>"
            f"{wording.count(row.count)} cells with it: mean {wording.percent(row.mean, digits=2)}, "
            f"best {wording.percent(row.best, digits=2)}"
            for row in rows
        ],
        "hoverinfo": "text",
    }
    rings = {
        **dots,
        "x": [x for x, best in zip(means, wins, strict=True) if best],
        "y": [place for place, best in zip(places, wins, strict=True) if best],
        "marker": {"symbol": "circle-open", "size": 17, "color": look.text, "line": {"width": 2}},
        "hovertext": "truly best on average",
    }
    above = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "yshift": 6, "xanchor": "right"}
    texts = [label("truth: mean", at.mean, 1, look.muted, **above), label("best", at.best, 1, look.muted, **above)]
    beside = {"xref": "paper", "xanchor": "right"}
    for place, row, best in zip(places, rows, wins, strict=True):
        mean = wording.number(row.mean, 2)
        texts.append(label(f"<b>{mean}</b>" if best else mean, at.mean, place, look.text, **beside))
        quiet = {"font": small(look.muted)}
        texts.append(label(wording.number(row.best, 2), at.best, place, look.muted, **beside) | quiet)
    return [line, dots, rings], texts
