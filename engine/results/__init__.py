"""The contract between engine and front end: every typed result that leaves the engine.

Baseline          accuracy and loss of the unmasked supernet
OperationScore    one candidate operation of a scored edge
EdgeScores        what every operation of one edge is worth (masked evaluation)
InputScore        one incoming edge of a scored node
InputScores       which incoming edges a node should keep
Preview           first-order estimates for all undecided edges, in EdgeEstimate and OperationEstimate: guesses
Lookup            a NAS-Bench-201 cell's true accuracies
Reachable         true accuracies of all cells a partial selection can still become
EdgeWorth         what every operation of one undecided edge is truly worth, in OperationWorth
Agreement         how well a score names the truly best operations

Accuracies and drops are in percent (0..100) and percentage points, losses in nats, times in seconds.
A `ci` is a plain 95 % interval (low, high) or None when there are too few batches for one; a `lead_ci` holds over all
rivals and looks (`verdicts`). What follows from other fields is worked out when a result is made or read.
Nothing here imports torch; `to_dict`/`from_dict` go through plain JSON. What is `Shown` draws itself in a notebook.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.errors import BadInput
from engine.results import verdicts
from engine.results.plain import Plain
from engine.results.preview import EdgeEstimate as EdgeEstimate
from engine.results.preview import OperationEstimate as OperationEstimate
from engine.results.preview import Preview as Preview
from engine.results.shown import Shown
from engine.results.truth import Agreement as Agreement
from engine.results.truth import EdgeWorth as EdgeWorth
from engine.results.truth import Lookup as Lookup
from engine.results.truth import OperationWorth as OperationWorth
from engine.results.truth import Reachable as Reachable
from engine.results.truth import TruthKind as TruthKind
from engine.results.verdicts import InputsVerdict, Interval, Verdict

BnMode = Literal["batch", "running"]
Criterion = Literal["accuracy", "loss"]

SILENT = "none"
"""The operation that adds nothing: that its removal makes no difference is known before anything is measured."""


@dataclass(frozen=True)
class Baseline:
    """The unmasked supernet on the same images: accuracy (%), cross entropy, interval of the accuracy."""

    accuracy: float
    loss: float
    ci: Interval | None = None


@dataclass(frozen=True)
class OperationScore:
    """One operation: its alpha (None: unknown) and mixing weight, and the supernet without it.

    drop = baseline - masked accuracy.
    """

    name: str
    alpha: float | None
    weight: float
    masked_accuracy: float
    masked_loss: float
    drop: float
    ci: Interval | None
    rise: float


@dataclass(frozen=True)
class EdgeScores(Shown, Plain):
    """Masked evaluation of one edge (Wang et al. 2021, section 4.1). Operations are in column order.

    best: the leader, whose removal hurts most by the criterion. difference: its drop minus that of alpha's choice, with
    the plain paired interval. Where alpha is unknown, best_by_alpha, verdict and difference are None. rival: whom the
    leader is compared with, alpha's choice or (where it is that, or alpha is unknown) the runner-up; lead: its drop
    minus the rival's; lead_ci: the interval of the lead that holds over all rivals and looks. Of older files, which
    have none, it follows from `difference_ci`, or is bounded by the intervals of both drops.
    """

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
    best_by_alpha: str | None
    best_by_drop: str
    best: str
    verdict: Verdict | None = field(init=False)
    difference: float | None
    difference_ci: Interval | None
    rival: str | None = field(init=False)
    lead: float | None = field(init=False)
    lead_ci: Interval | None = field(default=None, kw_only=True)
    separated: bool | None
    final: bool

    def __post_init__(self) -> None:
        names = [score.name for score in self.operations]
        if not {self.best, self.best_by_drop, self.best_by_alpha or self.best} <= set(names):
            raise BadInput(f"the best of edge {self.edge} is none of its operations")
        best = names.index(self.best)
        by_alpha = None if self.best_by_alpha is None else names.index(self.best_by_alpha)
        rival = verdicts.rival(best, by_alpha, _worth(self.operations, self.criterion))
        lead, lead_ci = None, self.lead_ci
        if rival is not None:
            one, other = self.operations[best], self.operations[rival]
            lead = one.drop - other.drop
            if lead_ci is None:
                plain = self.difference_ci if rival == by_alpha else verdicts.apart(one.ci, other.ci)
                comparisons = (len(names) - 1) * verdicts.LOOKS
                lead_ci = verdicts.widened(plain, _values(self.images, self.batch_size, self.bn), comparisons)
        _settle(self, rival=None if rival is None else names[rival], lead=lead, lead_ci=lead_ci)
        _settle(self, verdict=verdicts.of_edge(None if by_alpha is None else best == by_alpha, lead_ci, self._effects))

    @property
    def _effects(self) -> list[Interval | None]:
        """Intervals of the drops of all operations that add something."""
        return [score.ci for score in self.operations if score.name != SILENT]

    def operation(self, name: str) -> OperationScore:
        return next(score for score in self.operations if score.name == name)

    @property
    def none_stands_out(self) -> bool:
        """Every operation's interval holds zero: masking any of them makes no measurable difference."""
        return all(map(verdicts.holds_zero, self._effects))

    @property
    def stands_out(self) -> bool:
        """The leader is told apart from its rival, at all looks: what suggestions and counts go by."""
        return verdicts.lies_above(self.lead_ci) and not self.none_stands_out


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
class InputScores(Shown, Plain):
    """Topology scores of one node; `keep` holds the edges whose removal hurts most, ascending, as many as it keeps.

    last: the edge that is only just kept; rival: the first one that is not; lead: the drop of the one minus the drop
    of the other; lead_ci: its paired interval, which holds over all such pairs and looks. Of older files, which have
    none, it is bounded by the intervals of both drops. verdict: whether what is kept is told apart from the rest.
    """

    cell: str
    node: int
    baseline: Baseline
    candidates: tuple[InputScore, ...]
    keep: tuple[int, ...]
    verdict: InputsVerdict = field(init=False)
    last: int = field(init=False)
    rival: int = field(init=False)
    lead: float = field(init=False)
    lead_ci: Interval | None = field(default=None, kw_only=True)
    images: int
    batch_size: int
    bn: BnMode
    criterion: Criterion
    device: str
    seconds: float
    final: bool

    def __post_init__(self) -> None:
        worth = dict(zip((one.edge for one in self.candidates), _worth(self.candidates, self.criterion), strict=True))
        gone = [edge for edge in worth if edge not in self.keep]
        if not self.keep or not gone or not set(self.keep) <= set(worth):
            raise BadInput(f"node {self.node} keeps some of its inputs {list(worth)}, not {list(self.keep)}")
        # As in the ranking, the later of two equal edges is the lesser one.
        last = min(self.keep, key=lambda edge: (worth[edge], -edge))
        rival = max(gone, key=lambda edge: (worth[edge], -edge))
        one, other = (self.input(edge) for edge in (last, rival))
        lead_ci = self.lead_ci
        if lead_ci is None:
            plain = verdicts.apart(one.ci, other.ci)
            comparisons = len(self.keep) * len(gone) * verdicts.LOOKS
            lead_ci = verdicts.widened(plain, _values(self.images, self.batch_size, self.bn), comparisons)
        _settle(self, last=last, rival=rival, lead=one.drop - other.drop, lead_ci=lead_ci)
        _settle(self, verdict=verdicts.of_inputs(lead_ci, [each.ci for each in self.candidates]))

    def input(self, edge: int) -> InputScore:
        return next(score for score in self.candidates if score.edge == edge)

    @property
    def stands_out(self) -> bool:
        """What is kept is told apart from the rest, at all looks: what suggestions go by."""
        return self.verdict == "separated"


def _worth(rows: Sequence[OperationScore] | Sequence[InputScore], criterion: Criterion) -> list[float]:
    """What removing each costs by the criterion: the order in which they rank."""
    return [-row.masked_accuracy if criterion == "accuracy" else row.masked_loss for row in rows]


def _values(images: int, batch_size: int, bn: BnMode) -> int:
    """Of how many values an interval was taken: images with running statistics, else whole batches."""
    return images if bn == "running" else images // batch_size


def _settle(result: "EdgeScores | InputScores", **found: Any) -> None:
    """Fill in what follows from other fields, while a result is made."""
    for name, value in found.items():
        object.__setattr__(result, name, value)
