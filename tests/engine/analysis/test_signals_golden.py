"""Signals of the golden NAS-Bench-201 supernet (C 4, N 1, float64, batch statistics), edge 3, against published values
and against what must hold of them whatever the supernet."""

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.analysis import opened
from engine.analysis.signals import features, gradients, masked, zerocost
from engine.analysis.signals.kinds import Asked
from engine.errors import BadInput
from engine.scoring.answers import EdgeQuestion
from engine.scoring.scores import measure
from engine.selection.selection import Selection
from engine.spaces import search_space
from engine.supernet.supernet import Pass, Supernet
from tests.engine.golden import golden_alphas, golden_images, golden_supernet

EDGE, BASE = 3, 2.371949
RISE = (0, -0.013184, -0.120628, 0.025193, -0.027349)
RISE_RESCALED = (0.034892, -0.010184, -0.156953, 0.031348, -0.021751)
ALONE = (2.341855, 2.395446, 2.307837, 2.235489, 2.254181)
TAYLOR = (0, -0.014853, -0.113133, 0.037678, -0.003292)
TAYLOR_RESCALED = (0.035442, -0.010874, -0.121892, 0.043762, 0.039866)
SHAPLEY = (0.000932, -0.057658, 0.015804, 0.010827)
PATH = (0, -0.000001, -0.088607, 0.030057, 0.032314)
FLOW = (24.111156, 24.104523, 23.996330, 24.068516, 24.065787)


def quiet(share: float) -> None:
    pass


def asked(net: Supernet | None = None, **more) -> Asked:
    space = search_space("nas-bench-201")
    batches = more.pop("batches", [(golden_images(), torch.arange(4))])
    selection = more.pop("selection", Selection(space, golden_alphas(space)))
    return Asked(net or golden_supernet("nas-bench-201"), selection, "cell", batches, "batch", 0)


@pytest.fixture(scope="module")
def golden() -> Asked:
    return asked()


@pytest.fixture(scope="module")
def evidence(golden: Asked) -> masked.Evidence:
    return masked.measure(golden, EDGE, masked.MASKED, quiet)


def test_masks_lose_what_is_published(golden: Asked, evidence: masked.Evidence) -> None:
    found = masked.signals(golden, EDGE, evidence, masked.MASKED)
    assert evidence.loss(("mix", frozenset({1, 2, 3, 4}))) == pytest.approx(BASE, abs=1e-6)
    assert found["rise"] == pytest.approx(RISE, abs=2e-6)
    assert found["rise_rescaled"] == pytest.approx(RISE_RESCALED, abs=2e-6)
    assert found["drop"][0] == 0, "without rescaling none has no effect"
    losses = [evidence.loss(("one", frozenset({column}))) for column in range(5)]
    assert losses == pytest.approx(ALONE, abs=2e-6)


def test_shapley_values_add_up_and_are_as_published(golden: Asked, evidence: masked.Evidence) -> None:
    live = frozenset({1, 2, 3, 4})
    values = masked.shapley(live, lambda kept: -evidence.loss(("mix", kept)))
    assert [values[column] for column in sorted(live)] == pytest.approx(SHAPLEY, abs=2e-6)
    whole, nothing = evidence.loss(("mix", live)), evidence.loss(("mix", frozenset()))
    assert sum(values.values()) == pytest.approx(nothing - whole) == pytest.approx(-0.030094, abs=2e-6)
    accuracies = masked.signals(golden, EDGE, evidence, ["edge_shapley"])["edge_shapley"]
    assert accuracies[0] == 0 and sum(accuracies) == pytest.approx(
        evidence.accuracy(("mix", live)) - evidence.accuracy(("mix", frozenset()))
    )


def test_equal_players_have_equal_shapley_values() -> None:
    values = masked.shapley(frozenset({0, 1, 2}), lambda kept: float(bool(kept & {0, 1})) + 3 * (2 in kept))
    assert values == pytest.approx({0: 0.5, 1: 0.5, 2: 3})


def test_the_masks_needed_are_counted(golden: Asked) -> None:
    for wanted in (["drop"], ["keep_at_mix"], ["drop", "keep_only"], ["rise_rescaled"], list(masked.MASKED)):
        rows = {
            masked._key(EdgeQuestion(golden.selection, "cell", EDGE), row)
            for _, row in masked._rows(EdgeQuestion(golden.selection, "cell", EDGE), wanted)
        }
        assert len(rows) <= masked.variants(5, 4, wanted) + 1, wanted


def test_gradients_give_the_published_first_order(golden: Asked) -> None:
    taken = gradients.gradients_of(golden)
    assert taken[0].loss == pytest.approx(BASE, abs=1e-6) and taken[0].images == 4
    assert gradients.taylor(golden.weights, taken)[EDGE].tolist() == pytest.approx(TAYLOR, abs=2e-6)
    assert gradients.taylor_rescaled(golden.weights, taken)[EDGE].tolist() == pytest.approx(TAYLOR_RESCALED, abs=2e-6)
    once = (golden.weights.double() * taken[0].gradient) ** 2
    assert torch.allclose(gradients.fisher(golden.weights, taken), once)


def test_a_gradient_is_what_a_small_step_changes(golden: Asked) -> None:
    (found,) = gradients.gradients_of(golden)
    for place in ((3, 2), (0, 1), (5, 3)):
        losses = []
        for step in (-1e-7, 1e-7):
            weights = golden.weights.double()
            weights[place] += step
            losses.append(gradients.gradients_of(golden, weights)[0].loss)
        assert (losses[1] - losses[0]) / 2e-7 == pytest.approx(float(found.gradient[place]), abs=5e-7)


def test_rescaled_taylor_is_the_alpha_gradient_in_other_units(golden: Asked) -> None:
    space = golden.selection.space
    alpha = golden_alphas(space)["cell"].requires_grad_()
    loss = torch.nn.functional.cross_entropy(
        golden.supernet(golden_images(), {"cell": torch.softmax(alpha, 1)}, "batch"), torch.arange(4)
    )
    (gradient,) = torch.autograd.grad(loss, alpha)
    weights = torch.softmax(alpha, 1).detach()
    rescaled = gradients.taylor_rescaled(weights, gradients.gradients_of(golden, weights))
    assert torch.allclose(gradient, -(1 - weights) * rescaled, atol=1e-9)


def test_a_scaled_path_is_complete(golden: Asked) -> None:
    found = gradients.path_edge(golden, EDGE)
    assert found.tolist() == pytest.approx(PATH, abs=2e-6)
    many = float(gradients.path_edge(golden, EDGE, 16).sum())
    weights = golden.selection.weights()
    weights["cell"][EDGE] = 0
    removed = measure(golden.supernet, weights, golden.batches).loss - BASE
    assert many == pytest.approx(removed, rel=0.1)


def test_synflow_is_as_published_and_reacts_to_a_mask(golden: Asked) -> None:
    proxy = zerocost.synflow(golden)
    assert proxy(golden.weights) == pytest.approx(24.111156, abs=2e-6)
    for column, expected in enumerate(FLOW):
        mask = golden.weights.clone()
        mask[EDGE, column] = 0
        assert proxy(mask) == pytest.approx(expected, abs=2e-6)
    lost = zerocost.lost(golden, proxy, quiet)
    assert lost[EDGE] == pytest.approx([24.111156 - value for value in FLOW], abs=4e-6)


def test_the_other_proxies_lose_nothing_with_none(golden: Asked) -> None:
    for proxy in (zerocost.grad_norm(golden), zerocost.nwot(golden)):
        found = zerocost.lost(golden, proxy, quiet)
        assert set(found) == set(range(6)) and all(row[0] == 0 for row in found.values())
        assert np.isfinite([value for row in found.values() for value in row]).all() and any(found[EDGE][1:])


@pytest.mark.parametrize("name", ["nas-bench-201", "s2", "darts"])
def test_an_opened_cell_gives_the_supernets_own_logits(name: str) -> None:
    net = golden_supernet(name)
    weights = {cell: torch.softmax(rows, 1) for cell, rows in golden_alphas(net.space).items()}
    weights[net.space.cells[0]][1] = 0
    run = Pass.of(weights, "batch")
    with torch.no_grad():
        whole = net.run(golden_images(), run)
        for cell in net.space.cells:
            assert torch.allclose(opened.run(net, golden_images(), run, cell), whole, atol=1e-12)


def test_a_restored_sum_has_the_mean_and_spread_of_the_whole() -> None:
    draw = torch.Generator().manual_seed(0)
    rest, whole = (torch.randn(4, 3, 5, 5, generator=draw, dtype=torch.float64) for _ in range(2))
    rest[:, 2] = 0.0
    found = features.restore(rest, 3 * whole + 2)
    for channel in range(2):
        assert found[:, channel].mean() == pytest.approx(float(3 * whole[:, channel].mean() + 2))
        assert found[:, channel].std() == pytest.approx(float(3 * whole[:, channel].std()))
    assert torch.allclose(found[:, 2], (3 * whole[:, 2].mean() + 2).expand(4, 5, 5)), "what is even stays even"


def test_a_mask_that_only_scales_loses_nothing_once_it_is_restored() -> None:
    """Both operations of an edge give the same map: without one the sum is smaller, and restored it is itself again."""
    net = golden_supernet("nas-bench-201")
    space = net.space
    alphas = golden_alphas(space)
    alphas["cell"][EDGE] = torch.tensor([-60.0, 0.0, -60.0, -60.0, -60.0])
    one = asked(net, selection=Selection(space, alphas))
    found = features.restored(one, EDGE, quiet)
    assert found["rise_restored"][2] == pytest.approx(0, abs=1e-9), "what has no weight is not missed"
    assert found["rise_restored"][0] == found["drop_restored"][0] == 0


def test_iim_is_three_fourths_of_the_inverse_fourth_power(golden: Asked) -> None:
    """3 (C - 1) / C times the mean of 1 / sigma^4, over an output's channels."""
    found = features.iim(golden, quiet)
    assert found[0][0] is None, "none has no output"
    net = golden.supernet
    run = Pass.of(golden.selection.weights(dtype=torch.float64), "batch")
    spreads: list[Tensor] = []

    def look(edge, source, outputs, weights):
        if edge == 0:
            spreads.append((outputs[3].std(1) ** -4).mean())
        return opened.summed(outputs, weights)

    with torch.no_grad():
        opened.run(net, golden_images(), run, "cell", look)
    parts = [3 * (c - 1) / c * float(spread) for c, spread in zip((4, 8, 16), spreads, strict=True)]
    assert found[0][3] == pytest.approx(-np.mean(parts), rel=1e-9)


def test_nothing_of_the_supernet_is_changed() -> None:
    net = golden_supernet("nas-bench-201").train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    one = asked(net)
    state = torch.random.get_rng_state()
    masked.measure(one, EDGE, masked.MASKED, quiet)
    features.restored(one, EDGE, quiet)
    features.iim(one, quiet)
    gradients.gradients_of(one)
    for proxy in (zerocost.synflow(one), zerocost.grad_norm(one), zerocost.nwot(one)):
        proxy(one.weights)
    assert net.training and all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in net.parameters())
    assert torch.equal(torch.random.get_rng_state(), state)


def test_decided_edges_and_edges_with_one_operation_are_refused(golden: Asked) -> None:
    decided = asked(selection=golden.selection.discretize("cell", EDGE, "nor_conv_3x3"))
    with pytest.raises(BadInput, match="decided already"):
        masked.measure(decided, EDGE, ["drop"], quiet)
    alphas = golden_alphas(golden.selection.space)
    alphas["cell"][EDGE] = torch.tensor([-1e9, 0.0, -1e9, -1e9, -1e9])
    alone = asked(selection=Selection(golden.selection.space, alphas))
    with pytest.raises(BadInput, match="skip_connect has all the weight"):
        masked.measure(alone, EDGE, ["drop_rescaled"], quiet)
    assert masked.measure(alone, EDGE, ["drop"], quiet).loss(("mix", frozenset({2, 3, 4}))) > 0


def test_partial_channels_cannot_be_opened() -> None:
    net = Supernet(search_space("nas-bench-201"), channels=8, cells=1, part=4)
    run = Pass.of({"cell": torch.full((6, 5), 0.2)}, "batch")
    with pytest.raises(BadInput, match="cannot be opened"):
        opened.run(net, golden_images().float(), run, "cell")
