"""Methods that draw their mixing weights: what is drawn, how often, and where gradients flow."""

import pytest
import torch
from torch.nn import functional as F

from engine.selection.decisions import OperationDecision
from engine.supernet.supernet import Pass
from engine.training.methods.drnas import concentrations
from tests.engine.golden import golden_images, golden_supernet
from tests.engine.training.golden_method import SEARCH, TRAIN, golden_method


def draws(method, count: int) -> torch.Tensor:
    found = []
    for number in range(count):
        method.path = (number,)
        with torch.no_grad():
            found.append(method.mix("train", method.draw("train")).weights["cell"])
    return torch.stack(found)


def test_gdas_runs_one_operation_an_edge_and_gives_every_alpha_a_gradient():
    method = golden_method("gdas", "nas-bench-201")
    method.hold([OperationDecision("cell", 2, "nor_conv_3x3")])
    mixed = method.mix("search", method.draw("search"))
    assert [sum(row) for row in mixed.live["cell"]] == [1] * 6
    hard = mixed.weights["cell"].detach()
    torch.testing.assert_close(hard.sum(-1), torch.ones(6).double())
    assert (hard == 0).sum() == 24 and hard[2, 3] == 1
    method.alpha_step(TRAIN, SEARCH)
    gradient = method.parameters["alpha.cell"].grad
    assert not gradient[2].any() and all(gradient[edge].any() for edge in (3, 4, 5))
    assert set(method.mix("measure", method.draw("measure")).live["cell"][0]) == {True}


def test_gdas_draws_as_often_as_the_softmax_says():
    method = golden_method("gdas", "nas-bench-201")
    expected = method.parameters["alpha.cell"].softmax(-1)
    torch.testing.assert_close(draws(method, 1000).mean(0), expected, atol=0.06, rtol=0)


def test_weights_of_operations_that_did_not_run_act_as_numbers_added_to_the_features():
    net = golden_supernet("nas-bench-201")
    rows = F.one_hot(torch.tensor([3, 1, 2, 3, 4, 1]), 5).double().requires_grad_()
    live = {"cell": (rows.detach() != 0).tolist()}

    def loss(weights: torch.Tensor, absent: bool = True) -> torch.Tensor:
        out = net.run(golden_images(), Pass({"cell": weights}, live, "batch", None, absent))
        return F.cross_entropy(out, torch.arange(4))

    value = loss(rows)
    assert value.item() == loss(rows, absent=False).item()
    (gradient,) = torch.autograd.grad(value, rows)
    with torch.no_grad():
        change = torch.zeros(6, 5).double()
        change[3, 0] = 1e-5
        numeric = (loss(rows + change) - loss(rows - change)) / 2e-5
    assert gradient[3, 0].item() == pytest.approx(numeric.item(), rel=1e-5) and gradient[3, 0] != 0
    # every operation that did not run, on every edge into the node, is the same number to it
    absent = [gradient[edge, k] for edge, ran in ((3, 3), (4, 4), (5, 1)) for k in range(5) if k != ran]
    torch.testing.assert_close(torch.stack(absent), gradient[3, 0].expand(12))


@pytest.mark.parametrize(("epoch", "tau"), [(0, 10), (49, 0.1), (None, 0.1), (7, 10 - 9.9 / 7)])
def test_the_temperature_falls_linearly(epoch, tau):
    method = golden_method("gdas", "nas-bench-201")
    method.begin(epoch)
    assert method.tau == pytest.approx(tau)
    one = golden_method("gdas", "nas-bench-201", epochs=1)
    assert one.tau == 10


def test_gdas_takes_the_weights_first():
    method = golden_method("gdas", "nas-bench-201")
    calls = []
    method.weight_step = lambda train: calls.append("weights")
    method.alpha_step = lambda train, search: calls.append("alphas")
    method.step(TRAIN, SEARCH)
    assert calls == ["weights", "alphas"]


def test_drnas_draws_rows_with_the_mean_of_their_distribution():
    method = golden_method("drnas", "nas-bench-201")
    method.hold([OperationDecision("cell", 1, "none")])
    found = draws(method, 500)
    torch.testing.assert_close(found.sum(-1), torch.ones(500, 6).double())
    assert found[:, 1, 0].eq(1).all() and found.min() >= 0
    rows = concentrations(method.parameters["alpha.cell"])
    expected = rows / rows.sum(-1, keepdim=True)
    torch.testing.assert_close(found.mean(0)[[0, 2, 3, 4, 5]], expected[[0, 2, 3, 4, 5]], atol=0.05, rtol=0)
    assert torch.equal(draws(method, 1)[0], found[0])


def test_gradients_through_the_draws_are_those_of_their_mean():
    method = golden_method("drnas", "nas-bench-201")
    alpha = method.parameters["alpha.cell"].requires_grad_()
    total = 0.0
    for number in range(500):
        method.path = (number,)
        total = total + method.mix("search", method.draw("search")).weights["cell"][4, 0]
    (found,) = torch.autograd.grad(total / 500, alpha)
    rows = concentrations(alpha)
    (expected,) = torch.autograd.grad(rows[4, 0] / rows[4].sum(), alpha)
    torch.testing.assert_close(found, expected, atol=0.04, rtol=0)


def test_the_divergence_is_zero_for_even_distributions_and_is_added_where_it_is_asked():
    method = golden_method("drnas", "nas-bench-201")
    assert method.extra_loss().item() > 0
    even = golden_method("drnas", "nas-bench-201")
    with torch.no_grad():
        even.parameters["alpha.cell"].zero_()
    assert even.extra_loss().item() == pytest.approx(0, abs=1e-12)
    assert golden_method("drnas", "nas-bench-201", kl=0.0).extra_loss() is None
    # KL(Dir(2, 1, 1, 1, 1) || Dir(1)) = ln 5 + psi(2) - psi(6), once an edge
    with torch.no_grad():
        even.parameters["alpha.cell"][:, 0] = 1.0
    assert even.extra_loss().item() == pytest.approx(1e-3 * 6 * (1.6094379 + 0.4227843 - 1.7061177), abs=1e-8)
    assert torch.isfinite(concentrations(torch.tensor([-40.0]))).all() and concentrations(torch.tensor([-40.0])) > 0
