"""Masked evaluation as the published code takes it: every mask sees its own newly augmented and shuffled images.

score_published          every operation of one edge masked in turn
score_inputs_published   every incoming edge of one node masked in turn

The measurements differ by their images as well as by the mask (reference implementation of Wang et al. 2021), so drops
are not paired and carry no interval. `engine.scoring.scores` is the paired measurement.
"""

import time
from collections.abc import Callable

import numpy as np

from engine.errors import BadInput
from engine.results import Baseline, BnMode, Criterion, EdgeScores, InputScore, InputScores, OperationScore
from engine.scoring.scores import Batches, measure
from engine.selection.selection import Selection
from engine.supernet.supernet import Supernet, Weights

Draw = Callable[[int], Batches]
"""The batches of measurement k: 0 is the unmasked supernet, k the mask of operation or edge k - 1."""
Report = Callable[[float], None]
"""Told the finished share (0..1) as work goes on."""


def score_published(
    supernet: Supernet,
    selection: Selection,
    *,
    cell: str,
    edge: int,
    draw: Draw,
    bn: BnMode = "batch",
    criterion: Criterion = "accuracy",
    rescale: bool = False,
    report: Report = lambda share: None,
) -> EdgeScores:
    """Scores of one undecided edge; every `ci` but the baseline's is None, so a verdict is agree or too_close.

    Raises BadInput for an unknown or decided edge.
    """
    place = selection.space.edge(cell, edge)
    if selection.is_decided(cell, place):
        raise BadInput(f"edge {place.index} ({cell}) is decided already; undo that decision to score it")
    names = selection.space.operations(cell, place)
    weights = selection.weights()
    rows = []
    for column in range(len(names)):
        masked = weights[cell].clone()
        masked[place.index, column] = 0
        if rescale:
            masked[place.index] /= masked[place.index].sum()
        rows.append({**weights, cell: masked})
    answers, common = _answers(supernet, [weights, *rows], draw, bn, report)
    base, masked_ones = answers[0], answers[1:]
    by_drop = int(np.argmin([answer.accuracy for answer in masked_ones]))
    by_loss = int(np.argmax([answer.loss for answer in masked_ones]))
    best = by_drop if criterion == "accuracy" else by_loss
    by_alpha = names.index(selection.best_by_alpha(cell, place))
    return EdgeScores(
        cell=cell,
        edge=place.index,
        source=place.source,
        target=place.target,
        baseline=base,
        operations=tuple(
            OperationScore(
                name=name,
                alpha=float(selection.alphas[cell][place.index][column]),
                weight=float(weights[cell][place.index, column]),
                ci=None,
                **_effect(base, answer),
            )
            for column, (name, answer) in enumerate(zip(names, masked_ones, strict=True))
        ),
        criterion=criterion,
        best_by_alpha=names[by_alpha],
        best_by_drop=names[by_drop],
        best=names[best],
        verdict="agree" if best == by_alpha else "too_close",
        difference=masked_ones[by_alpha].accuracy - masked_ones[best].accuracy,
        difference_ci=None,
        separated=None,
        **common,
    )


def score_inputs_published(
    supernet: Supernet,
    selection: Selection,
    *,
    cell: str,
    node: int,
    draw: Draw,
    bn: BnMode = "batch",
    criterion: Criterion = "accuracy",
    report: Report = lambda share: None,
) -> InputScores:
    """Scores of the inputs of one node that has a choice; the two whose removal hurts most are kept.

    The published code measures the remaining edges again after each removal, in the unchanged network: the same
    ranking up to the noise of the images. Raises BadInput for a node without a choice, or one decided already.
    """
    space = selection.space
    if node not in space.topology_nodes or selection.kept(cell, node) is not None:
        raise BadInput(f"node {node!r} ({cell}) of {space.name} has no inputs left to choose from; score another node")
    edges = space.inputs(node)
    weights = selection.weights()
    rows = []
    for edge in edges:
        masked = weights[cell].clone()
        masked[edge.index] = 0
        rows.append({**weights, cell: masked})
    answers, common = _answers(supernet, [weights, *rows], draw, bn, report)
    base, masked_ones = answers[0], answers[1:]
    damage = [-answer.accuracy if criterion == "accuracy" else answer.loss for answer in masked_ones]
    # a stable sort keeps the earlier of two equal edges in front, so the later one goes
    first, second = sorted(np.argsort(-np.array(damage), kind="stable")[:2])
    return InputScores(
        cell=cell,
        node=node,
        baseline=base,
        candidates=tuple(
            InputScore(edge=edge.index, source=edge.source, ci=None, **_effect(base, answer))
            for edge, answer in zip(edges, masked_ones, strict=True)
        ),
        keep=(edges[first].index, edges[second].index),
        criterion=criterion,
        **common,
    )


def _answers(
    supernet: Supernet, variants: list[Weights], draw: Draw, bn: BnMode, report: Report
) -> tuple[list[Baseline], dict]:
    """Accuracy and loss of every variant on its own batches, and the fields that both kinds of scores share."""
    began = time.perf_counter()
    answers = []
    for index, weights in enumerate(variants):
        batches = draw(index)
        answers.append(measure(supernet, weights, batches, bn))
        report((index + 1) / len(variants))
    common = {
        "images": sum(len(labels) for _, labels in batches),
        "batch_size": len(batches[0][1]),
        "bn": bn,
        "device": supernet.device.type,
        "seconds": time.perf_counter() - began,
        "final": True,
    }
    return answers, common


def _effect(base: Baseline, masked: Baseline) -> dict[str, float]:
    return {
        "masked_accuracy": masked.accuracy,
        "masked_loss": masked.loss,
        "drop": base.accuracy - masked.accuracy,
        "rise": masked.loss - base.loss,
    }
