"""A cell's graph as a static SVG picture: for tiles, exports and reports.

svg    Graph -> SVG text with explicit colours; needs no style sheet, no script and nothing from elsewhere
"""

import re
from xml.sax.saxutils import escape, quoteattr

from app.figures.cell_graph import EdgeMark, Graph, LayoutData, LineData
from engine.drawing import palette
from engine.drawing.geometry import Parallels
from engine.drawing.palette import Theme
from engine.spaces.operations import described

LINE_WIDTHS = {"agree": 2.5, "disagree": 2.0, "too_close": 2.0, "indistinct": 2.0, "measured": 2.0} | {
    "unmeasured": 1.6,
    "decided": 5.0,
    "discarded": 1.5,
}
LINE_DASHES = {"disagree": "6 4", "discarded": "1.5 4"}
RING = 14
"""What a pill's ring of evidence takes of its width."""
_MINI_SCALE = 1.8  # lines of a mini picture, which is shown at about half size


def svg(graph: Graph, theme: Theme, *, width: int | None = None, mini: bool = False) -> str:
    """The picture as SVG text; it scales to whatever box it is put in.

    width: the layout to use (one of the graph's; default the smallest). mini: lines and nodes without any text.
    """
    layout = next((one for one in graph["layouts"] if one["width"] == width), graph["layouts"][0])
    roles = palette.roles(theme)
    wide, tall = layout["width"], layout["height"]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {tall}" role="img" '
        f'aria-label={quoteattr(graph["title"])} font-family="Source Sans, Inter, Arial, sans-serif" font-size="12">',
        *(f'<path d="{line}" fill="none" stroke="{roles.border}" stroke-width="1.2"/>' for line in layout["concat"]),
    ]
    order = sorted(range(len(graph["edges"])), key=lambda number: graph["edges"][number]["focused"])
    for number in order:
        parts += _edge(graph, graph["edges"][number], layout["edges"][number], theme, _MINI_SCALE if mini else 1.0)
    parts += _nodes(graph, layout, theme, mini)
    if not mini:
        for mark, (x, y) in zip(graph["edges"], layout["pills"], strict=True):
            parts += _pill(graph, mark, x, y, theme)
    return "".join([*parts, "</svg>"])


def _edge(graph: Graph, mark: EdgeMark, line: LineData, theme: Theme, scale: float) -> list[str]:
    roles = palette.roles(theme)
    opacity = 0.35 if mark["dimmed"] else 1.0
    beside = Parallels(line["places"], line["above"])
    parts = []
    if mark["focused"]:
        band, middle = mark["band"]
        for stroke, extra in ((roles.accent, 8), (roles.background, 4)):
            thick = max(band, 4) + extra
            parts.append(f'<path d="{beside.path(middle)}" fill="none" stroke="{stroke}" stroke-width="{thick:g}"/>')
    if mark["open"] and mark["strands"]:
        for strand in mark["strands"]:
            ink = graph["operations"][strand["operation"]][theme]
            fade = 0.15 if strand["dimmed"] else 1.0 if mark["focused"] else 0.8
            parts.append(
                f'<path d="{beside.path(strand["offset"])}" fill="none" stroke="{ink}" '
                f'stroke-width="{strand["width"]:g}" opacity="{fade * opacity:g}"/>'
            )
        return parts
    name = line_operation(mark)
    ink = graph["operations"][name][theme] if name else roles.alpha
    silent = name is not None and described(name).silent
    dash = graph["operations"][name]["dash"] if name and silent else LINE_DASHES.get(mark["state"], "")
    fade = opacity * (0.6 if mark["state"] in ("unmeasured", "discarded") else 1.0)
    parts.append(
        f'<path d="{line["path"]}" fill="none" stroke="{ink}" stroke-width="{LINE_WIDTHS[mark["state"]] * scale:g}" '
        f'stroke-dasharray="{dash}" opacity="{fade:g}"/>'
    )
    return parts


def line_operation(mark: EdgeMark) -> str | None:
    """The operation whose colour an edge's line takes; None for the grey of edges that are not settled."""
    return {"decided": mark["operation"], "agree": mark["alpha"], "unmeasured": mark["alpha"]}.get(mark["state"])


def _nodes(graph: Graph, layout: LayoutData, theme: Theme, mini: bool) -> list[str]:
    roles = palette.roles(theme)
    parts = []
    for node, (x, y, wide, tall) in zip(graph["nodes"], layout["nodes"], strict=True):
        outline, thick = (roles.accent, 3) if node["focused"] else (roles.text, 1.2)
        parts.append(
            f'<rect x="{x - wide / 2:g}" y="{y - tall / 2:g}" width="{wide:g}" height="{tall:g}" rx="9" '
            f'fill="{roles.surface}" stroke="{outline}" stroke-width="{thick}"/>'
        )
        if not mini:
            text = _subscripts(node["short"] if layout["short"] else node["name"])
            parts.append(
                f'<text x="{x:g}" y="{y + 4.5:g}" text-anchor="middle" font-size="13" font-weight="600" '
                f'fill="{roles.text}">{text}</text>'
            )
    return parts


def _subscripts(text: str) -> str:
    return re.sub(r"_\{(.*?)\}$", r'<tspan dy="3" font-size="12">\1</tspan>', escape(text))


def _pill(graph: Graph, mark: EdgeMark, x: float, y: float, theme: Theme) -> list[str]:
    if mark["state"] == "discarded":
        return []
    roles = palette.roles(theme)
    halves = [mark["operation"]] if mark["operation"] else [mark["alpha"], mark["measured"]]
    wide = len(halves) * 25 + (len(halves) - 1) * 2 + 6 + (14 if mark["glyph"] else 0)
    wide += RING if mark["quarters"] else 0
    left = x - wide / 2
    frame, thick = (roles.accent, 2) if mark["focused"] else (roles.border, 1)
    fade = 0.35 if mark["dimmed"] else 1
    parts = [
        f'<g opacity="{fade}"><rect x="{left:g}" y="{y - 11.5:g}" width="{wide}" height="23" rx="11.5" '
        f'fill="{roles.background}" stroke="{frame}" stroke-width="{thick}"/>'
    ]
    for place, name in enumerate(halves):
        at = left + 3 + place * 27
        if name is None:
            lines = "".join(f"M{at + shift:g} {y + 6:g}l7 -12" for shift in (2, 7, 12, 16))
            parts.append(
                f'<rect x="{at:g}" y="{y - 8.5:g}" width="25" height="17" rx="8.5" fill="none" stroke="{roles.alpha}"/>'
                f'<path d="{lines}" stroke="{roles.alpha}"/>'
            )
            continue
        look = graph["operations"][name]
        ink = look["ink_dark"] if theme == "dark" else look["ink_light"]
        parts.append(
            f'<rect x="{at:g}" y="{y - 8.5:g}" width="25" height="17" rx="8.5" fill="{look[theme]}"/>'
            f'<text x="{at + 12.5:g}" y="{y + 4.3:g}" text-anchor="middle" font-weight="700" fill="{ink}">'
            f"{escape(look['code'])}</text>"
        )
    if mark["glyph"]:
        ink = roles.disagree if mark["state"] == "disagree" else roles.muted
        at = left + wide - 10 - (RING if mark["quarters"] else 0)
        parts.append(
            f'<text x="{at:g}" y="{y + 4.5:g}" text-anchor="middle" font-size="14" font-weight="700" '
            f'fill="{ink}">{mark["glyph"]}</text>'
        )
    if mark["quarters"]:
        circle = f'<circle cx="{left + wide - 10:g}" cy="{y:g}" r="4.5" fill="none" stroke-width="3" pathLength="4" '
        parts.append(f'{circle}stroke="{roles.border}"/>')
        parts.append(
            f'{circle}stroke="{roles.text}" stroke-dasharray="{mark["quarters"]} 4" '
            f'transform="rotate(-90 {left + wide - 10:g} {y:g})"/>'
        )
    return [*parts, "</g>"]
