"""Plausible measurements for pictures of cells, made from a seed.

sample_weights, sample_scores   mixing weights [edges][operations] and EdgeScores by edge index, of one cell type
"""

import numpy as np

from engine.results import Baseline, EdgeScores, OperationScore
from engine.spaces import SearchSpace

NOISE = 1.2  # half an interval, in points


def sample_weights(space: SearchSpace, cell: str, seed: int = 0) -> list[list[float]]:
    logits = np.random.default_rng(seed).normal(0, 0.5, space.shape(cell))
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return shares.tolist()


def sample_scores(space: SearchSpace, cell: str, weights: list[list[float]], seed: int = 0) -> dict[int, EdgeScores]:
    generator = np.random.default_rng(seed + 100)
    scores = {}
    for edge in space.edges(cell):
        names = space.operations(cell, edge)
        drops = generator.gamma(0.8, 1.6, len(names)) - 0.6
        rows = [
            OperationScore(name, 0.0, weight, 54 - drop, 1.3, drop, (drop - NOISE, drop + NOISE), drop / 40)
            for name, weight, drop in zip(names, weights[edge.index], drops.tolist(), strict=True)
        ]
        allowed = [row for row in rows if row.name in space.eligible(cell, edge)]
        by_alpha = max(allowed, key=lambda row: row.weight)
        best = max(rows, key=lambda row: row.drop)
        difference = best.drop - by_alpha.drop
        lead = difference or best.drop - max(row.drop for row in rows if row is not best)
        scores[edge.index] = EdgeScores(
            cell=cell,
            edge=edge.index,
            source=edge.source,
            target=edge.target,
            baseline=Baseline(54.3, 1.25, (51.2, 57.4)),
            operations=tuple(rows),
            images=1024,
            batch_size=64,
            bn="batch",
            criterion="accuracy",
            device="cpu",
            seconds=0.8,
            best_by_alpha=by_alpha.name,
            best_by_drop=best.name,
            best=best.name,
            difference=difference,
            difference_ci=(difference - NOISE, difference + NOISE),
            lead_ci=(lead - NOISE, lead + NOISE),
            separated=None,
            final=True,
        )
    return scores
