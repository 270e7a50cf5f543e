"""Deterministic supernets, images and alphas that the published golden values were computed with (float64)."""

import math

import torch
from torch import Tensor, nn

from engine.spaces import SearchSpace, search_space
from engine.supernet.supernet import Supernet


def fill_deterministically(module: nn.Module) -> None:
    """Element i of every tensor with two or more dimensions = sqrt(2 / fan_in) * sin(1 + 0.7 i); biases 0, scales 1."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.dim() < 2:
                parameter.fill_(0.0 if name.endswith("bias") else 1.0)
                continue
            fan_in = parameter.numel() // parameter.shape[0]
            index = torch.arange(parameter.numel(), dtype=torch.float64)
            parameter.copy_((math.sqrt(2 / fan_in) * torch.sin(1 + 0.7 * index)).view_as(parameter))


def golden_supernet(name: str) -> Supernet:
    space = search_space(name)
    net = Supernet(space, channels=4, cells=4 if space.skeleton.prepares else 1, classes=10).double()
    fill_deterministically(net)
    return net


def golden_images(size: int = 16) -> Tensor:
    """[4, 3, size, size]; targets are 0, 1, 2, 3."""
    return torch.sin(0.01 * torch.arange(4 * 3 * size * size, dtype=torch.float64)).view(4, 3, size, size)


def golden_alphas(space: SearchSpace) -> dict[str, Tensor]:
    alphas = {}
    for cell in space.cells:
        edges, operations = space.shape(cell)
        rows = torch.arange(edges, dtype=torch.float64)[:, None] * 7
        columns = torch.arange(operations, dtype=torch.float64)[None] * 3
        alphas[cell] = torch.sin(rows + columns) * (-1 if cell == "reduce" else 1)
    return alphas
