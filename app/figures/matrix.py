"""Every edge of a cell against every operation: a square for each drop, a ring and a dot for the two choices; where
it is known and asked for, a wide ring around the truly best.

plot_matrix   the plotly figure of a MatrixInfo; a click's `customdata` is [edge, operation]

The side of a square is the size of the drop; it is hollow where the supernet gets better without the operation. Where
nothing is measured, cells are hatched; first-order estimates are hatched in the operation's colour, by their own size.
"""

from app.figures.frame import Figure, Margin, axis, band, empty_figure, figure, hatching, label, pill, rounded, small
from app.figures.matrix_info import MatrixCell, MatrixInfo, MatrixRow
from engine.drawing import palette, wording
from engine.drawing.palette import Theme

_ROW, _LOW_ROW = 28, 24
_MANY = 8  # rows from which they are low
_LEFT, _RIGHT = 118, 92
_ROOMY = 5  # columns up to which labels fit under the pills
_SMALLEST, _DECIDED = 4, 14
_BESIDE = 0.35  # of a column: where the ring stands, seen from the square


def plot_matrix(info: MatrixInfo, theme: Theme) -> Figure:
    """The figure. Whole cells react to the pointer, however small their square."""
    if not info.rows:
        return empty_figure("this cell has no edges to show", theme)
    look, count = palette.roles(theme), len(info.rows)
    margin = Margin(_LEFT, _RIGHT, 44 if len(info.columns) <= _ROOMY else 26, 4)
    shapes, annotations = _headers(info, theme)
    for place, row in enumerate(info.rows):
        if row.edge == info.selected:
            shapes += band(place, 0.48, look.band, margin)
        annotations += _row_texts(place, row, info.without, theme)
    traces = [
        _hatch(info, theme),
        _estimates(info, theme),
        _squares(info, theme),
        _truth(info, theme),
        *_choices(info, theme),
        _targets(info),
    ]
    return figure(
        theme,
        margin.top + margin.bottom + (_ROW if count <= _MANY else _LOW_ROW) * count,
        margin,
        [trace for trace in traces if trace["x"]],
        barmode="overlay",
        xaxis=axis(-0.5, len(info.columns) - 0.3),
        yaxis=axis(count - 0.5, -0.5),
        shapes=shapes,
        annotations=annotations,
    )


def _headers(info: MatrixInfo, theme: Theme) -> tuple[list[dict], list[dict]]:
    """Pills, with the operations' labels under them where there is room; the legend spells them out too."""
    shapes, annotations = [], []
    roomy = len(info.columns) <= _ROOMY
    rise = 34 if roomy else 14
    muted = palette.roles(theme).muted
    below = {"yref": "paper", "yshift": rise - 10, "yanchor": "top", "font": small(muted)}
    for place, name in enumerate(info.columns):
        shape, code = pill(name, place, 1, theme, rise=rise, yref="paper")
        shapes.append(shape)
        annotations.append(code)
        if roomy:
            annotations.append(label(palette.operation(name).label, place, 1, muted, **below))
    return shapes, annotations


def _row_texts(place: int, row: MatrixRow, without: str, theme: Theme) -> list[dict]:
    look = palette.roles(theme)
    left = {"xref": "paper", "xanchor": "left", "xshift": -_LEFT + 6}
    right = {"xref": "paper", "xanchor": "right", "xshift": _RIGHT - 8}
    if row.decided is not None:
        text, color = "decided", look.muted
    elif row.by_measurement is None:
        text, color = "<i>estimate</i>" if row.is_estimated else without, look.muted
    else:
        text = f"<b>{wording.VERDICT[row.verdict].short}</b>"
        color = look.disagree if row.verdict == "disagree" else look.muted
    return [
        label(wording.subscripts(row.name), 0, place, look.text, **left),
        label(text, 1, place, color, **right),
    ]


def _squares(info: MatrixInfo, theme: Theme) -> dict:
    cells = [(place, cell, row) for place, row in enumerate(info.rows) for cell in row.cells]
    drawn = [(place, cell) for place, cell, row in cells if cell.drop is not None or row.decided]
    largest = max((abs(cell.drop) for _, cell in drawn if cell.drop is not None), default=0.0)
    colors = [palette.colour(cell.operation, theme) for _, cell in drawn]
    sides = _SMALLEST, 24 if len(info.columns) <= _ROOMY else 20
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [info.columns.index(cell.operation) for _, cell in drawn],
        "y": [place for place, _ in drawn],
        "marker": {
            "symbol": ["square-open" if (cell.drop or 0) < 0 else "square" for _, cell in drawn],
            "size": [_side(cell.drop, largest, sides) for _, cell in drawn],
            "color": colors,
            "opacity": 1,
            "line": {"color": colors, "width": [2 if (cell.drop or 0) < 0 else 0 for _, cell in drawn]},
        },
        **_STILL,
    }


def _side(drop: float | None, largest: float, sides: tuple[int, int]) -> float:
    if drop is None:
        return _DECIDED
    return round(sides[0] + (sides[1] - sides[0]) * abs(drop) / (largest or 1.0), 1)


def _choices(info: MatrixInfo, theme: Theme) -> list[dict]:
    """A ring right of alpha's choice, a dot right of the measured one; side by side where they are the same.

    The dot is pale where the measured choice is not told apart from its rival.
    """
    look = palette.roles(theme)
    open_rows = [(place, row) for place, row in enumerate(info.rows) if row.decided is None]
    rings = [(info.columns.index(row.by_alpha) + _BESIDE, place) for place, row in open_rows if row.by_alpha]
    dots = [
        (info.columns.index(row.by_measurement) + _BESIDE + (0.21 if row.by_measurement == row.by_alpha else 0), place)
        for place, row in open_rows
        if row.by_measurement is not None
    ]
    colors = [look.text if row.stands_out else look.border for _, row in open_rows if row.by_measurement is not None]
    return [
        {**_marks(rings), "marker": {"symbol": "circle-open", "size": 9, "color": look.text, "line": {"width": 2}}},
        {**_marks(dots), "marker": {"symbol": "circle", "size": 9, "color": colors, "line": {"width": 0}}},
    ]


def _truth(info: MatrixInfo, theme: Theme) -> dict:
    """A wide ring around the truly best operation of every undecided edge."""
    place_of = {row.edge: place for place, row in enumerate(info.rows) if row.decided is None}
    rings = [(float(info.columns.index(name)), place_of[edge]) for edge, name in info.truth if edge in place_of]
    line = {"width": 2, "color": palette.roles(theme).text}
    return {**_marks(rings), "marker": {"symbol": "circle-open", "size": 27, "color": line["color"], "line": line}}


def _marks(places: list[tuple[float, int]]) -> dict:
    points = {"x": [rounded(x) for x, _ in places], "y": [y for _, y in places]}
    return {"type": "scatter", "mode": "markers", **points, **_STILL}


def _hatch(info: MatrixInfo, theme: Theme) -> dict:
    """Hatched cells where an edge offers operations and none has been measured or estimated."""
    waiting = [
        (info.columns.index(cell.operation), place)
        for place, row in enumerate(info.rows)
        if row.by_measurement is None and row.decided is None
        for cell in row.cells
        if cell.estimate is None
    ]
    return {
        "type": "bar",
        "orientation": "h",
        "base": [x - 0.2 for x, _ in waiting],
        "x": [0.4] * len(waiting),
        "y": [y for _, y in waiting],
        "width": 0.56,
        "marker": {**hatching(theme), "opacity": 1},
        **_STILL,
    }


def _estimates(info: MatrixInfo, theme: Theme) -> dict:
    """Hatched cells in the operation's colour, as large as its estimate; an outline alone where the loss would fall.

    They compare with each other only: a nat is no point.
    """
    cells = [
        (info.columns.index(cell.operation), place, cell, cell.estimate)
        for place, row in enumerate(info.rows)
        for cell in row.cells
        if cell.estimate is not None
    ]
    largest = max((abs(estimate) for *_, estimate in cells), default=0.0) or 1.0
    shares = [rounded(0.2 + 0.8 * abs(estimate) / largest) for *_, estimate in cells]
    colors = [palette.colour(cell.operation, theme) for _, _, cell, _ in cells]
    paper = palette.roles(theme).background
    return {
        "type": "bar",
        "orientation": "h",
        "base": [rounded(x - 0.24 * share) for (x, *_), share in zip(cells, shares, strict=True)],
        "x": [rounded(0.48 * share) for share in shares],
        "y": [place for _, place, *_ in cells],
        "width": [rounded(0.76 * share) for share in shares],
        "marker": {
            "color": paper,
            "line": {"width": 1, "color": colors},
            "pattern": {
                "shape": ["" if estimate < 0 else "/" for *_, estimate in cells],
                "fgcolor": colors,
                "bgcolor": paper,
                "size": 5,
                "solidity": 0.3,
            },
            "opacity": 1,
        },
        **_STILL,
    }


def _targets(info: MatrixInfo) -> dict:
    """Invisible squares over all cells: what pointer and clicks meet."""
    cells = [(place, row, cell) for place, row in enumerate(info.rows) for cell in row.cells]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [info.columns.index(cell.operation) for _, _, cell in cells],
        "y": [place for place, _, _ in cells],
        "marker": {"symbol": "square", "size": 28, "opacity": 0},
        "customdata": [[row.edge, cell.operation] for _, row, cell in cells],
        "hovertext": [_hover(row, cell, info.without) for _, row, cell in cells],
        "hoverinfo": "text",
        "selected": {"marker": {"opacity": 0}},
        "unselected": {"marker": {"opacity": 0}},
    }


def _hover(row: MatrixRow, cell: MatrixCell, without: str) -> str:
    look = palette.operation(cell.operation)
    if row.decided is not None:
        text = "decided"
    else:
        drop = without if cell.drop is None else f"drop {wording.with_interval(cell.drop, cell.ci)}"
        if cell.estimate is not None:
            drop += f"<br>estimate: loss {cell.estimate:+.3f} without it, first order".replace("-", "−")
        text = f"mixing weight {wording.weight(cell.weight)}<br>{drop}"
    return f"{wording.subscripts(row.name)}<br><b>{look.code}</b> {look.label}<br>{text}"


# A click must not dim what it did not hit.
_STILL = {"hoverinfo": "skip", "selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 1}}}
