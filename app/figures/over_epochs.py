"""Alpha over the trainings of several runs: on how many edges it prefers the skip connection, and where it would end.

Course             one run's line
plot_over_epochs   the plotly figure
summary            what it says, in words
"""

from collections.abc import Sequence
from typing import NamedTuple

from app.figures.frame import TICK, Figure, Margin, empty_figure, figure, label, line_name, rounded, small
from engine.drawing import palette
from engine.drawing.palette import Theme
from engine.population import OverEpochs


class Course(NamedTuple):
    """name: of the run. over: what its alphas chose after every epoch."""

    name: str
    over: OverEpochs


_MARGIN = Margin(46, 12, 22, 40)
_NAME = 18
"""Pixels of a run's name under the lines, where long ones have room on a phone too."""


def summary(courses: Sequence[Course]) -> str:
    """e.g. "nas-bench-201: α prefers skip on 100 % of the edges at the end; its cell ends at 54.30 %"."""
    said = []
    for name, over in courses:
        if over.skips:
            end = f"; its cell ends at {over.true[-1]:.2f} %" if over.true else ""
            said.append(f"{name}: α prefers skip on {100 * over.skips[-1]:.0f} % of the edges at the end{end}")
    return ". ".join(said) or "no alphas of earlier epochs were kept"


def plot_over_epochs(courses: Sequence[Course], theme: Theme) -> Figure:
    """Above, where known, the true accuracy of the cell of the largest alphas; below, the share of edges given to
    skip."""
    drawn = [course for course in courses if course.over.skips]
    if not drawn:
        return empty_figure("no alphas of earlier epochs were kept", theme)
    look, both = palette.roles(theme), any(course.over.true for course in drawn)
    traces, annotations = [], []
    for place, (name, over) in enumerate(drawn):
        colour, dash = palette.line(place, theme)
        lines = [("y", [100 * share for share in over.skips])] + ([("y2", list(over.true))] if over.true else [])
        for axis, values in lines:
            traces.append(_line(name, values, axis, colour, dash))
        at = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top", "font": small(colour)}
        down = -_MARGIN.bottom - _NAME * place
        annotations.append(label(line_name(name, dash), 0, 0, colour, xshift=4 - _MARGIN.left, yshift=down, **at))
    top = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "xshift": -_MARGIN.left + 4}
    if both:
        annotations.append(label("<b>true accuracy of α's cell, %</b>", 0, 1, look.text, yshift=3, **top))
    height = 0.42 if both else 1.0
    annotations.append(label("<b>edges that α gives to skip, %</b>", 0, height, look.text, yshift=3, **top))
    last = max(len(course.over.skips) for course in drawn)
    tick = {"tickfont": {"size": TICK, "color": look.muted}, "fixedrange": True, "zeroline": False}
    grid = {"gridcolor": look.border, **tick}
    axes = {"yaxis": {"domain": [0, height], "range": [-4, 104], "nticks": 5, **grid}}
    if both:
        axes["yaxis2"] = {"domain": [0.56, 1], "anchor": "x", "nticks": 5, **grid}
    title = {"text": "epoch", "font": {"size": TICK, "color": look.muted}, "standoff": 4}
    return figure(
        theme,
        (330 if both else 220) + _NAME * len(drawn),
        _MARGIN._replace(bottom=_MARGIN.bottom + _NAME * len(drawn) + 6),
        traces,
        xaxis={"range": [0.5, last + 0.5], "showgrid": False, "title": title, **tick},
        annotations=annotations,
        **axes,
    )


def _line(name: str, values: Sequence[float], axis: str, colour: str, dash: str) -> dict:
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(values) == 1 else "lines",
        "x": list(range(1, len(values) + 1)),
        "y": [rounded(value) for value in values],
        "yaxis": axis,
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"color": colour, "size": 5},
        "hovertemplate": f"{name}, epoch %{{x}}: %{{y:.2f}} %<extra></extra>",
    }
