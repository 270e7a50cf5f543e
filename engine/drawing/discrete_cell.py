"""A derived cell as a picture: SVG, drawn here, and DOT, for Graphviz.

svg      all cell types of a genotype side by side, or one of them, as a file of its own
figure   one cell as an SVG element for a page that holds `style_sheet`
dot      the same as a Graphviz digraph, cell types as clusters

Colours stand in the drawing itself, light ones; a style sheet replaces them where the reader prefers dark.
"""

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from engine.drawing.layout import CHIP, Box, Layout, layered
from engine.drawing.palette import STYLES, Theme, colour, ink, operation, roles
from engine.export.origin import Subject, genotype, origin, plain
from engine.selection.genotype import Genotype
from engine.spaces import search_space

FONT = "Inter, Helvetica, Arial, sans-serif"
_CAPTION = 30
_BETWEEN = 36
_SUBSCRIPT = str.maketrans("k-12", "ₖ₋₁₂")
_DOT_STYLES = {"": "solid", "2 3": "dotted", "2 8": "dotted"}  # Graphviz knows one kind of dash


def svg(subject: Subject, cell: str | None = None) -> str:
    """Raises BadInput for an incomplete selection and an unknown cell type."""
    found = genotype(subject)
    cells = _cells(found, cell)
    drawn = [(name, layered(found, name)) for name in cells]
    head = _CAPTION if len(drawn) > 1 else 0
    wide = sum(layout.width for _, layout in drawn) + _BETWEEN * (len(drawn) - 1)
    tall = head + max(layout.height for _, layout in drawn)
    look = roles("light")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{tall:.0f}" '
        f'viewBox="0 0 {wide:.1f} {tall:.1f}" role="img" font-family={quoteattr(FONT)}>',
        f"<title>{escape(_title(found, cells))}</title>",
        f"<desc>{escape('; '.join(origin(subject)))}</desc>",
        f"<style>{style_sheet()}</style>",
        f'<rect class="ground" width="100%" height="100%" fill="{look.background}"/>',
    ]
    left = 0.0
    for name, layout in drawn:
        if head:
            parts.append(
                f'<text class="ink" x="{left + 8:.1f}" y="20" font-size="15" font-weight="600" fill="{look.text}">'
                f"{escape(name)}</text>"
            )
        top = head + (tall - head - layout.height) / 2
        parts += [f'<g transform="translate({left:.1f} {top:.1f})">', *_drawing(found, name, layout), "</g>"]
        left += layout.width + _BETWEEN
    return "\n".join([*parts, "</svg>\n"])


def figure(found: Genotype, cell: str) -> str:
    """One cell at its natural size, no wider than the page."""
    layout = layered(found, cell)
    return "\n".join(
        [
            f'<svg viewBox="0 0 {layout.width:.1f} {layout.height:.1f}" style="max-width:{layout.width:.0f}px" '
            f'role="img" aria-label={quoteattr(_title(found, (cell,)))} font-family={quoteattr(FONT)}>',
            *_drawing(found, cell, layout),
            "</svg>",
        ]
    )


def style_sheet() -> str:
    """The dark colours of everything that is drawn."""
    look = roles("dark")
    rules = {
        ".ground": f"fill:{look.background}",
        ".ink": f"fill:{look.text}",
        ".node": f"fill:{look.surface};stroke:{look.text}",
        ".label": f"fill:{look.background};stroke:{look.border}",
        ".join": f"stroke:{look.muted}",
        ".join-end": f"fill:{look.muted}",
    }
    for name, style in STYLES.items():
        rules[f".{style.code}"] = f"stroke:{style.dark}"
        rules[f".{style.code}-fill"] = f"fill:{style.dark}"
        rules[f".{style.code}-ink"] = f"fill:{ink(name, 'dark')}"
    return "@media (prefers-color-scheme:dark){" + "".join(f"{name}{{{rule}}}" for name, rule in rules.items()) + "}"


def chip_sheet() -> str:
    """Operation codes on their colours, as HTML elements of the class CODE-chip, in both themes."""

    def rules(theme: Theme) -> str:
        return "".join(
            f".{style.code}-chip{{background:{colour(name, theme)};color:{ink(name, theme)}}}"
            for name, style in STYLES.items()
        )

    return f"{rules('light')}@media (prefers-color-scheme:dark){{{rules('dark')}}}"


def _cells(found: Genotype, cell: str | None) -> tuple[str, ...]:
    if cell is None:
        return tuple(name for name, _ in found.cells)
    found.pairs(cell)  # raises BadInput for a cell type that it does not have
    return (cell,)


def _title(found: Genotype, cells: Iterable[str]) -> str:
    return "; ".join(
        f"{cell}: " + ", ".join(f"{name} from {source} to {target}" for name, source, target in found.edges(cell))
        for cell in cells
    )


def node_names(found: Genotype) -> tuple[str, ...]:
    """What the nodes are called in a picture, the DARTS family's output included."""
    space = search_space("darts" if found.family == "darts" else "nas-bench-201")
    names = [space.node_name(node) for node in space.nodes]
    return tuple([*names, "c_{k}"] if found.family == "darts" else names)


def _drawing(found: Genotype, cell: str, layout: Layout) -> list[str]:
    edges = found.edges(cell)
    look = roles("light")
    parts = []
    for line in layout.lines[len(edges) :]:
        parts.append(f'<path class="join" d="{line}" fill="none" stroke="{look.muted}" stroke-width="1.2"/>')
        parts.append(_arrow(line, "join-end", look.muted, 6))
    for (name, _, _), line in zip(edges, layout.lines, strict=False):
        style = operation(name)
        dash = f' stroke-dasharray="{style.dash}"' if style.dash else ""
        parts.append(
            f'<path class="{style.code}" d="{line}" fill="none" stroke="{style.light}" '
            f'stroke-width="{2.6 * style.width:.1f}"{dash}/>'
        )
        parts.append(_arrow(line, f"{style.code}-fill", style.light, 8))
    for (name, _, _), box in zip(edges, layout.labels, strict=True):
        parts += _label(name, box)
    for name, box in zip(node_names(found), layout.nodes, strict=True):
        parts.append(
            f'<rect class="node" {_place(box)} rx="9" fill="{look.surface}" stroke="{look.text}" stroke-width="1.2"/>'
        )
        text = re.sub(r"_\{(.*?)\}$", r'<tspan dy="3" font-size="10">\1</tspan>', escape(name))
        parts.append(_text(text, box.x, box.y + 4.5, 13, "ink", look.text, weight=600))
    return parts


def _label(name: str, box: Box) -> list[str]:
    """The operation's code on its colour, and its name in words."""
    style, look = operation(name), roles("light")
    left, middle = box.x - box.width / 2, box.y
    chip = Box(left + 16, middle, 26, 18)
    return [
        f'<rect class="label" {_place(box)} rx="12" fill="{look.background}" stroke="{look.border}"/>',
        f'<rect class="{style.code}-fill" {_place(chip)} rx="9" fill="{style.light}"/>',
        _text(style.code, chip.x, middle + 4.2, 12, f"{style.code}-ink", ink(name, "light"), weight=700),
        _text(escape(style.label), left + 32 + (box.width - CHIP) / 2, middle + 4.2, 12.5, "ink", look.text),
    ]


def _place(box: Box) -> str:
    return (
        f'x="{box.x - box.width / 2:.1f}" y="{box.y - box.height / 2:.1f}" '
        f'width="{box.width:.0f}" height="{box.height:.0f}"'
    )


def _text(text: str, x: float, y: float, size: float, kind: str, fill: str, weight: int = 400) -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="middle" font-size="{size:g}" '
        f'font-weight="{weight}" fill="{fill}">{text}</text>'
    )


def _arrow(line: str, kind: str, fill: str, size: float) -> str:
    """The head at a line's end, which is level and points to the right."""
    x, y = (float(number) for number in re.split(r"[ A-Z]", line)[-2:])
    return f'<path class="{kind}" d="M{x:.1f} {y:.1f}l{-size:g} {-size / 2:g}v{size:g}z" fill="{fill}"/>'


def dot(subject: Subject, cell: str | None = None) -> str:
    """Raises BadInput for an incomplete selection and an unknown cell type."""
    found = genotype(subject)
    cells = _cells(found, cell)
    look = roles("light")
    lines = [f"// {line}" for line in origin(subject)]
    lines += [
        "digraph cell {",
        f'  graph [rankdir=LR, nodesep=0.2, ranksep=0.4, fontname="Helvetica", bgcolor="{look.background}"];',
        f'  node [shape=box, style="rounded,filled", fillcolor="{look.surface}", fontname="Helvetica", height=0.36];',
        '  edge [fontname="Helvetica", fontsize=12, arrowsize=0.7];',
    ]
    for name in cells:
        body = _dot_cell(found, name)
        if len(cells) > 1:
            body = [f"subgraph {_quoted(f'cluster_{name}')} {{", f"  label={_quoted(name)};", *_indent(body), "}"]
        lines += _indent(body)
    return "\n".join([*lines, "}\n"])


def _indent(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _dot_cell(found: Genotype, cell: str) -> list[str]:
    names = node_names(found)
    lines = [f"{_quoted(f'{cell}_{node}')} [label={_quoted(_dot_name(name))}];" for node, name in enumerate(names)]
    for name, source, target in found.edges(cell):
        style = operation(name)
        lines.append(
            f"{_quoted(f'{cell}_{source}')} -> {_quoted(f'{cell}_{target}')} "
            f'[label={_quoted(f"{style.code} {style.label}")}, color="{style.light}", fontcolor="{style.light}", '
            f"penwidth={2.5 * style.width:.1f}, style={_DOT_STYLES.get(style.dash, 'dashed')}];"
        )
    joined = range(2, len(names) - 1) if found.family == "darts" else ()
    muted = roles("light").muted
    for node in joined:
        lines.append(f'{_quoted(f"{cell}_{node}")} -> {_quoted(f"{cell}_{len(names) - 1}")} [color="{muted}"];')
    return lines


def _dot_name(name: str) -> str:
    return re.sub(r"_\{(.+?)\}", lambda match: match[1].translate(_SUBSCRIPT), name)


def _quoted(text: str) -> str:
    return '"' + plain(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
