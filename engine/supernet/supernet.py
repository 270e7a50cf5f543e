"""The supernet: every candidate operation of every edge, mixed by weights that are an argument.

Supernet      forward(images, weights, bn=None) -> logits; a plain function of images and weights
Pass          what one forward pass holds fixed: weights, live operations, BN mode, noise seed
Cell          a searched cell; NasBenchCell and DartsCell differ only in their inputs and output

The supernet never knows about masks or decisions: both are weights. An operation whose weight is exactly 0 is
not computed (its BN statistics do not move, its parameters get no gradient), as in the reference implementation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.errors import BadInput
from engine.results import BnMode
from engine.spaces import SearchSpace
from engine.supernet.layers import BatchNorm, Conv, FactorizedReduce, Mode, ReLUConvBN, ResidualReduction
from engine.supernet.operations import OPERATIONS, Features, Noise, Operation, PlainAvgPool

Weights = Mapping[str, Tensor]
"""Mixing weights per cell type: {"normal": [edges, operations], ...}."""
States = tuple[Tensor, Tensor]
"""What a cell sees: the outputs of the last cell but one and of the last cell."""
Place = tuple[int, int, int]
"""Of an operation on an edge: the edge, the column, and the target node."""


@dataclass(frozen=True)
class Pass:
    """One forward pass: mixing weights, which operations are live (weight not 0), BN mode, noise seed.

    `live` is read once on the host: testing every weight where it is used would cost a device sync each.
    """

    weights: Weights
    live: Mapping[str, list[list[bool]]]
    mode: Mode
    noise: int | None = None

    @classmethod
    def of(cls, weights: Weights, mode: Mode, noise: int | None = None) -> "Pass":
        live = {cell: (rows.detach() != 0).tolist() for cell, rows in weights.items()}
        return cls(weights, live, mode, noise)

    def with_noise(self, noise: int) -> "Pass":
        return replace(self, noise=noise)


class Cell(nn.Module):
    """The searched edges of one cell. `edges[e][name]` is the operation `name` of edge e; `none` has no module."""

    def __init__(self, space: SearchSpace, cell: str, index: int, channels: int, reduction: bool = False) -> None:
        super().__init__()
        self.cell, self.index = cell, index
        self.inputs, self.nodes = space.input_nodes, space.nodes
        self.outgoing = {node: [edge for edge in space.edges(cell) if edge.source == node] for node in self.nodes}
        self.columns = [space.operations(cell, edge) for edge in space.edges(cell)]
        self.edges = nn.ModuleList()
        for edge in space.edges(cell):
            stride = 2 if reduction and edge.source in self.inputs else 1
            names = [name for name in self.columns[edge.index] if name != "none"]
            self.edges.append(nn.ModuleDict({name: _build(space, name, channels, stride) for name in names}))

    def _leaving(self, node: int, run: Pass) -> list[tuple[str, list[Place]]]:
        """Live operations on the edges that leave a node, by kind: name -> places."""
        kinds: dict[str, list[Place]] = {}
        live = run.live[self.cell]
        for edge in self.outgoing[node]:
            for column, name in enumerate(self.columns[edge.index]):
                if name != "none" and live[edge.index][column]:
                    kinds.setdefault(name, []).append((edge.index, column, edge.target))
        return list(kinds.items())

    def mix(self, inputs: tuple[Tensor, ...], run: Pass) -> list[Tensor]:
        """All node values, inputs first. A node is the sum over its edges of the weighted operations (eq. 1).

        inputs: [B, C, H, W] each. Inner nodes: [B, C, H/s, W/s]. A node with no live operation is zero.
        """
        weights = run.weights[self.cell]
        # torch's containers do not say what they hold
        edges = cast("Sequence[Mapping[str, Operation]]", self.edges)
        values: dict[int, Tensor] = dict(zip(self.inputs, inputs, strict=True))
        sums: dict[int, Tensor] = {}
        for node in self.nodes:
            value = values.get(node, sums.get(node))
            if value is None:
                value = values[node] = self._silent(values)
            values[node] = value
            if not self.outgoing[node]:
                continue
            source = Features(value)
            for name, places in self._leaving(node, run):
                scale = torch.stack([weights[edge, column] for edge, column, _ in places])
                ops = [edges[edge][name] for edge, _, _ in places]
                for output, (_, _, target) in zip(self._run(ops, places, source, scale, run), places, strict=True):
                    sums[target] = sums[target] + output if target in sums else output
        return [values[node] for node in self.nodes]

    def _run(
        self, ops: list[Operation], places: list[Place], source: Features, scale: Tensor, run: Pass
    ) -> Sequence[Tensor]:
        noises = [op for op in ops if isinstance(op, Noise)]
        if not noises:
            return type(ops[0]).evaluate(ops, source, scale, run.mode)
        return [
            op.draw(source.x, self._generator(edge, source.x.device, run)) * weight
            for op, (edge, _, _), weight in zip(noises, places, scale.unbind(), strict=True)
        ]

    def _generator(self, edge: int, device: torch.device, run: Pass) -> torch.Generator | None:
        if run.noise is None:
            return None
        return torch.Generator(device).manual_seed(hash((run.noise, self.index, edge)) & (2**63 - 1))

    def _silent(self, values: dict[int, Tensor]) -> Tensor:
        """The value of a node nothing flows into: zeros of an inner node's shape."""
        inner = [value for node, value in values.items() if node not in self.inputs]
        if inner:
            return torch.zeros_like(inner[0])
        x = values[0]
        stride = 2 if isinstance(self, DartsCell) and self.reduction else 1
        return x.new_zeros(*x.shape[:2], x.shape[2] // stride, x.shape[3] // stride)


def _build(space: SearchSpace, name: str, channels: int, stride: int) -> Operation:
    if space.family == "nas-bench-201" and name == "avg_pool_3x3":
        return PlainAvgPool(channels, stride)
    return OPERATIONS[name](channels, stride)


class DartsCell(Cell):
    """Two preprocessed inputs, four inner nodes, output = their concatenation (4C channels)."""

    def __init__(
        self,
        space: SearchSpace,
        cell: str,
        index: int,
        before: int,
        previous: int,
        channels: int,
        after_reduction: bool,
    ) -> None:
        super().__init__(space, cell, index, channels, reduction=cell == "reduce")
        self.reduction = cell == "reduce"
        reduce = FactorizedReduce if after_reduction else ReLUConvBN
        self.preprocess0 = reduce(before, channels)
        self.preprocess1 = ReLUConvBN(previous, channels)

    def forward(self, states: States, run: Pass) -> Tensor:
        before, previous = states
        inputs = (self.preprocess0(before, run.mode), self.preprocess1(previous, run.mode))
        return torch.cat(self.mix(inputs, run)[len(self.inputs) :], dim=1)


class NasBenchCell(Cell):
    """One input, output = node 3."""

    def forward(self, states: States, run: Pass) -> Tensor:
        return self.mix((states[1],), run)[-1]


class Reduction(nn.Module):
    """The fixed residual block between NAS-Bench-201 stages, in the shape of a cell."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.block = ResidualReduction(in_channels, out_channels)

    def forward(self, states: States, run: Pass) -> Tensor:
        return self.block(states[1], run.mode)


class Stem(nn.Module):
    """Conv 3x3, affine BN; no ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = Conv(3, channels, 3)
        self.bn = BatchNorm(channels, affine=True)

    def forward(self, images: Tensor, mode: Mode) -> Tensor:  # [B, 3, H, W] -> [B, C, H, W]
        return self.bn(F.conv2d(images, self.conv.weight, padding=1), mode)


class Supernet(nn.Module):
    """A supernet of a search space.

    channels: C of the first stage (doubled at each reduction). cells: total cells in the DARTS family (8),
    cells per stage in NAS-Bench-201 (5). classes: size of the output. Parameters are the network weights only;
    alphas live beside the supernet. Raises BadInput for sizes that cannot be built.
    """

    def __init__(self, space: SearchSpace, channels: int = 16, cells: int | None = None, classes: int = 10) -> None:
        super().__init__()
        darts = space.family == "darts"
        cells = (8 if darts else 5) if cells is None else cells
        _check_size(channels, cells, classes, darts)
        self.space, self.channels, self.cells_per_net, self.classes = space, channels, cells, classes
        self.stem = Stem(3 * channels if darts else channels)
        self.blocks, out = (self._darts if darts else self._nas_bench)(channels, cells)
        self.tail = None if darts else BatchNorm(out, affine=True)
        self.classifier = nn.Linear(out, classes)

    def _darts(self, channels: int, cells: int) -> tuple[nn.ModuleList, int]:
        blocks = nn.ModuleList()
        before = previous = 3 * channels
        after_reduction = False
        for index in range(cells):
            reduction = index in (cells // 3, 2 * cells // 3)
            channels = 2 * channels if reduction else channels
            cell = "reduce" if reduction else "normal"
            blocks.append(DartsCell(self.space, cell, index, before, previous, channels, after_reduction))
            before, previous, after_reduction = previous, 4 * channels, reduction
        return blocks, previous

    def _nas_bench(self, channels: int, cells: int) -> tuple[nn.ModuleList, int]:
        blocks = nn.ModuleList()
        for stage in range(3):
            if stage:
                blocks.append(Reduction(channels, 2 * channels))
                channels *= 2
            blocks.extend(NasBenchCell(self.space, "cell", len(blocks) + i, channels) for i in range(cells))
        return blocks, channels

    @property
    def device(self) -> torch.device:
        """Where its weights lie."""
        return self.classifier.weight.device

    @property
    def dtype(self) -> torch.dtype:
        return self.classifier.weight.dtype

    def forward(self, images: Tensor, weights: Weights, bn: BnMode | None = None, noise: int | None = None) -> Tensor:
        """Logits of normalised images under mixing weights.

        images: [B, 3, H, W]; weights: per cell type [edges, operations]; returns [B, classes].
        bn None follows `.training` (training: batch statistics, and the running ones move); "batch" and "running"
        write no state. noise: seed of S4's noise operations; None draws fresh noise.
        """
        mode: Mode = bn or ("train" if self.training else "running")
        return self.run(images, Pass.of(weights, mode, noise))

    def run(self, images: Tensor, run: Pass) -> Tensor:
        """`forward` with the pass already prepared."""
        return self.head(self.advance(self.start(images, run), 0, len(self.blocks), run), run)

    def start(self, images: Tensor, run: Pass) -> States:
        """The stem's output as both states of the first cell."""
        x = self.stem(images, run.mode)
        return x, x

    def advance(self, states: States, first: int, last: int, run: Pass) -> States:
        """The states after the blocks first..last-1."""
        for block in self.blocks[first:last]:
            states = states[1], block(states, run)
        return states

    def head(self, states: States, run: Pass) -> Tensor:
        """Logits [B, classes] from the states after the last block."""
        x = states[1]
        if self.tail is not None:
            x = F.relu(self.tail(x, run.mode))
        return self.classifier(x.mean((2, 3)))

    def first_block(self, cell: str) -> int:
        """Index of the first block of a cell type: what comes before does not depend on its weights."""
        return next(i for i, block in enumerate(self.blocks) if isinstance(block, Cell) and block.cell == cell)


def _check_size(channels: int, cells: int, classes: int, darts: bool) -> None:
    if channels < 2 or channels % 2:
        raise BadInput(f"channels must be an even number of at least 2, not {channels}")
    if cells < (3 if darts else 1):
        raise BadInput(f"cells must be at least {3 if darts else 1}, not {cells}")
    if classes < 2:
        raise BadInput(f"classes must be at least 2, not {classes}")
