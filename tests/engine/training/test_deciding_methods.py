"""Methods that change what is selected from: SGAS decides during training, PC-DARTS trains edge strengths."""

import pytest
import torch

import engine
from engine.cli import main
from engine.errors import BadInput
from engine.selection.decisions import InputsDecision, OperationDecision
from engine.spaces import search_space
from engine.training.methods import settings_for
from engine.training.methods.sgas import edge_scores, preferences, silences
from tests.engine.golden import golden_alphas
from tests.engine.small_runs import SMALL, write_photos
from tests.engine.training.golden_method import SEARCH, TRAIN, golden_method

NONE = iter(())


def test_criterion_1_gives_the_reference_scores():
    space = search_space("darts-none")
    alpha, silent = golden_alphas(space)["normal"], silences(space, "normal")
    expected = "0.203 0.00127 0 0.22872 0.31572 0 0.30849 0.68962 0.57623 0.0965 0.00675 0.02738 0.28965 0.25424"
    scores = edge_scores(alpha, silent)
    assert scores.tolist() == pytest.approx([float(number) for number in expected.split()], abs=1e-5)
    assert int(scores.argmax()) == 7 and int(preferences(alpha, silent)[1][7].argmax()) == 3


def test_criterion_2_asks_for_a_past_and_prefers_edges_that_have_not_changed():
    space = search_space("darts-none")
    alpha, silent = golden_alphas(space)["normal"], silences(space, "normal")
    shares = preferences(alpha, silent)[1]
    assert not edge_scores(alpha, silent, shares[None][:0]).any()
    assert not edge_scores(alpha, silent, shares[None]).any()  # all alike, so nothing tells them apart
    before = shares.roll(1, -1).masked_fill(silent, 0)
    before[7] = shares[7]
    scores = edge_scores(alpha, silent, torch.stack([before, before]))
    assert scores[7] == pytest.approx(float(edge_scores(alpha, silent)[7])) and scores.argmax() == 7


def test_it_decides_an_edge_of_each_cell_type_and_discards_what_a_node_does_not_keep():
    method = golden_method("sgas", "darts-none")
    assert method.decide(8, NONE) == () and method.batch_size == 64
    first = method.decide(9, NONE)
    assert first[0] == OperationDecision("normal", 7, "skip_connect") and [each.cell for each in first] == [
        "normal",
        "reduce",
    ]
    method.hold(first)
    assert method.decide(10, NONE) == () and method.batch_size == 72
    for epoch in (14, 19, 24, 29, 34, 39, 44):
        method.hold((*method.decisions, *method.decide(epoch, NONE)))
    assert method.selection.is_complete and method.batch_size == 64 + 8 * 8 and not method.searches
    kept = [each for each in method.decisions if isinstance(each, InputsDecision)]
    assert len(kept) == 6 and method.decide(49, NONE) == ()
    rows = method.held.rows["normal"]
    assert rows.sum().item() == 8 and not rows[:, 0].any()  # two edges a node, none of them `none`


def test_the_alphas_of_a_decided_edge_stay():
    method = golden_method("sgas", "s3", first_decision=0)
    method.alpha_step(TRAIN, SEARCH)  # so that Adam has momentum
    decisions = method.decide(0, NONE)
    method.hold(decisions)
    before = {cell: alpha.detach().clone() for cell, alpha in method.of("alpha").items()}
    method.alpha_step(TRAIN, SEARCH)
    for cell, alpha in method.of("alpha").items():
        (edge,) = (each.edge for each in decisions if each.cell == cell)
        changed = (alpha.detach() != before[cell]).any(-1)
        assert not changed[edge] and changed.sum() == 13


def test_masked_drops_choose_the_operation_where_they_are_asked_and_alpha_still_the_edge():
    by_alpha = golden_method("sgas", "s3", first_decision=0)
    method = golden_method("sgas", "s3", first_decision=0, by_drop=2)
    first, second = (
        next(each for each in found if each.cell == "normal")
        for found in (by_alpha.decide(0, NONE), method.decide(0, iter([TRAIN, SEARCH] * 2)))
    )
    scores = engine.score_edge(
        method.supernet, by_alpha.selection, cell="normal", edge=first.edge, batches=[TRAIN, SEARCH]
    )
    drops = {each.name: each.drop for each in scores.operations if each.name != "none"}
    assert second.edge == first.edge and second.operation == max(drops, key=lambda name: drops[name])


@pytest.mark.parametrize("space", ["s1", "s2", "s4", "darts"])
def test_a_space_without_none_is_refused_with_those_that_have_it(space):
    with pytest.raises(BadInput, match="use one of: nas-bench-201, darts-none, s3"):
        settings_for("sgas", space)


def test_pc_darts_says_what_does_not_fit_and_comes_back_with_its_strengths(tmp_path, capsys):
    photos = write_photos(tmp_path / "photos", per_class=4)
    run = [
        *("train", "--space", "nas-bench-201", "--method", "pc-darts", "--epochs", "1", "--data", str(photos)),
        *("--out", str(tmp_path / "run"), *SMALL),
    ]
    assert main(run) == 2 and "multiple of 8, not 4" in capsys.readouterr().err
    assert main([*run, "--set", "partial=2"]) == 2 and "set alpha_from lower" in capsys.readouterr().err
    assert main([*run, "--set", "partial=2", "--set", "alpha_from=0"]) == 0
    found = engine.load(tmp_path / "run")
    assert found.supernet.part == found.meta["partial"] == 2 and found.beta_history["cell"].shape == (1, 6)
    (strengths,) = found.start.alphas.betas
    assert len(set(strengths)) == 6 and found.start.weights()["cell"][3].sum() < 0.99
