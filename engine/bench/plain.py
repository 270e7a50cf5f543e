"""The same supernet as the field writes it: the yardstick of `engine.bench`, and a second opinion on every logit.

PlainSupernet   one torch module per operation and edge, every operation on its own, with the weights of a supernet

Nothing is shared between edges or masks, no operation is left out where its weight is 0, and normalisation is torch's.
In torch's default layout it is the code *as written*; `.to(memory_format=torch.channels_last)` is the one line that is
changed for the other yardstick.
"""

from collections.abc import Callable, Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.errors import BadInput
from engine.supernet import Supernet
from engine.supernet.cells import Cell, CifarStem, Reduction
from engine.supernet.layers import Conv, FactorizedReduce, ReLUConvBN
from engine.supernet.normalisation import BatchNorm
from engine.supernet.operations import DilConv, NorConv, PlainAvgPool, Pool, SepConv, Skip, SkipReduce
from engine.supernet.partial import PartialCell
from engine.supernet.pooling import max_pool


class PlainSupernet(nn.Module):
    """A supernet of a built-in space for small images, rebuilt from another one's weights. Always with statistics of
    the batch. Raises BadInput for a supernet with parts that it does not know."""

    def __init__(self, supernet: Supernet) -> None:
        super().__init__()
        stem = supernet.stem
        if not isinstance(stem, CifarStem):
            raise BadInput("the plain supernet is for small images; give a supernet with the stem for CIFAR")
        self.stem = nn.Sequential(_conv(stem.conv, padding=1), _norm(stem.bn))
        self.blocks = nn.ModuleList(_block(block) for block in supernet.blocks)
        self.tail = None if supernet.tail is None else nn.Sequential(_norm(supernet.tail), nn.ReLU())
        self.classifier = nn.Linear(supernet.classifier.in_features, supernet.classes)
        self.to(supernet.dtype)
        self.classifier.load_state_dict(supernet.classifier.state_dict())

    def forward(self, images: Tensor, weights: Mapping[str, Tensor]) -> Tensor:
        """Logits [B, classes] of images [B, 3, H, W] under mixing weights per cell type [edges, operations]."""
        before = last = self.stem(images)
        for block in self.blocks:
            before, last = last, block(before, last, weights)
        x = last if self.tail is None else self.tail(last)
        return self.classifier(F.adaptive_avg_pool2d(x, 1).flatten(1))


class _PlainCell(nn.Module):
    """A searched cell: each node adds up the mixtures on the edges that enter it."""

    def __init__(self, cell: Cell) -> None:
        super().__init__()
        self.cell, self.spec = cell.cell, cell.spec
        self.prepared = nn.ModuleList()
        for state in range(2 - cell.spec.inputs, 2):
            self.prepared.append(_fixed(cell.get_submodule(f"preprocess{state}")) if cell.prepares else nn.Identity())
        self.edges = nn.ModuleList()
        for edge, names in zip(cell.spec.edges, cell.spec.operations, strict=True):
            built = cast(nn.ModuleDict, cell.edges[edge.index])
            stride = cell.spec.stride if edge.source < cell.spec.inputs else 1
            self.edges.append(
                nn.ModuleList(_operation(built[name]) if name in built else _Zero(stride) for name in names)
            )

    def forward(self, before: Tensor, last: Tensor, weights: Mapping[str, Tensor]) -> Tensor:
        states = [before, last][2 - self.spec.inputs :]
        values = [prepare(state) for prepare, state in zip(self.prepared, states, strict=True)]
        for node in range(self.spec.inputs, self.spec.nodes):
            mixtures = []
            for edge in self.spec.entering(node):
                row = weights[self.cell][edge.index]
                operations = cast(nn.ModuleList, self.edges[edge.index])
                mixtures.append(sum(w * op(values[edge.source]) for w, op in zip(row, operations, strict=True)))
            values.append(sum(mixtures))
        return torch.cat(values[self.spec.inputs :], dim=1) if self.spec.joined else values[-1]


class _Zero(nn.Module):
    """`none`: nothing, but computed."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, :: self.stride, :: self.stride].mul(0.0)


class _Reduce(nn.Module):
    """A factorized reduction: two strided convolutions, the second on the image moved by a pixel."""

    def __init__(self, reduce: FactorizedReduce) -> None:
        super().__init__()
        self.first, self.second = _conv(reduce.conv1, stride=2), _conv(reduce.conv2, stride=2)
        self.bn = _norm(reduce.bn)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(x)
        return self.bn(torch.cat([self.first(x), self.second(x[:, :, 1:, 1:])], dim=1))


class _Residual(nn.Module):
    """NAS-Bench-201's fixed reduction."""

    def __init__(self, reduction: Reduction) -> None:
        super().__init__()
        block = reduction.block
        self.path = nn.Sequential(_fixed(block.conv_a), _fixed(block.conv_b))
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), _conv(block.shortcut))

    def forward(self, before: Tensor, last: Tensor, weights: Mapping[str, Tensor]) -> Tensor:
        return self.shortcut(last) + self.path(last)


def _block(block: nn.Module) -> nn.Module:
    if isinstance(block, Reduction):
        return _Residual(block)
    if isinstance(block, Cell) and not isinstance(block, PartialCell):
        return _PlainCell(block)
    raise BadInput(f"the plain supernet has no {type(block).__name__}; give a supernet without partial channels")


def _fixed(module: nn.Module) -> nn.Module:
    if isinstance(module, FactorizedReduce):
        return _Reduce(module)
    assert isinstance(module, ReLUConvBN)
    conv = _conv(module.conv, stride=module.stride, padding=module.padding)
    return nn.Sequential(nn.ReLU(), conv, _norm(module.bn))


def _operation(op: nn.Module) -> nn.Module:
    for kind, build in _OPERATIONS.items():
        if type(op) is kind:
            return build(op)
    raise BadInput(f"the plain supernet has no operation {type(op).__name__}; give one of a built-in space but S4")


def _pool(op: Pool | PlainAvgPool) -> nn.Module:
    if isinstance(op, Pool) and op.pool is max_pool:
        return nn.Sequential(nn.MaxPool2d(3, op.stride, 1), _norm(op.bn))
    average = nn.AvgPool2d(3, op.stride, 1, count_include_pad=False)
    return nn.Sequential(average, _norm(op.bn)) if isinstance(op, Pool) else average


def _nor_conv(op: NorConv) -> nn.Module:
    kernel = op.conv.weight.shape[-1]
    return nn.Sequential(nn.ReLU(), _conv(op.conv, stride=op.stride, padding=kernel // 2), _norm(op.bn))


def _dil_conv(op: DilConv) -> nn.Module:
    return nn.Sequential(nn.ReLU(), _depthwise(op.depthwise, op.stride, dilation=2), _conv(op.pointwise), _norm(op.bn))


def _sep_conv(op: SepConv) -> nn.Module:
    first = nn.ReLU(), _depthwise(op.depthwise1, op.stride), _conv(op.pointwise1), _norm(op.bn1)
    second = nn.ReLU(), _depthwise(op.depthwise2, 1), _conv(op.pointwise2), _norm(op.bn2)
    return nn.Sequential(*first, *second)


_OPERATIONS: Mapping[type[nn.Module], Callable[..., nn.Module]] = {
    Skip: lambda op: nn.Identity(),
    SkipReduce: lambda op: _Reduce(op.reduce),
    Pool: _pool,
    PlainAvgPool: _pool,
    NorConv: _nor_conv,
    DilConv: _dil_conv,
    SepConv: _sep_conv,
}


def _depthwise(conv: Conv, stride: int, dilation: int = 1) -> nn.Conv2d:
    padding = dilation * (conv.weight.shape[-1] // 2)
    return _conv(conv, stride=stride, padding=padding, dilation=dilation, groups=len(conv.weight))


def _conv(conv: Conv, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1) -> nn.Conv2d:
    out, width, kernel, _ = conv.weight.shape
    made = nn.Conv2d(width * groups, out, kernel, stride, padding, dilation, groups, bias=False)
    made.to(conv.weight.dtype).load_state_dict(conv.state_dict())
    return made


def _norm(norm: BatchNorm) -> nn.BatchNorm2d:
    """Always of the batch, and nothing is kept of it: what scoring with batch statistics does."""
    made = nn.BatchNorm2d(len(norm.running_mean), affine=norm.weight is not None, track_running_stats=False)
    if norm.weight is not None and norm.bias is not None:
        made.to(norm.weight.dtype).load_state_dict({"weight": norm.weight, "bias": norm.bias})
    return made
