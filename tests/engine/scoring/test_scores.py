"""Masked evaluation against the reference implementation's golden values, and what its numbers promise."""

import json
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.errors import BadInput
from engine.scoring.intervals import PairedCounts
from engine.scoring.scores import measure, score_edge, score_inputs, stream_edge_scores
from engine.selection.selection import Selection
from engine.spaces import search_space
from engine.supernet.supernet import Supernet
from tests.engine.golden import golden_alphas, golden_images, golden_supernet

GOLDEN_BATCH = [(golden_images(), torch.arange(4))]


def golden(name: str) -> tuple[Supernet, Selection]:
    net = golden_supernet(name)
    return net, Selection(net.space, golden_alphas(net.space))


def toy(name: str = "nas-bench-201", batches: int = 6, size: int = 8, **options) -> tuple[Supernet, Selection, list]:
    """A small supernet with random weights and random images."""
    space = search_space(name)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Supernet(space, channels=4, cells=space.skeleton.fewest)
        images = [torch.randn(size, 3, 16, 16) for _ in range(batches)]
        labels = [torch.randint(10, (size,)) for _ in range(batches)]
    return net, Selection(space, golden_alphas(space)), list(zip(images, labels, strict=True))


def test_masked_losses_of_a_normal_edge_are_the_reference_ones():
    net, selection = golden("darts")
    scores = score_edge(net, selection, cell="normal", edge=8, batches=GOLDEN_BATCH)
    expected = [2.613914, 2.578799, 2.677886, 2.728467, 2.669355, 2.645029, 2.651359]
    assert [score.masked_loss for score in scores.operations] == pytest.approx(expected, abs=1e-6)
    assert [score.masked_accuracy for score in scores.operations] == [25, 25, 25, 0, 25, 25, 25]
    assert scores.baseline.loss == pytest.approx(2.637948, abs=1e-6)
    assert scores.best == scores.best_by_drop == "sep_conv_3x3"


def test_rescaling_the_masked_row_is_another_measurement():
    net, selection = golden("darts")
    options = dict(cell="normal", edge=8, batches=GOLDEN_BATCH, criterion="loss")
    scores = score_edge(net, selection, rescale=True, **options)
    expected = [2.590131, 2.556753, 2.662841, 2.670290, 2.646641, 2.830214, 2.650048]
    assert [score.masked_loss for score in scores.operations] == pytest.approx(expected, abs=1e-6)
    assert scores.best == "dil_conv_3x3"
    assert score_edge(net, selection, **options).best == "sep_conv_3x3"


def test_reduce_edge_uses_the_criterion_and_breaks_ties_by_index():
    net, selection = golden("darts")
    options = dict(cell="reduce", edge=0, batches=GOLDEN_BATCH)
    by_loss = score_edge(net, selection, criterion="loss", **options)
    expected = [2.889586, 2.774159, 2.904208, 2.834260, 2.399802, 2.834164, 2.862486]
    assert [score.masked_loss for score in by_loss.operations] == pytest.approx(expected, abs=1e-6)
    assert [score.masked_accuracy for score in by_loss.operations] == [0, 25, 0, 0, 25, 25, 0]
    assert by_loss.best == "skip_connect" and by_loss.best_by_drop == "max_pool_3x3"
    assert score_edge(net, selection, **options).best == "max_pool_3x3"


def test_topology_keeps_the_two_edges_whose_removal_hurts_most():
    net, selection = golden("darts")
    expected = {
        3: ({2: 3.073356, 3: 2.645424, 4: 2.887068}, (2, 4)),
        4: ({5: 2.853260, 6: 2.469931, 7: 2.582288, 8: 2.483028}, (5, 7)),
        5: ({9: 2.807576, 10: 2.499003, 11: 2.738452, 12: 2.320769, 13: 2.692506}, (9, 11)),
    }
    for node, (losses, keep) in expected.items():
        scores = score_inputs(net, selection, cell="normal", node=node, batches=GOLDEN_BATCH, criterion="loss")
        assert {c.edge: c.masked_loss for c in scores.candidates} == pytest.approx(losses, abs=1e-6)
        assert scores.keep == keep


def test_masking_after_a_decision_gives_the_reference_logits():
    net, selection = golden("darts")
    weights = selection.discretize("normal", 5, "sep_conv_3x3").weights()
    weights["normal"][8, 2] = 0
    logits = net(golden_images(), weights, bn="batch")[0]
    expected = "-1.542471 -0.906791 0.302165 1.320091 1.503453 0.736329 -0.496304 -1.415172 -1.439366 -0.553589"
    torch.testing.assert_close(
        logits.detach(), torch.tensor([float(x) for x in expected.split()]).double(), atol=1e-6, rtol=0
    )


def test_masking_none_leaves_the_supernet_as_it_is():
    net, selection = golden("nas-bench-201")
    scores = score_edge(net, selection, cell="cell", edge=3, batches=GOLDEN_BATCH, criterion="loss")
    expected = [2.371949, 2.358765, 2.251321, 2.397142, 2.344600]
    assert [score.masked_loss for score in scores.operations] == pytest.approx(expected, abs=1e-6)
    assert scores.best == "nor_conv_3x3" and scores.operations[0].drop == 0


@pytest.mark.parametrize("name", ["nas-bench-201", "s1", "s3", "darts"])
@pytest.mark.parametrize("bn", ["batch", "running"])
def test_scores_equal_one_plain_forward_per_mask(name, bn):
    net, selection, batches = toy(name, batches=2)
    cell = selection.space.cells[-1]
    scores = score_edge(net, selection, cell=cell, edge=4, batches=batches, bn=bn)
    for column, score in enumerate(scores.operations):
        weights = selection.weights()
        weights[cell][4, column] = 0
        plain = measure(net, weights, batches, bn)
        assert score.masked_accuracy == plain.accuracy
        assert score.masked_loss == pytest.approx(plain.loss, abs=1e-6)


@pytest.mark.parametrize("bn", ["batch", "running"])
def test_scoring_moves_nothing_even_with_concurrent_callers(bn):
    net, selection, batches = toy("s4", batches=3)
    net.train()
    state = {name: value.clone() for name, value in net.state_dict().items()}
    random = torch.get_rng_state()
    alone = [score_edge(net, selection, cell="normal", edge=edge, batches=batches, bn=bn) for edge in (3, 4)]
    found: dict[int, object] = {}

    def work(edge: int) -> None:
        found[edge] = score_edge(net, selection, cell="normal", edge=edge, batches=batches, bn=bn)

    threads = [threading.Thread(target=work, args=(edge,)) for edge in (3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[3].operations, found[4].operations] == [scores.operations for scores in alone]
    assert net.training and torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())


def test_the_interval_is_students_over_paired_batch_means():
    from scipy import stats

    net, selection, batches = toy(batches=6)
    batches.append((batches[0][0][:5], batches[0][1][:5]))  # a shorter last batch
    scores = score_edge(net, selection, cell="cell", edge=3, batches=batches)
    rows = selection.weights()
    rows["cell"][3, 3] = 0
    means = []
    for batch in batches[:-1]:
        base = measure(net, selection.weights(), [batch]).accuracy
        means.append(base - measure(net, rows, [batch]).accuracy)
    expected = stats.ttest_1samp(means, 0).confidence_interval(0.95)
    assert scores.operation("nor_conv_3x3").ci == pytest.approx((expected.low, expected.high))
    assert scores.images == 6 * 8 + 5


def test_fewer_than_five_batches_give_no_interval_and_equal_variants_a_point():
    net, selection, batches = toy(batches=4)
    scores = score_edge(net, selection, cell="cell", edge=0, batches=batches)
    assert all(score.ci is None for score in scores.operations) and scores.difference_ci is None
    assert scores.verdict in ("agree", "too_close") and scores.lead_ci is None and not scores.stands_out
    net, selection, batches = toy(batches=5)
    assert score_edge(net, selection, cell="cell", edge=0, batches=batches).operation("none").ci == (0, 0)


def test_running_statistics_give_an_interval_over_images():
    net, selection, batches = toy(batches=2)
    scores = score_edge(net, selection, cell="cell", edge=0, batches=batches, bn="running")
    assert all(score.ci is not None for score in scores.operations)


def test_the_stream_tightens_batch_by_batch_and_ends_on_the_final_scores():
    net, selection, batches = toy(batches=6)
    stream = list(stream_edge_scores(net, selection, cell="cell", edge=1, batches=batches))
    assert [scores.images for scores in stream] == [8, 16, 24, 32, 40, 48]
    assert [scores.final for scores in stream] == [False] * 5 + [True]
    final = score_edge(net, selection, cell="cell", edge=1, batches=batches)
    assert stream[-1].operations == final.operations and final.separated is None


def _needed(supernet: Supernet, selection: Selection, batches: list, operation: str) -> list:
    """The batches relabelled so that the unmasked supernet is right and the one without `operation` is wrong."""
    cell, edge = "cell", 3
    rows = selection.weights()
    rows[cell][edge, selection.space.operation_index(cell, edge, operation)] = 0
    with torch.no_grad():
        return [
            (images, supernet(images, selection.weights(), bn="batch").argmax(1))
            for images, _ in batches
            if images is not None
        ]


def test_until_sure_stops_early_on_a_clear_winner_and_names_what_all_images_name():
    net, selection, batches = toy(batches=60)
    # make the convolution matter: the labels are the unmasked predictions of a supernet dominated by it
    alphas = {"cell": torch.zeros(6, 5)}
    alphas["cell"][3, 3] = 3.0
    selection = Selection(selection.space, alphas)
    batches = _needed(net, selection, batches, "nor_conv_3x3")
    everything = score_edge(net, selection, cell="cell", edge=3, batches=batches)
    sure = score_edge(net, selection, cell="cell", edge=3, batches=batches, until_sure=0.95)
    assert sure.separated and sure.final and sure.images < everything.images
    assert sure.best == everything.best


def test_until_sure_does_not_separate_operations_that_tie():
    net, selection, batches = toy(batches=12)
    wrong = [(images, torch.full_like(labels, 0)) for images, labels in batches]
    with torch.no_grad():
        net.classifier.weight.zero_()
    scores = score_edge(net, selection, cell="cell", edge=3, batches=wrong, until_sure=0.9)
    assert scores.separated is False and scores.final and scores.images == 12 * 8


@pytest.mark.parametrize("bn", ["batch", "running"])
def test_a_measurement_goes_on_from_stored_counts_as_if_it_had_never_stopped(bn):
    net, selection, batches = toy()
    space, how = selection.space, {"cell": "cell", "bn": bn}
    whole, counts = PairedCounts(bn), PairedCounts(bn)
    expected = score_edge(net, selection, edge=1, batches=batches, **how)
    *_, first = stream_edge_scores(net, selection, edge=1, batches=batches[:2], counts=counts, **how)
    assert first.images == 16
    read = PairedCounts.from_dict(json.loads(json.dumps(counts.to_dict())))
    seen = list(stream_edge_scores(net, selection, edge=1, batches=batches, counts=read, **how))
    assert [scores.images for scores in seen] == [24, 32, 40, 48]
    assert replace(seen[-1], seconds=0) == replace(expected, seconds=0)
    assert space.operations("cell", 1)[0] == seen[-1].operations[0].name
    # what is complete is answered without the supernet, and the accuracy alone goes on in the same way
    (again,) = stream_edge_scores(net, selection, edge=1, batches=batches, counts=read, **how)
    assert replace(again, seconds=0) == replace(expected, seconds=0)
    base = measure(net, selection.weights(), batches[:5], bn, whole)
    assert whole.images == 40 and base != expected.baseline
    assert measure(net, selection.weights(), batches, bn, whole) == expected.baseline


def test_the_inputs_of_a_node_go_on_from_stored_counts_too():
    net, selection, batches = toy("s2")
    counts, node = PairedCounts("batch"), selection.space.cell("normal").topology_nodes[0]
    expected = score_inputs(net, selection, cell="normal", node=node, batches=batches)
    score_inputs(net, selection, cell="normal", node=node, batches=batches[:3], counts=counts)
    counts = PairedCounts.from_dict(counts.to_dict())
    found = score_inputs(net, selection, cell="normal", node=node, batches=batches, counts=counts)
    assert counts.images == 48
    assert replace(found, seconds=0) == replace(expected, seconds=0)


def test_counts_of_another_measurement_are_refused():
    net, selection, batches = toy()
    counts = PairedCounts("batch")
    score_edge(net, selection, cell="cell", edge=0, batches=batches[:3], counts=counts)
    how = {"cell": "cell", "edge": 0, "counts": counts}
    for wrong in ({"batches": batches[:2]}, {"batches": batches, "bn": "running"}, {"batches": toy(size=4)[2]}):
        with pytest.raises(BadInput, match="another measurement"):
            score_edge(net, selection, **how | wrong)
    with pytest.raises(BadInput, match="every batch"):
        score_edge(net, selection, batches=batches, until_sure=0.9, **how)
    torn = counts.to_dict() | {"loss": (1.0,)}
    with pytest.raises(BadInput, match="different numbers"):
        PairedCounts.from_dict(torn)


def test_bad_questions_are_refused_with_the_fix():
    net, selection, batches = toy(batches=2)
    ask = dict(cell="cell", edge=0, batches=batches)
    with pytest.raises(BadInput, match="cell type"):
        score_edge(net, selection, **{**ask, "cell": "normal"})
    with pytest.raises(BadInput, match="edges are 0 to 5"):
        score_edge(net, selection, **{**ask, "edge": 6})
    with pytest.raises(BadInput, match="no images"):
        score_edge(net, selection, **{**ask, "batches": []})
    with pytest.raises(BadInput, match="at least 2 images"):
        score_edge(net, selection, **{**ask, "batches": [(batches[0][0][:1], batches[0][1][:1])]})
    with pytest.raises(BadInput, match="BN mode"):
        score_edge(net, selection, **ask, bn="frozen")
    with pytest.raises(BadInput, match="criterion"):
        score_edge(net, selection, **ask, criterion="f1")
    with pytest.raises(BadInput, match="decided already"):
        score_edge(net, selection.discretize("cell", 0, "none"), **ask)
    with pytest.raises(BadInput, match="keep every edge"):
        score_inputs(net, selection, cell="cell", node=3, batches=batches)
    with pytest.raises(BadInput, match="probability"):
        score_edge(net, selection, **ask, until_sure=1.5)
    with torch.no_grad():
        net.classifier.bias.fill_(np.nan)
    with pytest.raises(BadInput, match="NaN"):
        score_edge(net, selection, **ask)
