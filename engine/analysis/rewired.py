"""Networks whose layers change places while they are tested, without any training (Veit et al. 2016).

Places           by cell or stage: groups of layers of equal shape, which can stand for each other
swap, drop       an order drawn at random
Rewired          a network that answers in such an order
RewiredSupernet  a supernet: the layers are its edges, operations and weights together
RewiredStages    a network of one layer a cell: the layers of a stage
Reference        a bundled network of that kind, with the recipe that trained it
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from safetensors import safe_open
from torch import Tensor, nn

from engine.analysis import opened
from engine.analysis.opened import Order
from engine.network.cells import BenchCell
from engine.network.network import Network
from engine.results import BnMode
from engine.selection.genotype_text import parse_genotype
from engine.selection.selection import Selection
from engine.supernet.cells import Cell
from engine.supernet.supernet import Pass, Supernet

Places = Mapping[int, Sequence[Sequence[int]]]
BUNDLED = Path(__file__).parents[1] / "bundled"
REFERENCES = ("residual", "plain")
"""The same layers with a shortcut around each, and without."""


def swap(places: Places, draw: torch.Generator) -> Order:
    """In every cell two places, drawn from all pairs of equal shape, change their layers."""
    order = {}
    for cell, groups in places.items():
        pairs = [(one, other) for group in groups for one in group for other in group if one < other]
        one, other = pairs[int(torch.randint(len(pairs), (1,), generator=draw))]
        order[cell] = {one: other, other: one}
    return order


def drop(places: Places, draw: torch.Generator) -> Order:
    """In every cell one place loses its layer."""
    order = {}
    for cell, groups in places.items():
        every = [place for group in groups for place in group]
        order[cell] = {every[int(torch.randint(len(every), (1,), generator=draw))]: None}
    return order


class Rewired(Protocol):
    @property
    def places(self) -> Places: ...

    def logits(self, images: Tensor, order: Order, noise: int) -> Tensor:
        """[B, 3, S, S] -> [B, classes]. noise: seed of operations that draw."""


class RewiredSupernet:
    """A supernet under a selection's weights. An edge that goes leaves its node the other ones' sum."""

    def __init__(self, supernet: Supernet, selection: Selection, bn: BnMode) -> None:
        self.supernet = supernet
        self.run = Pass.of(selection.weights(supernet.device, supernet.dtype), bn)
        self.places = {
            number: _groups(block) for number, block in enumerate(supernet.blocks) if isinstance(block, Cell)
        }

    def logits(self, images: Tensor, order: Order, noise: int) -> Tensor:
        return opened.run(self.supernet, images, self.run.with_noise(noise), None, order=order)


def _groups(cell: Cell) -> list[list[int]]:
    """Edges by stride: operations of different strides change the size of what they see differently."""
    spec = cell.spec
    strided = [edge.index for edge in spec.edges if spec.stride != 1 and edge.source < spec.inputs]
    others = [edge.index for edge in spec.edges if edge.index not in strided]
    return [group for group in (strided, others) if len(group) > 1]


class RewiredStages:
    """A derived network of NAS-Bench-201's skeleton whose cells are layers. One that goes passes its input on: in a
    residual layer the shortcut alone is left."""

    def __init__(self, network: Network, bn: BnMode) -> None:
        self.network = network.eval()
        if bn == "batch":
            for module in network.modules():
                if isinstance(module, nn.BatchNorm2d):  # without running statistics torch takes the batch's
                    module.running_mean = module.running_var = None
        self.places: Places = {}
        stages: list[list[int]] = [[]]
        for number, cell in enumerate(network.cells):
            if isinstance(cell, BenchCell):
                stages[-1].append(number)
            else:
                stages.append([])
        self.places = {stage: [layers] for stage, layers in enumerate(stages)}

    def logits(self, images: Tensor, order: Order, noise: int) -> Tensor:
        stands = {place: layer for changes in order.values() for place, layer in changes.items()}
        x = self.network.get_submodule("stem")(images)
        for number in range(len(self.network.cells)):
            layer = stands.get(number, number)
            if layer is not None:
                x = self.network.cells[layer](x, x, 0.0)
        return self.network.classifier(self.network.lastact(x).mean((2, 3)))


@dataclass(frozen=True)
class Reference:
    """network: on the CPU. recipe: of its training, with what became of it; image_size: that it takes."""

    name: Literal["residual", "plain"]
    network: Network
    recipe: Mapping[str, Any]
    image_size: int

    @classmethod
    def bundled(cls, name: str) -> "Reference":
        """One of REFERENCES."""
        with safe_open(BUNDLED / f"{name}.safetensors", "pt") as file:
            recipe = json.loads(file.metadata()["recipe"])
            weights = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118  # it is no mapping
        network = Network(parse_genotype(recipe["genotype"]), recipe["channels"], recipe["layers"])
        network.load_state_dict(weights, strict=False)  # the counters of batches are of no use
        return cls(name, network, recipe, recipe["image_size"])  # type: ignore[arg-type]
