"""What the operations of an edge are truly worth: the third column of the butterfly.

draw_truth   traces on the third x axis, and texts
truth_axis   that axis, on the edge's own scale

A dot on a line is the mean true accuracy of the reachable cells with the operation; a ring marks the highest. Beside it
stand that mean and the best of these accuracies.
"""

from collections.abc import Sequence

from app.figures.frame import axis, label, rounded, small
from engine.drawing import palette, wording
from engine.drawing.palette import Theme
from engine.results import EdgeWorth

_DOTS, _MEAN, _BEST = (0.715, 0.795), 0.905, 1.0


def truth_axis(truth: EdgeWorth) -> dict:
    low, high = _ends(truth)
    room = 0.18 * (high - low)
    return axis(low - room, high + room, domain=list(_DOTS), anchor="y")


def _ends(truth: EdgeWorth) -> tuple[float, float]:
    """Lowest and highest mean, at least a point apart."""
    means = [worth.mean for worth in truth.operations]
    return min(means), max(*means, min(means) + 1.0)


def draw_truth(truth: EdgeWorth, order: Sequence[str], theme: Theme) -> tuple[list[dict], list[dict]]:
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
    texts = [label("truth: mean", _MEAN, 1, look.muted, **above), label("best", _BEST, 1, look.muted, **above)]
    beside = {"xref": "paper", "xanchor": "right"}
    for place, row, best in zip(places, rows, wins, strict=True):
        mean = wording.number(row.mean, 2)
        texts.append(label(f"<b>{mean}</b>" if best else mean, _MEAN, place, look.text, **beside))
        quiet = {"font": small(look.muted)}
        texts.append(label(wording.number(row.best, 2), _BEST, place, look.muted, **beside) | quiet)
    return [line, dots, rings], texts
