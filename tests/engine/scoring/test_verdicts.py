"""Verdicts: what four of them mean, that they hold over rivals and looks, and that stored numbers give the same."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.checked import checked
from engine.errors import BadInput
from engine.results import EdgeScores, InputScores
from engine.results.verdicts import LOOKS, of_edge, of_inputs, student_quantile
from engine.scoring.answers import Conditions, EdgeQuestion, InputsQuestion
from engine.scoring.intervals import PairedCounts
from engine.selection.selection import Selection
from engine.spaces import search_space

BATCH, SEEN = 64, (512, 1024, 4096, 15_000)
TAKEN = Conditions("batch", "accuracy", "cpu", BATCH)
BENCH, DARTS = search_space("nas-bench-201"), search_space("darts")


def start(space=BENCH) -> Selection:
    """Alpha prefers the skip connection everywhere."""
    skips = [[float(name == "skip_connect") for name in space.operations(cell, 0)] for cell in space.cells]
    return Selection(space, {cell: [row] * space.shape(cell)[0] for cell, row in zip(space.cells, skips, strict=True)})


def counted(accuracies, images: int, rng, counts: PairedCounts | None = None) -> PairedCounts:
    """Answers of variants that are right this often (the first is unmasked); what is hard is hard for all of them."""
    counts = PairedCounts("batch") if counts is None else counts
    accuracies = np.array(accuracies)
    for _ in range(images // BATCH):
        shared, own = rng.random(BATCH), rng.random((len(accuracies), BATCH))
        answers = np.where(rng.random((len(accuracies), BATCH)) < 0.7, shared, own)
        counts.add(answers < accuracies[:, None], np.zeros((len(accuracies), BATCH)))
    return counts


def edge_scores(*dropped: float, images: int = 1024, seed: int = 0, space=BENCH) -> EdgeScores:
    """Scores of an edge whose operations cost this much accuracy (shares), the first one nothing at all."""
    counts = counted([0.6, *(0.6 - drop for drop in dropped)], images, np.random.RandomState(seed))
    return EdgeQuestion(start(space), space.cells[0], 3).answer(counts, TAKEN, 0.0)


def test_every_verdict_is_what_its_numbers_say() -> None:
    assert of_edge(True, None, [None]) == "agree"
    assert of_edge(True, (0.1, 0.2), [(0, 1), (-1, 0)]) == "indistinct"
    assert of_edge(False, (0.1, 0.2), [(0, 1), (0.5, 2)]) == "disagree"
    assert of_edge(False, (-0.1, 0.2), [(0, 1), (0.5, 2)]) == "too_close"
    assert of_edge(False, (-0.3, -0.2), [(0.5, 2)]) == "too_close"  # by the loss the other one leads
    assert of_edge(False, None, [None, (0, 1)]) == "too_close"
    assert of_edge(None, (0.1, 0.2), [(0.5, 2)]) is None
    assert [of_inputs(ci, [(0.5, 2)]) for ci in (None, (-1, 1), (0.1, 1))] == ["too_close", "too_close", "separated"]
    assert of_inputs((0.1, 1), [(-1, 2)]) == "indistinct"


@pytest.mark.parametrize(
    ("dropped", "verdict", "leads"),
    [
        ((0, 0.2, 0, 0, 0), "agree", ("skip_connect", True)),
        ((0, 0.0, 0.2, 0, 0), "disagree", ("nor_conv_1x1", True)),
        ((0, 0.2, 0.22, 0, 0), "too_close", ("nor_conv_1x1", False)),
    ],
)
def test_a_measured_edge_has_the_verdict_of_its_lead(dropped, verdict, leads) -> None:
    scores = edge_scores(*dropped)
    assert (scores.verdict, (scores.best, scores.stands_out)) == (verdict, leads)
    assert scores.lead == scores.operation(scores.best).drop - scores.operation(str(scores.rival)).drop >= 0
    assert scores.lead_ci[0] <= scores.lead <= scores.lead_ci[1]
    if scores.best != "skip_connect":
        assert scores.rival == "skip_connect" and scores.lead == pytest.approx(scores.difference)
        plain, wide = (high - low for low, high in (scores.difference_ci, scores.lead_ci))
        assert wide / plain == pytest.approx(student_quantile(15, 4 * LOOKS) / student_quantile(15))


def test_where_no_operation_makes_a_difference_there_is_nothing_to_tell_apart() -> None:
    found = [edge_scores(0, 0, 0, 0, 0, seed=seed) for seed in range(30)]
    alike = [scores for scores in found if scores.none_stands_out]
    assert len(alike) > 15 and {scores.verdict for scores in alike} == {"indistinct"}
    assert not any(scores.stands_out for scores in alike)
    assert "indistinct" not in {scores.verdict for scores in found if scores not in alike}


def test_equal_operations_are_called_different_on_one_edge_in_twenty_at_most() -> None:
    """Seven equally good operations, looked at on all four budgets: any wrong "disagree" at any look counts."""
    edges, wrong, plainly = 150, 0, 0
    question = EdgeQuestion(start(DARTS), "normal", 3)
    rng = np.random.RandomState(1)
    for _ in range(edges):
        counts, verdicts, plain = PairedCounts("batch"), [], []
        for before, images in zip((0, *SEEN), SEEN, strict=False):
            counted([0.6] + [0.55] * 7, images - before, rng, counts)
            scores = question.answer(counts, TAKEN, 0.0)
            verdicts.append(scores.verdict)
            plain.append(scores.difference_ci[0] > 0)
        wrong += "disagree" in verdicts
        plainly += any(plain)
    print(f"wrong: {wrong} of {edges}, with plain intervals {plainly}")
    assert wrong <= 0.05 * edges < plainly


def older(scores: EdgeScores | InputScores, **changed) -> dict:
    """Their JSON as it was before there was an interval of the lead, with the verdict of the plain one."""
    data = json.loads(json.dumps(scores.to_dict())) | changed
    return {key: value for key, value in data.items() if key not in ("rival", "lead", "lead_ci", "last")}


@pytest.mark.parametrize("bn", ["batch", "running"])
def test_older_files_are_judged_by_the_same_rule(bn) -> None:
    shares = [0.6, 0.6, 0.55, 0.4, 0.54, 0.6]
    counts = counted(shares, 1024, np.random.RandomState(5))
    if bn == "running":
        counts = PairedCounts(bn)
        counts.add(np.random.RandomState(5).random((6, 1024)) < np.array(shares)[:, None], np.zeros((6, 1024)))
    scores = EdgeQuestion(start(), "cell", 3).answer(counts, replace(TAKEN, bn=bn), 0.0)
    read = EdgeScores.from_dict(older(scores, verdict="disagree"))
    assert scores.best == "nor_conv_1x1" and read.rival == "skip_connect"
    assert read.lead_ci == pytest.approx(scores.lead_ci) and read.verdict == scores.verdict
    assert EdgeScores.from_dict(json.loads(json.dumps(scores.to_dict()))) == scores
    assert checked(tuple[EdgeScores, ...], [scores.to_dict()]) == (scores,)


def test_without_the_pairs_own_interval_that_of_an_older_file_is_wider() -> None:
    scores = edge_scores(0, 0.2, 0.1, 0, 0)
    read = EdgeScores.from_dict(older(scores))
    assert read.rival == scores.rival == "nor_conv_1x1" and read.verdict == "agree"
    assert read.lead_ci[0] < scores.lead_ci[0] < scores.lead_ci[1] < read.lead_ci[1]
    few = replace(scores, operations=tuple(replace(row, ci=None) for row in scores.operations), lead_ci=None)
    assert few.lead_ci is None and few.verdict == "agree" and not few.stands_out


def test_a_best_operation_that_the_edge_does_not_have_is_refused() -> None:
    data = edge_scores(0, 0.2, 0.1, 0, 0).to_dict()
    for name in ("best", "best_by_drop", "best_by_alpha"):
        with pytest.raises(BadInput, match="none of its operations"):
            EdgeScores.from_dict(data | {name: "sep_conv_3x3"})


def test_without_alphas_there_is_a_leader_and_no_verdict() -> None:
    flat = Selection(BENCH, {"cell": torch.zeros(6, 5)})
    counts = counted([0.6, 0.6, 0.6, 0.3, 0.5, 0.6], 1024, np.random.RandomState(0))
    scores = EdgeQuestion(flat, "cell", 3).answer(counts, TAKEN, 0.0)
    assert (scores.best, scores.rival, scores.stands_out) == ("nor_conv_1x1", "nor_conv_3x3", True)
    assert scores.verdict is scores.best_by_alpha is scores.difference is scores.difference_ci is None
    assert all(row.alpha is None and row.weight == pytest.approx(0.2) for row in scores.operations)
    assert EdgeScores.from_dict(json.loads(json.dumps(scores.to_dict()))) == scores


def inputs(*dropped: float, seed: int = 0) -> InputScores:
    counts = counted([0.6, *(0.6 - drop for drop in dropped)], 1024, np.random.RandomState(seed))
    return InputsQuestion(start(DARTS), "normal", 4).answer(counts, TAKEN, 0.0)


def test_inputs_are_judged_by_the_last_that_is_kept_and_the_first_that_is_not() -> None:
    clear = inputs(0.2, 0.0, 0.3, 0.05)
    assert (clear.keep, clear.last, clear.rival, clear.verdict) == ((5, 7), 5, 8, "separated")
    assert clear.stands_out and clear.lead == clear.input(5).drop - clear.input(8).drop
    close = inputs(0.1, 0.0, 0.3, 0.09)
    assert close.verdict == "too_close" and not close.stands_out and close.lead_ci[0] <= 0 <= close.lead_ci[1]
    assert "indistinct" in {inputs(0, 0, 0, 0, seed=seed).verdict for seed in range(9)}
    wider = InputScores.from_dict(older(clear))
    assert (wider.keep, wider.last, wider.rival) == (clear.keep, clear.last, clear.rival)
    assert wider.lead_ci[0] < clear.lead_ci[0] and clear.lead_ci[1] < wider.lead_ci[1]
    assert InputScores.from_dict(json.loads(json.dumps(clear.to_dict()))) == clear


@pytest.mark.parametrize("keep", [[], [5], [5, 6, 7, 8], [5, 99]])
def test_inputs_that_a_node_cannot_keep_are_refused(keep) -> None:
    data = inputs(0.2, 0.0, 0.3, 0.05).to_dict()
    if keep == [5]:
        assert InputScores.from_dict(data | {"keep": keep}).last == 5
        return
    with pytest.raises(BadInput, match="keeps some of its inputs"):
        InputScores.from_dict(data | {"keep": keep})
