"""SDARTS against the golden values: how mixing weights are perturbed, when, and what stays as it is."""

import dataclasses

import pytest
import torch

from engine.selection.decisions import OperationDecision
from engine.training.perturbed import clip_normalise
from tests.engine.golden import golden_alphas, golden_images, golden_supernet
from tests.engine.training.golden_method import TRAIN, golden_method


def test_a_row_is_cut_to_what_weights_can_be_and_divided_by_its_sum():
    rows = torch.tensor([[0.5, 0.3, 0.4, -0.1], [-0.2, -0.1, -0.3, -0.4], [1.7, 0.0, -1.0, 0.0]])
    expected = [[0.416667, 0.25, 0.333333, 0], [0, 1, 0, 0], [1, 0, 0, 0]]
    torch.testing.assert_close(clip_normalise(rows), torch.tensor(expected), atol=1e-6, rtol=0)


def test_a_perturbed_supernet_gives_the_reference_logits():
    net = golden_supernet("s2").train()
    weights = {}
    for cell, alpha in golden_alphas(net.space).items():
        noise = 0.3 * torch.cos(torch.arange(alpha.numel(), dtype=torch.float64)).view_as(alpha)
        weights[cell] = clip_normalise(alpha.softmax(-1) + (noise if cell == "normal" else -noise))
    rows = torch.tensor([[0.523072, 0.476928], [1, 0], [0.764418, 0.235582], [0.727167, 0.272833]]).double()
    torch.testing.assert_close(weights["normal"][:4], rows, atol=1e-6, rtol=0)
    with torch.no_grad():
        logits = net(golden_images(), weights)[0, :4]
    expected = torch.tensor([-0.291164, -0.049214, 0.223849, 0.355395]).double()
    torch.testing.assert_close(logits, expected, atol=2e-6, rtol=0)


@pytest.mark.parametrize(("epoch", "epsilon"), [(0, 0.03), (25, 0.165), (49, 0.2946), (None, 0.3)])
def test_the_perturbation_grows_to_what_it_is_in_tuning(epoch, epsilon):
    method = golden_method("sdarts-rs")
    method.begin(epoch)
    assert method.epsilon == pytest.approx(epsilon)


def test_only_steps_on_the_weights_are_perturbed_and_no_decided_edge_is():
    method = golden_method("sdarts-rs")
    method.begin(None)
    method.hold([OperationDecision("normal", 3, "skip_connect")])
    plain = {cell: alpha.softmax(-1) for cell, alpha in method.of("alpha").items()}
    for purpose in ("search", "measure"):
        weights = method.mix(purpose, method.draw(purpose)).weights
        assert torch.equal(weights["normal"][:3], plain["normal"][:3])
    found, again = (method.mix("train", method.draw("train")).weights for _ in range(2))
    assert torch.equal(found["normal"], again["normal"])  # the same draw, so a resumed run repeats it
    method.path = (0, 1)
    assert not torch.equal(method.mix("train", method.draw("train")).weights["normal"], found["normal"])
    for cell in ("normal", "reduce"):
        torch.testing.assert_close(found[cell].sum(-1), torch.ones(14).double())
        assert found[cell].min() >= 0 and not torch.equal(found[cell], plain[cell])
    assert found["normal"][3].tolist() == [1, 0]


def test_the_attack_raises_the_loss_stays_near_and_moves_no_statistics():
    method = golden_method("sdarts-adv")
    method.begin(None)
    method.hold([OperationDecision("normal", 3, "skip_connect")])
    method.weight_step(TRAIN)  # so that running statistics fit the images a little
    before = {name: value.clone() for name, value in method.supernet.state_dict().items()}
    plain = method.plain()
    found = method.weight_mix(TRAIN)
    assert method._harm(TRAIN, dict(found.weights)) > method._harm(TRAIN, plain)
    assert all(torch.equal(value, before[name]) for name, value in method.supernet.state_dict().items())
    assert all(alpha.grad is None for alpha in method.parameters.values())
    for rows in found.weights.values():
        assert not rows.requires_grad and rows.min() >= 0
        torch.testing.assert_close(rows.sum(-1), torch.ones(14).double())
    assert found.weights["normal"][3].tolist() == [1, 0]


def test_an_attack_that_fails_is_given_up(monkeypatch):
    method = golden_method("sdarts-adv")
    harms = iter([torch.tensor(2.0), torch.tensor(0.0), torch.tensor(1.0)])
    monkeypatch.setattr(type(method), "_harm", lambda self, train, weights: next(harms))
    monkeypatch.setattr(torch.autograd, "grad", lambda *_, **__: (None, None))
    method.settings = dataclasses.replace(method.settings, attacks=1)
    found = method.weight_mix(TRAIN)
    assert all(torch.equal(found.weights[cell], rows) for cell, rows in method.plain().items())
