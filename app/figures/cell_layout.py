"""Where a cell's nodes, edges and pills lie: fixed positions, the same at every step, so that nothing jumps.

Box            a rectangle by its centre
Layout         one drawing size of one family: node boxes, a curve and a pill position for every edge
cell_layout    the layout of a family at one of its WIDTHS
WIDTHS         drawing widths, ascending; a narrow page gets a narrow layout instead of small text
PILL           width and height that every pill may take up
point, path    places on a curve; a curve, or one running beside it, as SVG path text

Units are SVG user units (CSS pixels at scale 1), y grows downwards. A curve is one cubic Bézier piece: an array [4, 2].
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from engine.search_space import Family, SearchSpace, search_space

WIDTHS = (380, 470, 560, 680)
PILL = (70, 24)
CONCAT = "concat"  # the DARTS cell's output, which no edge of the search reaches
_GAP = 5  # free space kept around a pill
_SAMPLES = np.linspace(0, 1, 65)

Curve = np.ndarray  # [4, 2]


class Box(NamedTuple):
    """A rectangle around its centre (x, y)."""

    x: float
    y: float
    width: float
    height: float


class Layout(NamedTuple):
    """One drawing; `short` where only short node names fit. `edges` and `pills` follow the edge index; `concat` has one curve for each inner node."""

    width: int
    height: int
    short: bool
    nodes: tuple[Box, ...]
    output: Box | None
    edges: tuple[Curve, ...]
    concat: tuple[Curve, ...]
    pills: tuple[tuple[float, float], ...]


class _Plan(NamedTuple):
    """Node centres as fractions of the free width and height; chosen by search for few crossings and roomy pills."""

    places: tuple[tuple[float, float], ...]
    heights: dict[int, int]  # of the drawing, for each width
    spacing: float  # between two ports


_PLANS: dict[Family, _Plan] = {
    "nas-bench-201": _Plan(
        ((0.0, 0.58), (0.34, 0.0), (0.64, 1.0), (1.0, 0.46)), {380: 250, 470: 270, 560: 290, 680: 330}, 20
    ),
    "darts": _Plan(
        ((0.0, 0.31), (0.0, 0.85), (0.25, 0.0), (0.52, 1.0), (0.76, 0.21), (0.98, 0.8)),
        {380: 340, 470: 340, 560: 350, 680: 400},
        10,
    ),
}


@cache
def cell_layout(family: Family, width: int) -> Layout:
    """The layout of a family's cells at one of WIDTHS. Deterministic; computed once per process."""
    plan = _PLANS[family]
    space = search_space("darts" if family == "darts" else family)
    nodes, output = _boxes(space, plan, width)
    edges, concat = _curves(space, nodes, output, plan.spacing)
    boxes = nodes if output is None else (*nodes, output)
    pills = place_pills(edges, concat, boxes, (width, plan.heights[width]))
    return Layout(width, plan.heights[width], width < WIDTHS[2], nodes, output, edges, concat, pills)


def point(curve: Curve, t: float | np.ndarray) -> np.ndarray:
    """Place(s) on a curve: [2], or [n, 2] for n parameters."""
    t = np.asarray(t, dtype=float)[..., None]
    return (1 - t) ** 3 * curve[0] + 3 * (1 - t) ** 2 * t * curve[1] + 3 * (1 - t) * t**2 * curve[2] + t**3 * curve[3]


def path(curve: Curve, offset: float = 0.0, pieces: int = 4) -> str:
    """SVG path text of a curve, or of the line that runs `offset` above it (to the left, seen from its start).

    The line beside a cubic is no cubic: it is drawn in pieces with the true places and directions at their ends.
    """
    if offset == 0:
        start, *rest = curve
        return f"M{_pair(start)}C{' '.join(map(_pair, rest))}"

    def beside(t: np.ndarray) -> np.ndarray:
        along = (point(curve, t + 1e-3) - point(curve, t - 1e-3)) / 2e-3
        across = np.stack([along[:, 1], -along[:, 0]], 1) / np.linalg.norm(along, axis=1, keepdims=True)
        return point(curve, t) + offset * across

    times = np.linspace(0, 1, pieces + 1)
    places = beside(times)
    handles = (beside(times + 1e-3) - beside(times - 1e-3)) / 2e-3 / pieces / 3
    text = f"M{_pair(places[0])}"
    for number in range(pieces):
        controls = places[number] + handles[number], places[number + 1] - handles[number + 1], places[number + 1]
        text += f"C{' '.join(map(_pair, controls))}"
    return text


def _pair(place: np.ndarray) -> str:
    return f"{place[0]:.1f} {place[1]:.1f}"


def _boxes(space: SearchSpace, plan: _Plan, width: int) -> tuple[tuple[Box, ...], Box | None]:
    height = plan.heights[width]
    darts = space.family == "darts"
    short = width < WIDTHS[2]
    sizes = []
    for node in space.nodes:
        out_ports = sum(edge.source == node for edge in space.edges(space.cells[0])) + (darts and node > 1)
        ports = max(out_ports, len(space.inputs(node)))
        if darts:
            wide = 50 if node in space.input_nodes else (30 if short else 54)
        else:
            wide = 56
        sizes.append((wide, max(34, ports * plan.spacing + 8)))
    right = 42 if darts else 0
    free_x = width - sizes[0][0] - sizes[-1][0] - right - 4
    boxes = []
    for (x, y), (wide, tall) in zip(plan.places, sizes, strict=True):
        centre = 2 + sizes[0][0] / 2 + x * (free_x + (sizes[0][0] + sizes[-1][0]) / 2)
        boxes.append(Box(centre, 4 + tall / 2 + y * (height - tall - 8), wide, tall))
    if not darts:
        return tuple(boxes), None
    return tuple(boxes), Box(width - 18, height / 2, 32, height * 0.8)


def _curves(
    space: SearchSpace, nodes: tuple[Box, ...], output: Box | None, spacing: float
) -> tuple[tuple[Curve, ...], tuple[Curve, ...]]:
    """Edges from port to port; at each side of a node the ports are ordered by the direction of the other end."""
    pairs = [(edge.source, edge.target) for edge in space.edges(space.cells[0])]
    boxes = list(nodes)
    if output is not None:
        pairs += [(node, len(nodes)) for node in space.nodes if node not in space.input_nodes]
        boxes.append(output)

    def ports(near: int, far: int, steps: float) -> dict[int, float]:
        """y of the port of each pair at node pair[near], by pair position."""
        result = {}
        for node, box in enumerate(boxes):
            here = [number for number, pair in enumerate(pairs) if pair[near] == node]

            def direction(number: int, box: Box = box) -> float:
                other = boxes[pairs[number][far]]
                return (other.y - box.y) / max(abs(other.x - box.x), 1)

            here.sort(key=direction)
            gap = steps
            for place, number in enumerate(here):
                result[number] = box.y + (place - (len(here) - 1) / 2) * gap
        return result

    start, end = ports(0, 1, spacing), ports(1, 0, spacing)
    curves = []
    for number, (source, target) in enumerate(pairs):
        left, right = boxes[source], boxes[target]
        y_end = end[number]
        if target == len(nodes):
            y_end = float(np.clip(start[number], right.y - right.height / 2 + 8, right.y + right.height / 2 - 8))
        x0, x1 = left.x + left.width / 2, right.x - right.width / 2
        bend = max(0.5 * (x1 - x0), 24)
        curves.append(np.array([(x0, start[number]), (x0 + bend, start[number]), (x1 - bend, y_end), (x1, y_end)]))
    edges = len(space.edges(space.cells[0]))
    return tuple(curves[:edges]), tuple(curves[edges:])


def place_pills(
    edges: tuple[Curve, ...], concat: tuple[Curve, ...], boxes: tuple[Box, ...], size: tuple[int, int]
) -> tuple[tuple[float, float], ...]:
    """A pill centre on every edge: clear of nodes and of each other, near the middle, over few other lines."""
    along = np.linspace(0.1, 0.9, 49)
    centres = np.array([point(curve, along) for curve in edges])  # [edges, places, 2]
    room = np.array(PILL) / 2 + _GAP
    unary = 3 * (along - 0.5)[None, :] ** 2 + np.zeros(centres.shape[:2])
    for box in boxes:
        reach = room + np.array([box.width, box.height]) / 2
        unary += 1000 * _inside(centres - (box.x, box.y), reach)
    unary += 1000 * (np.abs(centres - np.array(size) / 2) > np.array(size) / 2 - np.array(PILL) / 2 - 1).any(-1)
    lines = [point(curve, _SAMPLES) for curve in (*edges, *concat)]
    for number, centre in enumerate(centres):
        for other, line in enumerate(lines):
            if other != number:
                weight = 1.0 if other < len(edges) else 0.4
                unary[number] += weight * _inside(centre[:, None] - line[None], np.array(PILL) / 2).any(1)

    def clash(number: int, chosen: np.ndarray) -> np.ndarray:
        others = np.delete(np.arange(len(edges)), number)
        taken = centres[others, chosen[others]]
        return 1000 * _inside(centres[number][:, None] - taken[None], np.array(PILL) + _GAP).sum(1)

    best, best_cost = None, np.inf
    generator = np.random.default_rng(0)
    for _ in range(12):
        chosen = unary.argmin(1) if best is None else generator.integers(len(along), size=len(edges))
        for _ in range(30):
            before = chosen.copy()
            for number in generator.permutation(len(edges)):
                chosen[number] = (unary[number] + clash(number, chosen)).argmin()
            if (chosen == before).all():
                break
        total = sum(unary[n, chosen[n]] + clash(n, chosen)[chosen[n]] / 2 for n in range(len(edges)))
        if total < best_cost:
            best, best_cost = chosen.copy(), total
    return tuple((float(x), float(y)) for x, y in centres[np.arange(len(edges)), best])


def _inside(distance: np.ndarray, reach: np.ndarray) -> np.ndarray:
    return (np.abs(distance) < reach).all(-1)
