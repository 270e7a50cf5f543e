"""What is true of NAS-Bench-201 cells, and how well scores agree with it.

Lookup      a cell's true accuracies
Reachable   true accuracies of all cells a partial selection can still become
EdgeWorth   what every operation of one undecided edge is truly worth, in OperationWorth
Agreement   how well a score names the truly best operations
TruthKind   whether an operation is worth the mean or the best accuracy of the cells with it
"""

from dataclasses import dataclass
from typing import Any, Literal

from engine.results.plain import Plain

TruthKind = Literal["mean", "best"]


@dataclass(frozen=True)
class Lookup(Plain):
    """A NAS-Bench-201 cell trained for 200 epochs: test accuracies (%), rank (1 = best) and percentile per data set."""

    architecture: str
    index: int
    cifar10: float
    cifar100: float
    imagenet16_120: float
    rank: dict[str, int]
    percentile: dict[str, float]
    isomorphic: tuple[str, ...]


@dataclass(frozen=True)
class Reachable(Plain):
    """True test accuracy (%) of all `count` completions of a partial selection, and its histogram over `bin_edges`."""

    dataset: str
    count: int
    best: float
    median: float
    worst: float
    counts: tuple[int, ...]
    bin_edges: tuple[float, ...]


@dataclass(frozen=True)
class OperationWorth:
    """One operation: mean and best true test accuracy (%) of all `count` reachable cells with it."""

    name: str
    mean: float
    best: float
    count: int


@dataclass(frozen=True)
class EdgeWorth(Plain):
    """What every operation of one undecided NAS-Bench-201 edge is truly worth. Operations are in column order."""

    edge: int
    operations: tuple[OperationWorth, ...]

    def operation(self, name: str) -> OperationWorth:
        return next(worth for worth in self.operations if worth.name == name)

    @property
    def winners(self) -> tuple[str, ...]:
        """The truly best operation on average; several where they tie."""
        return self.winners_by("mean")

    def winners_by(self, by: TruthKind) -> tuple[str, ...]:
        """The truly best operation on average, or by its best cell; several where they tie."""
        highest = max(getattr(worth, by) for worth in self.operations)
        return tuple(worth.name for worth in self.operations if getattr(worth, by) == highest)


@dataclass(frozen=True)
class Agreement(Plain):
    """How well a score names the truly best operations, edge by edge.

    hits: whether the edge's strongest operation is a truly best one. correlations: rank correlation (Spearman) of the
    score with the true mean accuracy.
    """

    score: str
    edges: tuple[int, ...]
    hits: tuple[bool, ...]
    correlations: tuple[float, ...]

    @property
    def hit_count(self) -> int:
        return sum(self.hits)

    @property
    def mean(self) -> float:
        """Mean rank correlation over the edges."""
        return sum(self.correlations) / len(self.correlations)

    def to_dict(self) -> dict[str, Any]:
        return {**super().to_dict(), "hit_count": self.hit_count, "mean": self.mean}
