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
    Verdict,
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

    def difference_ci(self, one: int, other: int) -> Interval | None: ...


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
        self.by_alpha = self.names.index(selection.best_by_alpha(cell, place))
        self.weights = selection.weights()[cell]
        self._alphas = [float(alpha) for alpha in selection.alphas[cell][place.index]]

    def masks(self, rescale: bool) -> list[Tensor | None]:
        """The cell's weights [edges, operations] without each operation; None where a mask changes nothing.

        rescale: the row sums to 1 again.
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
        difference_ci = evidence.difference_ci(self.by_alpha + 1, best + 1)
        verdict: Verdict = "too_close"
        if best == self.by_alpha:
            verdict = "agree"
        elif difference_ci is not None and not difference_ci[0] <= 0 <= difference_ci[1]:
            verdict = "disagree"
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
                    alpha=self._alphas[column],
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
            best_by_alpha=names[self.by_alpha],
            best_by_drop=names[by_drop],
            best=names[best],
            verdict=verdict,
            difference=evidence.difference(self.by_alpha + 1, best + 1),
            difference_ci=difference_ci,
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
        self.edges = [edge for edge in spec.entering(node) if edge.index not in without]
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
        by_accuracy = taken.criterion == "accuracy"
        hurts = sorted(candidates, key=lambda one: one.masked_accuracy if by_accuracy else -one.masked_loss)
        return InputScores(
            cell=self.cell,
            node=self.node,
            baseline=base,
            candidates=candidates,
            keep=tuple(sorted(one.edge for one in hurts[: self.kept])),
            images=evidence.images,
            batch_size=taken.batch_size,
            bn=taken.bn,
            criterion=taken.criterion,
            device=taken.device,
            seconds=seconds,
            final=True,
        )
