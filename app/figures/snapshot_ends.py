"""Where selections end that begin at the epochs of a training: alpha's cell at all, measurement's where weights are.

SnapshotsInfo     what is drawn
snapshots_info    from the result of lab "snapshots"
plot_snapshots    the plotly figure
"""

from typing import NamedTuple

from app.figures.frame import TICK, Figure, Margin, empty_figure, figure, label, rounded, small
from engine.analysis.snapshots.results import SnapshotsResult
from engine.drawing import palette
from engine.drawing.palette import Theme


class SnapshotsInfo(NamedTuple):
    """By epoch. alpha: true accuracy (%) of the cell of the largest alphas; supernet: its own accuracy (%), None
    where it was not logged. at_once, paths: (epoch, true accuracy) of measured cells."""

    epochs: tuple[int, ...]
    alpha: tuple[float, ...]
    supernet: tuple[float | None, ...]
    at_once: tuple[tuple[int, float], ...]
    paths: tuple[tuple[int, float], ...]

    @property
    def summary(self) -> str:
        """e.g. "α's cell: 54.30 % after epoch 1, 54.30 % after epoch 30; measured after epochs 6, 30"."""
        if not self.epochs:
            return "no epoch is known"
        measured = sorted({epoch for epoch, _ in (*self.at_once, *self.paths)})
        said = f"measured after epochs {', '.join(map(str, measured))}" if measured else "not measured yet"
        return (
            f"α's cell: {self.alpha[0]:.2f} % after epoch {self.epochs[0]}, {self.alpha[-1]:.2f} % after epoch "
            f"{self.epochs[-1]}; {said}"
        )


def snapshots_info(result: SnapshotsResult) -> SnapshotsInfo:
    return SnapshotsInfo(
        tuple(each.epoch for each in result.epochs),
        tuple(rounded(each.true) for each in result.epochs),
        tuple(None if each.accuracy is None else rounded(each.accuracy) for each in result.epochs),
        tuple((epoch, rounded(each.at_once)) for epoch, each in result.measured if each.at_once is not None),
        tuple((epoch, rounded(end)) for epoch, each in result.measured for end in each.paths),
    )


_MARGIN = Margin(46, 14, 44, 74)


def plot_snapshots(info: SnapshotsInfo, theme: Theme) -> Figure:
    """A line for alpha's cell, a pale dotted one for the supernet, dots for measured cells."""
    if not info.epochs:
        return empty_figure("no epoch is known", theme)
    look = palette.roles(theme)
    alpha = _line(info.epochs, info.alpha, "α's cell", look.alpha, "solid", 3)
    supernet = _line(info.epochs, info.supernet, "the supernet itself", look.muted, "dot", 1.5)
    paths = _dots(info.paths, "a measured path's cell", {"symbol": "circle", "size": 8, "opacity": 0.5}, look.text)
    at_once = _dots(info.at_once, "the largest drops at once", {"symbol": "diamond-open", "size": 12}, look.accent)
    tick = {"tickfont": {"size": TICK, "color": look.muted}, "fixedrange": True, "zeroline": False}
    legend = (
        ("— α's cell", look.muted),
        ("··· the supernet itself", look.muted),
        ("● measured path, an order", look.text),
        ("◇ drops at once", look.accent),
    )
    at = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
    texts = [
        label(text, 0, 0, color, **at, xshift=-_MARGIN.left + 4 + 170 * (place % 2), yshift=-36 - 17 * (place // 2))
        | {"font": small(color)}
        for place, (text, color) in enumerate(legend)
    ]
    above = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "xshift": -_MARGIN.left + 4}
    texts.append(label("<b>true CIFAR-10 accuracy, %</b>", 0, 1, look.text, yshift=4, **above))
    return figure(
        theme,
        360,
        _MARGIN,
        [supernet, alpha, paths, at_once],
        xaxis={
            "range": [0.5, info.epochs[-1] + 0.7],
            "showgrid": False,
            "title": {"text": "after epoch", "font": {"size": TICK, "color": look.muted}, "standoff": 4},
            **tick,
        },
        yaxis={"gridcolor": look.grid, "nticks": 7, **tick},
        annotations=texts,
    )


def _line(
    epochs: tuple[int, ...], values: tuple[float | None, ...], name: str, color: str, dash: str, width: float
) -> dict:
    return {
        "type": "scatter",
        "mode": "lines" if len(epochs) > 1 else "markers",
        "x": list(epochs),
        "y": list(values),
        "line": {"color": color, "width": width, "dash": dash},
        "marker": {"color": color},
        "hovertemplate": f"{name} after epoch %{{x}}: %{{y:.2f}} %<extra></extra>",
    }


def _dots(points: tuple[tuple[int, float], ...], name: str, marker: dict, color: str) -> dict:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x for x, _ in points],
        "y": [y for _, y in points],
        "marker": {"color": color, "line": {"width": 2, "color": color}, **marker},
        "hovertemplate": f"{name}, epoch %{{x}}: %{{y:.2f}} %<extra></extra>",
    }
