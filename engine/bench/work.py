"""The work that is timed, each piece done by the engine and by the plain supernet.

Case       one piece of work at one size
CASES      all of them
prepared   a piece of work, ready to be done again and again

The plain side does what the published code does: a forward pass for every mask, and a step whose alphas' gradients
bring those of all weights along.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.bench.plain import PlainSupernet
from engine.memory import keep_freed
from engine.scoring.masked import Unmasked
from engine.scoring.scores import score_edge
from engine.selection.selection import Selection
from engine.spaces import SearchSpace, search_space
from engine.supernet import Supernet
from engine.training.methods import method_type
from engine.training.recipe import Recipe

Side = Literal["engine", "as written", "channels_last"]
Kind = Literal["forward", "edge", "sweep", "step"]
KINDS: tuple[Kind, ...] = get_args(Kind)
BATCH = 64
"""Images in a batch, as published."""
CLASSES = 10


@dataclass(frozen=True)
class Case:
    """kind: a forward pass, an edge scored exactly on one batch, all edges, or a first-order training step. channels,
    cells: of the supernet. pixels: of an image's side. edge: (cell type, index) of the edge that is scored."""

    kind: Kind
    space: str
    channels: int
    cells: int
    pixels: int
    edge: tuple[str, int] = ("", 0)

    @property
    def title(self) -> str:
        size = f"{self.space}, C {self.channels}, {self.cells} cells, {self.pixels} px"
        if self.kind == "edge":
            return f"edge {self.edge[1]} ({self.edge[0]}) on {BATCH} images, {size}"
        if self.kind == "sweep":
            return f"sweep of {self.pairs} pairs of edge and operation on {BATCH} images, {size}"
        return f"{'forward pass' if self.kind == 'forward' else 'training step'} of {BATCH} images, {size}"

    @property
    def pairs(self) -> int:
        """Pairs of an edge and an operation in all cell types: as many forward passes take the masks of a sweep."""
        space = search_space(self.space)
        return sum(len(names) for cell in space.cells for names in space.cell(cell).operations)


CASES = (
    Case("forward", "darts", 16, 8, 32),
    Case("forward", "nas-bench-201", 16, 5, 32),
    Case("forward", "nas-bench-201", 8, 5, 16),
    Case("edge", "darts", 16, 8, 32, ("normal", 3)),
    Case("edge", "darts", 16, 8, 32, ("reduce", 3)),
    Case("edge", "nas-bench-201", 8, 5, 16, ("cell", 3)),
    Case("sweep", "darts", 16, 8, 32),
    Case("sweep", "nas-bench-201", 8, 5, 16),
    Case("step", "darts", 16, 8, 32),
    Case("step", "nas-bench-201", 8, 5, 16),
)


def supernet(case: Case, dtype: torch.dtype = torch.float32) -> tuple[Supernet, dict[str, Tensor]]:
    """The supernet of a case and its alphas, the same every time."""
    torch.manual_seed(0)
    space = search_space(case.space)
    net = Supernet(space, case.channels, case.cells, CLASSES).to(dtype)
    return net, {cell: 0.1 * torch.randn(space.shape(cell), dtype=dtype) for cell in space.cells}


def images(case: Case, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """A batch of random images and labels, the same every time."""
    draw = torch.Generator().manual_seed(1)
    shape = (BATCH, 3, case.pixels, case.pixels)
    return torch.randn(shape, generator=draw).to(dtype), torch.randint(CLASSES, (BATCH,), generator=draw)


def prepared(case: Case, side: Side, device: str) -> Callable[[], object]:
    """Does the work once; a forward pass returns logits [B, classes]. Of a sweep the plain sides do a forward pass."""
    net, alphas = supernet(case)
    pictures, labels = (each.to(device) for each in images(case))
    alphas = {cell: alpha.to(device) for cell, alpha in alphas.items()}
    if side == "engine":
        keep_freed()
        return _by_engine(case, net.to(device), alphas, pictures, labels)
    plain = PlainSupernet(net).to(device)
    if side == "channels_last":
        plain.to(memory_format=torch.channels_last)
        pictures = pictures.contiguous(memory_format=torch.channels_last)
    return _plainly(case, net.space, plain, alphas, pictures, labels)


def _by_engine(
    case: Case, net: Supernet, alphas: dict[str, Tensor], pictures: Tensor, labels: Tensor
) -> Callable[[], object]:
    net.to(memory_format=torch.channels_last)
    pictures = pictures.contiguous(memory_format=torch.channels_last)
    selection = Selection(net.space, {cell: alpha.cpu() for cell, alpha in alphas.items()})
    weights = {cell: alpha.softmax(-1) for cell, alpha in alphas.items()}
    if case.kind == "forward":

        @torch.inference_mode()
        def forward() -> Tensor:
            return net(pictures, weights, "batch")

        return forward
    if case.kind == "edge":
        cell, edge = case.edge
        batches = [(pictures, labels)]
        return lambda: score_edge(net, selection, cell=cell, edge=edge, batches=batches)
    if case.kind == "sweep":
        batches = [(pictures, labels)]
        places = [(cell, edge.index) for cell in net.space.cells for edge in net.space.edges(cell)]

        def sweep() -> None:
            known: Unmasked = {}
            for cell, edge in places:
                score_edge(net, selection, cell=cell, edge=edge, batches=batches, unmasked=known)

        return sweep
    recipe = Recipe(space=case.space, method="darts", epochs=1, channels=case.channels, cells=case.cells)
    parameters = {f"alpha.{cell}": alpha for cell, alpha in alphas.items()}
    method = method_type("darts")(recipe, net.train(), parameters)
    batch = pictures, labels
    return lambda: method.step(batch, batch)


def _plainly(
    case: Case,
    space: SearchSpace,
    net: PlainSupernet,
    alphas: Mapping[str, Tensor],
    pictures: Tensor,
    labels: Tensor,
) -> Callable[[], object]:
    weights = {cell: alpha.softmax(-1) for cell, alpha in alphas.items()}
    if case.kind in ("forward", "sweep"):

        @torch.inference_mode()
        def forward() -> Tensor:
            return net(pictures, weights)

        return forward
    if case.kind == "edge":

        @torch.inference_mode()
        def edge() -> list[int]:
            cell, index = case.edge
            right = [int((net(pictures, weights).argmax(1) == labels).sum())]
            for column in range(len(space.operations(cell, index))):
                masked = {name: rows.clone() for name, rows in weights.items()}
                masked[cell][index, column] = 0
                right.append(int((net(pictures, masked).argmax(1) == labels).sum()))
            return right

        return edge
    return _plain_step(net, alphas, pictures, labels)


def _plain_step(
    net: PlainSupernet, alphas: Mapping[str, Tensor], pictures: Tensor, labels: Tensor
) -> Callable[[], object]:
    """First-order DARTS as published (Liu et al. 2019): both losses are differentiated in everything."""
    net.train()
    learned = {cell: alpha.clone().requires_grad_() for cell, alpha in alphas.items()}
    sgd = torch.optim.SGD(net.parameters(), lr=0.025, momentum=0.9, weight_decay=3e-4)
    adam = torch.optim.Adam(learned.values(), lr=3e-4, betas=(0.5, 0.999), weight_decay=1e-3)

    def backward() -> None:
        weights = {cell: alpha.softmax(-1) for cell, alpha in learned.items()}
        F.cross_entropy(net(pictures, weights), labels).backward()

    def step() -> None:
        adam.zero_grad()
        backward()
        adam.step()
        sgd.zero_grad()
        backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5)
        sgd.step()

    return step
