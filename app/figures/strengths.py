"""What alpha, the drop and fine-tuning say of the operations of an edge: three columns, a row for every operation.

StrengthRow, StrengthEdge, StrengthInfo   what is drawn
strength_info                             from the result of lab "strength"
plot_strengths                            the plotly figure
"""

from typing import NamedTuple

from app.figures.frame import TICK, Figure, Margin, empty_figure, figure, label, pill, rounded, small
from engine.analysis.strength.results import StrengthResult
from engine.drawing import palette, wording
from engine.drawing.palette import Theme
from engine.results import Interval


class StrengthRow(NamedTuple):
    """values: weight of alpha (None where it is unknown), drop in points, strength in percent; intervals: 95 %, where
    they have one. best: whether it is the largest of its edge, of each."""

    name: str
    values: tuple[float | None, float, float]
    intervals: tuple[None, Interval | None, Interval | None]
    best: tuple[bool, bool, bool]
    plateau: bool


class StrengthEdge(NamedTuple):
    name: str
    rows: tuple[StrengthRow, ...]


class StrengthInfo(NamedTuple):
    """before: accuracy (%) of the supernet as it is."""

    edges: tuple[StrengthEdge, ...]
    before: float

    @property
    def summary(self) -> str:
        """e.g. "node 1 → output: α prefers skip, the drop conv 3×3, strongest is conv 3×3"."""
        said = []
        for edge in self.edges:
            best = [
                next((palette.operation(row.name).label for row in edge.rows if row.best[which]), "unknown")
                for which in range(3)
            ]
            said.append(
                f"{wording.plain(edge.name)}: α prefers {best[0]}, the drop {best[1]}, strongest so far is {best[2]}"
            )
        return "; ".join(said) or "no operation is measured yet"


def strength_info(result: StrengthResult) -> StrengthInfo:
    several = len({each.cell for each in result.edges}) > 1
    edges = []
    for edge in result.edges:
        best = [edge.best(by) for by in ("weight", "drop", "strength")]
        rows = [
            StrengthRow(
                each.name,
                (
                    None if each.weight is None else round(each.weight, 4),
                    rounded(each.drop),
                    rounded(each.strength),
                ),
                (None, each.drop_ci, each.ci),
                (each.name == best[0], each.name == best[1], each.name == best[2]),
                each.plateau,
            )
            for each in edge.operations
        ]
        edges.append(StrengthEdge(f"{edge.cell}: {edge.name}" if several else edge.name, tuple(rows)))
    return StrengthInfo(tuple(edges), rounded(result.before))


_ROW = 28
_MARGIN = Margin(10, 14, 50, 64)
_COLUMNS = ("weight of α", "drop, points", "strength, %")
_PILL = 0.06
_DOMAINS = ((0.15, 0.385), (0.455, 0.69), (0.765, 1.0))
"""Of the columns; the operations' codes stand left of them, where they have room on a phone too."""


def plot_strengths(info: StrengthInfo, theme: Theme) -> Figure:
    """A filled mark is the largest of its edge. The dotted line is the supernet as it is."""
    if not info.edges:
        return empty_figure("no operation is measured yet", theme)
    look = palette.roles(theme)
    places: list[tuple[int, StrengthRow, str]] = []
    texts, shapes, place = [], [], 0
    for edge in info.edges:
        name = f"<b>{wording.subscripts(edge.name)}</b>"
        texts.append(label(name, 0, place, look.text, xref="paper", xanchor="left", xshift=4 - _MARGIN.left))
        place += 1
        for row in edge.rows:
            shape, code = pill(row.name, _PILL, place, theme, xref="paper")
            shapes.append(shape)
            texts.append(code)
            places.append((place, row, wording.plain(edge.name)))
            place += 1
    traces, axes = [], {}
    tick = {"tickfont": {"size": TICK, "color": look.muted}, "fixedrange": True}
    for which, (title, domain) in enumerate(zip(_COLUMNS, _DOMAINS, strict=True)):
        suffix = "" if not which else str(which + 1)
        known = [each for each in places if each[1].values[which] is not None]
        traces.append(_marks(known, which, f"x{suffix}", (look.alpha, look.text, look.accent)[which]))
        axes[f"xaxis{suffix}"] = {
            "domain": list(domain),
            "gridcolor": look.grid,
            "nticks": 4,
            "zeroline": which == 1,
            "zerolinecolor": look.muted,
            "rangemode": "tozero" if not which else "normal",
            **tick,
        }
        over = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "yshift": 8}
        texts.append(label(f"<b>{title}</b>", domain[0], 1, look.text, **over) | {"font": small(look.text)})
    line = {"type": "line", "xref": "x3", "x0": info.before, "x1": info.before, "y0": 0.5, "y1": place - 0.5}
    shapes.append({**line, "layer": "below", "line": {"color": look.muted, "width": 1, "dash": "dot"}})
    below = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top", "xshift": 4 - _MARGIN.left}
    legend = ("● largest of its edge, ○ others, bars: 95 %", f"dotted: the supernet before, {info.before:.1f} %")
    texts += [
        label(text, 0, 0, look.muted, **below, yshift=-24 - 17 * number) | {"font": small(look.muted)}
        for number, text in enumerate(legend)
    ]
    return figure(
        theme,
        _MARGIN.top + _MARGIN.bottom + _ROW * place,
        _MARGIN,
        traces,
        **axes,
        yaxis={"range": [place - 0.4, -0.6], "visible": False, "fixedrange": True},
        shapes=shapes,
        annotations=texts,
    )


def _marks(places: list[tuple[int, StrengthRow, str]], which: int, axis: str, color: str) -> dict:
    values = [float(row.values[which] or 0.0) for _, row, _ in places]
    ends = [row.intervals[which] or (value, value) for (_, row, _), value in zip(places, values, strict=True)]
    return {
        "type": "scatter",
        "mode": "markers",
        "xaxis": axis,
        "yaxis": "y",
        "x": values,
        "y": [place for place, _, _ in places],
        "hovertext": [
            f"{edge}, {palette.operation(row.name).label}: {wording.number(value, 3 if not which else 1)}"
            f"{'' if row.intervals[which] is None else ' ' + wording.interval(end)}"
            f"{' (still rising)' if which == 2 and not row.plateau else ''}"
            for (_, row, edge), value, end in zip(places, values, ends, strict=True)
        ],
        "hoverinfo": "text",
        "cliponaxis": False,
        "marker": {
            "symbol": ["circle" if row.best[which] else "circle-open" for _, row, _ in places],
            "size": 10,
            "color": color,
            "line": {"width": 2, "color": color},
        },
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [rounded(high - value) for (_, high), value in zip(ends, values, strict=True)],
            "arrayminus": [rounded(value - low) for (low, _), value in zip(ends, values, strict=True)],
            "color": color,
            "thickness": 1.5,
            "width": 0,
        },
    }
