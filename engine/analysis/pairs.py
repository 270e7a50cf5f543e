"""Skip and convolution on one edge: where both are offered, and what Proposition 1 gives each. Free of torch.

EdgeOptimum     an edge that offers both, with what was measured on it
offered         these edges
share_of_skip   what the mixing weights give to skip, of what they give to both
convolutions    all those of such an edge
minimiser       the weight of skip that brings the edge's mix nearest to the cell's feature map
stated          the form of Proposition 1, which leaves out the covariance
"""

from dataclasses import dataclass

from engine.results import Interval
from engine.selection.alphas import Alphas
from engine.spaces import SearchSpace

SKIP = "skip_connect"
CONVOLUTIONS = ("nor_conv_3x3", "sep_conv_3x3", "dil_conv_3x3", "sep_conv_5x5", "dil_conv_5x5")
"""The first of these that an edge offers is held against skip."""
POINTWISE = ("nor_conv_1x1",)


@dataclass(frozen=True)
class EdgeOptimum:
    """An edge, mean over its cells and the batches. conv: the convolution that is held against skip. a, b, c: variances
    and covariance, see above. optimal: the weight of skip that minimises, with its 95 % interval over batches; stated:
    as Proposition 1 states it. learned: what the mixing weights give to skip, of what they give to both."""

    cell: str
    edge: int
    name: str
    conv: str
    a: float
    b: float
    c: float
    optimal: float
    ci: Interval | None
    stated: float
    learned: float | None


def minimiser(a: float, b: float, c: float) -> float:
    """Weight of skip between 0 and 1. With a = b = c, where nothing is to be gained, one half."""
    whole = a + b - 2 * c
    return 0.5 if whole <= 0 else min(1.0, max(0.0, (a - c) / whole))


def stated(a: float, b: float) -> float:
    """a / (a + b): the weight of skip grows with the distance of the convolution from m*."""
    return a / (a + b) if a + b else 0.5


def offered(space: SearchSpace) -> list[tuple[str, int, str]]:
    """Cell type, edge and convolution of every edge of stride 1 that has skip and one."""
    found = []
    for cell in space.cells:
        spec = space.cell(cell)
        for edge in spec.edges:
            names = spec.operations[edge.index]
            # a skip of stride 2 is a convolution itself
            strided = spec.stride != 1 and edge.source < spec.inputs
            conv = next((name for name in CONVOLUTIONS if name in names), None)
            if SKIP in names and conv is not None and not strided:
                found.append((cell, edge.index, conv))
    return found


def convolutions(space: SearchSpace, cell: str, edge: int) -> tuple[str, ...]:
    return tuple(name for name in space.operations(cell, edge) if name in (*CONVOLUTIONS, *POINTWISE))


def share_of_skip(space: SearchSpace, alphas: Alphas, cell: str, edge: int, conv: str) -> float:
    names, row = space.operations(cell, edge), alphas.weights(cell)[edge]
    skip, other = (float(row[names.index(name)]) for name in (SKIP, conv))
    return skip / (skip + other)
