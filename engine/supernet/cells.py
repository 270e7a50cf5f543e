"""The blocks of a supernet: searched cells, fixed reductions, the stem.

Pass         what one forward pass holds fixed: weights, live operations, BN mode, noise seed
Cell         a searched cell of any graph
Reduction    the fixed residual block between stages
CifarStem    the first convolution, for small images; ImageNetStem: three of them, for images of 224 pixels

Letters in shapes: B batch, C channels of the cell, H, W input size, s stride.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.spaces import SearchSpace
from engine.spaces.skeletons import Block
from engine.supernet.draws import seeded
from engine.supernet.layers import BatchNorm, Conv, FactorizedReduce, Mode, ReLUConvBN, ResidualReduction
from engine.supernet.operations import Features, Operation
from engine.supernet.scorable import Weights

States = tuple[Tensor, Tensor]
"""What a cell sees: the outputs of the last cell but one and of the last cell."""
Place = tuple[int, int, int]
"""Of an operation on an edge: the edge, the column, and the target node."""


@dataclass(frozen=True)
class Pass:
    """One forward pass: mixing weights, which operations are live (weight not 0), BN mode, noise seed.

    `live` is read once on the host: testing every weight where it is used would cost a device sync each. absent:
    operations that are not live add their weight, which is 0, to every feature, so that a drawn weight has a gradient
    although its operation did not run (GDAS). whole: the weights before a mask, where they are masked: an edge is as
    strong as its row of them adds up to, for channels that go by its operations (PC-DARTS). drop: the probability that
    an image loses the output of an edge (R-DARTS).
    """

    weights: Weights
    live: Mapping[str, list[list[bool]]]
    mode: Mode
    noise: int | None = None
    absent: bool = False
    whole: Weights | None = None
    drop: float = 0.0

    @classmethod
    def of(cls, weights: Weights, mode: Mode, noise: int | None = None, whole: Weights | None = None) -> "Pass":
        live = {cell: (rows.detach() != 0).tolist() for cell, rows in weights.items()}
        return cls(weights, live, mode, noise, whole=whole)

    def with_noise(self, noise: int) -> "Pass":
        return replace(self, noise=noise)


class Cell(nn.Module):
    """The searched edges of one cell. `edges[e][name]` is the operation `name` of edge e; a silent one has no module.

    Where the skeleton's cells prepare their inputs, `preprocess0` and `preprocess1` bring them to C channels.
    part: operations have C / part channels (`engine.supernet.partial` says what becomes of the others).
    """

    def __init__(self, space: SearchSpace, block: Block, index: int, part: int = 1) -> None:
        super().__init__()
        self.part = part
        assert block.cell is not None
        self.cell, self.index, self.spec = block.cell, index, space.cell(block.cell)
        spec, channels = self.spec, block.channels
        self.outgoing = {node: [edge for edge in spec.edges if edge.source == node] for node in range(spec.nodes)}
        self.built = [[not space.operation(name).silent for name in row] for row in spec.operations]
        self.edges = nn.ModuleList()
        for edge in spec.edges:
            stride = spec.stride if edge.source < spec.inputs else 1
            names = [name for name in spec.operations[edge.index] if not space.operation(name).silent]
            built = {name: _build(space, name, channels // part, stride) for name in names}
            for operation in built.values():
                operation.place = (index, edge.index)
            self.edges.append(nn.ModuleDict(built))
        self.prepares = space.skeleton.prepares
        if self.prepares:
            for node in range(2 - spec.inputs, 2):  # 0: the output of the block before the last, 1: of the last
                prepare: nn.Module
                if node == 0 and block.halved:
                    prepare = FactorizedReduce(block.before, channels)
                else:
                    prepare = ReLUConvBN(block.last if node else block.before, channels)
                self.add_module(f"preprocess{node}", prepare)

    def forward(self, states: States, run: Pass) -> Tensor:
        """The output [B, C * joined nodes, H/s, W/s], from the outputs of the two blocks before."""
        seen = range(2 - self.spec.inputs, 2)
        inputs = tuple(self._prepared(state, states[state], run) for state in seen)
        values = self.mix(inputs, run)
        return torch.cat(values[self.spec.inputs :], dim=1) if self.spec.joined else values[-1]

    def _prepared(self, state: int, x: Tensor, run: Pass) -> Tensor:
        return self.get_submodule(f"preprocess{state}")(x, run.mode) if self.prepares else x

    def _leaving(self, node: int, run: Pass) -> list[tuple[str, list[Place]]]:
        """Live operations on the edges that leave a node, by kind: name -> places."""
        kinds: dict[str, list[Place]] = {}
        live = run.live[self.cell]
        for edge in self.outgoing[node]:
            for column, name in enumerate(self.spec.operations[edge.index]):
                if self.built[edge.index][column] and live[edge.index][column]:
                    kinds.setdefault(name, []).append((edge.index, column, edge.target))
        return list(kinds.items())

    def mix(self, inputs: tuple[Tensor, ...], run: Pass) -> list[Tensor]:
        """All node values, inputs first. A node is the sum over its edges of the weighted operations (eq. 1).

        inputs: [B, C, H, W] each. Inner nodes: [B, C, H/s, W/s]. A node with no live operation is zero.
        All edges that leave a node see the same value, so its operations of one kind are evaluated together: for n of
        them `scale` is [n], and each gives a [B, C, H/s, W/s] that is already times its mixing weight.
        """
        weights = run.weights[self.cell]  # [edges, operations]
        # torch's containers do not say what they hold
        edges = cast("Sequence[Mapping[str, Operation]]", self.edges)
        values: list[Tensor] = list(inputs)
        sums: dict[int, Tensor] = {}
        for node in range(self.spec.nodes):
            if node >= self.spec.inputs:
                # every edge leads from a lower node to a higher one, so nothing adds to this sum any more
                values.append(self._value(node, values, sums, run))
            if not self.outgoing[node]:
                continue
            source = Features(self._mixed(values[node]), run.noise)
            for name, places in self._leaving(node, run):
                scale = torch.stack([weights[edge, column] for edge, column, _ in places])
                ops = [edges[edge][name] for edge, _, _ in places]
                outputs = type(ops[0]).evaluate(ops, source, scale, run.mode)
                for output, (edge, _, target) in zip(outputs, places, strict=True):
                    if run.drop:
                        output = output * self._kept(edge, output, run)
                    sums[target] = sums[target] + output if target in sums else output
        return values

    def _kept(self, edge: int, output: Tensor, run: Pass) -> Tensor:
        """[B, 1, 1, 1]: 0 for images that lose an edge's output and 1 / (1 - drop) for the others; the same for all
        operations of the edge."""
        draw = None if run.noise is None else seeded(run.noise, self.index, edge, 1)
        kept = torch.rand(len(output), generator=draw) >= run.drop
        return (kept / (1 - run.drop)).to(output.device, output.dtype).view(-1, 1, 1, 1)

    def _mixed(self, x: Tensor) -> Tensor:
        """What operations see of a node's value [B, C, H, W]."""
        return x

    def _value(self, node: int, values: list[Tensor], sums: Mapping[int, Tensor], run: Pass) -> Tensor:
        """A node's value, from the sums over its edges."""
        value = sums[node] if node in sums else self._nothing(values)
        return value + self._absent(node, run) if run.absent else value

    def _absent(self, node: int, run: Pass) -> Tensor:
        """The sum of all weights into a node whose operations are not live: 0, with their gradients."""
        weights, live = run.weights[self.cell], run.live[self.cell]
        rows = [edge.index for edge in self.spec.entering(node)]
        absent = torch.tensor([[not each for each in live[row]] for row in rows], device=weights.device)
        return (weights[rows] * absent).sum()

    def _nothing(self, values: list[Tensor]) -> Tensor:
        """The value of a node nothing flows into: zeros of an inner node's shape."""
        if len(values) > self.spec.inputs:
            return torch.zeros_like(self._mixed(values[self.spec.inputs]))
        x, stride = self._mixed(values[0]), self.spec.stride
        return x.new_zeros(*x.shape[:2], x.shape[2] // stride, x.shape[3] // stride)


def _build(space: SearchSpace, name: str, channels: int, stride: int) -> Operation:
    built = space.factory(name, "supernet")
    assert built is not None  # `factory` raises where there is none
    return cast("Operation", built(channels, stride))


class Reduction(nn.Module):
    """The fixed residual block between NAS-Bench-201 stages, in the shape of a cell."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.block = ResidualReduction(in_channels, out_channels)

    def forward(self, states: States, run: Pass) -> Tensor:
        return self.block(states[1], run.mode)


class CifarStem(nn.Module):
    """Conv 3x3, affine BN; no ReLU. Both states of the first cell are its output."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = Conv(3, channels, 3)
        self.bn = BatchNorm(channels, affine=True)

    def forward(self, images: Tensor, mode: Mode) -> States:  # [B, 3, H, W] -> twice [B, C, H, W]
        x = self.bn(F.conv2d(images, self.conv.weight, padding=1), mode)
        return x, x


class ImageNetStem(nn.Module):
    """Three convolutions 3x3 of stride 2 (Liu et al. 2019): the second and the third give the first cell's states."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv0, self.bn0 = Conv(3, channels // 2, 3), BatchNorm(channels // 2, affine=True)
        self.conv1, self.bn1 = Conv(channels // 2, channels, 3), BatchNorm(channels, affine=True)
        self.conv2, self.bn2 = Conv(channels, channels, 3), BatchNorm(channels, affine=True)

    def forward(self, images: Tensor, mode: Mode) -> States:  # [B, 3, H, W] -> [B, C, H/4, W/4] and [B, C, H/8, W/8]
        x = self.bn0(F.conv2d(images, self.conv0.weight, None, 2, 1), mode)
        before = self.bn1(F.conv2d(F.relu(x), self.conv1.weight, None, 2, 1), mode)
        return before, self.bn2(F.conv2d(F.relu(before), self.conv2.weight, None, 2, 1), mode)
