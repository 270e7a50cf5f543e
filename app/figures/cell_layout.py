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

from engine.spaces import Family, SearchSpace, search_space

WIDTHS = (380, 470, 560, 680)
PILL = (72, 24)
_GAP = 4  # free space kept around a pill
_NEVER = 1000.0  # cost of a place that a pill must not take
_MARGIN = 2  # free space at the border
_OUTPUT = 32  # width of the DARTS cell's output, which takes a column of its own
_SHORT_NAMES = 560  # drawings narrower than this have no room for full node names

Curve = np.ndarray  # [4, 2]


class Box(NamedTuple):
    """A rectangle around its centre (x, y)."""

    x: float
    y: float
    width: float
    height: float


class Layout(NamedTuple):
    """One drawing; `short` where only short node names fit.

    `edges` and `pills` follow the edge index. `output` and `concat` (a curve for each inner node) are the DARTS cell's
    concatenation, which is no edge of the search.
    """

    width: int
    height: int
    short: bool
    nodes: tuple[Box, ...]
    output: Box | None
    edges: tuple[Curve, ...]
    concat: tuple[Curve, ...]
    pills: tuple[tuple[float, float], ...]


class _Plan(NamedTuple):
    """Node places as fractions of the free width and height, found by a search for few crossings and roomy pills."""

    places: tuple[tuple[float, float], ...]
    heights: dict[int, int]  # of the drawing, for each width
    spacing: float  # between two ports
    corner: float  # height of a node beyond what its ports need


_PLANS: dict[Family, _Plan] = {
    "nas-bench-201": _Plan(
        ((0.0, 0.58), (0.34, 0.0), (0.64, 1.0), (1.0, 0.46)), {380: 250, 470: 270, 560: 290, 680: 330}, 20, 8
    ),
    "darts": _Plan(
        ((0.0, 0.3), (0.0, 0.84), (0.25, 0.0), (0.54, 1.0), (0.76, 0.21), (0.97, 0.62)),
        {380: 360, 470: 360, 560: 360, 680: 400},
        10,
        16,
    ),
}


@cache
def cell_layout(family: Family, width: int) -> Layout:
    """The layout of a family's cells at one of WIDTHS. Deterministic; computed once per process."""
    plan = _PLANS[family]
    size = width, plan.heights[width]
    space = search_space(family)
    nodes, output = _boxes(space, plan, size)
    edges, concat = _curves(space, nodes, output, plan.spacing)
    boxes = nodes if output is None else (*nodes, output)
    pills = _place_pills(edges, concat, boxes, size)
    return Layout(*size, width < _SHORT_NAMES, nodes, output, edges, concat, pills)


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


def _boxes(space: SearchSpace, plan: _Plan, size: tuple[int, int]) -> tuple[tuple[Box, ...], Box | None]:
    width, height = size
    darts = space.family == "darts"
    edges = space.edges(space.cells[0])
    name = 56 if not darts else 30 if width < _SHORT_NAMES else 54
    shapes = []
    for node in space.nodes:
        leaving = sum(edge.source == node for edge in edges) + (darts and node not in space.input_nodes)
        ports = max(leaving, len(space.inputs(node)))
        wide = 50 if darts and node in space.input_nodes else name
        shapes.append((wide, max(34, ports * plan.spacing + plan.corner)))
    first = _MARGIN + shapes[0][0] / 2
    last = width - _MARGIN - shapes[-1][0] / 2 - (_OUTPUT + 10 if darts else 0)
    boxes = tuple(
        Box(first + x * (last - first), tall / 2 + 4 + y * (height - tall - 8), wide, tall)
        for (x, y), (wide, tall) in zip(plan.places, shapes, strict=True)
    )
    output = Box(width - _MARGIN - _OUTPUT / 2, height / 2, _OUTPUT, 0.8 * height) if darts else None
    return boxes, output


def _curves(
    space: SearchSpace, nodes: tuple[Box, ...], output: Box | None, spacing: float
) -> tuple[tuple[Curve, ...], tuple[Curve, ...]]:
    """Edges and concatenation lines, from a port on the source's right to one on the target's left, level at both."""
    pairs = [(nodes[edge.source], nodes[edge.target]) for edge in space.edges(space.cells[0])]
    edges = len(pairs)
    if output is not None:
        pairs += [(nodes[node], output) for node in space.nodes if node not in space.input_nodes]
    starts = _ports([source for source, _ in pairs], [target for _, target in pairs], spacing)
    ends = _ports([target for _, target in pairs], [source for source, _ in pairs], spacing)
    curves = []
    for number, (source, target) in enumerate(pairs):
        start, end = starts[number], ends[number]
        if target is output:  # a tall box, so that its lines run as level as they can
            reach = target.height / 2 - 8
            end = min(max(start, target.y - reach), target.y + reach)
        left, right = source.x + source.width / 2, target.x - target.width / 2
        bend = max(0.5 * (right - left), 24)
        curves.append(np.array([(left, start), (left + bend, start), (right - bend, end), (right, end)]))
    return tuple(curves[:edges]), tuple(curves[edges:])


def _ports(near: list[Box], far: list[Box], spacing: float) -> list[float]:
    """y of every line's end at its near box: ordered by the direction of the far box, so that few lines cross."""
    ports = [0.0] * len(near)
    for box in set(near):
        here = [number for number, one in enumerate(near) if one == box]
        here.sort(key=lambda number: (far[number].y - near[number].y) / abs(far[number].x - near[number].x))
        for place, number in enumerate(here):
            ports[number] = box.y + (place - (len(here) - 1) / 2) * spacing
    return ports


def _place_pills(
    edges: tuple[Curve, ...], concat: tuple[Curve, ...], boxes: tuple[Box, ...], size: tuple[int, int]
) -> tuple[tuple[float, float], ...]:
    """A pill centre on every edge: clear of nodes and other pills, near the middle, over few other lines.

    Each pill in turn takes its cheapest place beside the others until none moves; the best of several starts counts.
    """
    along = np.linspace(0.1, 0.9, 49)
    centres = np.array([point(curve, along) for curve in edges])  # [edges, places, 2]
    cost = _own_costs(centres, edges, concat, boxes, size) + 3 * (along - 0.5) ** 2  # [edges, places]
    generator = np.random.default_rng(0)

    def clashes(number: int, chosen: np.ndarray) -> np.ndarray:
        taken = np.delete(centres[np.arange(len(edges)), chosen], number, axis=0)
        return _NEVER * _within(centres[number][:, None] - taken, np.array(PILL) + _GAP).sum(1)

    starts = [cost.argmin(1), *(generator.integers(len(along), size=len(edges)) for _ in range(11))]
    best, least = starts[0], np.inf
    for chosen in starts:
        for _ in range(30):
            before = chosen.copy()
            for number in generator.permutation(len(edges)):
                chosen[number] = (cost[number] + clashes(number, chosen)).argmin()
            if (chosen == before).all():
                break
        total = sum((cost[number] + clashes(number, chosen))[place] for number, place in enumerate(chosen))
        if total < least:
            best, least = chosen, total
    return tuple((float(x), float(y)) for x, y in centres[np.arange(len(edges)), best])


def _own_costs(
    centres: np.ndarray,
    edges: tuple[Curve, ...],
    concat: tuple[Curve, ...],
    boxes: tuple[Box, ...],
    size: tuple[int, int],
) -> np.ndarray:
    """What each place costs a pill on its own: nodes and the border forbid it, other lines below it are a nuisance."""
    half = np.array(PILL) / 2
    middle = np.array(size) / 2
    cost = _NEVER * (~_within(centres - middle, middle - half)).astype(float)  # [edges, places]
    for box in boxes:
        cost += _NEVER * _within(centres - (box.x, box.y), half + _GAP + (box.width / 2, box.height / 2))
    for other, curve in enumerate((*edges, *concat)):
        line = point(curve, np.linspace(0, 1, 65))
        covered = np.any(_within(centres[:, :, None] - line, half), axis=2)
        if other < len(edges):
            covered[other] = False
        cost += (1.0 if other < len(edges) else 0.4) * covered
    return cost


def _within(distance: np.ndarray, reach: np.ndarray) -> np.ndarray:
    return (np.abs(distance) < reach).all(-1)
