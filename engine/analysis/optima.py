"""What skip and convolution should get, measured on a supernet's feature maps (Wang et al. 2021, Proposition 1).

optima   every edge that offers both

The cell's optimal map m* is estimated as the standardised mean of what its edges add. With a = var(o - m*), b = var(x -
m*) and c their covariance, for a convolution's output o and its input x (that of skip), the weights that minimise
var(theta_skip x + theta_conv o - m*) and sum to 1 are theta_skip : theta_conv = (a - c) : (b - c). Proposition 1 states
a : b. Everything is standardised per channel, as the proposition supposes.
"""

from collections.abc import Callable, Sequence
from statistics import fmean

import numpy as np
import torch

from engine.analysis import opened
from engine.analysis.distances import Distances
from engine.analysis.pairs import EdgeOptimum, minimiser, share_of_skip, stated
from engine.analysis.spread import mean_interval
from engine.results import BnMode
from engine.scoring.scores import Batches
from engine.selection.selection import Selection
from engine.supernet.scorable import moved
from engine.supernet.supernet import Pass, Supernet

Moments = tuple[float, float, float]


def optima(
    supernet: Supernet,
    start: Selection,
    wanted: Sequence[tuple[str, int, str]],
    batches: Batches,
    bn: BnMode,
    report: Callable[[float], None] = lambda share: None,
) -> tuple[EdgeOptimum, ...]:
    """Of these edges (cell type, edge, convolution) those whose operations have weight. report: told the share of the
    batches that is done."""
    space = supernet.space
    taken = Pass.of(start.weights(supernet.device, supernet.dtype), bn)
    sums: dict[tuple[str, int], list[Moments]] = {(cell, edge): [] for cell, edge, _ in wanted}
    for number, (inputs, _) in enumerate(batches):
        batch = moved(inputs, supernet.device, supernet.dtype)
        assert isinstance(batch, torch.Tensor)
        for cell in dict.fromkeys(cell for cell, _, _ in wanted):
            own = {edge: space.operations(cell, edge).index(conv) for where, edge, conv in wanted if where == cell}
            look = Distances(own, len(space.edges(cell)))
            with torch.inference_mode():
                opened.run(supernet, batch, taken.with_noise(number), cell, look)
            for edge, moments in look.moments.items():
                sums[cell, edge].append(tuple(np.mean(moments, axis=0).tolist()))
        report((number + 1) / len(batches))
    return tuple(_optimum(start, place, found) for place in wanted if (found := sums[place[:2]]))


def _optimum(start: Selection, place: tuple[str, int, str], batches: Sequence[Moments]) -> EdgeOptimum:
    cell, edge, conv = place
    spec = start.space.cell(cell)
    a, b, c = (fmean(column) for column in zip(*batches, strict=True))
    return EdgeOptimum(
        cell,
        edge,
        spec.edge_name(spec.edges[edge]),
        conv,
        a,
        b,
        c,
        minimiser(a, b, c),
        mean_interval([minimiser(*moments) for moments in batches], 0.0, 1.0),
        stated(a, b),
        None if start.best_by_alpha(cell, edge) is None else share_of_skip(start.space, start.alphas, *place),
    )
