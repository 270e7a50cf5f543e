"""On which edges which operations win, over several runs: by alpha and by measurement, as two heat maps side by side.

WinsMap, Wins    what is drawn
wins_map         from rows of the population
plot_wins_map    the plotly figure
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.figures.frame import Figure, Margin, axis, empty_figure, figure, label, small
from engine.drawing import palette, wording
from engine.drawing.palette import Theme
from engine.population import Member
from engine.selection.genotype_text import parse_genotype
from engine.spaces import SearchSpace, search_space

NONE = "left out"
"""The column of edges that a finished cell does not keep."""


class Wins(NamedTuple):
    """One edge: which share of the runs ends with each operation, 0 to 1; a run's edge orders share its vote."""

    edge: str
    alpha: Mapping[str, float]
    measured: Mapping[str, float]


class WinsMap(NamedTuple):
    """rows: edges of one cell type. operations: columns that anything won, then NONE where edges were left out.

    runs: how many voted by alpha, and how many by measurement with so many finished cells.
    """

    cell: str
    rows: tuple[Wins, ...]
    operations: tuple[str, ...]
    runs: tuple[int, int]
    cells: int

    @property
    def summary(self) -> str:
        """e.g. "α of 3 runs: skip wins 67 % of the edges, conv 3×3 33 %; measurement: ..."."""
        return f"α of {self.runs[0]} runs: {self._said('alpha')}; measurement: {self._said('measured')}"

    def _said(self, by: str) -> str:
        shares = {
            name: sum(getattr(row, by).get(name, 0.0) for row in self.rows) / len(self.rows) for name in self.operations
        }
        ranked = sorted(((share, name) for name, share in shares.items() if share > 0), reverse=True)
        return ", ".join(f"{_name(name)} {100 * share:.0f} %" for share, name in ranked) or "nothing is known"


def wins_map(members: Sequence[Member], cell: str) -> WinsMap | None:
    """One cell type of runs of one space; None where they are of several, or none ended anywhere."""
    spaces = {member.space for member in members}
    if len(spaces) != 1 or None in spaces:
        return None
    name = next(iter(spaces))
    assert name is not None
    try:
        space = search_space(name)
    except ValueError:  # a declared space, whose edges only its checkpoints know
        return None
    if cell not in space.cells:
        return None
    alpha = [[member.alpha_end] for member in members if member.alpha_end is not None]
    measured = [[end for ends in member.ends for end in ends.genotypes] for member in members if member.ends]
    if not alpha and not measured:
        return None
    by_alpha, by_measurement = _votes(space, cell, alpha), _votes(space, cell, measured)
    rows = tuple(
        Wins(space.cell(cell).edge_name(edge), by_alpha[edge.index], by_measurement[edge.index])
        for edge in space.edges(cell)
    )
    won = {name for row in rows for name in (*row.alpha, *row.measured)}
    order = dict.fromkeys(name for edge in space.edges(cell) for name in space.operations(cell, edge))
    shown = tuple(name for name in (*order, NONE) if name in won)
    return WinsMap(cell, rows, shown, (len(alpha), len(measured)), sum(map(len, measured)))


def _votes(space: SearchSpace, cell: str, runs: Sequence[Sequence[str]]) -> list[dict[str, float]]:
    """By edge index, the share of the runs that end with each operation."""
    votes: list[dict[str, float]] = [{} for _ in space.edges(cell)]
    for ends in runs:
        for text in ends:
            placed = {(source, target): name for name, source, target in parse_genotype(text).edges(cell)}
            for edge in space.edges(cell):
                name = placed.get((edge.source, edge.target), NONE)
                votes[edge.index][name] = votes[edge.index].get(name, 0.0) + 1 / len(ends) / len(runs)
    return votes


_ROW = 26
_MARGIN = Margin(118, 8, 44, 6)
_GAP = 0.6
"""Columns between the two maps."""


def plot_wins_map(info: WinsMap | None, theme: Theme) -> Figure:
    """Left how often alpha keeps an operation on an edge, right how often measurement does; in percent of the runs."""
    if info is None:
        return empty_figure("no cell is known to compare", theme)
    look, columns, count = palette.roles(theme), len(info.operations), len(info.rows)
    annotations, shapes = [], []
    for half, title in enumerate((f"α, {_runs(info.runs[0])}", f"measurement, {_runs(info.runs[1])}")):
        begun = half * (columns + _GAP)
        over = {"yref": "paper", "xanchor": "left", "yanchor": "bottom", "yshift": 22}
        annotations.append(label(f"<b>{title}</b>", begun, 1, look.text, **over))
        for place, name in enumerate(info.operations):
            code = "–" if name == NONE else palette.operation(name).code
            over = {"yref": "paper", "yanchor": "bottom", "yshift": 3, "font": small(look.muted)}
            annotations.append(label(code, begun + place + 0.5, 1, look.muted, **over))
            for row, wins in enumerate(info.rows):
                share = (wins.measured if half else wins.alpha).get(name, 0.0)
                shapes.append(_square(begun + place, row, share, look))
                if share > 0:
                    ground = _shade(share, look)
                    ink = max((look.text, look.background), key=lambda letter: palette.contrast(letter, ground))
                    annotations.append(
                        label(f"{100 * share:.0f}", begun + place + 0.5, row, ink, font=small(ink)),
                    )
    for row, wins in enumerate(info.rows):
        left = {"xref": "paper", "xanchor": "left", "xshift": -_MARGIN.left + 4}
        annotations.append(label(wording.subscripts(wins.edge), 0, row, look.text, **left))
    return figure(
        theme,
        _MARGIN.top + _MARGIN.bottom + _ROW * count,
        _MARGIN,
        [],
        xaxis=axis(0, 2 * columns + _GAP),
        yaxis=axis(count - 0.5, -0.5),
        shapes=shapes,
        annotations=annotations,
    )


def _square(x: float, row: int, share: float, look: palette.Roles) -> dict:
    place = {"x0": round(x + 0.04, 3), "x1": round(x + 0.96, 3), "y0": row - 0.44, "y1": row + 0.44}
    fill = {"fillcolor": _shade(share, look) if share else look.surface, "line": {"width": 0}}
    return {"type": "rect", **place, **fill, "layer": "below"}


def _shade(share: float, look: palette.Roles) -> str:
    """The ground of a square, the nearer to the letters' colour the larger the share; from 12 % on, to be seen."""
    part = 0.12 + 0.78 * share
    pairs = ((int(look.background[at : at + 2], 16), int(look.text[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(low + part * (high - low)):02X}" for low, high in pairs)


def _runs(count: int) -> str:
    return wording.several(count, "run")


def _name(operation: str) -> str:
    return NONE if operation == NONE else palette.operation(operation).label
