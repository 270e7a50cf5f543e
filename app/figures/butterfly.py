"""One edge: alpha's mixing weights to the left, measured drops to the right, a row for every operation; where it is
known and asked for, a third column with what each is truly worth.

ButterflyInfo, ButterflyRow   what is drawn
butterfly_info                from an edge's scores, or from its alphas while nothing is measured
plot_butterfly                the plotly figure, from 300 pixels wide; with the truth from 430, below which
                              `without_truth` and `app.figures.truth_column.plot_truth` stand one above the other
"""

from typing import NamedTuple

from app.figures.edge_alphas import EdgeAlphas
from app.figures.frame import UNMEASURED, Figure, Margin, axis, empty_figure, figure, hatching, label, rounded, small
from app.figures.truth_column import draw_truth, truth_axis
from engine.drawing import palette, wording
from engine.drawing.palette import Theme
from engine.results import EdgeScores, EdgeWorth, Interval


class ButterflyRow(NamedTuple):
    """One operation. drop and ci in points; None while not measured (ci also: too few images for an interval)."""

    operation: str
    weight: float
    drop: float | None
    ci: Interval | None


class ButterflyInfo(NamedTuple):
    """Rows by falling alpha, ties in column order. `by_alpha`, `by_measurement`, `decided` are operation names.

    by_alpha: None where alpha is unknown. stands_out: whether the measured choice is told apart from its rival.
    """

    edge: int
    rows: tuple[ButterflyRow, ...]
    by_alpha: str | None
    by_measurement: str | None
    decided: str | None
    truth: EdgeWorth | None = None
    stands_out: bool = False

    @property
    def measured(self) -> bool:
        return self.by_measurement is not None

    @property
    def without_truth(self) -> "ButterflyInfo":
        """The same in two columns."""
        return self._replace(truth=None)


def butterfly_info(
    scores: EdgeScores | EdgeAlphas, decided: str | None = None, truth: EdgeWorth | None = None
) -> ButterflyInfo:
    """What to draw for an edge. decided: the operation it was decided for, if it was. truth: None for two columns."""
    rows: list[tuple[float, ButterflyRow]]
    if isinstance(scores, EdgeScores):
        rows = [
            (one.weight if one.alpha is None else one.alpha, ButterflyRow(one.name, one.weight, one.drop, one.ci))
            for one in scores.operations
        ]
        best, stands_out = scores.best, scores.stands_out
    else:
        columns = zip(scores.operations, scores.alphas, scores.weights, strict=True)
        rows = [(alpha, ButterflyRow(name, weight, None, None)) for name, alpha, weight in columns]
        best, stands_out = None, False
    ordered = tuple(row for _, row in sorted(rows, key=lambda pair: -pair[0]))
    return ButterflyInfo(scores.edge, ordered, scores.best_by_alpha, best, decided, truth, stands_out)


_MARGIN = Margin(6, 6, 30, 6)
_NOTE = 20
_ROW = 28


class _Columns(NamedTuple):
    """Where the columns lie, as fractions of the width. room: right of the drops, for a value and a dot, of their
    span."""

    left: tuple[float, float]
    middle: float
    right: tuple[float, float]
    room: float


_TWO = _Columns((0.0, 0.29), 0.415, (0.54, 1.0), 0.6)
_THREE = _Columns((0.0, 0.2), 0.295, (0.4, 0.68), 0.75)
_BAR = 0.62
_DROP = "drop when removed, points"


def plot_butterfly(info: ButterflyInfo, theme: Theme, *, unmeasured: str = UNMEASURED) -> Figure:
    """The figure; `customdata` of every bar is [edge, operation]. unmeasured: stands in place of drops."""
    if not info.rows:
        return empty_figure("no operations", theme)
    look, rows, count = palette.roles(theme), info.rows, len(info.rows)
    columns = _TWO if info.truth is None else _THREE
    places = list(range(count))
    customdata = [[info.edge, row.operation] for row in rows]
    widest = max(row.weight for row in rows) or 1.0
    left = 1.95 * widest
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "x": [rounded(-row.weight) for row in rows],
            "y": places,
            "width": _BAR,
            "marker": {"color": look.alpha, "line": {"width": 0}},
            "text": [wording.weight(row.weight) for row in rows],
            "textposition": "outside",
            "textfont": small(look.text),
            "cliponaxis": False,
            "customdata": customdata,
            "hovertext": [f"{_name(row.operation)}<br>mixing weight {wording.weight(row.weight)}" for row in rows],
            "hoverinfo": "text",
        },
        _dots([-0.95 * left], [_place(info, info.by_alpha)], "circle-open", look.text, "α's choice"),
    ]
    annotations = [
        label(_left_title(info), sum(columns.left) / 2, 1, look.muted, **_header()),
        label(_DROP if info.truth is None else "drop, points", sum(columns.right) / 2, 1, look.muted, **_header()),
    ]
    annotations += [
        label(
            _bold(palette.operation(row.operation).label, row.operation == info.decided),
            columns.middle,
            place,
            look.text,
            xref="paper",
        )
        for place, row in enumerate(rows)
    ]
    shapes, margin = [], _MARGIN
    if info.decided is not None and (place := _place(info, info.decided)) is not None:
        shapes.append(_rect(0, 1, place - 0.48, place + 0.48, look.band))
    low, high = 0.0, 1.0
    if info.measured:
        low, high = _range(rows, columns.room)
        traces += _drops(info, theme, high)
        zero = {"type": "line", "xref": "x2", "x0": 0, "x1": 0, "y0": -0.5, "y1": count - 0.5, "layer": "below"}
        shapes.append({**zero, "line": {"color": look.muted, "width": 1}})
        if any(row.ci is None for row in rows):
            margin = margin._replace(bottom=_MARGIN.bottom + _NOTE)
            note = {"yref": "paper", "yshift": -14, "xref": "paper", "xanchor": "right", "font": small(look.muted)}
            annotations.append(label("intervals need more images", 1, 0, look.muted, **note))
    else:
        traces.append(_hatch(places, theme))
        ground = {"xref": "paper", "bgcolor": look.background, "borderpad": 3}
        annotations.append(label(unmeasured, sum(columns.right) / 2, (count - 1) / 2, look.muted, **ground))
    third = {}
    if info.truth is not None:
        more, texts = draw_truth(info.truth, [row.operation for row in rows], theme)
        traces, annotations, third = traces + more, annotations + texts, {"xaxis3": truth_axis(info.truth)}
    return figure(
        theme,
        margin.top + margin.bottom + _ROW * count,
        margin,
        traces,
        barmode="overlay",
        xaxis=axis(-left, 0, domain=list(columns.left)),
        xaxis2=axis(low, high, domain=list(columns.right), anchor="y"),
        **third,
        yaxis=axis(count - 0.5, -0.5),
        shapes=shapes,
        annotations=annotations,
    )


def _left_title(info: ButterflyInfo) -> str:
    if info.by_alpha is None:
        return "mixing weight" if info.truth is None else "weight"
    return "α (mixing weight)" if info.truth is None else "α weight"


def _drops(info: ButterflyInfo, theme: Theme, high: float) -> list[dict]:
    """A bar with its whisker for every operation, the values behind them, the dot of the measured choice."""
    look = palette.roles(theme)
    rows = [(place, row, row.drop) for place, row in enumerate(info.rows) if row.drop is not None]
    values = {
        "type": "scatter",
        "mode": "text",
        "xaxis": "x2",
        "x": [rounded(max(0.0, drop, *(row.ci or ()))) for _, row, drop in rows],
        "y": [place for place, _, _ in rows],
        "text": [
            "\u00a0" + _bold(wording.number(drop, sign=True), info.stands_out and row.operation == info.by_measurement)
            for _, row, drop in rows
        ],
        "textposition": "middle right",
        "textfont": small(look.text),
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    color, meaning = look.text, "measured choice"
    if not info.stands_out:
        color, meaning = look.border, "largest drop so far, not told apart"
    dot = _dots([high], [_place(info, info.by_measurement)], "circle", color, meaning, xaxis="x2")
    return [*(_drop(info.edge, place, row, drop, theme) for place, row, drop in rows), values, dot]


def _drop(edge: int, place: int, row: ButterflyRow, drop: float, theme: Theme) -> dict:
    look = palette.roles(theme)
    whisker = None
    if row.ci is not None:
        ends = {"array": [rounded(row.ci[1] - drop)], "arrayminus": [rounded(drop - row.ci[0])], "symmetric": False}
        whisker = {"type": "data", **ends, "color": look.text, "thickness": 1.5, "width": 4}
    pattern = {"fillmode": "overlay", "fgcolor": look.pattern, "fgopacity": 0.55, "size": 7}
    shape, color = palette.operation(row.operation).pattern, palette.colour(row.operation, theme)
    return {
        "type": "bar",
        "orientation": "h",
        "xaxis": "x2",
        "x": [rounded(drop)],
        "y": [place],
        "width": _BAR,
        "marker": {"color": color, "line": {"width": 0}, "pattern": {"shape": shape, **pattern}},
        **({"error_x": whisker} if whisker else {}),
        "customdata": [[edge, row.operation]],
        "hovertext": [f"{_name(row.operation)}<br>drop {wording.with_interval(drop, row.ci)}"],
        "hoverinfo": "text",
    }


def _range(rows: tuple[ButterflyRow, ...], room: float) -> tuple[float, float]:
    """Range of the drops with room at the right for a value and the dot of the measured choice."""
    ends = [value for row in rows for value in (row.drop, *(row.ci or ())) if value is not None]
    low, high = min(0.0, *ends), max(0.0, *ends)
    span = max(high - low, 1.0)
    return low - 0.03 * span, high + room * span


def _dots(x: list[float], y: list[int | None], symbol: str, color: str, meaning: str, **more: str) -> dict:
    marker = {"symbol": symbol, "size": 10, "color": color, "line": {"width": 2, "color": color}}
    if symbol == "circle":
        marker["line"] = {"width": 0}
    dots = {"type": "scatter", "mode": "markers", "x": [rounded(value) for value in x], "y": y, "marker": marker}
    return {**dots, "cliponaxis": False, "hovertext": meaning, "hoverinfo": "text", **more}


def _hatch(places: list[int], theme: Theme) -> dict:
    bars = {"type": "bar", "orientation": "h", "xaxis": "x2", "x": [1] * len(places), "y": places, "width": _BAR}
    return {**bars, "marker": hatching(theme), "hoverinfo": "skip"}


def _place(info: ButterflyInfo, name: str | None) -> int | None:
    return next((place for place, row in enumerate(info.rows) if row.operation == name), None)


def _name(name: str) -> str:
    look = palette.operation(name)
    return f"<b>{look.code}</b> {look.label}"


def _bold(text: str, really: bool) -> str:
    return f"<b>{text}</b>" if really else text


def _header() -> dict:
    return {"xref": "paper", "yref": "paper", "yanchor": "bottom", "yshift": 6}


def _rect(x0: float, x1: float, y0: float, y1: float, color: str) -> dict:
    place = {"type": "rect", "xref": "paper", "x0": x0, "x1": x1, "yref": "y", "y0": y0, "y1": y1}
    return {**place, "fillcolor": color, "line": {"width": 0}, "layer": "below"}
