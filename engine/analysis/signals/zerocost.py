"""Signals made for untrained networks, taken of the supernet as it is: what a proxy loses without an operation.

synflow     ln of the synaptic flow: no images, no labels (Tanaka et al. 2020)
grad_norm   sum over layers of the norm of the loss's gradient for its weights, on one batch
nwot        ln |det| of how alike the ReLU patterns of a batch's images are (Mellor et al. 2021)
lost        Z(w) - Z(w without an operation), the form of Zero-Cost-PT (Xiang et al. 2021)
"""

import copy
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.analysis.opened import Outputs, summed
from engine.analysis.opened import run as opened_run
from engine.analysis.signals.kinds import Asked, Values
from engine.errors import BadInput
from engine.scoring.answers import EdgeQuestion
from engine.supernet.cells import Reduction
from engine.supernet.normalisation import EPS, BatchNorm
from engine.supernet.scorable import moved
from engine.supernet.supernet import Pass, Supernet

Proxy = Callable[[Tensor], float]
"""A proxy of the supernet under the cell's weights [edges, operations]."""


def lost(asked: Asked, proxy: Proxy, report: Callable[[float], None]) -> dict[int, Values]:
    """By edge: what the proxy loses without each operation."""
    found: dict[int, Values] = {}
    whole = proxy(asked.weights)
    for number, edge in enumerate(asked.edges):
        masks = EdgeQuestion(asked.selection, asked.cell, edge).masks(rescale=False)
        found[edge] = [0.0 if mask is None else whole - proxy(mask) for mask in masks]
        report((number + 1) / len(asked.edges))
    return found


def synflow(asked: Asked) -> Proxy:
    """ln of sum |W dR/dW| over convolutions and the classifier; R: sum of the logits of one image of ones, every number
    of the supernet made positive, BatchNorm taken out but for the mixing weight."""
    flow = copy.deepcopy(asked.supernet).double().requires_grad_(False)
    with torch.no_grad():
        for module in flow.modules():
            if isinstance(module, BatchNorm):
                module.running_mean.zero_()
                module.running_var.fill_(1 - EPS)  # so that normalising by it changes nothing
                if module.weight is not None and module.bias is not None:
                    module.weight.fill_(1)
                    module.bias.zero_()
        for parameter in flow.parameters():
            parameter.abs_()
    weights = _layers(flow)
    size = asked.batches[0][0].shape[-1]
    ones = torch.ones(1, 3, size, size, dtype=torch.float64, device=flow.device)
    rest = asked.selection.weights(flow.device, torch.float64)

    def proxy(rows: Tensor) -> float:
        with torch.enable_grad():
            total = flow(ones, {**rest, asked.cell: rows.to(flow.device, torch.float64)}, "running").sum()
            gradients = torch.autograd.grad(total, weights, allow_unused=True)
        parts = [(w * g).abs().sum() for w, g in zip(weights, gradients, strict=True) if g is not None]
        return float(torch.stack(parts).detach().sum().log()) if parts else float("-inf")

    return proxy


def grad_norm(asked: Asked) -> Proxy:
    """On the first batch."""
    net = copy.deepcopy(asked.supernet).requires_grad_(False)
    weights = _layers(net)
    images, labels = _batch(asked)
    rest = asked.selection.weights(net.device, net.dtype)

    def proxy(rows: Tensor) -> float:
        with torch.enable_grad():
            logits = net(images, {**rest, asked.cell: rows.to(net.device, net.dtype)}, asked.bn, 0)
            gradients = torch.autograd.grad(F.cross_entropy(logits, labels), weights, allow_unused=True)
        return sum(float(gradient.detach().norm()) for gradient in gradients if gradient is not None)

    return proxy


def nwot(asked: Asked) -> Proxy:
    """On the first batch. Where operations of a node share a ReLU it counts once for each that would own one, masked
    ones too, as in the published code."""
    net = copy.deepcopy(asked.supernet)  # counted by hooks, which nobody else should meet
    if not asked.selection.space.skeleton.tail or asked.selection.space.skeleton.prepares:
        raise BadInput("nwot counts the ReLUs of NAS-Bench-201's cells; leave it out here")
    images, _ = _batch(asked)
    rest = asked.selection.weights(net.device, net.dtype)
    owners = [
        sum(name.startswith("nor_conv") for name in asked.names(edge.index))
        for edge in asked.selection.space.edges(asked.cell)
    ]

    @torch.inference_mode()
    def proxy(rows: Tensor) -> float:
        kernel = torch.zeros(len(images), len(images), dtype=torch.float64, device=net.device)

        def count(x: Tensor, times: int = 1) -> None:
            on = (x > 0).flatten(1).double()
            kernel.add_(times * (on @ on.T + (1 - on) @ (1 - on).T))

        def look(edge: int, source: Tensor, outputs: Outputs, weights: Tensor) -> Tensor | None:
            count(source, owners[edge])
            return summed(outputs, weights)

        run = Pass.of({**rest, asked.cell: rows.to(net.device, net.dtype)}, asked.bn, 0)
        with _Reductions(net, run, count):
            opened_run(net, images, run, asked.cell, look)
        sign, value = torch.linalg.slogdet(kernel)
        return float(value) if sign != 0 else float("-inf")

    return proxy


class _Reductions:
    """Lets the ReLUs of the fixed blocks and of the end be counted, while a pass goes through them."""

    def __init__(self, net: Supernet, run: Pass, count: Callable[[Tensor], None]) -> None:
        self._net, self._run, self._count = net, run, count
        self._hooks: list[torch.utils.hooks.RemovableHandle] = []

    def __enter__(self) -> None:
        for block in self._net.blocks:
            if isinstance(block, Reduction):
                for layer in (block.block.conv_a, block.block.conv_b):
                    self._hooks.append(layer.register_forward_pre_hook(lambda _, inputs: self._count(inputs[0])))
        if self._net.tail is not None:
            self._hooks.append(self._net.tail.register_forward_hook(lambda _, __, output: self._count(output)))

    def __exit__(self, *problem: object) -> None:
        for hook in self._hooks:
            hook.remove()


def _layers(net: Supernet) -> list[Tensor]:
    """Weights of convolutions and of the classifier."""
    found: list[Tensor] = [parameter for parameter in net.parameters() if parameter.ndim >= 2]
    for parameter in found:
        parameter.requires_grad_()
    return found


def _batch(asked: Asked) -> tuple[Tensor, Tensor]:
    inputs, labels = asked.batches[0]
    images = moved(inputs, asked.supernet.device, asked.supernet.dtype)
    assert isinstance(images, Tensor)
    return images, labels.to(asked.supernet.device)
