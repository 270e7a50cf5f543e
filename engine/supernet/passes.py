"""What one forward pass holds fixed.

Pass    mixing weights, live operations, BN mode, noise seed
Group   operations that are evaluated together
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from torch import Tensor

from engine.supernet.normalisation import Mode
from engine.supernet.scorable import Weights

Place = tuple[int, int, int]
"""Of an operation on an edge: the edge, the column, and the target node."""


class Group(NamedTuple):
    """Operations of one kind that are evaluated together, with their mixing weights [n]."""

    name: str
    places: Sequence[Place]
    scale: Tensor


@dataclass(frozen=True)
class Pass:
    """One forward pass: mixing weights, which operations are live (weight not 0), BN mode, noise seed.

    `live` is read once on the host: testing every weight where it is used would cost a device sync each. absent:
    operations that are not live add their weight, which is 0, to every feature, so that a drawn weight has a gradient
    although its operation did not run (GDAS). whole: the weights before a mask, where they are masked: an edge is as
    strong as its row of them adds up to, for channels that go by its operations (PC-DARTS). drop: the probability that
    an image loses the output of an edge (R-DARTS). groups: what cells of a type have in common, kept as they find it.
    """

    weights: Weights
    live: Mapping[str, list[list[bool]]]
    mode: Mode
    noise: int | None = None
    absent: bool = False
    whole: Weights | None = None
    drop: float = 0.0
    groups: dict[Hashable, list[Group]] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, weights: Weights, mode: Mode, noise: int | None = None, whole: Weights | None = None) -> "Pass":
        live = {cell: (rows.detach() != 0).tolist() for cell, rows in weights.items()}
        return cls(weights, live, mode, noise, whole=whole)

    def with_noise(self, noise: int) -> "Pass":
        return replace(self, noise=noise)
