"""The state of a training from scratch in its run's folder: what it is after the last completed epoch.

save_state        make the present state the kept one, in one step
load_state        put the kept state into a network
finished_epochs   how many epochs a folder holds

weights.safetensors, optimizer.safetensors and progress.json (the line of every epoch) are one state, replaced together:
killed at any moment, a folder holds the state before or after an epoch, never a mixture.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_tensors
from safetensors.torch import save as format_tensors
from torch import Tensor, nn

from engine.errors import BadInput
from engine.runs import files
from engine.runs.folder import PROGRESS, RunFolder

WEIGHTS, OPTIMIZER = "weights.safetensors", "optimizer.safetensors"


def load_state(folder: RunFolder, network: nn.Module, momentum: dict[str, Tensor]) -> list[dict[str, Any]]:
    """Put the kept state into a network and `momentum` (parameter name -> tensor); returns the finished epochs.

    Nothing changes in a folder without a finished epoch. Raises BadInput for a state that is damaged.
    """
    progress = folder.progress()
    if progress is None:
        return []
    try:
        log = list(progress["log"])
        weights, found = (parse_tensors((folder.path / name).read_bytes()) for name in (WEIGHTS, OPTIMIZER))
        shapes = {name: parameter.shape for name, parameter in network.named_parameters()}
        if any(shapes.get(name) != value.shape for name, value in found.items()):
            raise ValueError("the optimizer's state is of another network")
        network.load_state_dict(weights)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise BadInput(f"{folder.path} holds a damaged state ({reason}); delete the folder and start again") from None
    momentum.update(found)
    folder.mend_events(log, len(log))
    return log


def save_state(
    folder: RunFolder, network: nn.Module, momentum: Mapping[str, Tensor], log: list[dict[str, Any]]
) -> None:
    """Make this the kept state, in one step, and add the last epoch to the events."""
    state = {
        WEIGHTS: format_tensors({name: _plain(value) for name, value in network.state_dict().items()}),
        OPTIMIZER: format_tensors({name: _plain(value) for name, value in momentum.items()}),
    }
    folder.keep({"log": log}, log[-1], state)


def finished_epochs(path: Path) -> int:
    """How many finished epochs the state in a folder has; 0 where there is none."""
    progress = files.locate(Path(path).expanduser(), PROGRESS)
    return 0 if progress is None else len(json.loads(progress.read_bytes())["log"])


def _plain(value: Tensor) -> Tensor:
    # Cloned: a file cannot hold tensors that share memory. Contiguous: channels_last is this machine's business.
    return value.detach().cpu().contiguous(memory_format=torch.contiguous_format).clone()
