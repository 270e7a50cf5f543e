"""A cell evaluated edge by edge, so that what an edge adds can be looked at and changed.

Edit      what an edge adds to its node, from the outputs of its operations
Order     which edge's operations stand where
run       a supernet's logits with every cell of one type opened, or with all cells
plain     the edit that changes nothing: then the logits are the supernet's own
"""

from collections.abc import Callable, Mapping
from typing import cast

import torch
from torch import Tensor

from engine.errors import BadInput
from engine.supernet.cells import Cell
from engine.supernet.normalisation import computed
from engine.supernet.operations import Features, Operation
from engine.supernet.supernet import Pass, Supernet

Outputs = Mapping[int, Tensor]
"""Outputs [B, C, H, W] of an edge's live operations by column, before they are weighted."""
Edit = Callable[[int, Tensor, Outputs, Tensor], Tensor | None]
"""(edge, source's value, outputs, the edge's row of weights) -> what it adds to its node; None: nothing."""
Order = Mapping[int, Mapping[int, int | None]]
"""By block, in which some edges changed: for each of them the edge whose operations and weights stand there now; None:
nothing does. The supernet's own modules stay where they are."""


def plain(edge: int, source: Tensor, outputs: Outputs, weights: Tensor) -> Tensor | None:
    """The weighted sum (eq. 1 of DARTS)."""
    return summed(outputs, weights)


def summed(outputs: Outputs, weights: Tensor) -> Tensor | None:
    """The weighted sum of some outputs; None of none."""
    parts = [output * weights[column] for column, output in outputs.items()]
    return sum(parts[1:], parts[0]) if parts else None


def run(
    supernet: Supernet, images: Tensor, run: Pass, cell: str | None, edit: Edit = plain, order: Order | None = None
) -> Tensor:
    """Logits [B, classes]. cell: the type that is opened; None: all. Raises BadInput for a supernet of partial
    channels, of which a part goes by its edges."""
    if supernet.part > 1:
        raise BadInput(
            "cells that mix one channel in several cannot be opened; use a supernet without partial channels"
        )
    states = supernet.start(images, run)
    for number, block in enumerate(supernet.blocks):
        is_opened = isinstance(block, Cell) and cell in (None, block.cell)
        stands = (order or {}).get(number, {})
        states = states[1], _opened(cast(Cell, block), states, run, edit, stands) if is_opened else block(states, run)
    return supernet.head(states, run)


def _opened(
    cell: Cell, states: tuple[Tensor, Tensor], run: Pass, edit: Edit, stands: Mapping[int, int | None]
) -> Tensor:
    """The cell's output, as its own forward gives it where nothing is changed. stands: see `Order`."""
    spec, weights, live = cell.spec, run.weights[cell.cell], run.live[cell.cell]
    seen = range(2 - spec.inputs, 2)
    values = [
        cell.get_submodule(f"preprocess{state}")(states[state], run.mode) if cell.prepares else states[state]
        for state in seen
    ]
    for node in spec.inner_nodes:
        value: Tensor | None = None
        for edge in spec.entering(node):
            own = stands.get(edge.index, edge.index)
            if own is None:
                continue
            source = Features(values[edge.source], run.noise)
            outputs = {}
            for column, name in enumerate(spec.operations[own]):
                if cell.built[own][column] and live[own][column]:
                    operation = cast(Operation, cast(Mapping, cell.edges[own])[name])
                    one = source.x.new_ones(1)
                    outputs[column] = computed(type(operation).evaluate([operation], source, one, run.mode)[0])
            added = edit(edge.index, source.x, outputs, weights[own])
            if added is not None:
                value = added if value is None else value + added
        values.append(_nothing(values, spec.inputs, spec.stride) if value is None else value)
    return torch.cat(values[spec.inputs :], dim=1) if spec.joined else values[-1]


def _nothing(values: list[Tensor], inputs: int, stride: int) -> Tensor:
    """The value of a node that nothing flows into."""
    if len(values) > inputs:
        return torch.zeros_like(values[inputs])
    x = values[0]
    return x.new_zeros(*x.shape[:2], x.shape[2] // stride, x.shape[3] // stride)
