"""What lab "signals" finds, and what it says about each signal. Free of torch.

SignalValues    a signal of all edges and operations, of every image set
SignalsResult   everything that the lab finds
SignalRow       one signal against the truth
table           a row for every signal
paired          by how much one signal's rank correlations lie above another's
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean

import numpy as np

from engine import nasbench201
from engine.analysis.signals.kinds import BASELINES
from engine.analysis.spread import mean_interval
from engine.results import BnMode, EdgeWorth, Interval, OperationWorth, TruthKind
from engine.results.plain import Plain
from engine.scoring.truth import agreement, spearman
from engine.selection.genotype import Genotype

Row = tuple[float | None, ...]
"""Of an edge's operations, in column order; None stands below every number."""


@dataclass(frozen=True)
class SignalValues:
    """A signal. values: [image sets][edges], None where it is not known yet; a signal that needs no images, or is found
    on the first set alone, has one. images: of a set that it rests on. problem: why it could not be found."""

    name: str
    label: str
    words: str
    images: int
    values: tuple[tuple[Row | None, ...], ...]
    problem: str | None = None

    @property
    def sets(self) -> tuple[int, ...]:
        """The image sets of which all edges are known."""
        return tuple(number for number, rows in enumerate(self.values) if rows and None not in rows)


@dataclass(frozen=True)
class SignalsResult(Plain):
    """edges: undecided ones, by index; names: of the edges, in words. decided: operations of all edges, None where
    undecided. truth: what the operations are truly worth, by edge. images: of every image set, disjoint ones.
    accuracy: of the supernet on all of them (%), with its interval. method: that trained it.
    """

    edges: tuple[int, ...]
    names: tuple[str, ...]
    operations: tuple[str, ...]
    decided: tuple[str | None, ...]
    dataset: str
    truth: TruthKind
    mean: tuple[tuple[float, ...], ...]
    best: tuple[tuple[float, ...], ...]
    images: int
    sets: int
    batch_size: int
    bn: BnMode
    seed: int
    signals: tuple[SignalValues, ...]
    accuracy: float | None
    accuracy_ci: Interval | None
    final: bool
    method: str = ""

    def worth(self) -> tuple[EdgeWorth, ...]:
        """What every operation of every undecided edge is truly worth."""
        return tuple(
            EdgeWorth(
                edge,
                tuple(
                    OperationWorth(name, mean, best, 0)
                    for name, mean, best in zip(self.operations, means, bests, strict=True)
                ),
            )
            for edge, means, bests in zip(self.edges, self.mean, self.best, strict=True)
        )

    def signal(self, name: str) -> SignalValues | None:
        return next((each for each in self.signals if each.name == name), None)


@dataclass(frozen=True)
class SignalRow(Plain):
    """One signal against the truth, on all images that it was found on.

    correlations: Spearman's, by edge; mean: over the edges, ci: its 95 % t interval over the edges. hits: whether it
    names a truly best operation, by edge. named: the operation that it names, by edge. spread: of the mean over the
    single image sets, lowest and highest; reliability: mean rank correlation of the signal with itself between image
    sets; both None with one set. genotype: the cell of what it names; true: its accuracy (%), rank: of all cells.
    """

    name: str
    label: str
    words: str
    is_baseline: bool
    correlations: tuple[float, ...]
    mean: float
    ci: Interval | None
    hits: tuple[bool, ...]
    named: tuple[str, ...]
    images: int
    spread: Interval | None
    reliability: float | None
    genotype: str
    true: float
    rank: int

    @property
    def hit_count(self) -> int:
        return sum(self.hits)


@lru_cache(maxsize=32)  # figure, sentence and table of a page each ask for it, and again whenever it is drawn
def table(result: SignalsResult, truth: TruthKind | None = None) -> tuple[SignalRow, ...]:
    """A row for every signal that is known of all edges on at least one image set; the others have none. truth: other
    than the result's own."""
    worth, by = result.worth(), truth or result.truth
    rows = (_row(result, signal, worth, by) for signal in result.signals)
    return tuple(row for row in rows if row is not None)


def _row(result: SignalsResult, signal: SignalValues, worth: Sequence[EdgeWorth], by: TruthKind) -> SignalRow | None:
    if signal.problem is not None or not (sets := signal.sets) or not worth:
        return None
    whole = [[_floored(row) for row in rows if row is not None] for rows in (signal.values[number] for number in sets)]
    pooled = np.mean(whole, axis=0)  # image sets are equally large
    found = agreement(signal.name, _by_edge(result, pooled), worth, by)
    assert found is not None
    named = tuple(result.operations[int(np.argmax(row))] for row in pooled)
    cell = _cell(result, named)
    means = []
    for rows in whole:
        one = agreement(signal.name, _by_edge(result, rows), worth, by)
        assert one is not None
        means.append(one.mean)
    pairs = [(a, b) for number, a in enumerate(whole) for b in whole[number + 1 :]]
    own = [fmean(spearman(x, y) for x, y in zip(a, b, strict=True)) for a, b in pairs]
    lookup = nasbench201.lookup(cell)
    return SignalRow(
        name=signal.name,
        label=signal.label,
        words=signal.words,
        is_baseline=signal.name in BASELINES,
        correlations=found.correlations,
        mean=found.mean,
        ci=mean_ci(found.correlations),
        hits=found.hits,
        named=named,
        images=signal.images * len(sets),
        spread=(min(means), max(means)) if len(means) > 1 else None,
        reliability=fmean(own) if own else None,
        genotype=str(cell),
        true=getattr(lookup, result.dataset),
        rank=lookup.rank[result.dataset],
    )


def mean_ci(values: Sequence[float]) -> Interval | None:
    """95 % t interval of a mean of rank correlations over edges, within -1 and 1; None below three."""
    return mean_interval(values, -1.0, 1.0)


def paired(one: SignalRow, other: SignalRow) -> tuple[float, Interval | None]:
    """By how much one signal's rank correlations lie above another's, over the edges, and the 95 % interval of that."""
    differences = [a - b for a, b in zip(one.correlations, other.correlations, strict=True)]
    return fmean(differences), mean_interval(differences)


def _by_edge(result: SignalsResult, rows: Sequence[Sequence[float]]) -> Mapping[int, Mapping[str, float]]:
    return {edge: dict(zip(result.operations, row, strict=True)) for edge, row in zip(result.edges, rows, strict=True)}


def _floored(row: Row) -> list[float]:
    """Numbers that rank as the row does: None below all others."""
    known = [value for value in row if value is not None]
    lowest = min(known, default=0.0) - 1.0
    return [lowest if value is None else value for value in row]


def _cell(result: SignalsResult, named: Sequence[str]) -> Genotype:
    """The cell of what is decided and, on the undecided edges, of what is named."""
    taken = dict(zip(result.edges, named, strict=True))
    operations = [taken.get(edge, operation) for edge, operation in enumerate(result.decided)]
    edges = nasbench201.SPACE.edges("cell")
    return Genotype({"cell": [(str(name), edge.source) for name, edge in zip(operations, edges, strict=True)]})
