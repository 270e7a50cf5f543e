"""Where the nodes, labels and lines of any cell lie: in columns from left to right, as the papers draw it.

Layout    boxes of nodes and labels, and a line for every edge
layered   the layout of a graph, given how large its nodes and labels are

A node's column is its longest way from an input. Each edge passes one column of its own kind, in which its label lies,
just before its target; a longer edge passes the columns between as a thin line. Nothing overlaps, whatever the graph.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from engine.drawing.geometry import Box, Line, curve, point, spread, straight

GAP = 38  # between columns
ROOM = 12  # between boxes of a column
PORT = 10  # between lines at a node
LOWEST = 30  # height of a node with few lines
LINE_HEIGHT = 8
MARGIN = 8
STRAIGHT = 4  # how much more a part of a long line insists on running level than a short line
STARTS, SWEEPS = 60, 16
LARGE = 80  # items from which on fewer starts have to do

Size = tuple[float, float]  # width, height


class Layout(NamedTuple):
    """nodes: by number; labels: by edge. lines: of every edge, then from every joined node to the last node."""

    width: float
    height: float
    nodes: tuple[Box, ...]
    labels: tuple[Box, ...]
    lines: tuple[Line, ...]


class _Item:
    """Something that takes up room in a column. `near`: the items that it is joined to, by side (0 left, 1 right)."""

    def __init__(self, column: int, width: float, height: float) -> None:
        self.column, self.width, self.height = column, width, height
        self.near: tuple[list[_Item], list[_Item]] = ([], [])
        self.x = self.y = 0.0


@cache
def layered(
    nodes: tuple[float, ...],
    edges: tuple[tuple[int, int], ...],
    labels: tuple[Size, ...],
    joined: tuple[int, ...] = (),
    gap: float = GAP,
) -> Layout:
    """Deterministic: the same cell is drawn the same way everywhere.

    nodes: the width of every node. edges: source and target, the source having the lower number. labels: the size of
    every edge's label. joined: nodes that the last node joins, by lines without a label. gap: between columns.
    """
    boxes, marks, chains = _items(nodes, edges, labels, joined)
    columns = _columns([*boxes, *(item for chain in chains for item in chain)])
    _arrange(columns)
    # A picture and its mirror image are equally good: the first input stands above the second.
    if len(nodes) > 1 and boxes[0].column == boxes[1].column and boxes[0].y > boxes[1].y:
        for item in (item for column in columns for item in column):
            item.y = -item.y
    left: float = MARGIN
    for column in columns:
        widest = max(item.width for item in column)
        for item in column:
            item.x = left + widest / 2
        left += widest + gap
    top = min(item.y - item.height / 2 for column in columns for item in column) - MARGIN
    for item in (item for column in columns for item in column):
        item.y -= top
    height = max(item.y + item.height / 2 for column in columns for item in column) + MARGIN
    lines = tuple(_line(chain, columns) for chain in chains)
    return Layout(left - gap + MARGIN, height, _boxes(boxes), _boxes(marks), lines)


def _line(chain: list[_Item], columns: list[list[_Item]]) -> Line:
    """One smooth line through all items of a chain, which runs level where it would touch a box that it passes."""
    line = _smooth(chain)
    for passed in chain[1:-1]:
        beside = next(column for column in columns if passed in column)
        boxes = [Box(item.x, item.y, item.width, item.height) for item in beside if item.width]
        if not passed.width and any(box.holds(point(line, np.linspace(0, 1, 40 * len(line)))).any() for box in boxes):
            passed.width = max(box.width for box in boxes)
            line = _smooth(chain)
    return line


def _smooth(chain: list[_Item]) -> Line:
    """Through all items of a chain, level wherever it meets one."""
    first, last = chain[0], chain[-1]
    pieces = []
    for here, there in pairwise(chain):
        # A line leaves and reaches a box outside the column's middle: under a label it runs level.
        y1 = _port(here, there, 1) if here is first else here.y
        y2 = _port(there, here, 0) if there is last else there.y
        start, end = here.x + here.width / 2, there.x - there.width / 2
        if here is not first and here.width:
            pieces.append(straight((here.x - here.width / 2, y1), (start, y1)))
        pieces.append(curve((start, y1), (end, y2), (end - start) / 2))
    return np.array(pieces)


def _port(node: _Item, other: _Item, side: int) -> float:
    """y at which the line to `other` meets a node."""
    return spread(node.y, [item.y for item in node.near[side]], PORT)[node.near[side].index(other)]


def _boxes(items: Sequence[_Item]) -> tuple[Box, ...]:
    return tuple(Box(item.x, item.y, item.width, item.height) for item in items)


def _items(
    widths: Sequence[float], edges: Sequence[tuple[int, int]], labels: Sequence[Size], joined: Sequence[int]
) -> tuple[list[_Item], list[_Item], list[list[_Item]]]:
    """Nodes, labels, and for every line the items that it passes from its source to its target."""
    depth: dict[int, int] = defaultdict(int)
    for source, target in sorted(edges, key=lambda edge: edge[1]):
        depth[target] = max(depth[target], depth[source] + 2)
    last = len(widths) - 1
    ends = [*edges, *((node, last) for node in joined)]
    if joined:
        depth[last] = max(depth.values()) + 1
    nodes = []
    for node, width in enumerate(widths):
        lines = max(sum(source == node for source, _ in ends), sum(target == node for _, target in ends))
        nodes.append(_Item(depth[node], width, max(LOWEST, lines * PORT + 10)))
    marks, chains = [], []
    for number, (source, target) in enumerate(ends):
        chain = [nodes[source]]
        for column in range(depth[source] + 1, depth[target]):
            has_label = number < len(edges) and column == depth[target] - 1
            chain.append(_Item(column, *labels[number]) if has_label else _Item(column, 0, LINE_HEIGHT))
        if number < len(edges):
            marks.append(chain[-1])
        chain.append(nodes[target])
        for first, second in pairwise(chain):
            first.near[1].append(second)
            second.near[0].append(first)
        chains.append(chain)
    return nodes, marks, chains


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
    starts = STARTS if sum(map(len, columns)) < LARGE else STARTS // 6
    for start in range(starts):
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
