"""A cell as a graph: what alpha keeps and what measurement keeps on every edge, ready to draw.

cell_graph_info engine results -> Graph, the plain data that the component and the static picture draw
Graph           nodes, edges and layouts of one cell; JSON-able
strand_widths   how thick the strands of one edge are

Everything here is pure: no Streamlit, no torch. `app.parts.cell_graph` draws a Graph as a clickable picture.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Literal, NamedTuple, TypedDict

from app.figures.cell_layout import SHORT_NAMES, Shape, cell_layout, drawing_widths
from app.figures.edge_names import edge_id
from app.figures.evidence import quarters
from app.figures.frame import UNMEASURED
from engine.drawing import palette, wording
from engine.drawing.geometry import parallels, path
from engine.results import EdgeScores
from engine.selection.alphas import preferred
from engine.selection.selection import Selection
from engine.spaces import Edge, SearchSpace

Measure = Literal["alpha", "drop", "both"]
State = Literal["agree", "disagree", "too_close", "indistinct", "measured", "unmeasured", "decided", "discarded"]
"""Of an edge: its verdict, or "measured" where alpha is unknown and there is none."""
Weights = Mapping[int, Sequence[float]] | Sequence[Sequence[float]]

BAND = 22.0  # widest bundle of strands, in drawing units
_GAP = 1.25  # half the space between alpha's strands and the effects' in "both"
_HAIRLINE = 1.0  # so that an operation without effect can still be seen
_LEAST_TOTAL = 2.0  # drops of one edge, in points, below which the bundle stays thinner: noise must not look strong
_SMALL_CELL = 6  # edges up to which the strands of all of them stay open
_SIGNED = ("disagree", "too_close", "indistinct")  # states that a pill shows by a sign
_TITLES = {"normal": "Normal cell", "reduce": "Reduction cell", "cell": "Cell"}


class Operation(TypedDict):
    """A candidate operation: code, colour and letter colour per theme, dash of its strand."""

    code: str
    label: str
    light: str
    dark: str
    ink_light: str
    ink_dark: str
    dash: str


class Strand(TypedDict):
    """One operation's strand: stroke width, and how far its middle lies above the edge's own line."""

    operation: str
    width: float
    offset: float
    dimmed: bool


class EdgeMark(TypedDict):
    """One edge. `lines` is its tooltip; joined by " · " it is `label`, what a screen reader says.

    `band` is the width of all strands together and how far their common middle lies above the edge's own line.
    `quarters` of its small ring, 0 to 4, say on how many images it was measured.
    `alpha` and `measured` are the halves of the pill (None: unknown, not measured yet), `operation` the decided one.
    """

    id: str
    label: str
    lines: list[str]
    state: State
    glyph: str
    quarters: int
    alpha: str | None
    measured: str | None
    operation: str | None
    focused: bool
    dimmed: bool
    open: bool
    band: list[float]
    strands: list[Strand]


class NodeMark(TypedDict):
    """One node; a subscript is written "c_{k-2}". `short` is its name where there is little room."""

    name: str
    short: str
    focused: bool


class LineData(TypedDict):
    """An edge's line as SVG path text, and what runs beside it: see `engine.drawing.geometry.Parallels`."""

    path: str
    places: list[float]
    above: list[float]


class LayoutData(TypedDict):
    """One drawing size. Boxes are [x, y, width, height] by their centre, `concat` SVG path texts, pills centres."""

    width: float
    height: float
    short: bool
    nodes: list[list[float]]
    edges: list[LineData]
    concat: list[str]
    pills: list[list[float]]


class Graph(TypedDict):
    """A cell: edges in index order, the last node of the DARTS family is the cell's output c_k."""

    title: str
    operations: dict[str, Operation]
    nodes: list[NodeMark]
    edges: list[EdgeMark]
    layouts: list[LayoutData]


def cell_graph_info(
    space: SearchSpace,
    cell: str,
    *,
    alphas: Weights,
    scores: Mapping[int, EdgeScores],
    selection: Selection | None = None,
    focus: int | None = None,
    measure: Measure = "alpha",
    isolate: str | None = None,
    node: int | None = None,
    available: int | None = None,
    unmeasured: str = UNMEASURED,
) -> Graph:
    """The graph of one cell type.

    alphas: mixing weight of every operation, [edges][operations]. scores: measurements, by edge index; missing ones
    count as unmeasured. selection: what has been decided. focus: the selected edge. measure: what the strands show.
    isolate: an operation; edges where neither side picks it fade. node: a node to outline. available: how many images
    can be measured on. unmeasured: what is said of an edge without scores.
    Raises BadInput for an unknown cell type or edge.
    """
    edges = space.edges(cell)
    if focus is not None:
        space.edge(cell, focus)
    scale = _drop_scale(scores[edge.index] for edge in edges if edge.index in scores)
    view = _View(space, cell, selection, focus, measure, isolate, scale, available, unmeasured)
    names = dict.fromkeys(name for edge in edges for name in space.operations(cell, edge))
    shape = Shape.of(space, cell)
    nodes = [_node(shape, name, number == node) for number, name in enumerate(shape.nodes)]
    if shape.output:
        nodes.append(_node(shape, shape.output, False))
    return {
        "title": _TITLES.get(cell, f"{cell.capitalize()} cell"),
        "operations": {name: _operation(name) for name in names},
        "nodes": nodes,
        "edges": [_mark(view, edge, alphas[edge.index], scores.get(edge.index)) for edge in edges],
        "layouts": [_layout(shape, width) for width in drawing_widths(shape)],
    }


def strand_widths(values: Sequence[float], per_unit: float) -> list[float]:
    """Stroke widths of one edge's strands; what is negative or too thin to see becomes a hairline."""
    return [round(max(value * per_unit, _HAIRLINE), 2) for value in values]


class _View(NamedTuple):
    """What all edges of one picture share."""

    space: SearchSpace
    cell: str
    selection: Selection | None
    focus: int | None
    measure: Measure
    isolate: str | None
    drop_scale: float
    available: int | None
    unmeasured: str


def _effects(scores: EdgeScores) -> list[float]:
    """What masking each operation costs by the criterion in use: accuracy points, or loss."""
    return [row.rise if scores.criterion == "loss" else row.drop for row in scores.operations]


def _drop_scale(measured: Iterable[EdgeScores]) -> float:
    """Drawing units per unit of effect: the edge with the largest sum of effects gets the full BAND."""
    least = _LEAST_TOTAL
    totals = []
    for scores in measured:
        totals.append(sum(max(effect, 0.0) for effect in _effects(scores)))
        least = 0.05 if scores.criterion == "loss" else _LEAST_TOTAL
    return BAND / max([least, *totals])


def _mark(view: _View, edge: Edge, weights: Sequence[float], scores: EdgeScores | None) -> EdgeMark:
    space, cell, selection = view.space, view.cell, view.selection
    names = space.operations(cell, edge)
    alpha = preferred(names, space.eligible(cell, edge), weights)
    decided = selection.operation(cell, edge) if selection else None
    discarded = selection is not None and selection.is_discarded(cell, edge)
    measured = scores.best if scores else None
    judged: State = "unmeasured" if scores is None else scores.verdict or "measured"
    state: State = "discarded" if discarded else "decided" if decided else judged
    lines = [space.cell(cell).edge_name(edge)]
    if decided:
        lines.append(f"decided: {palette.operation(decided).label}" + (", input not kept" if discarded else ""))
    else:
        if alpha is None:
            lines.append("α is unknown")
        else:
            lines.append(f"α favours {palette.operation(alpha).label} ({wording.weight(weights[names.index(alpha)])})")
        lines.append(f"measured: {_finding(scores)}" if scores else view.unmeasured)
        if scores:
            verdict = f"{wording.VERDICT[scores.verdict].word}, " if scores.verdict else ""
            lines.append(f"{verdict}on {wording.count(scores.images)} images")
    picked = {decided} if decided else {alpha, measured}
    strands = [] if decided else _strands(view, names, weights, scores)
    return {
        "id": edge_id(cell, edge),
        "label": wording.plain(" · ".join(lines)),
        "lines": lines,
        "state": state,
        "glyph": wording.VERDICT[scores.verdict].glyph if scores and state in _SIGNED else "",
        "quarters": quarters(scores.images, view.available) if scores and not decided and not discarded else 0,
        "alpha": alpha,
        "measured": measured,
        "operation": decided,
        "focused": edge.index == view.focus,
        "dimmed": view.isolate is not None and view.isolate not in picked,
        "open": not decided and (edge.index == view.focus or len(space.edges(cell)) <= _SMALL_CELL),
        "band": _band(strands),
        "strands": strands,
    }


def _finding(scores: EdgeScores) -> str:
    best = scores.operation(scores.best)
    if scores.criterion == "loss":
        return f"{palette.operation(best.name).label} (loss {wording.number(best.rise, 3, sign=True)})"
    return f"{palette.operation(best.name).label} (drop {wording.with_interval(best.drop, best.ci)})"


def _strands(view: _View, names: Sequence[str], weights: Sequence[float], scores: EdgeScores | None) -> list[Strand]:
    """One strand for each operation, side by side; in "both", alpha above the edge's own line and effects below."""
    both = view.measure == "both"
    share = 0.5 if both else 1.0
    by_alpha = strand_widths(weights, BAND * share) if view.measure != "drop" else []
    by_effect = strand_widths(_effects(scores), view.drop_scale * share) if scores and view.measure != "alpha" else []
    strands: list[Strand] = []
    for widths, top in ((by_alpha, sum(by_alpha) + _GAP), (by_effect, -_GAP)):
        edge_of_stack = top if both else sum(widths) / 2
        for name, width in zip(names, widths, strict=False):
            dimmed = view.isolate is not None and name != view.isolate
            middle = round(edge_of_stack - width / 2, 2)
            strands.append({"operation": name, "width": width, "offset": middle, "dimmed": dimmed})
            edge_of_stack -= width
    return strands


def _band(strands: Sequence[Strand]) -> list[float]:
    if not strands:
        return [0.0, 0.0]
    high = max(strand["offset"] + strand["width"] / 2 for strand in strands)
    low = min(strand["offset"] - strand["width"] / 2 for strand in strands)
    return [round(high - low, 2), round((high + low) / 2, 2)]


def _operation(name: str) -> Operation:
    look = palette.operation(name)
    return {
        "code": look.code,
        "label": look.label,
        "light": look.light,
        "dark": look.dark,
        "ink_light": palette.ink(name, "light"),
        "ink_dark": palette.ink(name, "dark"),
        "dash": look.dash,
    }


def _node(shape: Shape, name: str, focused: bool) -> NodeMark:
    short = name.removeprefix("node ") if shape.joined else name
    return {"name": name, "short": short, "focused": focused}


@cache
def _layout(shape: Shape, width: float) -> LayoutData:
    layout = cell_layout(shape, width)
    edges, joining = layout.lines[: len(shape.edges)], layout.lines[len(shape.edges) :]
    beside = [parallels(line, parts=4 if len(line) == 1 else 2) for line in edges]
    return {
        "width": round(layout.width, 1),
        "height": round(layout.height, 1),
        "short": layout.width < SHORT_NAMES,
        "nodes": [[round(value, 1) for value in box] for box in layout.nodes],
        "edges": [
            {"path": path(line), "places": one.places, "above": one.above}
            for line, one in zip(edges, beside, strict=True)
        ],
        "concat": [path(line) for line in joining],
        "pills": [[round(pill.x, 1), round(pill.y, 1)] for pill in layout.labels],
    }
