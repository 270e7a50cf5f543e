"""Where this can still lead: true accuracies of all cells still reachable, with alpha's and the measured paths marked.

OutcomesInfo     what is drawn
outcomes_info    from a NAS-Bench-201 histogram and the ends of the paths
plot_outcomes    the plotly figure
"""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from app.figures.frame import TEXT, Figure, Margin, axis, empty_figure, figure, label, rounded, small
from engine.drawing import palette, wording
from engine.drawing.palette import Theme
from engine.results import Reachable


class OutcomesInfo(NamedTuple):
    """Accuracies in percent. Bars are the bins that lie above `low`; `below` counts the cells that lie lower.

    alpha: the end of alpha's path; measured: the ends of measured paths, one for each edge order; name: of the first.
    opened: names and ends of selections that lie beside them.
    """

    bars: tuple[tuple[float, float, int], ...]  # (from, to, cells)
    low: float
    high: float
    below: int
    cells: int
    best: float
    median: float
    worst: float
    alpha: float | None
    measured: tuple[float, ...]
    opened: tuple[tuple[str, float], ...] = ()
    name: str = ""

    @property
    def is_marked(self) -> bool:
        """Whether the end of a path is marked."""
        return self.alpha is not None or bool(self.measured)

    @property
    def summary(self) -> str:
        """Best, median and worst, and how many cells are not drawn, in one line that a phone has room for."""
        best, median, worst = (wording.number(value, 2) for value in (self.best, self.median, self.worst))
        line = f"best {best} · median {median} · worst {worst}"
        return f"{line}; {wording.count(self.below)} below {self.low:.0f}" if self.below else line


_RARE = 0.05  # share of the cells that may be left out at the lower end
_STEP = 10  # percentage points between possible lower ends
_SPAN = 20  # percentage points that are always shown


def outcomes_info(
    reachable: Reachable,
    alpha: float | None = None,
    measured: Sequence[float] = (),
    opened: Sequence[tuple[str, float]] = (),
    name: str = "",
) -> OutcomesInfo:
    """What to draw. The lower end is a multiple of ten with at most 5 % of the cells, and no mark, below it."""
    bins = list(zip(reachable.bin_edges, reachable.bin_edges[1:], reachable.counts, strict=False))
    marks = [value for value in (alpha, *measured, *(end for _, end in opened)) if value is not None]
    highest = max([reachable.best, *marks])

    def below(low: float) -> int:
        return sum(cells for _, end, cells in bins if end <= low)

    lows = [low for low in range(0, 100, _STEP) if low <= min([*marks, highest - _SPAN])]
    low = max((low for low in lows if below(low) <= _RARE * reachable.count), default=0)
    bars = tuple((start, end, cells) for start, end, cells in bins if end > low and cells)
    return OutcomesInfo(
        bars,
        float(low),
        max([highest, *(end for _, end, _ in bars)]),
        below(low),
        reachable.count,
        reachable.best,
        reachable.median,
        reachable.worst,
        alpha,
        tuple(measured),
        tuple(opened),
        name,
    )


_MARGIN = Margin(14, 14, 4, 46)
_HEIGHT = 200
# Heights of what is drawn, as fractions: the tallest bar, opened selections, alpha's mark, the ticks of further orders,
# the first path.
_OPENED = 0.64
_BARS, _ALPHA, _TICKS, _FIRST = 0.6, 0.7, 0.82, 0.94
# A pile of opened selections: the height of one as a fraction, how many of them, and how many beside each other.
_PILE, _LEVELS, _ABREAST = 0.055, 7, 60


def plot_outcomes(info: OutcomesInfo, theme: Theme) -> Figure:
    """The figure, with the summary as its last line."""
    if not info.bars:
        return empty_figure("no cell is reachable", theme)
    look = palette.roles(theme)
    tallest = max(cells for _, _, cells in info.bars)
    unit = 1 / tallest * _BARS
    bars = {
        "type": "bar",
        "x": [rounded((start + end) / 2) for start, end, _ in info.bars],
        "y": [round(cells * unit, 4) for _, _, cells in info.bars],
        "width": [rounded(0.86 * (end - start)) for start, end, _ in info.bars],
        "marker": {"color": look.alpha, "line": {"width": 0}},
        "hovertext": [f"{start:.0f} to {end:.0f} %<br>{wording.count(cells)} cells" for start, end, cells in info.bars],
        "hoverinfo": "text",
    }
    ground = {"type": "line", "xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": 0, "y1": 0}
    shapes = [{**ground, "line": {"color": look.muted, "width": 1}}]
    under = {"yref": "paper", "yanchor": "top", "yshift": -4, "xanchor": "left", "font": small(look.muted)}
    best = {**under, "xanchor": "right", "xshift": 12}
    summary = {**under, "xref": "paper", "yshift": -24, "font": {"color": look.text, "size": TEXT}}
    annotations = [
        label(f"{info.low:.0f} %", info.low, 0, look.muted, **under),
        label(wording.percent(info.best, digits=2), info.best, 0, look.muted, **best),
        label(info.summary, 0, 0, look.text, **summary),
    ]
    if info.alpha is not None:
        shapes.append(_mark(info.alpha, 0, _ALPHA, look.text, "dot"))
        annotations.append(
            _beside(info, f"<b>○ α's path {wording.number(info.alpha, 2)}</b>", info.alpha, _ALPHA, theme)
        )
    if info.measured:
        first, *others = info.measured
        text = f"<b>● measured path {wording.number(first, 2)}</b>" + (f" ({info.name})" if info.name else "")
        shapes.append(_mark(first, 0, _FIRST, look.text, "solid"))
        annotations.append(_beside(info, text, first, _FIRST, theme))
        shapes += [_mark(value, _TICKS - 0.04, _TICKS + 0.04, look.text, "solid") for value in others]
        if others:
            low, high = min(others), max(others)
            orders = "1 other order" if len(others) == 1 else f"{len(others)} other orders"
            reach = wording.number(low, 2) + (f" to {wording.number(high, 2)}" if high > low else "")
            near = low if _right_half(info, low) else high
            annotations.append(_beside(info, f"{orders} {reach}", near, _TICKS, theme))
    return figure(
        theme,
        _HEIGHT,
        _MARGIN,
        [bars, *([_opened(info, look.text)] if info.opened else [])],
        bargap=0,
        xaxis=axis(info.low, info.high),
        yaxis=axis(0, 1),
        shapes=shapes,
        annotations=annotations,
    )


def _opened(info: OutcomesInfo, color: str) -> dict:
    """A tick for every opened selection, above the bars; its name at the pointer. Where no path is marked there is room
    for those that are close to each other to lie in a pile."""
    ends = [end for _, end in info.opened]
    piled = [0] * len(ends) if info.is_marked else _piled(ends, (info.high - info.low) / _ABREAST)
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [rounded(end) for end in ends],
        "y": [round(_OPENED + _PILE * level, 4) for level in piled],
        "marker": {"symbol": "triangle-down", "size": 9, "color": color, "opacity": 0.75},
        "hovertext": [f"{escape(name)}<br>{wording.percent(end, digits=2)}" for name, end in info.opened],
        "hoverinfo": "text",
        "showlegend": False,
    }


def _piled(ends: Sequence[float], width: float) -> list[int]:
    """How high each lies, from 0: as low as those leave room that come before it by accuracy."""
    levels, last = [0] * len(ends), [-float("inf")] * _LEVELS
    for place in sorted(range(len(ends)), key=lambda place: ends[place]):
        level = next((level for level, end in enumerate(last) if ends[place] - end >= width), _LEVELS - 1)
        levels[place], last[level] = level, ends[place]
    return levels


def _mark(value: float, low: float, high: float, color: str, dash: str) -> dict:
    line = {"color": color, "width": 2, "dash": dash}
    return {"type": "line", "x0": rounded(value), "x1": rounded(value), "y0": low, "y1": high, "line": line}


def _right_half(info: OutcomesInfo, value: float) -> bool:
    return value > (info.low + info.high) / 2


def _beside(info: OutcomesInfo, text: str, value: float, height: float, theme: Theme) -> dict:
    """A mark's text, on the side where there is room."""
    right = {"xanchor": "right", "xshift": -6}
    side = right if _right_half(info, value) else {"xanchor": "left", "xshift": 6}
    return label(text, value, height, palette.roles(theme).text, **side)
