"""Where a derived cell's nodes, labels and lines lie: in columns from left to right, as the papers draw it.

Box       a rectangle by its centre
Layout    boxes of nodes and labels, and a path for every edge
layered   the layout of one cell type of a genotype

A node's column is its longest way from an input. Each edge passes one column of its own kind, in which its label lies,
just before its target; a longer edge passes the columns between as a thin line. Units are SVG user units.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from engine.drawing.palette import operation
from engine.selection.genotype import Genotype

GAP = 38  # between columns
ROOM = 12  # between boxes of a column
PORT = 10  # between lines at a node
NODE = (58, 30)
LABEL = 24
CHIP, LETTER = 42, 6.4  # what a label's code takes up, and a letter of its name
LINE_HEIGHT = 8
MARGIN = 8
STRAIGHT = 4  # how much more a part of a long line insists on running level than a short line
STARTS, SWEEPS = 60, 16


class Box(NamedTuple):
    """A rectangle around its centre (x, y)."""

    x: float
    y: float
    width: float
    height: float


class Layout(NamedTuple):
    """nodes: by number, the DARTS family's output last; labels: by edge. lines: SVG path of every edge, then of every
    inner node that the output joins."""

    width: float
    height: float
    nodes: tuple[Box, ...]
    labels: tuple[Box, ...]
    lines: tuple[str, ...]


class _Item:
    """Something that takes up room in a column. `near`: the items that it is joined to, by side (0 left, 1 right)."""

    def __init__(self, column: int, width: float, height: float) -> None:
        self.column, self.width, self.height = column, width, height
        self.near: tuple[list[_Item], list[_Item]] = ([], [])
        self.x = self.y = 0.0


def layered(genotype: Genotype, cell: str) -> Layout:
    """Deterministic: the same cell is drawn the same way everywhere. Raises BadInput for an unknown cell type."""
    edges = genotype.edges(cell)
    joined = (2, 3, 4, 5) if genotype.family == "darts" else ()
    nodes, labels, chains = _items(edges, joined)
    columns = _columns(item for chain in chains for item in chain)
    _arrange(columns)
    if nodes[0].y > nodes[1].y:  # a picture and its mirror image are equally good: c_{k-2} stands above c_{k-1}
        for item in (item for column in columns for item in column):
            item.y = -item.y
    left: float = MARGIN
    for column in columns:
        widest = max(item.width for item in column)
        for item in column:
            item.x = left + widest / 2
        left += widest + GAP
    top = min(item.y - item.height / 2 for column in columns for item in column) - MARGIN
    for item in (item for column in columns for item in column):
        item.y -= top
    height = max(item.y + item.height / 2 for column in columns for item in column) + MARGIN
    return Layout(left - GAP + MARGIN, height, _boxes(nodes), _boxes(labels), tuple(map(_path, chains)))


def _boxes(items: Sequence[_Item]) -> tuple[Box, ...]:
    return tuple(Box(item.x, item.y, item.width, item.height) for item in items)


def _items(
    edges: Sequence[tuple[str, int, int]], joined: Sequence[int]
) -> tuple[list[_Item], list[_Item], list[list[_Item]]]:
    """Nodes, labels, and for every line the items that it passes from its source to its target."""
    depth: dict[int, int] = defaultdict(int)
    for _, source, target in sorted(edges, key=lambda edge: edge[2]):
        depth[target] = max(depth[target], depth[source] + 2)
    last = 1 + max(target for _, _, target in edges)
    ends = [(source, target) for _, source, target in edges] + [(node, last) for node in joined]
    depth[last] = max(depth.values()) + 1
    nodes = []
    for node in range(last + bool(joined)):
        lines = max(sum(source == node for source, _ in ends), sum(target == node for _, target in ends))
        nodes.append(_Item(depth[node], NODE[0], max(NODE[1], lines * PORT + 10)))
    labels, chains = [], []
    for number, (source, target) in enumerate(ends):
        chain = [nodes[source]]
        for column in range(depth[source] + 1, depth[target]):
            is_label = number < len(edges) and column == depth[target] - 1
            chain.append(_label(column, edges[number][0]) if is_label else _Item(column, 0, LINE_HEIGHT))
        if number < len(edges):
            labels.append(chain[-1])
        chain.append(nodes[target])
        for first, second in pairwise(chain):
            first.near[1].append(second)
            second.near[0].append(first)
        chains.append(chain)
    return nodes, labels, chains


def _label(column: int, name: str) -> _Item:
    return _Item(column, CHIP + LETTER * len(operation(name).label), LABEL)


def _columns(items: Iterable[_Item]) -> list[list[_Item]]:
    columns: dict[int, list[_Item]] = defaultdict(list)
    for item in dict.fromkeys(items):
        columns[item.column].append(item)
    return [columns[number] for number in sorted(columns)]


def _arrange(columns: list[list[_Item]]) -> None:
    """Give every item a y: few crossings first, then short lines. The best of several random starts counts.

    Each column in turn, forth and back, moves to the mean of what its items are joined to, and keeps its distances.
    """
    generator = random.Random(0)
    best: list[tuple[list[_Item], list[float]]] = []
    least = float("inf")
    for start in range(STARTS):
        for column in columns:
            if start:  # the first start is the natural order, which wins where nothing is better
                generator.shuffle(column)
            _place(column, [0.0] * len(column))
        for sweep in range(SWEEPS):
            sides = (0, 1) if sweep >= SWEEPS / 2 else (1 - sweep % 2,)
            for column in columns if sweep % 2 else columns[::-1]:
                wanted = {item: _wanted(item, sides) for item in column}
                column.sort(key=wanted.__getitem__)
                _place(column, [wanted[item] for item in column])
        cost = round(1000 * _crossings(columns) + _steepness(columns), 3)
        if cost < least:
            best, least = [(column[:], [item.y for item in column]) for column in columns], cost
    for column, (order, heights) in zip(columns, best, strict=True):
        column[:] = order
        for item, y in zip(order, heights, strict=True):
            item.y = y


def _wanted(item: _Item, sides: Iterable[int]) -> float:
    """The mean y of what an item is joined to. The parts of a long line weigh most, so that it runs straight."""
    joined = [
        (other.y, STRAIGHT ** ((item.width == 0) + (other.width == 0))) for side in sides for other in item.near[side]
    ]
    total = sum(weight for _, weight in joined)
    return sum(y * weight for y, weight in joined) / total if total else item.y


def _place(column: list[_Item], wanted: Sequence[float]) -> None:
    """Set y as near as possible (least squares) to what is wanted, in the column's order and without overlaps."""
    offsets = [0.0]
    for above, below in pairwise(column):
        offsets.append(offsets[-1] + (above.height + below.height) / 2 + ROOM)
    blocks: list[tuple[float, int]] = []  # isotonic regression: mean and size of each block of touching items
    for value, offset in zip(wanted, offsets, strict=True):
        blocks.append((value - offset, 1))
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            (first, many), (second, more) = blocks[-2:]
            blocks[-2:] = [((first * many + second * more) / (many + more), many + more)]
    starts = [mean for mean, size in blocks for _ in range(size)]
    for item, start, offset in zip(column, starts, offsets, strict=True):
        item.y = start + offset


def _crossings(columns: list[list[_Item]]) -> int:
    count = 0
    for column in columns:
        lines = [(item.y, other.y) for item in column for other in item.near[1]]
        count += sum((a - c) * (b - d) < 0 for number, (a, b) in enumerate(lines) for c, d in lines[:number])
    return count


def _steepness(columns: list[list[_Item]]) -> float:
    return sum(abs(item.y - other.y) for column in columns for item in column for other in item.near[1])


def _path(chain: list[_Item]) -> str:
    """One smooth line through all items of a chain, level wherever it meets one."""
    first, last = chain[0], chain[-1]
    text = ""
    for here, there in pairwise(chain):
        x1 = here.x + (here.width / 2 if here is first else 0)
        x2 = there.x - (there.width / 2 if there is last else 0)
        # A line leaves and reaches a box outside the column's middle: under a label it runs level.
        y1 = _port(here, there, 1) if here is first else here.y
        y2 = _port(there, here, 0) if there is last else there.y
        start, end = (here.x + here.width / 2, there.x - there.width / 2)
        bend = (end - start) / 2
        if not text:
            text = f"M{x1:.1f} {y1:.1f}"
        text += f"L{start:.1f} {y1:.1f}C{start + bend:.1f} {y1:.1f} {end - bend:.1f} {y2:.1f} {end:.1f} {y2:.1f}"
        if x2 != end:
            text += f"L{x2:.1f} {y2:.1f}"
    return text


def _port(node: _Item, other: _Item, side: int) -> float:
    """y at which the line to `other` meets a node: lines are spread in the order of what they lead to."""
    lines = sorted(node.near[side], key=lambda item: item.y)
    return node.y + (lines.index(other) - (len(lines) - 1) / 2) * PORT
