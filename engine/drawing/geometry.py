"""Boxes and smooth lines, the same in every picture of a cell.

Box               a rectangle by its centre
Line              a smooth line: cubic Bézier pieces, end to end
curve, straight   a piece that is level at both ends; a piece without a bend
spread            where several lines meet one side of a box
point             places on a line
path              a line as SVG path text
Parallels         a line and all that run beside it: text for any distance, by two numbers for every coordinate
arrow             the head at a line's end, as SVG path text

Units are SVG user units (CSS pixels at scale 1), y grows downwards. A piece is an array [4, 2] of
its start, two handles and its end.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

Line = np.ndarray  # [pieces, 4, 2]


class Box(NamedTuple):
    """A rectangle around its centre (x, y)."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        return self.x + self.width / 2

    @property
    def top(self) -> float:
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height / 2

    def holds(self, places: np.ndarray) -> np.ndarray:
        """Which of the places [..., 2] lie inside: [...] bools."""
        inside = np.abs(places - (self.x, self.y)) < (self.width / 2, self.height / 2)
        return np.asarray(inside.all(-1))


def curve(start: tuple[float, float], end: tuple[float, float], bend: float) -> np.ndarray:
    """[4, 2]: from one place to another that lies to its right, level at both. bend: how far it stays level."""
    (left, high), (right, low) = start, end
    return np.array([(left, high), (left + bend, high), (right - bend, low), (right, low)], dtype=float)


def straight(start: tuple[float, float], end: tuple[float, float]) -> np.ndarray:
    """[4, 2]."""
    return np.linspace(start, end, 4)


def spread(middle: float, directions: Sequence[float], spacing: float) -> list[float]:
    """y of each line's end at a box around `middle`: in the order of their directions, so that few lines cross."""
    order = sorted(range(len(directions)), key=directions.__getitem__)
    places = {line: middle + (rank - (len(order) - 1) / 2) * spacing for rank, line in enumerate(order)}
    return [places[line] for line in range(len(order))]


def point(line: Line, t: float | np.ndarray) -> np.ndarray:
    """Place(s) on a line, every piece taking the same share of 0 to 1: [2], or [n, 2] for n parameters."""
    t = np.asarray(t, dtype=float) * len(line)
    piece = np.minimum(t.astype(int), len(line) - 1)
    return _place(line[piece], (t - piece)[..., None])


def _place(piece: np.ndarray, t: np.ndarray) -> np.ndarray:
    start, leave, reach, end = np.moveaxis(piece, -2, 0)
    return (1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * leave + 3 * (1 - t) * t**2 * reach + t**3 * end


class Parallels(NamedTuple):
    """A line and every line beside it, as JSON-able numbers.

    Coordinate i of the path that runs `offset` above the line (to the left, seen from its start) is
    places[i] + offset * above[i]. Both lists hold x and y of the path's places and handles in turn.
    """

    places: list[float]
    above: list[float]

    def path(self, offset: float) -> str:
        """SVG path text; the component in the browser does the same sum."""
        return _text(place + offset * by for place, by in zip(self.places, self.above, strict=True))


def parallels(line: Line, parts: int = 4) -> Parallels:
    """What runs beside a line. A line beside a cubic is no cubic: each piece is drawn in parts, with the true places
    and directions at their ends. parts: for each piece of the line."""
    times = np.linspace(0, 1, parts + 1)[:, None]
    places: list[np.ndarray] = []
    above: list[np.ndarray] = []
    for start, leave, reach, end in line:
        place = _place(np.array([start, leave, reach, end]), times)
        along = 3 * ((1 - times) ** 2 * (leave - start) + 2 * (1 - times) * times * (reach - leave))
        along += 3 * times**2 * (end - reach)
        turning = 6 * ((1 - times) * (reach - 2 * leave + start) + times * (end - 2 * reach + leave))
        speed = np.linalg.norm(along, axis=1, keepdims=True)
        direction = along / speed
        # The unit normal, and how it turns: the derivative of `direction`, a quarter turn to the left.
        normal = _left_of(direction)
        turn = _left_of((turning - direction * (direction * turning).sum(1, keepdims=True)) / speed)
        places += _with_handles(place, along / parts / 3, first=not places)
        above += _with_handles(normal, turn / parts / 3, first=not above)
    return Parallels(
        [round(float(value), 2) for pair in places for value in pair],
        [round(float(value), 3) for pair in above for value in pair],
    )


def _left_of(vectors: np.ndarray) -> np.ndarray:
    return np.stack([vectors[:, 1], -vectors[:, 0]], 1)


def _with_handles(places: np.ndarray, handles: np.ndarray, first: bool) -> list[np.ndarray]:
    """The places of a path with the handles between them; its start only in a line's first piece."""
    path = [places[0]] if first else []
    for number in range(len(places) - 1):
        path += [places[number] + handles[number], places[number + 1] - handles[number + 1], places[number + 1]]
    return path


def path(line: Line) -> str:
    """SVG path text of a line."""
    return _text(float(value) for value in np.concatenate([line[0, :1].ravel(), line[:, 1:].ravel()]))


def _text(numbers: Iterable[float]) -> str:
    x, y, *rest = (f"{number:.1f}" for number in numbers)
    return f"M{x} {y}C{' '.join(rest)}"


def arrow(line: Line, size: float) -> str:
    """The head at a line's end, which is level and points to the right."""
    x, y = line[-1, -1]
    return f"M{x:.1f} {y:.1f}l{-size:g} {-size / 2:g}v{size:g}z"
