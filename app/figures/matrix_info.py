"""What a figure of every edge of a cell against every operation shows; `app.figures.matrix` draws it.

MatrixInfo, MatrixRow, MatrixCell   drops, choices and verdicts, estimates, the truly best
matrix_info                         from the scores (or, unmeasured, the alphas) of a cell's edges
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.figures.edge_alphas import EdgeAlphas
from engine.drawing import palette, wording
from engine.results import EdgeScores, EdgeWorth, Interval, Preview, Verdict
from engine.spaces import SearchSpace


class MatrixCell(NamedTuple):
    """One operation of one edge. drop and ci in points, None while not measured.

    estimate: what the loss rises by without it to first order (nats), a guess; only where nothing is measured.
    """

    operation: str
    weight: float
    drop: float | None
    ci: Interval | None
    estimate: float | None = None


class MatrixRow(NamedTuple):
    """One edge. `cells` are the operations that the edge offers, or only the decided one.

    by_alpha, verdict: None where alpha is unknown. stands_out: whether the measured choice is told apart.
    """

    edge: int
    name: str
    cells: tuple[MatrixCell, ...]
    by_alpha: str | None
    by_measurement: str | None
    verdict: Verdict | None
    decided: str | None
    stands_out: bool = False

    @property
    def is_estimated(self) -> bool:
        """Whether there is nothing but estimates."""
        return any(cell.estimate is not None for cell in self.cells)


class MatrixInfo(NamedTuple):
    """`columns`: all operations of the cell type, as they first appear; `selected`: index of the selected edge.

    truth: (edge, operation) of the truly best operations on average. without: what is said of an edge without drops.
    """

    columns: tuple[str, ...]
    rows: tuple[MatrixRow, ...]
    selected: int | None
    truth: tuple[tuple[int, str], ...] = ()
    without: str = "not measured"

    @property
    def summary(self) -> str:
        """What the figure shows, in a sentence."""
        drops = [(cell.drop, cell, row) for row in self.rows for cell in row.cells if cell.drop is not None]
        size = f"{len(self.rows)} edges, {len(self.columns)} operations"
        guessed = sum(row.is_estimated for row in self.rows)
        if guessed:
            size += f"; rough first-order estimates of {guessed} unmeasured edges"
        if not drops:
            return f"{size}; {self.without}"
        largest, cell, row = max(drops, key=lambda each: each[0])
        different = [
            row
            for row in self.rows
            if None not in (row.by_measurement, row.by_alpha) and row.by_measurement != row.by_alpha
        ]
        measured = sum(row.by_measurement is not None for row in self.rows)
        return (
            f"{size}; largest drop {wording.points(largest)}, {palette.operation(cell.operation).label} on "
            f"{wording.plain(row.name)}; measurement and α favour different operations on {len(different)} of "
            f"{measured} measured edges"
        )


def matrix_info(
    space: SearchSpace,
    edges: Sequence[EdgeScores | EdgeAlphas],
    selected: int | None = None,
    decided: Mapping[int, str] | None = None,
    truth: Sequence[EdgeWorth] = (),
    preview: Preview | None = None,
    without: str = "not measured",
) -> MatrixInfo:
    """One row for each of `edges`, in their order; `decided` maps the edges decided so far to their operation. preview:
    estimates for those that are not measured. without: what is said of an edge without drops."""
    rows = tuple(_row(space, edge, (decided or {}).get(edge.edge), preview) for edge in edges)
    cells = dict.fromkeys(edge.cell for edge in edges)
    columns = dict.fromkeys(
        name for cell in cells for edge in space.edges(cell) for name in space.operations(cell, edge)
    )
    best = tuple((worth.edge, name) for worth in truth for name in worth.winners)
    return MatrixInfo(tuple(columns), rows, selected, best, without)


def _row(
    space: SearchSpace, scores: EdgeScores | EdgeAlphas, decided: str | None, preview: Preview | None
) -> MatrixRow:
    name = space.cell(scores.cell).edge_name(space.edge(scores.cell, scores.edge))
    if isinstance(scores, EdgeScores):
        cells = tuple(MatrixCell(score.name, score.weight, score.drop, score.ci) for score in scores.operations)
        choice, verdict, stands_out = scores.best, scores.verdict, scores.stands_out
    else:
        found = preview.edge(scores.cell, scores.edge) if preview else None
        columns = zip(scores.operations, scores.weights, strict=True)
        cells = tuple(
            MatrixCell(operation, weight, None, None, found.operation(operation).rise if found else None)
            for operation, weight in columns
        )
        choice, verdict, stands_out = None, None, False
    if decided is not None:
        cells, choice, verdict = (MatrixCell(decided, 1.0, None, None),), None, None
    return MatrixRow(scores.edge, name, cells, scores.best_by_alpha, choice, verdict, decided, stands_out)
