"""What alpha alone says of an edge: the stand-in for EdgeScores where nothing has been measured.

EdgeAlphas    operations, alphas, mixing weights and alpha's choice of one edge
edge_alphas   read them from a selection's or checkpoint's alphas
"""

from typing import NamedTuple

from engine.selection.alphas import Alphas
from engine.spaces import Edge


class EdgeAlphas(NamedTuple):
    """One edge as alpha sees it, named as in EdgeScores. `operations`, `alphas`, `weights` are in column order.

    best_by_alpha: None where alpha is unknown.
    """

    cell: str
    edge: int
    operations: tuple[str, ...]
    alphas: tuple[float, ...]
    weights: tuple[float, ...]
    best_by_alpha: str | None


def edge_alphas(alphas: Alphas, cell: str, edge: int | Edge) -> EdgeAlphas:
    """Alphas and mixing weights of an undecided edge. Raises BadInput for an unknown cell type or edge."""
    index = alphas.space.edge(cell, edge).index
    row = alphas[cell][index]
    weights = alphas.weights(cell)[index]
    return EdgeAlphas(
        cell, index, alphas.space.operations(cell, index), row, tuple(map(float, weights)), alphas.best(cell, index)
    )
