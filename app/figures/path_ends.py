"""Where paths end under several procedures: a row for each, a dot for every edge order, a thick line at the median.

EndsInfo, EndsRow   what is drawn
ends_info           from the result of lab "ablations"
plot_ends           the plotly figure
"""

from statistics import median
from typing import NamedTuple

from app.figures.frame import TICK, Figure, Margin, empty_figure, figure, label, rounded, small
from engine.analysis.ablations import AblationsResult
from engine.drawing import palette, wording
from engine.drawing.palette import Theme


class EndsRow(NamedTuple):
    """ends: true accuracies (%); of a procedure followed here by edge order."""

    name: str
    ends: tuple[float, ...]
    median: float
    stored: bool


class EndsInfo(NamedTuple):
    """alpha: true accuracy (%) of alpha's cell, None where it is unknown."""

    rows: tuple[EndsRow, ...]
    alpha: float | None

    @property
    def summary(self) -> str:
        """e.g. "plain mask, accuracy: median 91.03 % of 4 orders; α's cell 54.30 %"."""
        said = [f"{row.name}: median {row.median:.2f} % of {len(row.ends)}" for row in self.rows]
        return "; ".join([*said, *([] if self.alpha is None else [f"α's cell {self.alpha:.2f} %"])])


def ends_info(result: AblationsResult) -> EndsInfo:
    return EndsInfo(
        tuple(
            EndsRow(each.name, tuple(map(rounded, each.ends)), median(each.ends), each.stored)
            for each in result.procedures
            if each.ends
        ),
        result.alpha,
    )


_ROW = 40
_MARGIN = Margin(10, 62, 56, 40)
_DOTS, _WORDS = 0.17, -0.26
_FLOOR = 80.0
"""Percent below which an end stands at the axis' left end, so that the others keep apart."""


def plot_ends(info: EndsInfo, theme: Theme) -> Figure:
    if not info.rows:
        return empty_figure("no path has been followed yet", theme)
    look, count = palette.roles(theme), len(info.rows)
    known = [end for row in info.rows for end in row.ends]
    low = max(_FLOOR, min(known) - 0.4) if min(known) < _FLOOR else min(known) - 0.4
    left = {"xref": "paper", "xanchor": "left", "xshift": -_MARGIN.left + 4}
    right = {"xref": "paper", "xanchor": "right", "xshift": _MARGIN.right - 4}
    dots, texts, shapes = [], [], []
    for place, row in enumerate(info.rows):
        name = f"<b>{row.name}</b>" if not row.stored else row.name
        texts.append(label(name, 0, place + _WORDS, look.muted, **left, font=small(look.muted)))
        texts.append(label(f"<b>{wording.number(row.median, 2)}</b>", 1, place + _DOTS, look.text, **right))
        middle = max(row.median, low)
        ends = {"x0": rounded(middle), "x1": rounded(middle), "y0": place + _DOTS - 0.2, "y1": place + _DOTS + 0.2}
        shapes.append({"type": "line", **ends, "line": {"color": look.text, "width": 3}})
        for order, end in enumerate(row.ends):
            said = row.name if row.stored else f"{row.name}, order {order}"
            dots.append((max(end, low), place + _DOTS, f"{said}: {wording.number(end, 2)} %"))
    over = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "yshift": 3, "xanchor": "right"}
    texts.append(label("median", 1, 1, look.muted, **over, xshift=_MARGIN.right - 4) | {"font": small(look.muted)})
    alpha = "" if info.alpha is None else f"; α's cell: {wording.number(info.alpha, 2)}"
    lower = sum(end < low for end in known)
    beyond = f"; at the left end: {lower} below {low:.0f}" if lower else ""
    marks = {
        "type": "scatter",
        "mode": "markers",
        "x": [rounded(x) for x, _, _ in dots],
        "y": [rounded(y) for _, y, _ in dots],
        "hovertext": [text for _, _, text in dots],
        "hoverinfo": "text",
        "cliponaxis": False,
        "marker": {"symbol": "circle", "size": 9, "color": look.text, "opacity": 0.45},
    }
    return figure(
        theme,
        _MARGIN.top + _MARGIN.bottom + _ROW * count,
        _MARGIN,
        [marks],
        xaxis={
            "range": [rounded(low - 0.2), rounded(max(known) + 0.4)],
            "fixedrange": True,
            "zeroline": False,
            "gridcolor": look.grid,
            "tickfont": {"size": TICK, "color": look.muted},
            "title": {
                "text": f"true CIFAR-10 accuracy, %{alpha}{beyond}",
                "font": {"size": TICK, "color": look.muted},
            },
        },
        yaxis={"range": [count - 0.5, -0.5], "visible": False, "fixedrange": True},
        shapes=shapes,
        annotations=texts,
    )
