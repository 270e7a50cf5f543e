"""What scoring asks of a supernet, and any function as one.

Scorable   a supernet of a space: called with inputs, mixing weights and a BatchNorm mode, it answers with scores
wrap       a forward function of one's own as a Scorable
Inputs     one batch: a tensor, or tensors in tuples, lists and mappings
moved      a batch on another device

Our own Supernet is one too, and offers more: its blocks, so that masks share what they have in common.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Union

import torch
from torch import Tensor, nn

from engine.errors import BadInput
from engine.results import BnMode
from engine.spaces import SearchSpace

Inputs = Union[Tensor, Sequence["Inputs"], Mapping[str, "Inputs"]]  # noqa: UP007  # quoted, so no `|`
Weights = Mapping[str, Tensor]
"""Mixing weights per cell type: {"normal": [edges, operations], ...}."""
Forward = Callable[[Inputs, Weights, BnMode], Tensor]
"""(inputs, weights, bn) -> outputs [B, classes]. It must not change the model: no buffer and no random state moves."""


class Scorable(Protocol):
    """A supernet that can be measured. Outputs are [B, classes], one row for every label of the batch."""

    @property
    def space(self) -> SearchSpace: ...

    @property
    def device(self) -> torch.device: ...

    @property
    def dtype(self) -> torch.dtype: ...

    def __call__(self, inputs: Inputs, weights: Weights, bn: BnMode) -> Tensor: ...


@dataclass(frozen=True, eq=False)
class Wrapped:
    """A function as a Scorable. Every mask is a forward pass of its own."""

    forward: Forward
    space: SearchSpace
    device: torch.device
    dtype: torch.dtype

    def __call__(self, inputs: Inputs, weights: Weights, bn: BnMode) -> Tensor:
        outputs = self.forward(inputs, weights, bn)
        if not torch.is_tensor(outputs) or outputs.ndim != 2:
            raise BadInput(
                "a wrapped supernet must answer with [B, classes], a row for every label; reshape its output"
            )
        return outputs


def wrap(
    forward: Forward,
    space: SearchSpace,
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
) -> Wrapped:
    """A supernet of one's own that can be scored and selected: `engine.score_edge(engine.wrap(forward, space), ...)`.

    forward(inputs, weights, bn): weights are per cell type [edges, operations]; where one is 0 the operation counts
    nothing. device, dtype: where batches and weights are brought; None: those of the first parameter where `forward` is
    a module, else CPU and float32. Batches are (inputs, labels [B]), and inputs whatever `forward` takes.
    """
    first = next(forward.parameters(), None) if isinstance(forward, nn.Module) else None
    found = torch.device("cpu") if first is None else first.device
    kind = torch.float32 if first is None else first.dtype
    return Wrapped(forward, space, found if device is None else torch.device(device), dtype or kind)


def moved(inputs: Inputs, device: torch.device, dtype: torch.dtype) -> Inputs:
    """A batch on a device: floating tensors as `dtype`, tokens and indices as they are, images channels last."""
    if isinstance(inputs, Tensor):
        there = inputs.to(device, dtype if inputs.is_floating_point() else None)
        return there.contiguous(memory_format=torch.channels_last) if there.ndim == 4 else there
    if isinstance(inputs, Mapping):
        return {key: moved(value, device, dtype) for key, value in inputs.items()}
    return tuple(moved(value, device, dtype) for value in inputs)
