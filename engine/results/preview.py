"""First-order estimates of what removing an operation does to the loss: guesses, never scores.

OperationEstimate   one candidate operation
EdgeEstimate        those of an undecided edge
Preview             those of all undecided edges, from one pass
"""

from dataclasses import dataclass
from typing import Literal

from engine.results.plain import Plain
from engine.results.shown import Shown


@dataclass(frozen=True)
class OperationEstimate:
    """rise: by how much the loss (nats) goes up without the operation, were the loss a straight line."""

    name: str
    rise: float


@dataclass(frozen=True)
class EdgeEstimate:
    """Operations are in column order."""

    cell: str
    edge: int
    source: int
    target: int
    operations: tuple[OperationEstimate, ...]

    @property
    def spread(self) -> float:
        """The largest estimate minus the smallest: where it is large, measuring may tell operations apart."""
        rises = [each.rise for each in self.operations]
        return max(rises) - min(rises)

    def operation(self, name: str) -> OperationEstimate:
        return next(each for each in self.operations if each.name == name)


@dataclass(frozen=True)
class Preview(Shown, Plain):
    """loss: of the supernet on these images, nothing masked (nats). Edges by cell type, then by index."""

    edges: tuple[EdgeEstimate, ...]
    loss: float
    images: int
    batch_size: int
    bn: Literal["batch", "running"]
    device: str
    seconds: float

    def edge(self, cell: str, edge: int) -> EdgeEstimate | None:
        """None of an edge that was decided."""
        return next((each for each in self.edges if (each.cell, each.edge) == (cell, edge)), None)
