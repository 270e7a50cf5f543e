"""First-order estimates: exact derivatives, published values, and a supernet that stays as it was."""

import hashlib
import json

import pytest
import torch
from torch.nn import functional as F

import engine
from engine.errors import BadInput
from engine.results import Preview
from engine.scoring.preview import preview
from engine.selection.selection import Selection
from engine.supernet.supernet import Pass, Supernet
from tests.engine.golden import fill_deterministically, golden_alphas, golden_images, golden_supernet

LABELS = torch.arange(4)


def golden(name: str = "nas-bench-201") -> tuple:
    net = golden_supernet(name)
    return net, Selection(net.space, golden_alphas(net.space))


def loss(net, weights) -> float:
    with torch.no_grad():
        return float(F.cross_entropy(net(golden_images(), weights, "batch"), LABELS))


def rises(found: Preview, cell: str, edge: int) -> list[float]:
    return [each.rise for each in found.edge(cell, edge).operations]


def test_the_published_values_of_the_reference():
    net, selection = golden()
    found = preview(net, selection, [(golden_images(), LABELS)])
    assert found.loss == pytest.approx(2.371949, abs=1e-6)
    assert rises(found, "cell", 3) == pytest.approx([0, -0.014853, -0.113133, 0.037678, -0.003292], abs=1e-6)
    assert (found.images, found.batch_size, found.bn, found.device) == (4, 4, "batch", "cpu")


@pytest.mark.parametrize(("name", "cell", "edge"), [("nas-bench-201", "cell", 0), ("s2", "reduce", 1)])
def test_it_is_the_slope_of_the_loss(name, cell, edge):
    net, selection = golden(name)
    found = preview(net, selection, [(golden_images(), LABELS)])
    weights = selection.weights()
    for column, operation in enumerate(selection.space.operations(cell, edge)):
        if operation == "none":
            continue
        sides = []
        for step in (1e-7, -1e-7):
            moved = {**weights, cell: weights[cell].clone()}
            moved[cell][edge, column] += step
            sides.append(loss(net, moved))
        slope = (sides[0] - sides[1]) / 2e-7
        assert rises(found, cell, edge)[column] == pytest.approx(-float(weights[cell][edge, column]) * slope, abs=2e-7)


def test_the_strength_of_a_partial_edge_stays_as_it_does_under_a_mask():
    space = engine.search_space("s2")
    net = Supernet(space, channels=8, cells=3, classes=10, part=4).double()
    fill_deterministically(net)
    selection = Selection(space, golden_alphas(space), {cell: torch.zeros(14) for cell in space.cells})
    found, weights = preview(net, selection, [(golden_images(), LABELS)]), selection.weights()
    sides = []
    for step in (1e-7, -1e-7):
        moved = {**weights, "normal": weights["normal"].clone().double()}
        moved["normal"][4, 0] += step
        with torch.no_grad():
            whole = {name: rows.double() for name, rows in weights.items()}
            whole_pass = Pass.of({**whole, "normal": moved["normal"]}, "batch", 0, whole=whole)
            sides.append(float(F.cross_entropy(net.run(golden_images(), whole_pass), LABELS)))
    expected = -float(weights["normal"][4, 0]) * (sides[0] - sides[1]) / 2e-7
    assert rises(found, "normal", 4)[0] == pytest.approx(expected, abs=2e-7)


def test_it_is_the_gradient_of_alpha_in_other_units():
    """dL/dalpha_k = w_k (g_k - the row's mean of g), and an estimate is -w_k g_k."""
    net, _ = golden()
    alphas = golden_alphas(net.space)["cell"].requires_grad_()
    F.cross_entropy(net(golden_images(), {"cell": alphas.softmax(-1)}, "batch"), LABELS).backward()
    found = preview(net, Selection(net.space, golden_alphas(net.space)), [(golden_images(), LABELS)])
    for edge in (1, 3, 5):
        # `none` adds nothing, so its weight has no slope
        taylor = torch.tensor(rises(found, "cell", edge), dtype=torch.float64)
        expected = -taylor + alphas[edge].softmax(-1).detach() * taylor.sum()
        assert torch.allclose(alphas.grad[edge], expected, atol=1e-9)


def test_batches_count_by_their_images():
    net, selection = golden()
    images = golden_images()
    parts = [(images[:3], LABELS[:3]), (images[3:], LABELS[3:])]
    both = preview(net, selection, parts, "running")
    whole = preview(net, selection, [(images, LABELS)], "running")
    assert both.loss == pytest.approx(whole.loss)
    assert rises(both, "cell", 2) == pytest.approx(rises(whole, "cell", 2))


def test_decided_edges_are_left_out_and_stay_decided():
    net, selection = golden()
    decided = selection.discretize("cell", 3, "skip_connect")
    found = preview(net, decided, [(golden_images(), LABELS)])
    assert [each.edge for each in found.edges] == [0, 1, 2, 4, 5] and found.edge("cell", 3) is None
    assert found.loss == pytest.approx(loss(net, decided.weights()))
    for edge in (0, 1, 2, 4, 5):
        decided = decided.discretize("cell", edge, "skip_connect")
    with pytest.raises(BadInput, match="decided already"):
        preview(net, decided, [(golden_images(), LABELS)])


@pytest.mark.parametrize("training", [True, False])
def test_nothing_of_the_supernet_moves_and_the_same_comes_out_again(training):
    def state() -> str:
        found = hashlib.sha256()
        for name, value in net.state_dict().items():
            found.update(name.encode() + value.numpy().tobytes())
        found.update(str([(each.requires_grad, each.grad) for each in net.parameters()]).encode())
        return found.hexdigest() + str(net.training) + str(torch.get_rng_state().sum())

    net, selection = golden("s4")
    net.train(training)
    before = state()
    first, second = (preview(net, selection, [(golden_images(), LABELS)]) for _ in range(2))
    assert state() == before
    assert first.edges == second.edges


def test_it_goes_through_json_and_reports_its_progress():
    net, selection = golden()
    shares: list[float] = []
    found = preview(net, selection, [(golden_images(), LABELS)] * 2, report=shares.append)
    assert shares == [0.5, 1.0]
    assert Preview.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_a_supernet_of_ones_own_is_estimated_too_or_told_why_not():
    net, selection = golden()
    wrapped = engine.wrap(lambda images, weights, bn: net(images, weights, bn), net.space, dtype=torch.float64)
    batch = [(golden_images(), LABELS)]
    assert preview(wrapped, selection, batch).edges == preview(net, selection, batch).edges
    cut = engine.wrap(lambda images, weights, bn: net(images, weights, bn).detach(), net.space, dtype=torch.float64)
    with pytest.raises(BadInput, match="no gradient"):
        preview(cut, selection, batch)
    with torch.no_grad():
        net.classifier.bias.fill_(float("nan"))
    with pytest.raises(BadInput, match="NaN"):
        preview(net, selection, batch)
