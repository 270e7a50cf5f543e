"""The blocks of a supernet: searched cells, fixed reductions, the stem.

Cell         a searched cell of any graph
Begun        such a cell, evaluated up to one of its nodes
Reduction    the fixed residual block between stages
CifarStem    the first convolution, for small images; ImageNetStem: three of them, for images of 224 pixels

Letters in shapes: B batch, C channels of the cell, H, W input size, s stride.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.spaces import Edge, SearchSpace
from engine.spaces.skeletons import Block
from engine.supernet.draws import seeded
from engine.supernet.layers import Conv, FactorizedReduce, ReLUConvBN, ResidualReduction
from engine.supernet.normalisation import BatchNorm, Mode, Sum, computed
from engine.supernet.operations import Features, Operation
from engine.supernet.passes import Group, Pass, Place

States = tuple[Tensor, Tensor]
"""What a cell sees: the outputs of the last cell but one and of the last cell."""

STACK = 4_500_000
"""Bytes of the outputs of operations that are evaluated in one call. Larger stacks leave the cache, and the allocator
gives their memory back to the system every time. Measured from 2 to 20 MB."""


@dataclass(frozen=True)
class Begun:
    """A cell on its way: the values of its first nodes [B, C, H, W], and the sums of later ones as far as they go."""

    values: list[Tensor]
    sums: dict[int, Sum]

    def copy(self) -> "Begun":
        """Another one to go on with; what is in both is not copied until it changes."""
        return Begun(list(self.values), {node: each.copy() for node, each in self.sums.items()})


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
        return self._output(self.mix(self._inputs(states, run), run))

    def mix(self, inputs: Sequence[Tensor], run: Pass) -> list[Tensor]:
        """All node values, inputs first. inputs: [B, C, H, W] each. Inner nodes: [B, C, H/s, W/s]."""
        begun = Begun(list(inputs), {})
        for node in range(self.spec.nodes):
            self._go_on(begun, node, run, self.outgoing[node])
        return begun.values

    def begin(self, states: States, run: Pass, node: int, without: Collection[int]) -> Begun:
        """All that leaves the nodes before `node`, but for some edges that lead to it or further."""
        begun = Begun(self._inputs(states, run), {})
        for source in range(node):
            self._go_on(begun, source, run, [edge for edge in self.outgoing[source] if edge.index not in without])
        return begun

    def finish(self, begun: Begun, run: Pass, node: int, without: Collection[int]) -> Tensor:
        """The output, from what was begun with the same node and edges. `begun` is used up."""
        for source in range(node):
            self._leave(begun, source, run, [edge for edge in self.outgoing[source] if edge.index in without])
        for source in range(node, self.spec.nodes):
            self._go_on(begun, source, run, self.outgoing[source])
        return self._output(begun.values)

    def _inputs(self, states: States, run: Pass) -> list[Tensor]:
        return [self._prepared(state, states[state], run) for state in range(2 - self.spec.inputs, 2)]

    def _output(self, values: Sequence[Tensor]) -> Tensor:
        inner = list(values[self.spec.inputs :])
        return torch.cat(inner, dim=1) if self.spec.joined else inner[-1]

    def _prepared(self, state: int, x: Tensor, run: Pass) -> Tensor:
        return self.get_submodule(f"preprocess{state}")(x, run.mode) if self.prepares else x

    def _go_on(self, begun: Begun, node: int, run: Pass, edges: Sequence[Edge]) -> None:
        """Evaluate a node, then what leaves it on some edges. A node is the sum over its edges of the weighted
        operations (eq. 1); one with no live operation is zero."""
        if node >= self.spec.inputs:
            # every edge leads from a lower node to a higher one, so nothing adds to this sum any more
            begun.values.append(self._value(node, begun.values, begun.sums, run))
        self._leave(begun, node, run, edges)

    def _leave(self, begun: Begun, node: int, run: Pass, edges: Sequence[Edge]) -> None:
        """Add what leaves a node on some edges to the nodes that they lead to.

        All of them see the same value, so operations of one kind are evaluated together: for n of them `scale` is
        [n], and each gives a [B, C, H/s, W/s] that is times its mixing weight.
        """
        if not edges:
            return
        built = cast("Sequence[Mapping[str, Operation]]", self.edges)  # torch's containers do not say what they hold
        source = Features(self._mixed(begun.values[node]), run.noise)
        for name, places, scale in self._groups(run, _together(source.x), edges):
            ops = [built[edge][name] for edge, _, _ in places]
            outputs = type(ops[0]).evaluate(ops, source, scale, run.mode)
            for output, (edge, _, target) in zip(outputs, places, strict=True):
                if run.drop:
                    output = computed(output)
                    output = output * self._kept(edge, output, run)
                begun.sums.setdefault(target, Sum()).add(output)

    def _groups(self, run: Pass, together: int, edges: Sequence[Edge]) -> list[Group]:
        """Live operations on edges that leave a node, by kind and at most so many together; the same for all cells
        of a type."""
        key = self.cell, together, tuple(edge.index for edge in edges)
        if key not in run.groups:
            kinds: dict[str, list[Place]] = {}
            live, weights = run.live[self.cell], run.weights[self.cell]
            for edge in edges:
                for column, name in enumerate(self.spec.operations[edge.index]):
                    if self.built[edge.index][column] and live[edge.index][column]:
                        kinds.setdefault(name, []).append((edge.index, column, edge.target))
            run.groups[key] = [
                Group(name, part, torch.stack([weights[edge, column] for edge, column, _ in part]))
                for name, places in kinds.items()
                for part in (places[first : first + together] for first in range(0, len(places), together))
            ]
        return run.groups[key]

    def _kept(self, edge: int, output: Tensor, run: Pass) -> Tensor:
        """[B, 1, 1, 1]: 0 for images that lose an edge's output and 1 / (1 - drop) for the others; the same for all
        operations of the edge."""
        draw = None if run.noise is None else seeded(run.noise, self.index, edge, 1)
        kept = torch.rand(len(output), generator=draw) >= run.drop
        return (kept / (1 - run.drop)).to(output.device, output.dtype).view(-1, 1, 1, 1)

    def _mixed(self, x: Tensor) -> Tensor:
        """What operations see of a node's value [B, C, H, W]."""
        return x

    def _value(self, node: int, values: list[Tensor], sums: Mapping[int, Sum], run: Pass) -> Tensor:
        """A node's value, from the sums over its edges."""
        value = sums[node].value() if node in sums else self._nothing(values)
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


def _together(x: Tensor) -> int:
    """How many operations on x are evaluated in one call: as many as the cache holds outputs of, on a CPU."""
    return 99 if x.is_cuda else max(1, STACK // (x.numel() * x.element_size()))


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
