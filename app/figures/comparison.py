"""Two sides on one scale: what one edge's operations are worth to each, and what both add up to.

EdgePair, edge_pair, plot_edge_pair          one edge: weights and drops of both sides
Total, plot_totals                           paired bars

A and B are always in this order, and always named by their letter.
"""

from collections.abc import Sequence
from typing import NamedTuple

from app.figures.differences import LETTERS
from app.figures.edge_alphas import EdgeAlphas
from app.figures.frame import UNMEASURED, Figure, Margin, axis, empty_figure, figure, label, rounded, small
from engine.drawing import palette, wording
from engine.drawing.palette import Theme
from engine.results import EdgeScores, Interval


class Value(NamedTuple):
    """What one side says of an operation. drop and ci in points; None while not measured (ci also: too few images)."""

    weight: float
    drop: float | None
    ci: Interval | None


class EdgePair(NamedTuple):
    """operations by A's falling alpha; one column of values where both sides rest on the same measurement, else two.

    chosen: what each side decided for, None where it has not.
    """

    operations: tuple[str, ...]
    values: tuple[dict[str, Value], ...]
    chosen: tuple[str | None, str | None]

    @property
    def drops(self) -> list[float]:
        """Everything that the scale of the drops must hold."""
        found = [value for side in self.values for value in side.values()]
        return [end for value in found if value.drop is not None for end in (value.drop, *(value.ci or ()))]


def edge_pair(
    first: EdgeScores | EdgeAlphas, second: EdgeScores | EdgeAlphas, chosen: tuple[str | None, str | None]
) -> EdgePair:
    """Both sides of one edge of the same space."""
    values = tuple(_values(side) for side in ((first,) if first == second else (first, second)))
    by_alpha = sorted(values[0], key=lambda name: -values[0][name].weight)
    return EdgePair(tuple(by_alpha), values, chosen)


def _values(edge: EdgeScores | EdgeAlphas) -> dict[str, Value]:
    if isinstance(edge, EdgeScores):
        return {one.name: Value(one.weight, one.drop, one.ci) for one in edge.operations}
    return {name: Value(weight, None, None) for name, weight in zip(edge.operations, edge.weights, strict=True)}


_PAIR = Margin(6, 6, 30, 6)
_BAR = 15  # pixels of a bar with its gap
_WEIGHTS, _NAME, _DROPS = (0.0, 0.24), 0.385, (0.53, 1.0)


def plot_edge_pair(info: EdgePair, theme: Theme) -> Figure:
    """Weights to the left, drops to the right, a row for every operation; A's bar above B's."""
    look, count, sides = palette.roles(theme), len(info.operations), len(info.values)
    letters = LETTERS if sides == 2 else ("",)
    over = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "yshift": 6}
    annotations = [
        label("α (mixing weight)", _WEIGHTS[0], 1, look.muted, xanchor="left", **over),
        label("drop when removed, points", sum(_DROPS) / 2, 1, look.muted, **over),
    ]
    for place, name in enumerate(info.operations):
        annotations.append(label(palette.operation(name).label, _NAME, place, look.text, xref="paper"))
        for letter, chosen, shift in zip(LETTERS, info.chosen, (-43, 43), strict=True):
            if chosen == name:
                tag = {"bordercolor": look.text, "borderpad": 1, "xref": "paper", "xshift": shift}
                annotations.append(
                    label(f"<b>{letter}</b>", _NAME, place, look.text, **tag) | {"font": small(look.text)}
                )
    widest = max(value.weight for side in info.values for value in side.values()) or 1.0
    traces = []
    for number, (side, letter) in enumerate(zip(info.values, letters, strict=True)):
        height = 0.36 if sides == 2 else 0.6
        middle = (number - (sides - 1) / 2) * 0.42
        places = [round(place + middle, 3) for place in range(count)]
        rows = [side[name] for name in info.operations]
        weights = [f"{letter} {wording.weight(row.weight)}".strip() for row in rows]
        outside = {"text": weights, "textposition": "outside", "textfont": small(look.text), "cliponaxis": False}
        traces.append(_bars([-row.weight for row in rows], places, height, look.alpha) | outside)
        traces += _drops(info, side, places, height, letter, theme)
    low, high = min([0.0, *info.drops]), max([0.0, *info.drops])
    span = max(high - low, 1.0)
    shapes = []
    if info.drops:
        zero = {"type": "line", "xref": "x2", "x0": 0, "x1": 0, "y0": -0.5, "y1": count - 0.5, "layer": "below"}
        shapes.append({**zero, "line": {"color": look.muted, "width": 1}})
    else:
        annotations.append(label(UNMEASURED, sum(_DROPS) / 2, (count - 1) / 2, look.muted, xref="paper"))
    return figure(
        theme,
        _PAIR.top + _PAIR.bottom + count * (2 * _BAR if sides == 1 else 2 * _BAR + 6),
        _PAIR,
        traces,
        barmode="overlay",
        xaxis=axis(-1.75 * widest, 0, domain=list(_WEIGHTS)),
        xaxis2=axis(low - 0.03 * span, high + 0.34 * span, domain=list(_DROPS), anchor="y"),
        yaxis=axis(count - 0.5, -0.5),
        shapes=shapes,
        annotations=annotations,
    )


def _bars(x: list[float], y: list[float], height: float, color: str | list[str]) -> dict:
    bars = {"type": "bar", "orientation": "h", "x": [rounded(value) for value in x], "y": y, "width": height}
    return {**bars, "marker": {"color": color, "line": {"width": 0}}, "hoverinfo": "skip"}


def _whiskers(x: list[float], ends: list[Interval | None], theme: Theme) -> dict:
    pairs = [(value, end or (value, value)) for value, end in zip(x, ends, strict=True)]
    return {
        "type": "data",
        "symmetric": False,
        "array": [rounded(high - value) for value, (_, high) in pairs],
        "arrayminus": [rounded(value - low) for value, (low, _) in pairs],
        "color": palette.roles(theme).text,
        "thickness": 1.5,
        "width": 3 if any(ends) else 0,
    }


def _texts(x: list[float], y: list[float], texts: list[str], theme: Theme, **more: str) -> dict:
    """Values beside bars; `x` is where bars and whiskers end."""
    place = {"x": [rounded(value) for value in x], "y": y, "text": [f"\u00a0{text}" for text in texts]}
    look = {"textposition": "middle right", "textfont": small(palette.roles(theme).text), "cliponaxis": False}
    return {"type": "scatter", "mode": "text", **place, **look, "hoverinfo": "skip", **more}


def _drops(
    info: EdgePair, side: dict[str, Value], places: list[float], height: float, letter: str, theme: Theme
) -> list[dict]:
    """A bar with its whisker for every measured operation, and its value behind the whisker."""
    rows = [(name, place, side[name]) for name, place in zip(info.operations, places, strict=True)]
    measured = [(name, place, row.drop, row.ci) for name, place, row in rows if row.drop is not None]
    if not measured:
        return []
    names, at, drops, ends = (list(column) for column in zip(*measured, strict=True))
    bars = _bars(drops, at, height, [palette.colour(name, theme) for name in names])
    pattern = {"fillmode": "overlay", "fgcolor": palette.roles(theme).pattern, "fgopacity": 0.55, "size": 7}
    bars["marker"]["pattern"] = {"shape": [palette.operation(name).pattern for name in names], **pattern}
    hover = [
        f"{letter} {palette.operation(name).label}<br>drop {wording.with_interval(drop, ci)}".strip()
        for name, _, drop, ci in measured
    ]
    bars |= {"xaxis": "x2", "error_x": _whiskers(drops, ends, theme), "hovertext": hover, "hoverinfo": "text"}
    texts = [f"{letter} {wording.number(drop, sign=True)}".strip() for drop in drops]
    right = [max(0.0, drop, *(ci or ())) for _, _, drop, ci in measured]
    return [bars, _texts(right, at, texts, theme, xaxis="x2")]


# Totals


class Total(NamedTuple):
    """One measure of both sides. Values share a scale from 0 to `full` (None: to the larger one); None is unknown."""

    name: str
    values: tuple[float | None, float | None]
    texts: tuple[str, str]
    cis: tuple[Interval | None, Interval | None] = (None, None)
    full: float | None = None


_TOTALS = Margin(168, 8, 4, 4)
_TOTAL = 46


def plot_totals(totals: Sequence[Total], theme: Theme) -> Figure:
    """Paired bars, a row for every measure; each has a scale of its own, shared by A and B."""
    if not totals:
        return empty_figure("nothing to compare yet", theme)
    look, count = palette.roles(theme), len(totals)
    left = {"xref": "paper", "xanchor": "left", "xshift": -_TOTALS.left + 4}
    annotations = [label(total.name, 0, place, look.text, **left) for place, total in enumerate(totals)]
    scales = [total.full or max([value or 0.0 for value in total.values]) or 1.0 for total in totals]
    traces = []
    for number, (letter, color) in enumerate(zip(LETTERS, (look.accent, look.alpha), strict=True)):
        places = [round(place + 0.4 * (number - 0.5), 3) for place in range(count)]
        shares, ends, right = [], [], []
        for total, scale in zip(totals, scales, strict=True):
            ci = total.cis[number]
            shares.append((total.values[number] or 0.0) / scale)
            ends.append((ci[0] / scale, ci[1] / scale) if ci else None)
            right.append(max(shares[-1], *(ends[-1] or ())) if ends[-1] else shares[-1])
        texts = [f"<b>{letter}</b> {total.texts[number]}" for total in totals]
        traces.append({**_bars(shares, places, 0.34, color), "error_x": _whiskers(shares, ends, theme)})
        traces.append(_texts(right, places, texts, theme))
    return figure(
        theme,
        _TOTALS.top + _TOTALS.bottom + _TOTAL * count,
        _TOTALS,
        traces,
        barmode="overlay",
        xaxis=axis(0, 1.55),
        yaxis=axis(count - 0.5, -0.5),
        annotations=annotations,
    )
