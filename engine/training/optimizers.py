"""What optimizers remember of their parameters, by name, and gradients turned on and off.

moments        an optimizer's tensors, to be saved
load_moments   go on from them
require_grad   turn the gradients of tensors on or off
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor


def moments(optimizer: torch.optim.Optimizer, names: Sequence[str]) -> dict[str, Tensor]:
    """An optimizer's tensors by parameter name: "weights/blocks.0...conv.weight/momentum_buffer"."""
    return {
        f"{name}/{key}": value.detach().cpu()
        for name, parameter in zip(names, optimizer.param_groups[0]["params"], strict=True)
        for key, value in optimizer.state.get(parameter, {}).items()
        if value is not None
    }


def load_moments(optimizer: torch.optim.Optimizer, names: Sequence[str], saved: Mapping[str, Any]) -> None:
    """Go on from `moments`; of parameters that are not among them nothing is known yet."""
    for name, parameter in zip(names, optimizer.param_groups[0]["params"], strict=True):
        head = f"{name}/"
        state = {key.removeprefix(head): value for key, value in saved.items() if key.startswith(head)}
        if state:
            # Adam keeps its step counter on the CPU.
            device = parameter.device
            optimizer.state[parameter] = {k: v.clone() if k == "step" else v.to(device) for k, v in state.items()}


def require_grad(tensors: Iterable[Tensor], on: bool) -> None:
    """Turn the gradients of tensors on or off."""
    for tensor in tensors:
        tensor.requires_grad_(on)
