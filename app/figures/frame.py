"""What all plotly figures share: font, margins, explicit colours, operation pills.

Figure          a plain plotly figure: {"data": [...], "layout": {...}}
figure          traces on the theme's ground, with explicit margins and no axes of its own
label, small    a text; its font where there is little room
line_name       a line's name with its dash, for a legend under a figure that a phone has room for
pill            an operation's two-letter code on its colour
band            a tinted row behind the data, margins included
hatching        the bar marker that means "not measured"
empty_figure    the figure for "there is nothing to draw", which says so
UNMEASURED, NOT_KEPT   what stands in place of drops
axis            an axis that shows nothing of itself
rounded         a float short enough to make equal figures byte-identical

Draw them with `theme=None`: every colour is set here, and the ground is opaque so that text stays readable in the
moment after the browser has changed its theme and Python has not heard of it.
"""

from typing import Any, NamedTuple

from engine.drawing.palette import Theme, colour, ink, operation, roles

Figure = dict[str, Any]

FONT = '"Source Sans", "Source Sans 3", system-ui, sans-serif'
TEXT = 13
TICK = 12


UNMEASURED = "not measured yet"
NOT_KEPT = "this epoch's weights<br>are not kept"
"""Where there are no drops, and where there can be none."""


class Margin(NamedTuple):
    """Pixels around the plotting area."""

    left: int
    right: int
    top: int
    bottom: int


def rounded(value: float) -> float:
    return round(float(value), 3) + 0.0


def axis(low: float, high: float, **more: Any) -> dict[str, Any]:
    """An axis without line, ticks or grid over a fixed range."""
    fixed = {"range": [rounded(low), rounded(high)], "visible": False, "fixedrange": True}
    return {**fixed, "zeroline": False, "showgrid": False, **more}


def figure(theme: Theme, height: int, margin: Margin, data: list[dict], **layout: Any) -> Figure:
    """A plotly figure of a fixed height in pixels; `layout` adds axes, shapes, annotations."""
    look = roles(theme)
    return {
        "data": data or [{"type": "scatter", "x": [], "y": []}],  # plotly refuses a figure without any trace
        "layout": {
            "height": height,
            "margin": {"l": margin.left, "r": margin.right, "t": margin.top, "b": margin.bottom, "pad": 0},
            "paper_bgcolor": look.background,
            "plot_bgcolor": look.background,
            "font": {"family": FONT, "size": TEXT, "color": look.text},
            "showlegend": False,
            "hovermode": "closest",
            "modebar": {"bgcolor": look.background, "color": look.muted, "activecolor": look.text},
            "dragmode": False,
            "hoverlabel": {
                "bgcolor": look.surface,
                "bordercolor": look.border,
                "font": {"family": FONT, "size": TEXT, "color": look.text},
                "align": "left",
            },
            **layout,
        },
    }


def label(text: str, x: float, y: float, color: str, **more: Any) -> dict[str, Any]:
    """A text at a place. `more` are plotly annotation fields: xref, xanchor, xshift, ...

    It grows away from its anchor where the page's style makes letters larger.
    """
    base = {"text": text, "x": rounded(x), "y": rounded(y), "showarrow": False, "font": {"color": color, "size": TEXT}}
    place = {"xref": "x", "yref": "y", "xanchor": "center", "yanchor": "middle", **more}
    return {**base, "align": place["xanchor"], **place}


def small(color: str, size: int = TICK) -> dict[str, Any]:
    return {"color": color, "size": size}


_STROKES = {"solid": "—", "dash": "- -", "dot": "···", "dashdot": "-·-", "longdash": "– –", "longdashdot": "–·–"}
_LONGEST = 40


def line_name(name: str, dash: str) -> str:
    """dash: as `palette.line` gives it."""
    return f"{_STROKES.get(dash, '-··')} {name if len(name) <= _LONGEST else '…' + name[1 - _LONGEST :]}"


def pill(name: str, x: float, y: float, theme: Theme, rise: int = 0, **refs: Any) -> tuple[dict, dict]:
    """Shape and annotation of an operation's code on its colour, `rise` pixels above (x, y). `refs`: xref, yref."""
    place = {"xref": "x", "yref": "y", **refs}
    shape = {
        "type": "path",
        "path": _pill_path(rise),
        "xsizemode": "pixel",
        "ysizemode": "pixel",
        "xanchor": rounded(x),
        "yanchor": rounded(y),
        "fillcolor": colour(name, theme),
        "line": {"width": 0},
        **place,
    }
    code = f"<b>{operation(name).code}</b>"
    return shape, label(code, x, y, ink(name, theme), yshift=rise, **place) | {"font": small(ink(name, theme))}


def _pill_path(rise: int) -> str:
    """A pill of 30 x 18 pixels. Plotly's paths know no arcs, so the round ends are cubic pieces."""
    low, high, lower, upper = rise - 9, rise + 9, rise - 5, rise + 5
    right = f"M-6,{low} H6 C11,{low} 15,{lower} 15,{rise} C15,{upper} 11,{high} 6,{high}"
    return f"{right} H-6 C-11,{high} -15,{upper} -15,{rise} C-15,{lower} -11,{low} -6,{low} Z"


def hatching(theme: Theme) -> dict[str, Any]:
    """The bar marker that means "not measured"."""
    look = roles(theme)
    pattern = {"shape": "/", "fgcolor": look.alpha, "bgcolor": look.background, "size": 6, "solidity": 0.12}
    return {"color": look.background, "line": {"width": 0}, "pattern": pattern}


def band(y: float, half: float, color: str, margin: Margin) -> list[dict[str, Any]]:
    """A tinted row from y - half to y + half (data units) over the whole width, margins included."""
    row = {"type": "rect", "yref": "y", "y0": rounded(y - half), "y1": rounded(y + half), "layer": "below"}
    fill = {"fillcolor": color, "line": {"width": 0}, "xref": "paper"}
    beside = {"xsizemode": "pixel", **row, **fill}
    return [
        {**row, **fill, "x0": 0, "x1": 1},
        {**beside, "xanchor": 0, "x0": -margin.left, "x1": 0},
        {**beside, "xanchor": 1, "x0": 0, "x1": margin.right},
    ]


def empty_figure(message: str, theme: Theme, height: int = 120) -> Figure:
    """No data: a line of text in its place."""
    text = label(message, 0.5, 0.5, roles(theme).muted, xref="paper", yref="paper")
    axes = {"xaxis": axis(0, 1), "yaxis": axis(0, 1)}
    return figure(theme, height, Margin(8, 8, 8, 8), [], **axes, annotations=[text])
