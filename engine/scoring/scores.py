"""Masked evaluation: what the supernet's accuracy loses when one operation or one edge is taken away.

score_edge           every operation of one edge masked in turn (Wang et al. 2021, section 4.1)
stream_edge_scores   the same, one EdgeScores per batch as it tightens; the last is final
score_inputs         every incoming edge of one node masked in turn (topology selection)
measure              accuracy and loss of the supernet under given weights

A mask sets a weight to 0 and leaves the others as they are. All variants see the same batches, so drops are paired.
Nothing of the model is moved: no buffer, no mode, no random state, also under concurrent callers.
"""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from engine.errors import BadInput, one_of
from engine.results import Baseline, BnMode, Criterion, EdgeScores, InputScore, InputScores, OperationScore, Verdict
from engine.scoring.intervals import Race, Tally
from engine.scoring.masked import Variants
from engine.selection.selection import Selection
from engine.supernet.supernet import Supernet, Weights

Batches = Sequence[tuple[Tensor, Tensor]]
"""(images [B, 3, H, W] normalised, labels [B]); each element is one BatchNorm group."""


def measure(supernet: Supernet, weights: Weights, batches: Batches, bn: BnMode = "batch") -> Baseline:
    """Accuracy (%), cross entropy and the accuracy's interval of the supernet under `weights`."""
    _check(batches, bn)
    variants = Variants(supernet, weights, None, [], bn)
    tally = Tally(bn)
    for index, batch in enumerate(batches):
        variants.add(tally, batch, index)
    return _baseline(tally)


@dataclass(frozen=True)
class _Question:
    """One edge's scoring: what is masked, and how the answer is worded."""

    selection: Selection
    cell: str
    edge: int
    bn: BnMode
    criterion: Criterion
    device: str
    batch_size: int


def stream_edge_scores(
    supernet: Supernet,
    selection: Selection,
    *,
    cell: str,
    edge: int,
    batches: Batches,
    bn: BnMode = "batch",
    criterion: Criterion = "accuracy",
    rescale: bool = False,
    until_sure: float | None = None,
    budget: int | None = None,
) -> Iterator[EdgeScores]:
    """Scores of one edge after every batch; the last one has `final`.

    batches: the given data; each element is one BatchNorm group. rescale: masked rows sum to 1 again.
    until_sure: stop once, with this probability, the leader is the operation all `batches` would name; then
    `separated` says whether that point was reached. budget: stop after this many batches.
    Raises BadInput for an unknown or decided edge, no images, or a batch of one with batch statistics.
    """
    question = _question(supernet, selection, cell, edge, batches, bn, criterion)
    if until_sure is not None and criterion == "loss":
        raise BadInput("until-sure compares accuracies; use it with criterion accuracy")
    if until_sure is not None and not 0 < until_sure < 1:
        raise BadInput(f"until-sure is a probability between 0 and 1, not {until_sure}; try 0.95")
    operations = selection.space.operations(cell, edge)
    rows = _masked_rows(selection, cell, edge, rescale)
    variants = Variants(supernet, selection.weights(), cell, rows, bn)
    tally = Tally(bn)
    race = Race(len(operations), len(batches), until_sure) if until_sure is not None else None
    began = time.perf_counter()
    last = min(len(batches), budget or len(batches))
    for index, batch in enumerate(batches[:last]):
        variants.add(tally, batch, index)
        scores = _edge_scores(question, tally, time.perf_counter() - began, index + 1 == last, None)
        if race is not None:
            # masking a costs more than masking b where b's variant is the more accurate one
            race.add(tally.batch_differences()[1:, 1:].T)
            sure = race.won_by(operations.index(scores.best))
            scores = _edge_scores(question, tally, scores.seconds, sure or scores.final, sure)
        yield scores
        if scores.final:
            return


def score_edge(supernet: Supernet, selection: Selection, **options) -> EdgeScores:
    """The final scores of one edge. Same options as `stream_edge_scores`."""
    *_, final = stream_edge_scores(supernet, selection, **options)
    return final


def score_inputs(
    supernet: Supernet,
    selection: Selection,
    *,
    cell: str,
    node: int,
    batches: Batches,
    bn: BnMode = "batch",
    criterion: Criterion = "accuracy",
    without: Collection[int] = (),
) -> InputScores:
    """Which two incoming edges of a node to keep: the two whose removal hurts most.

    Each candidate is masked as a whole while all others are present (the reference's non-cumulative re-measuring), but
    for the edges `without`, which are gone in every measurement and no candidates. On a tie the later edge is
    discarded. Raises BadInput for a node without a choice, or decided already.
    """
    space = selection.space
    space.check_cell(cell)
    _check_same_space(supernet, selection)
    if node not in space.topology_nodes:
        nodes = ", ".join(map(str, space.topology_nodes))
        fix = f"only nodes {nodes} choose between inputs" if nodes else "its cells keep every edge"
        raise BadInput(f"node {node!r} of {space.name} has no inputs to choose from; {fix}")
    if selection.kept(cell, node) is not None:
        raise BadInput(f"the inputs of node {node} ({cell}) are decided already; undo that decision to score them")
    _check(batches, bn)
    _check_criterion(criterion)
    edges = [edge for edge in space.inputs(node) if edge.index not in without]
    weights = selection.weights()
    weights[cell][list(without)] = 0
    rows = []
    for edge in edges:
        masked = weights[cell].clone()
        masked[edge.index] = 0
        rows.append(masked)
    began = time.perf_counter()
    variants, tally = Variants(supernet, weights, cell, rows, bn), Tally(bn)
    for index, batch in enumerate(batches):
        variants.add(tally, batch, index)
    base = _baseline(tally)
    loss = tally.loss
    candidates = tuple(
        InputScore(
            edge=edge.index,
            source=edge.source,
            masked_accuracy=tally.accuracy(variant),
            masked_loss=float(loss[variant]),
            drop=tally.difference(0, variant),
            ci=tally.difference_ci(0, variant),
            rise=float(loss[variant]) - base.loss,
        )
        for variant, edge in enumerate(edges, start=1)
    )
    damage = tally.right[0] - tally.right[1:] if criterion == "accuracy" else loss[1:]
    # a stable sort keeps the earlier of two equal edges in front, so the later one goes
    first, second = sorted(np.argsort(-damage, kind="stable")[:2])
    return InputScores(
        cell=cell,
        node=node,
        baseline=base,
        candidates=candidates,
        keep=(edges[first].index, edges[second].index),
        images=tally.images,
        batch_size=len(batches[0][1]),
        bn=bn,
        criterion=criterion,
        device=supernet.device.type,
        seconds=time.perf_counter() - began,
        final=True,
    )


def _masked_rows(selection: Selection, cell: str, edge: int, rescale: bool) -> list[Tensor | None]:
    weights = selection.weights()[cell]
    rows: list[Tensor | None] = []
    for column, name in enumerate(selection.space.operations(cell, edge)):
        if name == "none" and not rescale:
            rows.append(None)
            continue
        masked = weights.clone()
        masked[edge, column] = 0
        if rescale:
            masked[edge] /= masked[edge].sum()
        rows.append(masked)
    return rows


def _question(
    supernet: Supernet, selection: Selection, cell: str, edge: int, batches: Batches, bn: BnMode, criterion: Criterion
) -> _Question:
    found = selection.space.edge(cell, edge)
    _check_same_space(supernet, selection)
    if selection.is_decided(cell, found.index):
        raise BadInput(f"edge {found.index} ({cell}) is decided already; undo that decision to score it")
    _check(batches, bn)
    _check_criterion(criterion)
    size = len(batches[0][1])
    return _Question(selection, cell, found.index, bn, criterion, supernet.device.type, size)


def _edge_scores(question: _Question, tally: Tally, seconds: float, final: bool, separated: bool | None) -> EdgeScores:
    selection, cell, edge = question.selection, question.cell, question.edge
    space = selection.space
    names = space.operations(cell, edge)
    base, loss, right = _baseline(tally), tally.loss, tally.right
    alphas = selection.alphas[cell][edge]
    weights = selection.weights()[cell][edge].tolist()
    operations = tuple(
        OperationScore(
            name=name,
            alpha=float(alphas[column]),
            weight=weights[column],
            masked_accuracy=tally.accuracy(column + 1),
            masked_loss=float(loss[column + 1]),
            drop=tally.difference(0, column + 1),
            ci=tally.difference_ci(0, column + 1),
            rise=float(loss[column + 1]) - base.loss,
        )
        for column, name in enumerate(names)
    )
    by_drop = int(np.argmin(right[1:]))  # the first of several equals: ties go to the lower index
    best = by_drop if question.criterion == "accuracy" else int(np.argmax(loss[1:]))
    by_alpha = names.index(selection.best_by_alpha(cell, edge))
    difference_ci = tally.difference_ci(by_alpha + 1, best + 1)
    verdict: Verdict = "too_close"
    if best == by_alpha:
        verdict = "agree"
    elif difference_ci is not None and not difference_ci[0] <= 0 <= difference_ci[1]:
        verdict = "disagree"
    place = space.edge(cell, edge)
    return EdgeScores(
        cell=cell,
        edge=edge,
        source=place.source,
        target=place.target,
        baseline=base,
        operations=operations,
        images=tally.images,
        batch_size=question.batch_size,
        bn=question.bn,
        criterion=question.criterion,
        device=question.device,
        seconds=seconds,
        best_by_alpha=names[by_alpha],
        best_by_drop=names[by_drop],
        best=names[best],
        verdict=verdict,
        difference=tally.difference(by_alpha + 1, best + 1),
        difference_ci=difference_ci,
        separated=separated,
        final=final,
    )


def _baseline(tally: Tally) -> Baseline:
    return Baseline(tally.accuracy(0), float(tally.loss[0]), tally.accuracy_ci(0))


def _check_same_space(supernet: Supernet, selection: Selection) -> None:
    if supernet.space != selection.space:
        raise BadInput(
            f"this selection is for {selection.space.name}, the supernet for {supernet.space.name}; use a matching pair"
        )


def _check_criterion(criterion: Criterion) -> None:
    if criterion not in ("accuracy", "loss"):
        raise one_of("criterion", criterion, ("accuracy", "loss"))


def _check(batches: Batches, bn: BnMode) -> None:
    if bn not in ("batch", "running"):
        raise one_of("BN mode", bn, ("batch", "running"))
    if not len(batches) or not all(len(labels) for _, labels in batches):
        raise BadInput("there are no images to score on; give at least one batch with images")
    if bn == "batch" and any(len(labels) < 2 for _, labels in batches):
        raise BadInput(
            "batch statistics need at least 2 images in every batch; change the number of images or use bn running"
        )
