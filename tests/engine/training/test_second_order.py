"""The unrolled step on the alphas against the golden values and against what SGD does."""

import pytest
import torch

from tests.engine.training.golden_method import SEARCH, TRAIN, golden_method


def gradients(method):
    return {name: alpha.grad for name, alpha in method.parameters.items()}


def test_first_order_gives_the_reference_gradients():
    method = golden_method("darts")
    method.alpha_step(TRAIN, SEARCH)
    found = gradients(method)
    torch.testing.assert_close(
        found["alpha.normal"][:2],
        torch.tensor([[0.098808, -0.098808], [0.094793, -0.094793]]).double(),
        atol=1e-6,
        rtol=0,
    )
    sums = [float(rows.abs().sum()) for rows in found.values()]
    assert sums == pytest.approx([1.653813, 1.285619], abs=2e-6)


def test_second_order_gives_the_reference_gradients_and_leaves_the_weights():
    method = golden_method("darts-2nd")
    before = {name: value.detach().clone() for name, value in method.supernet.named_parameters()}
    with method.at(method._ahead(TRAIN)), torch.no_grad():
        ahead, _ = method.loss(SEARCH, method.mix("search", method.draw("search")), "search", "batch")
    assert float(ahead) == pytest.approx(2.880562, abs=1e-6)
    method.alpha_step(TRAIN, SEARCH)
    found = gradients(method)
    expected = torch.tensor([[-8.785327, 8.785327], [-6.249113, 6.249113]]).double()
    torch.testing.assert_close(found["alpha.normal"][:2], expected, atol=0, rtol=2e-4)
    assert [float(rows.abs().sum()) for rows in found.values()] == pytest.approx([189.0335, 22.4975], rel=2e-4)
    assert all(torch.equal(value, before[name]) for name, value in method.supernet.named_parameters())
    assert all(weight.grad is None for weight in method.weights)


@pytest.mark.parametrize("nesterov", [False, True])
def test_it_looks_ahead_to_where_the_next_step_really_leads(nesterov):
    method = golden_method("darts-2nd", "nas-bench-201", nesterov=nesterov, clip=1e9)
    for _ in range(2):  # the second time there is momentum
        ahead = method._ahead(TRAIN)
        method.weight_step(TRAIN)
        for weight, expected in zip(method.weights, ahead, strict=True):
            torch.testing.assert_close(weight.detach(), expected.detach(), rtol=1e-9, atol=1e-12)
