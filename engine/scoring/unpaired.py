"""Masked evaluation as the published code takes it: every mask sees its own newly augmented and shuffled images.

IndependentBaselines     accuracy and loss of every variant, each on images of its own
score_published          every operation of one edge masked in turn
score_inputs_published   every incoming edge of one node masked in turn

The measurements differ by their images as well as by the mask (reference implementation of Wang et al. 2021), so drops
are not paired and carry no interval. `engine.scoring.scores` is the paired measurement.
"""

import time
from collections.abc import Callable, Sequence

from torch import Tensor

from engine.data.feed import sizes
from engine.results import Baseline, BnMode, Criterion, EdgeScores, InputScores, Interval
from engine.scoring.answers import EdgeQuestion, InputsQuestion
from engine.scoring.scores import Batches, conditions, measure
from engine.selection.selection import Selection
from engine.supernet.scorable import Scorable, Weights

Draw = Callable[[int], Batches]
"""The batches of measurement k: 0 is the unmasked supernet, k the mask of operation or edge k - 1."""
Report = Callable[[float], None]
"""Told the finished share (0..1) as work goes on."""


class IndependentBaselines:
    """Evidence from variants that saw different images: every difference is without an interval."""

    def __init__(self, answers: Sequence[Baseline], images: int) -> None:
        self._answers, self.images = answers, images

    def accuracy(self, variant: int) -> float:
        return self._answers[variant].accuracy

    def loss(self, variant: int) -> float:
        return self._answers[variant].loss

    def accuracy_ci(self, variant: int) -> Interval | None:
        return self._answers[variant].ci

    def difference(self, one: int, other: int) -> float:
        return self._answers[one].accuracy - self._answers[other].accuracy

    def difference_ci(self, one: int, other: int, comparisons: int = 1) -> Interval | None:
        return None


def score_published(
    supernet: Scorable,
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
    question = EdgeQuestion(selection, cell, edge)
    began = time.perf_counter()
    evidence, last = _measured(supernet, selection.weights(), cell, question.masks(rescale), draw, bn, report)
    taken = conditions(supernet, selection, last, bn, criterion)
    return question.answer(evidence, taken, time.perf_counter() - began)


def score_inputs_published(
    supernet: Scorable,
    selection: Selection,
    *,
    cell: str,
    node: int,
    draw: Draw,
    bn: BnMode = "batch",
    criterion: Criterion = "accuracy",
    report: Report = lambda share: None,
) -> InputScores:
    """Scores of the inputs of one node that has a choice; those whose removal hurts most are kept.

    The published code measures the remaining edges again after each removal, in the unchanged network: the same
    ranking up to the noise of the images. Raises BadInput for a node without a choice, or one decided already.
    """
    question = InputsQuestion(selection, cell, node)
    began = time.perf_counter()
    evidence, last = _measured(supernet, question.weights, cell, question.masks(), draw, bn, report)
    taken = conditions(supernet, selection, last, bn, criterion)
    return question.answer(evidence, taken, time.perf_counter() - began)


def _measured(
    supernet: Scorable,
    weights: Weights,
    cell: str,
    masks: Sequence[Tensor | None],
    draw: Draw,
    bn: BnMode,
    report: Report,
) -> tuple[IndependentBaselines, Batches]:
    """Every variant on its own batches, and the last of these."""
    variants = [weights, *(weights if mask is None else {**weights, cell: mask} for mask in masks)]
    answers = []
    batches: Batches = ()
    for index, each in enumerate(variants):
        batches = draw(index)
        answers.append(measure(supernet, each, batches, bn, whole=weights))
        report((index + 1) / len(variants))
    return IndependentBaselines(answers, sum(sizes(batches))), batches
