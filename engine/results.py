"""The contract between engine and front end: every typed result that leaves the engine.

Baseline          accuracy and loss of the unmasked supernet
OperationScore    one candidate operation of a scored edge
EdgeScores        what every operation of one edge is worth (masked evaluation)
InputScore        one incoming edge of a scored node
InputScores       which incoming edges a node should keep
Lookup            a NAS-Bench-201 cell's true accuracies
Reachable         true accuracies of all cells a partial selection can still become
EdgeWorth         what every operation of one undecided edge is truly worth, in OperationWorth
Agreement         how well a score names the truly best operations

Accuracies and drops are in percent (0..100) and percentage points, losses in nats, times in seconds.
A `ci` is a 95 % interval (low, high) or None when there are too few batches for one.
Nothing here imports torch; `to_dict`/`from_dict` go through plain JSON.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from engine.checked import checked

Interval = tuple[float, float]
Verdict = Literal["agree", "disagree", "too_close"]
BnMode = Literal["batch", "running"]
Criterion = Literal["accuracy", "loss"]


@dataclass(frozen=True)
class Baseline:
    """The unmasked supernet on the same images: accuracy (%), cross entropy, interval of the accuracy."""

    accuracy: float
    loss: float
    ci: Interval | None = None


@dataclass(frozen=True)
class OperationScore:
    """One operation: its alpha and mixing weight, and the supernet without it. drop = baseline - masked accuracy."""

    name: str
    alpha: float
    weight: float
    masked_accuracy: float
    masked_loss: float
    drop: float
    ci: Interval | None
    rise: float


@dataclass(frozen=True)
class EdgeScores:
    """Masked evaluation of one edge (Wang et al. 2021, section 4.1). Operations are in column order."""

    cell: str
    edge: int
    source: int
    target: int
    baseline: Baseline
    operations: tuple[OperationScore, ...]
    images: int
    batch_size: int
    bn: BnMode
    criterion: Criterion
    device: str
    seconds: float
    best_by_alpha: str
    best_by_drop: str
    best: str
    verdict: Verdict
    difference: float
    difference_ci: Interval | None
    separated: bool | None
    final: bool

    def operation(self, name: str) -> OperationScore:
        return next(score for score in self.operations if score.name == name)

    @property
    def none_stands_out(self) -> bool:
        """Every operation's interval holds zero: masking any of them makes no measurable difference."""
        return all(score.ci is not None and score.ci[0] <= 0 <= score.ci[1] for score in self.operations)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "EdgeScores":
        """Read `to_dict`; further keys do no harm. Raises BadInput for values of other types or not finite."""
        return checked(cls, dict(data))


@dataclass(frozen=True)
class InputScore:
    """One incoming edge of a node: the supernet without the whole mixed edge."""

    edge: int
    source: int
    masked_accuracy: float
    masked_loss: float
    drop: float
    ci: Interval | None
    rise: float


@dataclass(frozen=True)
class InputScores:
    """Topology scores of one node; `keep` holds the edges whose removal hurts most, ascending, as many as it keeps."""

    cell: str
    node: int
    baseline: Baseline
    candidates: tuple[InputScore, ...]
    keep: tuple[int, ...]
    images: int
    batch_size: int
    bn: BnMode
    criterion: Criterion
    device: str
    seconds: float
    final: bool

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "InputScores":
        """Read `to_dict`; further keys do no harm. Raises BadInput for values of other types or not finite."""
        return checked(cls, dict(data))


@dataclass(frozen=True)
class Lookup:
    """A NAS-Bench-201 cell trained for 200 epochs: test accuracies (%), rank (1 = best) and percentile per data set."""

    architecture: str
    index: int
    cifar10: float
    cifar100: float
    imagenet16_120: float
    rank: dict[str, int]
    percentile: dict[str, float]
    isomorphic: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Reachable:
    """True test accuracy (%) of all `count` completions of a partial selection, and its histogram over `bin_edges`."""

    dataset: str
    count: int
    best: float
    median: float
    worst: float
    counts: tuple[int, ...]
    bin_edges: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class OperationWorth:
    """One operation: mean and best true test accuracy (%) of all `count` reachable cells with it."""

    name: str
    mean: float
    best: float
    count: int


@dataclass(frozen=True)
class EdgeWorth:
    """What every operation of one undecided NAS-Bench-201 edge is truly worth. Operations are in column order."""

    edge: int
    operations: tuple[OperationWorth, ...]

    def operation(self, name: str) -> OperationWorth:
        return next(worth for worth in self.operations if worth.name == name)

    @property
    def winners(self) -> tuple[str, ...]:
        """The truly best operation on average; several where they tie."""
        highest = max(worth.mean for worth in self.operations)
        return tuple(worth.name for worth in self.operations if worth.mean == highest)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Agreement:
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
        return {**asdict(self), "hit_count": self.hit_count, "mean": self.mean}
