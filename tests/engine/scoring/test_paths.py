"""Paths that measurement takes: every decision rests on a fresh measurement, and the end is a legal cell."""

import pytest
import torch

from engine.scoring.paths import decide_at_once, measured_path
from engine.scoring.scorer import Scorer, ScoringImages
from engine.scoring.scores import score_edge, score_inputs
from engine.scoring.settings import Settings
from engine.selection.genotype_text import parse_genotype
from engine.selection.orders import edge_order, index_order, next_step
from engine.selection.selection import Selection
from engine.spaces import search_space
from engine.supernet.supernet import Supernet
from tests.engine.golden import golden_alphas


def setting(name: str) -> tuple[Supernet, Selection, list]:
    space = search_space(name)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Supernet(space, channels=2, cells=space.skeleton.fewest)
        batches = [(torch.randn(8, 3, 8, 8), torch.randint(10, (8,)))]
    return net, Selection(space, golden_alphas(space)), batches


@pytest.mark.parametrize("name", ["nas-bench-201", "s2"])
def test_a_measured_path_decides_every_step_by_scores_taken_just_before_it(name):
    net, selection, batches = setting(name)
    order = edge_order(selection.space, 1)
    before = selection
    for step in measured_path(Scorer(net, Settings(), ScoringImages.given(batches)), selection, order):
        expected = next_step(before, order)
        assert expected is not None
        if expected.kind == "edge":
            fresh = score_edge(net, before, cell=expected.cell, edge=expected.index, batches=batches)
            assert step.scores.operations == fresh.operations
            assert step.selection == before.discretize(expected.cell, expected.index, fresh.best)
        else:
            inputs = score_inputs(net, before, cell=expected.cell, node=expected.index, batches=batches)
            assert step.selection == before.keep_inputs(expected.cell, expected.index, inputs.keep)
        before = step.selection
    assert before.is_complete
    assert parse_genotype(str(before.genotype())) == before.genotype()


def test_a_path_goes_on_from_the_decisions_taken():
    net, selection, batches = setting("nas-bench-201")
    started = selection.discretize("cell", 3, "nor_conv_1x1")
    *_, last = measured_path(
        Scorer(net, Settings(), ScoringImages.given(batches)), started, index_order(selection.space)
    )
    assert last.selection.operation("cell", 3) == "nor_conv_1x1" and last.selection.steps_done == 6


def test_decisions_at_once_take_every_decision_from_the_same_supernet():
    net, selection, batches = setting("s2")
    space = selection.space
    edges = [
        score_edge(net, selection, cell=cell, edge=edge.index, batches=batches)
        for cell in space.cells
        for edge in space.edges(cell)
    ]
    inputs = [
        score_inputs(net, selection, cell=cell, node=node, batches=batches)
        for cell in space.cells
        for node in space.cell(cell).topology_nodes
    ]
    found = decide_at_once(selection, [*edges, *inputs])
    assert found.is_complete
    assert all(found.operation(scores.cell, scores.edge) == scores.best for scores in edges)
    assert all(found.kept(scores.cell, scores.node) == scores.keep for scores in inputs)
