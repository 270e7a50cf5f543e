"""What lab "strength" finds, as plain values. Free of torch.

OperationStrength, EdgeStrength, StrengthResult   of an operation, an edge and all edges
rows                                              the numbers as a table
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.results import BnMode, Interval
from engine.results.plain import Plain
from engine.scoring.truth import spearman


@dataclass(frozen=True)
class OperationStrength:
    """weight: of its alpha, None where that is unknown. drop: points that the supernet loses without it; strength:
    accuracy (%) with it alone on the edge; both with 95 % intervals. course: accuracies after every pass, the first
    before any. plateau: whether it had stopped to rise."""

    name: str
    weight: float | None
    drop: float
    drop_ci: Interval | None
    strength: float
    ci: Interval | None
    course: tuple[float, ...]
    plateau: bool


@dataclass(frozen=True)
class EdgeStrength:
    """operations: those measured so far."""

    cell: str
    edge: int
    name: str
    operations: tuple[OperationStrength, ...]
    complete: bool

    def best(self, by: str) -> str | None:
        """Operation with the largest `weight`, `drop` or `strength`; None where it is unknown."""
        values = [getattr(each, by) for each in self.operations]
        if not values or None in values:
            return None
        return self.operations[values.index(max(values))].name

    def correlation(self, by: str) -> float | None:
        """Rank correlation of `weight` or `drop` with strength over the operations."""
        if len(self.operations) < 2 or self.best(by) is None:
            return None
        return spearman([getattr(each, by) for each in self.operations], [each.strength for each in self.operations])


@dataclass(frozen=True)
class StrengthResult(Plain):
    """before: accuracy (%) of the supernet as it is."""

    edges: tuple[EdgeStrength, ...]
    before: float
    images: int
    bn: BnMode
    space: str
    method: str
    final: bool

    @property
    def whole(self) -> tuple[EdgeStrength, ...]:
        """Edges of which every operation is measured."""
        return tuple(each for each in self.edges if each.complete)


def rows(result: StrengthResult) -> list[Mapping[str, Any]]:
    """A line for every operation."""
    return [
        {
            "cell": edge.cell,
            "edge": edge.edge,
            "operation": each.name,
            "weight": each.weight,
            "drop": each.drop,
            "strength": each.strength,
            "low": None if each.ci is None else each.ci[0],
            "high": None if each.ci is None else each.ci[1],
            "plateau": each.plateau,
            "course": " ".join(f"{accuracy:.2f}" for accuracy in each.course),
        }
        for edge in result.edges
        for each in edge.operations
    ]
