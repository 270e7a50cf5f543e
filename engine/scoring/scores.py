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

from torch import Tensor

from engine.data.feed import sizes
from engine.errors import BadInput, one_of
from engine.results import Baseline, BnMode, Criterion, EdgeScores, InputScores
from engine.scoring.answers import Conditions, EdgeQuestion, InputsQuestion, baseline
from engine.scoring.intervals import PairedCounts
from engine.scoring.masked import Unmasked, Variants
from engine.scoring.sequential import Race
from engine.selection.selection import Selection
from engine.supernet.scorable import Inputs, Scorable, Weights

Batches = Sequence[tuple[Inputs, Tensor]]
"""(images [B, 3, H, W] normalised, or whatever the supernet takes, labels [B]); each is one BatchNorm group."""


def measure(
    supernet: Scorable,
    weights: Weights,
    batches: Batches,
    bn: BnMode = "batch",
    counts: PairedCounts | None = None,
    whole: Weights | None = None,
) -> Baseline:
    """Accuracy (%), cross entropy and the accuracy's interval of the supernet under `weights`.

    counts: as for `stream_edge_scores`. whole: the weights without the mask, where they are masked.
    """
    _check_batches(batches, bn)
    variants = Variants(supernet, weights, None, [], bn, whole)
    counts = PairedCounts(bn) if counts is None else counts
    check_counts(counts, 1, bn, sizes(batches)[0], len(batches))
    for index, batch in enumerate(batches[counts.batches :], start=counts.batches):
        variants.add(counts, batch, index)
    return baseline(counts)


def stream_edge_scores(
    supernet: Scorable,
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
    counts: PairedCounts | None = None,
    unmasked: Unmasked | None = None,
) -> Iterator[EdgeScores]:
    """Scores of one edge after every batch; the last one has `final`.

    batches: the given data; each element is one BatchNorm group. rescale: masked rows sum to 1 again.
    until_sure: stop once, with this probability, the leader is the operation all `batches` would name; then
    `separated` says whether that point was reached. budget: stop after this many batches. counts: of the first of these
    batches, where they have been evaluated before; they are added to. Without them, all batches are evaluated.
    unmasked: what is known of the supernet without a mask under this selection, bn and these batches, as another edge's
    scores have left it there.
    Raises BadInput for an unknown or decided edge, no images, or a batch of one with batch statistics.
    """
    question = EdgeQuestion(selection, cell, edge)
    taken = conditions(supernet, selection, batches, bn, criterion)
    check_until_sure(until_sure, criterion)
    variants = Variants(supernet, selection.weights(), cell, question.masks(rescale), bn, unmasked=unmasked)
    counts = PairedCounts(bn) if counts is None else counts
    race = None if until_sure is None else Race(len(question.names), sum(sizes(batches)), until_sure, bn)
    began = time.perf_counter()
    last = min(len(batches), budget or len(batches))
    check_counts(counts, len(question.names) + 1, bn, taken.batch_size, last, until_sure)
    if counts.batches == last:
        yield question.answer(counts, taken, 0.0)
        return
    for index, batch in enumerate(batches[counts.batches : last], start=counts.batches):
        variants.add(counts, batch, index)
        scores = question.answer(counts, taken, time.perf_counter() - began, final=index + 1 == last)
        if race is not None:
            race.add(counts.answers[1:])
            sure = race.won_by(question.names.index(scores.best))
            scores = question.answer(counts, taken, scores.seconds, final=sure or scores.final, separated=sure)
        yield scores
        if scores.final:
            return


def score_edge(
    supernet: Scorable,
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
    counts: PairedCounts | None = None,
    unmasked: Unmasked | None = None,
) -> EdgeScores:
    """The final scores of one edge. Same options as `stream_edge_scores`."""
    *_, final = stream_edge_scores(
        supernet,
        selection,
        cell=cell,
        edge=edge,
        batches=batches,
        bn=bn,
        criterion=criterion,
        rescale=rescale,
        until_sure=until_sure,
        budget=budget,
        counts=counts,
        unmasked=unmasked,
    )
    return final


def score_inputs(
    supernet: Scorable,
    selection: Selection,
    *,
    cell: str,
    node: int,
    batches: Batches,
    bn: BnMode = "batch",
    criterion: Criterion = "accuracy",
    without: Collection[int] = (),
    counts: PairedCounts | None = None,
) -> InputScores:
    """Which incoming edges of a node to keep: those whose removal hurts most.

    Each candidate is masked as a whole while all others are present (the reference's non-cumulative re-measuring), but
    for the edges `without`, which are gone in every measurement and no candidates. On a tie the later edge is
    discarded. Raises BadInput for a node without a choice, or decided already.
    """
    question = InputsQuestion(selection, cell, node, without)
    taken = conditions(supernet, selection, batches, bn, criterion)
    began = time.perf_counter()
    variants = Variants(supernet, question.weights, cell, question.masks(), bn)
    counts = PairedCounts(bn) if counts is None else counts
    check_counts(counts, len(question.edges) + 1, bn, taken.batch_size, len(batches))
    for index, batch in enumerate(batches[counts.batches :], start=counts.batches):
        variants.add(counts, batch, index)
    return question.answer(counts, taken, time.perf_counter() - began)


def conditions(
    supernet: Scorable, selection: Selection, batches: Batches, bn: BnMode, criterion: Criterion
) -> Conditions:
    """How these batches are measured on. Raises BadInput for what cannot be."""
    if supernet.space != selection.space:
        raise BadInput(
            f"this selection is for {selection.space.name}, the supernet for {supernet.space.name}; use a matching pair"
        )
    _check_batches(batches, bn)
    if criterion not in ("accuracy", "loss"):
        raise one_of("criterion", criterion, ("accuracy", "loss"))
    return Conditions(bn, criterion, supernet.device.type, sizes(batches)[0])


def check_until_sure(probability: float | None, criterion: Criterion) -> None:
    """Raises BadInput for a probability, or a criterion, that the sequential test cannot use."""
    if probability is not None and criterion == "loss":
        raise BadInput("until-sure compares accuracies; use it with criterion accuracy")
    if probability is not None and not 0 < probability < 1:
        raise BadInput(f"until-sure is a probability between 0 and 1, not {probability}; try 0.95")


def check_counts(
    counts: PairedCounts, variants: int, bn: BnMode, batch_size: int, batches: int, until_sure: float | None = None
) -> None:
    """Raises BadInput for counts that the next of so many batches cannot be added to."""
    if not counts.batches:
        return
    whole = counts.images == counts.batches * batch_size or counts.batches == batches
    if counts.variants != variants or counts.bn != bn or counts.batches > batches or not whole:
        raise BadInput("these counts are of another measurement; begin without them")
    if until_sure is not None:
        raise BadInput("until-sure has to see every batch; begin without counts")


def _check_batches(batches: Batches, bn: BnMode) -> None:
    if bn not in ("batch", "running"):
        raise one_of("BN mode", bn, ("batch", "running"))
    images = sizes(batches)
    if not images or min(images) < 1:
        raise BadInput("there are no images to score on; give at least one batch with images")
    if bn == "batch" and min(images) < 2:
        raise BadInput(
            "batch statistics need at least 2 images in every batch; change the number of images or use bn running"
        )
