"""The tape's sparkline: the supernet's accuracy at the start and after every decision.

TapeInfo     what is drawn
tape_info    from accuracies
plot_tape    the plotly figure, about 200 pixels wide
"""

from collections.abc import Sequence
from typing import NamedTuple

from app.figures.frame import Figure, Margin, axis, empty_figure, figure, label, rounded, small
from engine.drawing import palette, wording
from engine.drawing.palette import Theme


class TapeInfo(NamedTuple):
    """points: (decisions taken, accuracy in %) where the accuracy is known; current: the moment being looked at."""

    points: tuple[tuple[int, float], ...]
    steps: int
    current: int


def tape_info(accuracies: Sequence[float | None], current: int | None = None) -> TapeInfo:
    """accuracies[n]: accuracy (%) after n decisions, None where it is not known; current: by default the last."""
    points = tuple((step, accuracy) for step, accuracy in enumerate(accuracies) if accuracy is not None)
    steps = max(len(accuracies) - 1, 0)
    return TapeInfo(points, steps, steps if current is None else current)


_HEIGHT = 84
_MARGIN = Margin(10, 44, 12, 12)


def plot_tape(info: TapeInfo, theme: Theme) -> Figure:
    """The figure: filled points, a hollow one for the current moment, the last value written beside."""
    if not info.points:
        return empty_figure("accuracy not measured yet", theme, _HEIGHT)
    look = palette.roles(theme)
    steps = [step for step, _ in info.points]
    values = [accuracy for _, accuracy in info.points]
    now = [step == info.current for step in steps]
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": steps,
        "y": [rounded(value) for value in values],
        "line": {"color": look.accent, "width": 2},
        "marker": {
            "size": [9 if current else 6 for current in now],
            "color": [look.background if current else look.accent for current in now],
            "line": {"color": look.accent, "width": [2 if current else 0 for current in now]},
        },
        "cliponaxis": False,
        "hovertext": [_hover(step, value) for step, value in info.points],
        "hoverinfo": "text",
    }
    low, high = min(values), max(values)
    room = 0.12 * max(high - low, 1.0)
    last = label(wording.number(values[-1]), steps[-1], values[-1], look.text, xanchor="left", xshift=9)
    return figure(
        theme,
        _HEIGHT,
        _MARGIN,
        [line],
        xaxis=axis(0, max(info.steps, 1)),
        yaxis=axis(low - room, high + room),
        annotations=[{**last, "font": small(look.text)}],
    )


def _hover(step: int, accuracy: float) -> str:
    when = "start" if step == 0 else f"after decision {step}"
    return f"{when}<br>{wording.percent(accuracy)}"
