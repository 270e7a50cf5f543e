"""Accuracies of networks whose layers changed places: a row for every kind of change, a dot for every draw.

ChangeRow, NetworkRows, RewiredInfo   what is drawn
rewired_info                          from the result of lab "unrolled"
plot_rewired                          the plotly figure
"""

from statistics import fmean
from typing import NamedTuple

from app.figures.frame import TICK, Figure, Margin, empty_figure, figure, label, rounded, small
from engine.analysis.spread import mean_interval
from engine.analysis.unrolled import CHANGES, UnrolledResult
from engine.drawing import palette, wording
from engine.drawing.palette import Theme
from engine.results import Interval


class ChangeRow(NamedTuple):
    """after: accuracies (%), a draw each; mean: of them, with its 95 % interval."""

    name: str
    after: tuple[float, ...]
    mean: float
    ci: Interval | None


class NetworkRows(NamedTuple):
    """before: accuracy (%) as it was trained, with its 95 % interval."""

    name: str
    before: float
    ci: Interval | None
    rows: tuple[ChangeRow, ...]


class RewiredInfo(NamedTuple):
    """chance: accuracy (%) of guessing."""

    networks: tuple[NetworkRows, ...]
    chance: float

    @property
    def summary(self) -> str:
        """e.g. "supernet: 63.3 % as trained, two swapped everywhere 20.1 %"."""
        said = [
            ", ".join(
                [f"{each.name}: {each.before:.1f} % as trained", *(f"{row.name} {row.mean:.1f} %" for row in each.rows)]
            )
            for each in self.networks
        ]
        return "; ".join(said) or "no network has been changed yet"


def rewired_info(result: UnrolledResult) -> RewiredInfo:
    networks = []
    for each in result.subjects:
        rows = [
            ChangeRow(words, tuple(map(rounded, after)), rounded(fmean(after)), mean_interval(after, 0.0, 100.0))
            for change, words in CHANGES.items()
            if (after := each.of(change))
        ]
        networks.append(NetworkRows(each.name, rounded(each.before), each.ci, tuple(rows)))
    return RewiredInfo(tuple(networks), result.chance)


_Point = tuple[float, float, Interval | None, str]
"""Place, interval, and what is said of it."""
_ROW = 26
_MARGIN = Margin(158, 50, 46, 62)


def plot_rewired(info: RewiredInfo, theme: Theme) -> Figure:
    """A thick line at the mean of the draws; an open diamond is the network as it was trained."""
    if not info.networks:
        return empty_figure("no network has been changed yet", theme)
    look = palette.roles(theme)
    left = {"xref": "paper", "xanchor": "left", "xshift": 4 - _MARGIN.left}
    right = {"xref": "paper", "xanchor": "right", "xshift": _MARGIN.right - 4}
    texts, shapes, place = [], [], 0
    dots: list[_Point] = []
    befores: list[_Point] = []
    means: list[_Point] = []
    for network in info.networks:
        texts.append(label(f"<b>{network.name}</b>", 0, place, look.text, **left))
        texts.append(label(wording.number(network.before), 1, place, look.muted, **right))
        befores.append((network.before, place, network.ci, f"{network.name}, as trained"))
        place += 1
        for row in network.rows:
            texts.append(label(row.name, 0, place, look.muted, **left) | {"font": small(look.muted)})
            texts.append(label(f"<b>{wording.number(row.mean)}</b>", 1, place, look.text, **right))
            said = f"{network.name}, {row.name}"
            means.append((row.mean, place, row.ci, f"{said}, mean"))
            dots += [(end, place, None, said) for end in row.after]
            place += 1
    line = {"x0": info.chance, "x1": info.chance, "y0": -0.5, "y1": place - 0.5, "layer": "below"}
    shapes.append({"type": "line", **line, "line": {"color": look.muted, "width": 1, "dash": "dot"}})
    over = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "yshift": 3}
    texts.append(
        label("mean, %", 1, 1, look.muted, **over, xanchor="right", xshift=_MARGIN.right - 4)
        | {"font": small(look.muted)}
    )
    tick = {"tickfont": {"size": TICK, "color": look.muted}, "fixedrange": True, "zeroline": False}
    below = {"xref": "paper", "yref": "paper", "yanchor": "top", "yshift": -40, "xanchor": "left"}
    legend = f"◇ as trained   ● a draw   | mean   ┊ guessing, {wording.number(info.chance, 0)} %"
    texts.append(label(legend, 0, 0, look.muted, **below, xshift=4 - _MARGIN.left) | {"font": small(look.muted)})
    return figure(
        theme,
        _MARGIN.top + _MARGIN.bottom + _ROW * place,
        _MARGIN,
        [
            _marks(dots, {"symbol": "circle", "size": 8, "opacity": 0.4}, look.text),
            _marks(means, {"symbol": "line-ns-open", "size": 14}, look.text),
            _marks(befores, {"symbol": "diamond-open", "size": 11}, look.accent),
        ],
        xaxis={
            "range": [0, 100],
            "gridcolor": look.grid,
            "dtick": 20,
            "title": {"text": "accuracy, %", "font": {"size": TICK, "color": look.muted}, "standoff": 4},
            **tick,
        },
        yaxis={"range": [place - 0.4, -0.6], "visible": False, "fixedrange": True},
        shapes=shapes,
        annotations=texts,
    )


def _marks(points: list[_Point], marker: dict, color: str) -> dict:
    """Points with their 95 % intervals, where they have one."""
    ends = [(x, x) if ci is None else ci for x, _, ci, _ in points]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x for x, *_ in points],
        "y": [rounded(y) for _, y, *_ in points],
        "hovertext": [
            f"{said}: {wording.percent(x) if ci is None else wording.percent(x, ci)}" for x, _, ci, said in points
        ],
        "hoverinfo": "text",
        "cliponaxis": False,
        "marker": {"color": color, "line": {"width": 2 if "open" in marker["symbol"] else 0, "color": color}, **marker},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [rounded(high - x) for (x, *_), (_, high) in zip(points, ends, strict=True)],
            "arrayminus": [rounded(x - low) for (x, *_), (low, _) in zip(points, ends, strict=True)],
            "color": color,
            "thickness": 1.5,
            "width": 0,
        },
    }
