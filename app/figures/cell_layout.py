"""Where a cell's nodes, edges and pills lie: fixed positions, the same at every step, so that nothing jumps.

Shape            a cell without its operations: names of nodes, edges, what the output joins
cell_layout      the layout of a shape at a drawing width
drawing_widths   the widths that a shape is drawn at, ascending: a narrow page gets a narrow layout, not small text
PILL             width and height that every pill may take up

The two published shapes have plans tuned by hand, whose pills lie on the lines; any other cell is laid out in columns.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from engine.drawing.geometry import Box, Line, curve, point, spread
from engine.drawing.layout import Layout, layered
from engine.spaces import SearchSpace

WIDTHS = (380, 470, 560, 680)
SHORT_NAMES = 560  # drawings narrower than this have no room for full node names
PILL = (86, 24)
_GAP = 4  # free space kept around a pill
_NEVER = 1000.0  # cost of a place that a pill must not take
_MARGIN = 2  # free space at the border
_OUTPUT = 32  # width of the DARTS cell's output, which takes a column of its own
_COLUMNS = 24  # free space between the columns of a cell without a plan


class Shape(NamedTuple):
    """nodes: their names, inputs first; inputs: how many those are. edges: source and target. joined: nodes that an
    output besides them joins; none where the last node is the output."""

    nodes: tuple[str, ...]
    inputs: int
    edges: tuple[tuple[int, int], ...]
    joined: tuple[int, ...]

    @classmethod
    def of(cls, space: SearchSpace, cell: str) -> "Shape":
        spec = space.cell(cell)
        return cls(
            tuple(map(spec.node_name, range(spec.nodes))),
            spec.inputs,
            tuple((edge.source, edge.target) for edge in spec.edges),
            spec.joined,
        )

    @property
    def output(self) -> str | None:
        """The name of the output that joins nodes."""
        return "c_{k}" if self.joined else None

    @property
    def is_whole(self) -> bool:
        """Whether every inner node takes all nodes before it."""
        return self.edges == tuple(
            (source, target) for target in range(self.inputs, len(self.nodes)) for source in range(target)
        )


class _Plan(NamedTuple):
    """Node places as fractions of the free width and height, found by a search for few crossings and roomy pills."""

    places: tuple[tuple[float, float], ...]
    heights: dict[int, int]  # of the drawing, for each width
    spacing: float  # between two ports
    corner: float  # height of a node beyond what its ports need


_PLANS = {  # by inputs, nodes, and whether an output joins them
    (1, 4, False): _Plan(
        ((0.0, 0.58), (0.34, 0.0), (0.64, 1.0), (1.0, 0.46)), {380: 250, 470: 270, 560: 290, 680: 330}, 20, 8
    ),
    (2, 6, True): _Plan(
        ((0.0, 0.3), (0.0, 0.84), (0.25, 0.0), (0.54, 1.0), (0.76, 0.21), (0.97, 0.62)),
        {380: 360, 470: 360, 560: 360, 680: 400},
        10,
        16,
    ),
}


def _plan(shape: Shape) -> _Plan | None:
    return _PLANS.get((shape.inputs, len(shape.nodes), bool(shape.joined))) if shape.is_whole else None


def drawing_widths(shape: Shape) -> tuple[float, ...]:
    return WIDTHS if _plan(shape) else (_columns(shape).width,)


@cache
def cell_layout(shape: Shape, width: float) -> Layout:
    """The layout at one of the shape's widths; its labels are the pills. Deterministic; computed once per process."""
    plan = _plan(shape)
    if plan is None:
        return _columns(shape)
    size = int(width), plan.heights[int(width)]
    boxes = _boxes(shape, plan, size)
    lines = _lines(shape, boxes, plan.spacing)
    return Layout(*size, boxes, _place_pills(lines, len(shape.edges), boxes, size), lines)


def _columns(shape: Shape) -> Layout:
    names = (*shape.nodes, *([shape.output] if shape.output else ()))
    wide = tuple(18 + 6.6 * len(name.strip("{}").replace("_{", "")) for name in names)
    return layered(wide, shape.edges, (PILL,) * len(shape.edges), shape.joined, _COLUMNS)


def _boxes(shape: Shape, plan: _Plan, size: tuple[int, int]) -> tuple[Box, ...]:
    """Of the nodes, and last of an output that joins them."""
    width, height = size
    name = 56 if not shape.joined else 30 if width < SHORT_NAMES else 54
    sizes = []
    for node in range(len(shape.nodes)):
        leaving = sum(source == node for source, _ in shape.edges) + (node in shape.joined)
        ports = max(leaving, sum(target == node for _, target in shape.edges))
        wide = 50 if shape.joined and node < shape.inputs else name
        sizes.append((wide, max(34, ports * plan.spacing + plan.corner)))
    first = _MARGIN + sizes[0][0] / 2
    last = width - _MARGIN - sizes[-1][0] / 2 - (_OUTPUT + 10 if shape.joined else 0)
    boxes = tuple(
        Box(first + x * (last - first), tall / 2 + 4 + y * (height - tall - 8), wide, tall)
        for (x, y), (wide, tall) in zip(plan.places, sizes, strict=True)
    )
    output = Box(width - _MARGIN - _OUTPUT / 2, height / 2, _OUTPUT, 0.8 * height)
    return (*boxes, output) if shape.joined else boxes


def _lines(shape: Shape, boxes: tuple[Box, ...], spacing: float) -> tuple[Line, ...]:
    """Edges and what the output joins, from a port on the source's right to one on the target's left."""
    ends = [*shape.edges, *((node, len(boxes) - 1) for node in shape.joined)]
    starts = _ports(boxes, ends, spacing)
    stops = _ports(boxes, [(target, source) for source, target in ends], spacing)
    lines = []
    for number, (source, target) in enumerate(ends):
        start, stop, last = starts[number], stops[number], boxes[target]
        if number >= len(shape.edges):  # to a tall box, so that its lines run as level as they can
            reach = last.height / 2 - 8
            stop = min(max(start, last.y - reach), last.y + reach)
        left, right = boxes[source].right, last.left
        lines.append(curve((left, start), (right, stop), max(0.5 * (right - left), 24))[None])
    return tuple(lines)


def _ports(boxes: tuple[Box, ...], ends: list[tuple[int, int]], spacing: float) -> list[float]:
    """y of every line's end at its near box (the first of its two), by the direction in which the far one lies."""
    ports = [0.0] * len(ends)
    for node, box in enumerate(boxes):
        here = [number for number, (near, _) in enumerate(ends) if near == node]
        far = [boxes[ends[number][1]] for number in here]
        slopes = [(other.y - box.y) / abs(other.x - box.x) for other in far]
        for number, y in zip(here, spread(box.y, slopes, spacing), strict=True):
            ports[number] = y
    return ports


def _place_pills(lines: tuple[Line, ...], edges: int, boxes: tuple[Box, ...], size: tuple[int, int]) -> tuple[Box, ...]:
    """A pill on every edge, the first of the lines: clear of nodes and other pills, near the middle, over few others.

    Each pill in turn takes its cheapest place beside the others until none moves; the best of several starts counts.
    """
    along = np.linspace(0.1, 0.9, 49)
    centres = np.array([point(line, along) for line in lines[:edges]])  # [edges, places, 2]
    cost = _own_costs(centres, lines, boxes, size) + 3 * (along - 0.5) ** 2  # [edges, places]
    generator = np.random.default_rng(0)

    def clashes(number: int, chosen: np.ndarray) -> np.ndarray:
        taken = np.delete(centres[np.arange(edges), chosen], number, axis=0)
        return _NEVER * _within(centres[number][:, None] - taken, np.array(PILL) + _GAP).sum(1)

    starts = [cost.argmin(1), *(generator.integers(len(along), size=edges) for _ in range(11))]
    best, least = starts[0], np.inf
    for chosen in starts:
        for _ in range(30):
            before = chosen.copy()
            for number in generator.permutation(edges):
                chosen[number] = (cost[number] + clashes(number, chosen)).argmin()
            if (chosen == before).all():
                break
        total = sum((cost[number] + clashes(number, chosen))[place] for number, place in enumerate(chosen))
        if total < least:
            best, least = chosen, total
    return tuple(Box(float(x), float(y), *PILL) for x, y in centres[np.arange(edges), best])


def _own_costs(
    centres: np.ndarray, lines: tuple[Line, ...], boxes: tuple[Box, ...], size: tuple[int, int]
) -> np.ndarray:
    """What each place costs a pill on its own: nodes and the border forbid it, other lines below it are a nuisance."""
    edges, half = len(centres), np.array(PILL) / 2
    middle = np.array(size) / 2
    cost = _NEVER * (~_within(centres - middle, middle - half)).astype(float)  # [edges, places]
    for box in boxes:
        cost += _NEVER * _within(centres - (box.x, box.y), half + _GAP + (box.width / 2, box.height / 2))
    for other, line in enumerate(lines):
        places = point(line, np.linspace(0, 1, 65))
        covered = np.any(_within(centres[:, :, None] - places, half), axis=2)
        if other < edges:
            covered[other] = False
        cost += (1.0 if other < edges else 0.4) * covered
    return cost


def _within(distance: np.ndarray, reach: np.ndarray) -> np.ndarray:
    return (np.abs(distance) < reach).all(-1)
