"""Edge by edge, what two selections keep and where they differ.

Difference, differences, tally, in_words     every edge, and how many are in which state
plot_differences                             the strip between the two cells

A and B are always in this order, and always named by their letter.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from app.figures.frame import Figure, Margin, axis, band, empty_figure, figure, label, pill, small
from engine.drawing import palette, wording
from engine.drawing.palette import Theme
from engine.selection.selection import Selection
from engine.spaces import Edge

LETTERS = ("A", "B")
State = Literal["same", "operation", "input", "open"]
SIGNS: dict[State, str] = {"same": "=", "operation": "≠", "input": "≠", "open": "·"}
WORDS: dict[State, tuple[str, str]] = {
    "same": ("identical", "identical"),
    "operation": ("operation differs", "operations differ"),
    "input": ("kept input differs", "kept inputs differ"),
    "open": ("undecided", "undecided"),
}
"""Of one edge and of several."""


class Difference(NamedTuple):
    """One edge. a, b: the operation that each side decided for; kept: whether its node keeps it. None: undecided."""

    cell: str
    edge: int
    name: str
    a: str | None
    b: str | None
    kept: tuple[bool | None, bool | None]

    @property
    def state(self) -> State:
        """What both sides discard is the same, whatever stood on it."""
        if self.kept == (False, False):
            return "same"
        if False in self.kept:
            return "open" if None in self.kept else "input"
        if self.a is None or self.b is None:
            return "open"
        if self.a != self.b:
            return "operation"
        return "same" if self.kept[0] == self.kept[1] else "open"

    @property
    def differs(self) -> bool:
        return self.state in ("operation", "input")


def differences(first: Selection, second: Selection) -> tuple[Difference, ...]:
    """Every edge of two selections of one space."""
    space = first.space
    return tuple(
        Difference(
            cell,
            edge.index,
            space.cell(cell).edge_name(edge),
            first.operation(cell, edge),
            second.operation(cell, edge),
            (_kept(first, cell, edge), _kept(second, cell, edge)),
        )
        for cell in space.cells
        for edge in space.edges(cell)
    )


def _kept(selection: Selection, cell: str, edge: Edge) -> bool | None:
    if edge.target in selection.space.cell(cell).topology_nodes and selection.kept(cell, edge.target) is None:
        return None
    return not selection.is_discarded(cell, edge)


def tally(rows: Sequence[Difference]) -> dict[State, int]:
    """How many edges are in which state; those that occur."""
    counts = {state: sum(row.state == state for row in rows) for state in WORDS}
    return {state: count for state, count in counts.items() if count}


def in_words(counts: Mapping[State, int]) -> str:
    """A tally, e.g. "2 identical · 4 operations differ"; of a single edge without the number."""
    if sum(counts.values()) == 1:
        return WORDS[next(iter(counts))][0]
    return " · ".join(f"{count} {WORDS[state][count > 1]}" for state, count in counts.items())


_ROW = 27
_STRIP = Margin(94, 4, 22, 2)
_A, _SIGN, _B = 0.18, 0.5, 0.82


def plot_differences(rows: Sequence[Difference], selected: int | None, theme: Theme) -> Figure:
    """A row for every edge of one cell: its name, A's operation, a sign, B's. `customdata` of a row is [edge]."""
    if not rows:
        return empty_figure("different search spaces: no edge has a counterpart", theme)
    look, count = palette.roles(theme), len(rows)
    over = {"yref": "paper", "yanchor": "bottom", "yshift": 2}
    shapes: list[dict] = []
    annotations = [
        label(f"<b>{letter}</b>", x, 1, look.text, **over) for letter, x in zip(LETTERS, (_A, _B), strict=True)
    ]
    for place, row in enumerate(rows):
        if row.edge == selected:
            shapes += band(place, 0.48, look.band, _STRIP)
        left = {"xref": "paper", "xanchor": "left", "xshift": -_STRIP.left + 4, "font": small(look.text)}
        annotations += [
            label(wording.subscripts(row.name), 0, place, look.text, **left),
            label(f"<b>{SIGNS[row.state]}</b>", _SIGN, place, look.disagree if row.differs else look.muted),
        ]
        for name, kept, x in ((row.a, row.kept[0], _A), (row.b, row.kept[1], _B)):
            if name is None or kept is False:
                text = "open" if name is None else "cut"
                annotations.append(label(text, x, place, look.muted) | {"font": small(look.muted)})
                continue
            shape, code = pill(name, x, place, theme)
            shapes.append(shape)
            annotations.append(code)
    targets = {
        "type": "bar",
        "orientation": "h",
        "x": [1] * count,
        "y": list(range(count)),
        "width": 1,
        "opacity": 0,
        "customdata": [[row.edge] for row in rows],
        "hovertext": [f"{wording.subscripts(row.name)}: {WORDS[row.state][0]}" for row in rows],
        "hoverinfo": "text",
        # A chosen row is marked by its band; plotly's own way of marking it would show the bars.
        "selected": {"marker": {"opacity": 0}},
        "unselected": {"marker": {"opacity": 0}},
    }
    return figure(
        theme,
        _STRIP.top + _STRIP.bottom + _ROW * count,
        _STRIP,
        [targets],
        xaxis=axis(0, 1),
        yaxis=axis(count - 0.5, -0.5),
        shapes=shapes,
        annotations=annotations,
    )
