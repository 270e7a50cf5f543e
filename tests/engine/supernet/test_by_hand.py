"""Gradients written by hand are torch's."""

import pytest
import torch
from torch.nn import functional as F

from engine.supernet.by_hand import box_mean, moments, normalise

SIZES = [(4, 8, 6, 6), (2, 3, 5, 4), (3, 16, 1, 7), (2, 24, 8, 8), (2, 300, 2, 2)]


def features(size, dtype=torch.float64):
    draw = torch.Generator().manual_seed(3)
    x = 2 + 3 * torch.randn(size, generator=draw, dtype=dtype)
    return x.contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("weighted", [True, False])
def test_normalising_gives_what_torch_gives_and_its_gradients(size, weighted):
    x = features(size).requires_grad_()
    weight = torch.linspace(0.5, 2, size[1], dtype=torch.float64).requires_grad_() if weighted else None
    inputs = [x] if weight is None else [x, weight]
    mine = normalise(x, weight, *moments(x.detach()))
    torchs = F.batch_norm(x, None, None, weight, None, True)
    torch.testing.assert_close(mine, torchs)
    towards = torch.randn(size, dtype=torch.float64)
    for found, expected in zip(
        torch.autograd.grad(mine, inputs, towards), torch.autograd.grad(torchs, inputs, towards), strict=True
    ):
        torch.testing.assert_close(found, expected)


def test_normalising_can_be_differentiated_twice():
    x = features((3, 4, 3, 3)).requires_grad_()
    weight = torch.ones(4, dtype=torch.float64).requires_grad_()

    def curvature(out):
        (first,) = torch.autograd.grad((out**3).sum(), x, create_graph=True)
        return torch.autograd.grad((first**2).sum(), [x, weight])

    mine = curvature(normalise(x, weight, *moments(x.detach())))
    for found, expected in zip(mine, curvature(F.batch_norm(x, None, None, weight, None, True)), strict=True):
        torch.testing.assert_close(found, expected)


def test_a_channel_that_is_constant_is_normalised_to_zero_and_nothing_is_infinite():
    x = features((4, 8, 6, 6), torch.float32).detach()
    x[:, 2] = 1234.5
    x.requires_grad_()
    out = normalise(x, None, *moments(x.detach()))
    assert out[:, 2].abs().max() < 0.5  # what float32 leaves of the difference of two large numbers
    (gradient,) = torch.autograd.grad(out.square().sum(), x)
    assert torch.isfinite(gradient).all() and torch.isfinite(out).all()


@pytest.mark.parametrize("size", SIZES)
def test_the_mean_of_neighbours_is_torchs_average_pooling_also_differentiated(size):
    x = features(size).requires_grad_()
    mine, torchs = box_mean(x), F.avg_pool2d(x, 3, 1, padding=1, count_include_pad=False)
    torch.testing.assert_close(mine, torchs)
    towards = torch.randn(size, dtype=torch.float64)
    torch.testing.assert_close(torch.autograd.grad(mine, x, towards), torch.autograd.grad(torchs, x, towards))
    assert torch.autograd.gradgradcheck(box_mean, (features((2, 2, 3, 4)).requires_grad_(),))
