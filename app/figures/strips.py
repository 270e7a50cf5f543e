"""Where runs end, side by side: true accuracies of alpha's cell and of measurement's, an order a dot.

StripsInfo, Strip   what is drawn
strips_info         from rows of the population
plot_strips         the plotly figure
"""

from collections.abc import Sequence
from typing import NamedTuple

from app.figures.frame import TICK, Figure, Margin, empty_figure, figure, label, rounded, small
from engine.drawing import palette, wording
from engine.drawing.palette import Theme
from engine.population import Member


class Strip(NamedTuple):
    """One run under one procedure. ends: true accuracies (%) over the edge orders, from low to high; alpha: of the cell
    that the run's largest alphas give, None where they are unknown."""

    run: str
    procedure: str
    ends: tuple[float, ...]
    median: float
    alpha: float | None


class StripsInfo(NamedTuple):
    """rows: in the order of the runs. without: runs of which no true accuracy is known."""

    rows: tuple[Strip, ...]
    without: tuple[str, ...]

    @property
    def summary(self) -> str:
        """e.g. "nas-bench-201: α 54.30 %, no tuning, 1,024 images of bundled 92.12 % (median of 8 orders)"."""
        said = []
        for row in self.rows:
            alpha = "α unknown" if row.alpha is None else f"α {row.alpha:.2f} %"
            orders = wording.several(len(row.ends), "order")
            said.append(f"{row.run}: {alpha}, {row.procedure} {row.median:.2f} % (median of {orders})")
        return "; ".join(said) or "no run here ends in a cell whose true accuracy is known"


def strips_info(members: Sequence[Member]) -> StripsInfo:
    """A row for every procedure of every run."""
    rows = [
        Strip(
            member.name,
            f"{ends.words}, {wording.count(ends.images or 0)} images of {ends.data}",
            ends.true,
            ends.median,
            member.alpha_true,
        )
        for member in members
        for ends in member.ends
        if ends.median is not None
    ]
    known = {row.run for row in rows}
    return StripsInfo(tuple(rows), tuple(member.name for member in members if member.name not in known))


_ROW = 44
_MARGIN = Margin(10, 62, 26, 40)
_DOTS, _WORDS = 0.2, -0.22
"""Where in a row its dots lie, and above them what they are: so there is room for both on a phone too."""
_FLOOR = 80.0
"""Percent below which ends stand at the axis' left end, so that the others keep apart."""


def plot_strips(info: StripsInfo, theme: Theme) -> Figure:
    """A dot for every order, a bar at their median, a ring for alpha's cell; what lies lower stands at the left end."""
    if not info.rows:
        return empty_figure("no run here ends in a cell whose true accuracy is known", theme)
    look, count = palette.roles(theme), len(info.rows)
    known = [end for row in info.rows for end in (*row.ends, *([row.alpha] if row.alpha is not None else []))]
    low = max(_FLOOR, min(known) - 0.5) if min(known) < _FLOOR else min(known) - 0.5
    high = max(known) + 0.5
    left = {"xref": "paper", "xanchor": "left", "xshift": -_MARGIN.left + 4}
    right = {"xref": "paper", "xanchor": "right", "xshift": _MARGIN.right - 4}
    annotations, shapes, dots, rings = [], [], [], []
    for place, row in enumerate(info.rows):
        is_first = place == 0 or info.rows[place - 1].run != row.run
        words = f"<b>{row.run}</b> · {row.procedure}" if is_first else row.procedure
        annotations.append(label(words, 0, place + _WORDS, look.muted, **left, font=small(look.muted)))
        annotations.append(label(f"{row.median:.2f}", 1, place + _DOTS, look.text, **right))
        dots += [(end, place + _DOTS, f"{row.run}<br>{row.procedure}<br>{end:.2f} %") for end in row.ends]
        shapes.append(_line(row.median, place + _DOTS, look.text))
        if row.alpha is not None:
            rings.append((row.alpha, place + _DOTS, f"{row.run}<br>α's cell {row.alpha:.2f} %"))
    over = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "yshift": 4}
    annotations.append(label("median", 1, 1, look.muted, **over, xanchor="right", xshift=_MARGIN.right - 4))
    return figure(
        theme,
        _MARGIN.top + _MARGIN.bottom + _ROW * count,
        _MARGIN,
        [
            _marks(dots, low, {"symbol": "circle", "size": 8, "color": look.text, "opacity": 0.45}),
            _marks(rings, low, {"symbol": "circle-open", "size": 11, "color": look.text, "line": {"width": 2}}),
        ],
        xaxis={
            "range": [rounded(low - 0.3), rounded(high)],
            "fixedrange": True,
            "zeroline": False,
            "gridcolor": look.border,
            "tickfont": {"size": TICK, "color": look.muted},
            "title": {"text": _axis_title(low, known), "font": {"size": TICK, "color": look.muted}},
        },
        yaxis={"range": [count - 0.5, -0.5], "visible": False, "fixedrange": True},
        shapes=shapes,
        annotations=annotations,
    )


def _axis_title(low: float, known: Sequence[float]) -> str:
    lower = sum(end < low for end in known)
    beyond = f"; at the left end: {lower} below {low:.0f}" if lower else ""
    return f"true CIFAR-10 accuracy, % · ● an edge order ○ α{beyond}"


def _line(x: float, place: float, color: str) -> dict:
    reach = 0.2
    ends = {"x0": rounded(x), "x1": rounded(x), "y0": place - reach, "y1": place + reach}
    return {"type": "line", **ends, "line": {"color": color, "width": 3}}


def _marks(points: Sequence[tuple[float, float, str]], low: float, marker: dict) -> dict:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [rounded(max(x, low)) for x, _, _ in points],
        "y": [y for _, y, _ in points],
        "hovertext": [text for _, _, text in points],
        "hoverinfo": "text",
        "marker": marker,
    }
