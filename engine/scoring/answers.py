"""From evidence to scores: the one place where accuracies under masks become EdgeScores and InputScores.

Evidence        what an unmasked supernet and its masked variants did; paired or independent
Conditions      how that evidence was taken
EdgeQuestion    what the operations of one undecided edge are worth
InputsQuestion  which incoming edges a node should keep
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from engine.errors import BadInput
from engine.results import (
    Baseline,
    BnMode,
    Criterion,
    EdgeScores,
    InputScore,
    InputScores,
    Interval,
    OperationScore,
    verdicts,
)
from engine.selection.selection import Selection


class Evidence(Protocol):
    """Variant 0 is the unmasked supernet, variant k the k-th mask. Accuracies in percent, losses in nats.

    `PairedCounts` has seen all variants on the same images; `IndependentBaselines` each on images of its own, so that
    it has no interval of a difference.
    """

    @property
    def images(self) -> int: ...

    def accuracy(self, variant: int) -> float: ...

    def loss(self, variant: int) -> float: ...

    def accuracy_ci(self, variant: int) -> Interval | None: ...

    def difference(self, one: int, other: int) -> float: ...

    def difference_ci(self, one: int, other: int, comparisons: int = 1) -> Interval | None: ...


def baseline(evidence: Evidence, variant: int = 0) -> Baseline:
    """Accuracy, loss and interval of one variant."""
    return Baseline(evidence.accuracy(variant), evidence.loss(variant), evidence.accuracy_ci(variant))


@dataclass(frozen=True)
class Conditions:
    """batch_size: images in one group of batch statistics. device: where it was computed."""

    bn: BnMode
    criterion: Criterion
    device: str
    batch_size: int


def _worth(evidence: Evidence, masks: int, criterion: Criterion) -> list[float]:
    """What each mask costs by the criterion: the order in which they rank."""
    variants = range(1, masks + 1)
    return [-evidence.accuracy(each) if criterion == "accuracy" else evidence.loss(each) for each in variants]


class EdgeQuestion:
    """What every operation of an undecided edge is worth. Variant k masks the operation in column k - 1.

    Raises BadInput for an unknown or decided edge.
    """

    def __init__(self, selection: Selection, cell: str, edge: int) -> None:
        self.place = place = selection.space.edge(cell, edge)
        if selection.is_decided(cell, place.index):
            raise BadInput(f"edge {place.index} ({cell}) is decided already; undo that decision to score it")
        self.cell = cell
        self.names = selection.space.operations(cell, place)
        self.silent = [selection.space.operation(name).silent for name in self.names]
        by_alpha = selection.best_by_alpha(cell, place)
        self.by_alpha = None if by_alpha is None else self.names.index(by_alpha)
        self.weights = selection.weights()[cell]
        # Rows that do not sum to 1 before a mask do not after it.
        self.strengthened = selection.alphas.betas is not None or selection.alphas.mixing == "sigmoid"
        self._alphas = [float(alpha) for alpha in selection.alphas[cell][place.index]]

    def masks(self, rescale: bool) -> list[Tensor | None]:
        """The cell's weights [edges, operations] without each operation; None where a mask changes nothing.

        rescale: the row sums to 1 again, to the strength of its edge, or to what sigmoids summed to.
        """
        edge = self.place.index
        rows: list[Tensor | None] = []
        for column in range(len(self.names)):
            if self.silent[column] and not rescale:
                rows.append(None)
                continue
            masked = self.weights.clone()
            masked[edge, column] = 0
            if rescale:
                masked[edge] /= masked[edge].sum()
                if self.strengthened:
                    masked[edge] *= self.weights[edge].sum()
            rows.append(masked)
        return rows

    def answer(
        self,
        evidence: Evidence,
        taken: Conditions,
        seconds: float,
        *,
        final: bool = True,
        separated: bool | None = None,
    ) -> EdgeScores:
        """The scores as far as the evidence goes. Ties between operations go to the lower column."""
        columns, names = range(len(self.names)), self.names
        by_drop = min(columns, key=lambda column: evidence.accuracy(column + 1))
        by_rise = max(columns, key=lambda column: evidence.loss(column + 1))
        best = by_drop if taken.criterion == "accuracy" else by_rise
        base = baseline(evidence)
        worth = _worth(evidence, len(names), taken.criterion)
        by_alpha, rival = self.by_alpha, verdicts.rival(best, self.by_alpha, worth)
        lead_ci = None
        if rival is not None:
            comparisons = (len(names) - 1) * verdicts.LOOKS
            lead_ci = evidence.difference_ci(rival + 1, best + 1, comparisons)
        weights = self.weights[self.place.index].tolist()
        return EdgeScores(
            cell=self.cell,
            edge=self.place.index,
            source=self.place.source,
            target=self.place.target,
            baseline=base,
            operations=tuple(
                OperationScore(
                    name=names[column],
                    alpha=self._alphas[column] if by_alpha is not None else None,
                    weight=weights[column],
                    masked_accuracy=evidence.accuracy(column + 1),
                    masked_loss=evidence.loss(column + 1),
                    drop=evidence.difference(0, column + 1),
                    ci=evidence.difference_ci(0, column + 1),
                    rise=evidence.loss(column + 1) - base.loss,
                )
                for column in columns
            ),
            images=evidence.images,
            batch_size=taken.batch_size,
            bn=taken.bn,
            criterion=taken.criterion,
            device=taken.device,
            seconds=seconds,
            best_by_alpha=None if by_alpha is None else names[by_alpha],
            best_by_drop=names[by_drop],
            best=names[best],
            difference=None if by_alpha is None else evidence.difference(by_alpha + 1, best + 1),
            difference_ci=None if by_alpha is None else evidence.difference_ci(by_alpha + 1, best + 1),
            lead_ci=lead_ci,
            separated=separated,
            final=final,
        )


class InputsQuestion:
    """Which incoming edges a node should keep: those whose removal hurts most. Variant k masks the k-th candidate.

    without: edges that are gone in every measurement and no candidates. Raises BadInput for a node without a choice,
    or decided already.
    """

    def __init__(self, selection: Selection, cell: str, node: int, without: Collection[int] = ()) -> None:
        space, spec = selection.space, selection.space.cell(cell)
        if node not in spec.topology_nodes:
            nodes = ", ".join(map(str, spec.topology_nodes))
            fix = f"only nodes {nodes} choose between inputs" if nodes else "its cells keep every edge"
            raise BadInput(f"node {node!r} of {space.name} has no inputs to choose from; {fix}")
        if selection.kept(cell, node) is not None:
            raise BadInput(f"the inputs of node {node} ({cell}) are decided already; undo that decision to score them")
        self.cell, self.node = cell, node
        self.entering = spec.entering(node)
        self.edges = [edge for edge in self.entering if edge.index not in without]
        self.kept = spec.kept(node)
        self.weights = selection.weights()
        self.weights[cell][list(without)] = 0

    def masks(self) -> list[Tensor]:
        """The cell's weights [edges, operations] without each candidate."""
        rows = []
        for edge in self.edges:
            masked = self.weights[self.cell].clone()
            masked[edge.index] = 0
            rows.append(masked)
        return rows

    def answer(self, evidence: Evidence, taken: Conditions, seconds: float) -> InputScores:
        """The scores. On a tie the later edge is discarded."""
        base = baseline(evidence)
        candidates = tuple(
            InputScore(
                edge=edge.index,
                source=edge.source,
                masked_accuracy=evidence.accuracy(variant),
                masked_loss=evidence.loss(variant),
                drop=evidence.difference(0, variant),
                ci=evidence.difference_ci(0, variant),
                rise=evidence.loss(variant) - base.loss,
            )
            for variant, edge in enumerate(self.edges, start=1)
        )
        worth = _worth(evidence, len(candidates), taken.criterion)
        ranked = sorted(range(len(candidates)), key=lambda place: -worth[place])
        kept, gone = ranked[: self.kept], ranked[self.kept :]
        comparisons = self.kept * (len(self.entering) - self.kept) * verdicts.LOOKS
        return InputScores(
            cell=self.cell,
            node=self.node,
            baseline=base,
            candidates=candidates,
            keep=tuple(sorted(candidates[place].edge for place in kept)),
            lead_ci=evidence.difference_ci(gone[0] + 1, kept[-1] + 1, comparisons),
            images=evidence.images,
            batch_size=taken.batch_size,
            bn=taken.bn,
            criterion=taken.criterion,
            device=taken.device,
            seconds=seconds,
            final=True,
        )
