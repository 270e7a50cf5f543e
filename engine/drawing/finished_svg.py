"""A finished cell as a picture.

figure          one cell as an SVG element of an HTML page
image           one cell as an HTML image, in a theme's colours
svg             all cell types of a genotype side by side, or one of them, as an SVG file of its own
style_sheet     the dark colours, for a page that holds figures
chip_sheet      operation codes on their colours, for the same page

Files and figures have the light colours in the drawing itself; a style sheet replaces them where the reader prefers
dark.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from engine.drawing import geometry
from engine.drawing.finished_cell import FinishedCell, FinishedEdge, cell_types, finished_cell
from engine.drawing.geometry import Box
from engine.drawing.layout import GAP, Layout, layered
from engine.drawing.palette import Theme, colour, ink, operation, roles, styles
from engine.selection.genotype import Genotype

FONT = "Inter, Helvetica, Arial, sans-serif"
_LABEL = 24  # height
_CHIP, _LETTER, _SIGN = 42, 6.4, 18  # width of a label's code, of a letter of its name, of its sign
_CAPTION = 30
_BETWEEN = 36
_COMPACT_GAP = 24
_READABLE = 0.55  # an image is not shown at less than this, but scrolls: three cells of NAS-Bench-201 fit side by side


def svg(genotype: Genotype, cell: str | None = None, about: Sequence[str] = ()) -> str:
    """A file for one cell type, or for all of them. about: lines that say where the genotype comes from.

    Raises BadInput for a cell type that the genotype does not have.
    """
    cells = [finished_cell(genotype, name) for name in (cell_types(genotype) if cell is None else (cell,))]
    drawn = [(one, _layout(one, names=True)) for one in cells]
    head = _CAPTION if len(drawn) > 1 else 0
    wide = sum(layout.width for _, layout in drawn) + _BETWEEN * (len(drawn) - 1)
    tall = head + max(layout.height for _, layout in drawn)
    paint = _Paint(None)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{tall:.0f}" '
        f'viewBox="0 0 {wide:.1f} {tall:.1f}" role="img" font-family={quoteattr(FONT)}>',
        f"<title>{escape('; '.join(one.text for one in cells))}</title>",
        f"<desc>{escape('; '.join(about))}</desc>",
        f"<style>{style_sheet({edge.operation for one in cells for edge in one.edges})}</style>",
        f'<rect width="100%" height="100%" {paint.ground}/>',
    ]
    left = 0.0
    for one, layout in drawn:
        if head:
            parts.append(_text(escape(one.cell), left + 8, 20, 15, paint.text, weight=600, anchor="start"))
        top = head + (tall - head - layout.height) / 2
        parts += [f'<g transform="translate({left:.1f} {top:.1f})">', *_drawing(one, layout, paint, True), "</g>"]
        left += layout.width + _BETWEEN
    return "\n".join([*parts, "</svg>\n"])


def figure(cell: FinishedCell) -> str:
    """One cell as an element of an HTML page that holds `style_sheet`, at its natural size or as wide as its place."""
    layout = _layout(cell, names=True)
    return "\n".join(
        [
            f'<svg viewBox="0 0 {layout.width:.1f} {layout.height:.1f}" style="max-width:{layout.width:.0f}px" '
            f'role="img" aria-label={quoteattr(cell.text)} font-family={quoteattr(FONT)}>',
            *_drawing(cell, layout, _Paint(None), names=True),
            "</svg>",
        ]
    )


def image(cell: FinishedCell, theme: Theme, *, names: bool = True, alt: str = "") -> str:
    """One cell as an HTML image in a theme's colours, on the page's ground; never so small that its text is unreadable.

    names: False leaves the operations' two-letter codes alone, for narrow columns. alt: what a screen reader says
    instead of the operations.
    """
    layout = _layout(cell, names)
    drawn = "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{layout.width:.0f}" height="{layout.height:.0f}" '
            f'viewBox="0 0 {layout.width:.1f} {layout.height:.1f}" font-family={quoteattr(FONT)}>',
            *_drawing(cell, layout, _Paint(theme), names),
            "</svg>",
        ]
    )
    size = f"width:100%;max-width:{layout.width:.0f}px;min-width:{_READABLE * layout.width:.0f}px"
    data = base64.b64encode(drawn.encode()).decode()
    return f'<img alt={quoteattr(alt or cell.text)} style="{size}" src="data:image/svg+xml;base64,{data}">'


def style_sheet(used: Iterable[str]) -> str:
    """The dark colours of figures; used: their operations, those of one's own among them."""
    look = roles("dark")
    rules = {
        ".ground": f"fill:{look.background}",
        ".ink": f"fill:{look.text}",
        ".node": f"fill:{look.surface};stroke:{look.text}",
        ".label": f"fill:{look.background};stroke:{look.border}",
        ".join": f"stroke:{look.muted}",
        ".join-end": f"fill:{look.muted}",
    }
    for name, style in styles(used).items():
        rules[f".{style.code}"] = f"stroke:{style.dark}"
        rules[f".{style.code}-fill"] = f"fill:{style.dark}"
        rules[f".{style.code}-ink"] = f"fill:{ink(name, 'dark')}"
    return "@media (prefers-color-scheme:dark){" + "".join(f"{name}{{{rule}}}" for name, rule in rules.items()) + "}"


def chip_sheet(used: Iterable[str]) -> str:
    """Operation codes on their colours, as HTML elements of the class CODE-chip, in both themes."""

    looks = styles(used)

    def rules(theme: Theme) -> str:
        return "".join(
            f".{style.code}-chip{{background:{colour(name, theme)};color:{ink(name, theme)}}}"
            for name, style in looks.items()
        )

    return f"{rules('light')}@media (prefers-color-scheme:dark){{{rules('dark')}}}"


class _Paint:
    """Attributes of everything that is drawn: a theme's colours, or the light ones with the class of a style sheet."""

    def __init__(self, theme: Theme | None) -> None:
        self.theme: Theme = theme or "light"
        self.classes = theme is None
        look = roles(self.theme)
        self.ground = self._say("ground", fill=look.background)
        self.text = self._say("ink", fill=look.text)
        self.node = self._say("node", fill=look.surface, stroke=look.text)
        self.label = self._say("label", fill=look.background, stroke=look.border)
        self.join = self._say("join", stroke=look.muted)
        self.join_end = self._say("join-end", fill=look.muted)
        self.signal = look.disagree

    def line(self, name: str) -> str:
        return self._say(operation(name).code, stroke=colour(name, self.theme))

    def fill(self, name: str) -> str:
        return self._say(f"{operation(name).code}-fill", fill=colour(name, self.theme))

    def letters(self, name: str) -> str:
        return self._say(f"{operation(name).code}-ink", fill=ink(name, self.theme))

    def _say(self, kind: str, **colours: str) -> str:
        said = [f'{name}="{value}"' for name, value in colours.items()]
        return " ".join([f'class="{kind}"', *said] if self.classes else said)


def _layout(cell: FinishedCell, names: bool) -> Layout:
    return layered(
        tuple(18 + 6.6 * len(re.sub(r"[_{}]", "", name)) for name in cell.nodes),
        (*((edge.source, edge.target) for edge in cell.edges), *cell.undecided),
        (*((_label_width(edge, names), _LABEL) for edge in cell.edges), *[(_LABEL, _LABEL)] * len(cell.undecided)),
        cell.joined,
        GAP if names else _COMPACT_GAP,
    )


def _label_width(edge: FinishedEdge, names: bool) -> float:
    words = _CHIP + _LETTER * len(operation(edge.operation).label) if names else 32
    return words + (_SIGN if edge.differs else 0)


def _drawing(cell: FinishedCell, layout: Layout, paint: _Paint, names: bool) -> list[str]:
    parts = []
    labelled = len(cell.edges) + len(cell.undecided)
    for line in layout.lines[len(cell.edges) : labelled]:
        parts.append(
            f'<path d="{geometry.path(line)}" fill="none" stroke-width="1.2" stroke-dasharray="3 4" {paint.join}/>'
        )
        parts.append(f'<path d="{geometry.arrow(line, 6)}" {paint.join_end}/>')
    for line in layout.lines[labelled:]:
        parts.append(f'<path d="{geometry.path(line)}" fill="none" stroke-width="1.2" {paint.join}/>')
        parts.append(f'<path d="{geometry.arrow(line, 6)}" {paint.join_end}/>')
    for edge, line in zip(cell.edges, layout.lines, strict=False):
        style = operation(edge.operation)
        dash = f' stroke-dasharray="{style.dash}"' if style.dash else ""
        parts.append(
            f'<path d="{geometry.path(line)}" fill="none" stroke-width="{2.6 * style.width:.1f}"{dash} '
            f"{paint.line(edge.operation)}/>"
        )
        parts.append(f'<path d="{geometry.arrow(line, 8)}" {paint.fill(edge.operation)}/>')
    for edge, box in zip(cell.edges, layout.labels, strict=False):
        parts += _label(edge, box, paint, names)
    for box in layout.labels[len(cell.edges) :]:
        parts += ["<g><title>undecided</title>", f'<rect {_place(box)} rx="12" {paint.label}/>']
        parts += [_text("?", box.x, box.y + 4.2, 12.5, paint.text), "</g>"]
    for name, box in zip(cell.nodes, layout.nodes, strict=True):
        parts.append(f'<rect {_place(box)} rx="9" stroke-width="1.2" {paint.node}/>')
        parts.append(_text(_subscript(name), box.x, box.y + 4.5, 13, paint.text, weight=600))
    return parts


def _subscript(name: str) -> str:
    return re.sub(r"_\{(.*?)\}$", r'<tspan dy="3" font-size="10">\1</tspan>', escape(name))


def _label(edge: FinishedEdge, box: Box, paint: _Paint, names: bool) -> list[str]:
    """The operation's code on its colour, its name in words, and the sign of what only this cell has."""
    style, middle = operation(edge.operation), box.y
    chip = Box(box.left + 16, middle, 26, 18)
    frame = f'fill="none" stroke="{paint.signal}" stroke-width="2"' if edge.differs else None
    parts = [
        f"<g><title>{escape(style.label)}{', only here' if edge.differs else ''}</title>",
        f'<rect {_place(box)} rx="12" {paint.label}/>',
        f'<rect {_place(chip)} rx="9" {paint.fill(edge.operation)}/>',
        _text(style.code, chip.x, middle + 4.2, 12, paint.letters(edge.operation), weight=700),
    ]
    if names:
        parts.append(_text(escape(style.label), box.left + 36, middle + 4.2, 12.5, paint.text, anchor="start"))
    if edge.differs:
        parts.append(f'<rect {_place(box)} rx="12" {frame}/>')
        parts.append(_text("≠", box.right - 13, middle + 4.5, 14, f'fill="{paint.signal}"', weight=700))
    return [*parts, "</g>"]


def _place(box: Box) -> str:
    return f'x="{box.left:.1f}" y="{box.top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"'


def _text(text: str, x: float, y: float, size: float, paint: str, *, weight: int = 400, anchor: str = "middle") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size:g}" '
        f'font-weight="{weight}" {paint}>{text}</text>'
    )
