"""The supernet against the reference implementation's golden values, sizes and a plain-module oracle."""

import pytest
import torch
from torch.nn import functional as F

from engine.errors import BadInput
from engine.network.imagenet import stem0, stem1
from engine.spaces import search_space
from engine.supernet.draws import seeded
from engine.supernet.layers import halve
from engine.supernet.supernet import Supernet
from tests.engine.golden import golden_alphas, golden_images, golden_supernet

TARGETS = torch.arange(4)
# space: parameters, loss, logits of sample 0, sums of |d loss / d alpha|, first eval logits after one training forward
GOLDEN = {
    "darts": (
        118_742,
        2.637948,
        "-1.131650 -0.616828 0.287954 1.010691 1.094467 0.486319 -0.429281 -1.073488 -1.039034 -0.347700",
        (7.462297, 9.868510),
        "0.040186 0.017106 -0.016789 -0.040069",
    ),
    "darts-none": (
        118_742,
        2.557873,
        "-0.825857 -0.996223 -0.536775 0.262023 0.895170 0.962388 0.421183 -0.386295 -0.949557 -0.912507",
        (4.146708, 4.143606),
        "0.017435 -0.002011 -0.020185 -0.025598",
    ),
    "s1": (
        19_782,
        2.482384,
        "-0.122845 0.439481 0.723966 0.550758 0.029360 -0.510600 -0.727757 -0.484825 0.064615 0.573204",
        (1.146998, 0.476889),
        "0.034516 0.012154 -0.017892 -0.036627",
    ),
    "s2": (
        33_846,
        2.322535,
        "-0.339702 0.084735 0.455602 0.538437 0.280870 -0.154263 -0.491871 -0.518517 -0.217356 0.221218",
        (1.216135, 0.665314),
        "0.099723 0.106426 0.045846 -0.043718",
    ),
    "s3": (
        33_846,
        2.461287,
        "-0.465885 -0.156057 0.252430 0.501331 0.433289 0.091321 -0.308380 -0.513123 -0.393468 -0.025062",
        (1.422221, 1.114411),
        "0.017079 0.020138 0.010465 -0.005823",
    ),
    "nas-bench-201": (
        25_054,
        2.371949,
        "0.389351 0.814963 -0.058468 -0.838701 -0.282052 0.724185 0.576079 -0.490292 -0.775142 0.175577",
        (1.524329,),
        "0.042538 0.050192 -0.022160 -0.059189",
    ),
}


def _numbers(text: str) -> torch.Tensor:
    return torch.tensor([float(number) for number in text.split()], dtype=torch.float64)


@pytest.mark.parametrize("name", GOLDEN)
def test_supernet_gives_the_reference_logits_loss_and_alpha_gradients(name):
    parameters, loss, logits, gradients, eval_logits = GOLDEN[name]
    net = golden_supernet(name).train()
    alphas = {cell: alpha.requires_grad_() for cell, alpha in golden_alphas(net.space).items()}
    out = net(golden_images(), {cell: alpha.softmax(-1) for cell, alpha in alphas.items()})
    value = F.cross_entropy(out, TARGETS)
    value.backward()
    assert sum(p.numel() for p in net.parameters()) == parameters
    torch.testing.assert_close(out[0].detach(), _numbers(logits), atol=1e-6, rtol=0)
    assert value.item() == pytest.approx(loss, abs=1e-6)
    assert [alpha.grad.abs().sum().item() for alpha in alphas.values()] == pytest.approx(gradients, abs=2e-6)
    net.eval()
    with torch.no_grad():
        after = net(golden_images(), {cell: alpha.softmax(-1) for cell, alpha in alphas.items()})
    torch.testing.assert_close(after[0, :4], _numbers(eval_logits), atol=1e-6, rtol=0)


SIZES = [
    ("s1", 10, 405_146),
    ("s1", 100, 428_276),
    ("s2", 10, 665_466),
    ("s2", 100, 688_596),
    ("s3", 10, 665_466),
    ("s4", 10, 624_506),
    ("s4", 100, 647_636),
    ("darts", 10, 1_930_618),
    ("darts", 100, 1_953_748),
    ("darts-none", 10, 1_930_618),
    ("nas-bench-201", 10, 1_686_106),
    ("nas-bench-201", 100, 1_691_956),
    ("nas-bench-201", 120, 1_693_256),
]


@pytest.mark.parametrize(("name", "classes", "parameters"), SIZES)
def test_published_size_supernets_have_the_published_parameter_counts(unfilled, name, classes, parameters):
    with torch.device("meta"):
        net = Supernet(search_space(name), classes=classes)
    assert sum(p.numel() for p in net.parameters()) == parameters


def test_batch_and_running_modes_move_no_state_and_training_mode_does():
    net = golden_supernet("darts")
    weights = {cell: alpha.softmax(-1) for cell, alpha in golden_alphas(net.space).items()}
    before = {name: value.clone() for name, value in net.state_dict().items()}
    net.train()
    with torch.no_grad():
        batch = net(golden_images(), weights, bn="batch")
        net(golden_images(), weights, bn="running")
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    with torch.no_grad():
        trained = net(golden_images(), weights)
    torch.testing.assert_close(trained, batch)
    assert any(not torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_operations_with_zero_weight_are_not_touched():
    net = golden_supernet("nas-bench-201").train()
    weights = {"cell": golden_alphas(net.space)["cell"].softmax(-1)}
    weights["cell"][3, 3] = 0
    F.cross_entropy(net(golden_images(), weights), TARGETS).backward()
    idle = net.blocks[0].edges[3]["nor_conv_3x3"]
    busy = net.blocks[0].edges[3]["nor_conv_1x1"]
    assert idle.conv.weight.grad is None and busy.conv.weight.grad is not None
    assert torch.equal(idle.bn.running_mean, torch.zeros(4, dtype=torch.float64))
    assert not torch.equal(busy.bn.running_mean, torch.zeros(4, dtype=torch.float64))


@pytest.mark.parametrize("name", ["nas-bench-201", "darts"])
def test_a_cell_with_every_operation_masked_gives_finite_logits(name):
    net = golden_supernet(name)
    weights = {cell: torch.zeros_like(alpha) for cell, alpha in golden_alphas(net.space).items()}
    assert torch.isfinite(net(golden_images(), weights, bn="running")).all()


def test_noise_with_a_seed_repeats_and_differs_between_seeds():
    net = Supernet(search_space("s4"), channels=4, cells=3)
    weights = {cell: torch.full(net.space.shape(cell), 0.5) for cell in net.space.cells}
    images = golden_images().float()
    with torch.no_grad():
        first, again, other = (net(images, weights, bn="batch", noise=seed) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.mark.parametrize("size", [dict(channels=3), dict(channels=0), dict(cells=1), dict(classes=1)])
def test_sizes_that_cannot_be_built_are_refused(size):
    with pytest.raises(BadInput, match="must be"):
        Supernet(search_space("darts"), **size)


def test_noise_depends_on_batch_cell_and_edge_and_on_nothing_of_this_process():
    places = (1, 2, 3), (1, 2, 4), (1, 3, 3), (2, 2, 3)
    draws = [torch.randn(2, generator=seeded(*place)).tolist() for place in places]
    assert draws[0] == pytest.approx([2.1036264896392822, 0.22515256702899933], abs=1e-6)
    assert len({tuple(draw) for draw in draws}) == 4


@pytest.mark.parametrize("channels", [4, 8])
def test_halving_by_every_other_pixel_is_the_strided_convolution(channels):
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(2, channels, 6, 6, generator=draw, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(3, channels, 1, 1, generator=draw, dtype=torch.float64, requires_grad=True)
    ours, plain = halve(x, weight), F.conv2d(x, weight, stride=2)
    torch.testing.assert_close(ours, plain, atol=1e-12, rtol=0)
    gradients = [torch.autograd.grad(out.square().sum(), (x, weight)) for out in (ours, plain)]
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, atol=1e-12, rtol=0)


@pytest.mark.parametrize("name", ["s2", "nas-bench-201"])
def test_a_supernet_for_large_images_is_the_same_cells_behind_another_stem(name):
    space = search_space(name)
    cells = 3 if name == "s2" else 1
    small, large = (Supernet(space, 4, cells, classes=3, stem=stem) for stem in (None, "imagenet"))
    logits = large(torch.randn(2, 3, 64, 64), {cell: torch.full(space.shape(cell), 0.5) for cell in space.cells})
    assert logits.shape == (2, 3) and logits.isfinite().all()
    assert (small.stem_kind, large.stem_kind, large.space) == ("cifar", "imagenet", space)
    searched = [{n: p.shape for n, p in net.named_parameters() if ".edges." in n} for net in (small, large)]
    assert searched[0] == searched[1]


def test_the_stem_for_large_images_computes_what_the_published_networks_stem_does():
    stem = Supernet(search_space("s2"), 8, 3, stem="imagenet").stem
    first, second = stem0(8).train(), stem1(8).train()
    convolutions = (first[0], first[3], second[1])
    for number, convolution in enumerate(convolutions):
        convolution.weight.data.copy_(getattr(stem, f"conv{number}").weight)
    images = torch.randn(2, 3, 64, 64)
    before, last = stem(images, "batch")
    assert (before.shape[-1], last.shape[-1]) == (16, 8)
    assert torch.allclose(before, first(images), atol=1e-5)
    assert torch.allclose(last, second(first(images)), atol=1e-5)
