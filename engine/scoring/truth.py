"""How well scores name the truly best operations of NAS-Bench-201. Without torch.

agreement    one score against the truth
spearman     the rank correlation of two lists, ties averaged
scoreboard   alpha, the measured drop, and the order of operations that needs no supernet
PRIOR        that order

The truth of an operation is the mean true accuracy of all reachable cells with it (`engine.nasbench201.worth`). It
favours what helps on average, whatever the other edges hold: a score may disagree with it and still lead to a good
cell, and a score that only knows the kind of operation comes close to it. So that one stands beside the others.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from engine.results import Agreement, EdgeWorth, TruthKind

PRIOR = ("none", "avg_pool_3x3", "skip_connect", "nor_conv_1x1", "nor_conv_3x3")
"""From the weakest to the strongest, the same on every edge: nothing of a supernet is in it."""

Values = Mapping[str, float]
"""A score by operation; larger is stronger."""


def agreement(
    score: str, values: Mapping[int, Values], truth: Sequence[EdgeWorth], by: TruthKind = "mean"
) -> Agreement | None:
    """values: by edge; edges without any count as not scored. None where no undecided edge is scored. by: whether an
    operation is worth the mean or the best accuracy of the cells with it.

    Ties of a score go to the operation that comes first, ties of the truth all count as hits. Ranks are averaged over
    ties; a score that is the same for all operations has correlation 0.
    """
    known = [worth for worth in truth if worth.edge in values]
    if not known:
        return None
    hits, correlations = [], []
    for worth in known:
        own = [values[worth.edge][operation.name] for operation in worth.operations]
        hits.append(worth.operations[int(np.argmax(own))].name in worth.winners_by(by))
        correlations.append(spearman(own, [getattr(operation, by) for operation in worth.operations]))
    return Agreement(score, tuple(worth.edge for worth in known), tuple(hits), tuple(correlations))


def scoreboard(
    alphas: Mapping[int, Values], drops: Mapping[int, Values], truth: Sequence[EdgeWorth]
) -> tuple[Agreement, ...]:
    """Alpha and drop, each over the edges that have it, and the prior over all undecided edges."""
    prior = {worth.edge: {name: float(rank) for rank, name in enumerate(PRIOR)} for worth in truth}
    rows = (agreement(*row, truth) for row in (("alpha", alphas), ("drop", drops), ("prior", prior)))
    return tuple(row for row in rows if row is not None)


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """Rank correlation, -1 to 1; 0 where one of them knows no difference."""
    from scipy.stats import rankdata

    ranks = rankdata(first), rankdata(second)
    if any(np.ptp(each) == 0 for each in ranks):
        return 0.0
    return float(np.corrcoef(*ranks)[0, 1])
