"""The folder of a training from scratch: plan, status, events, and the state after the last completed epoch.

Keeper            opens the folder of a run, saves its state in one step, and reads it back
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
from engine.network.retrain.recipe import Recipe
from engine.runs import files
from engine.runs.folder import EVENTS, PLAN, PROGRESS, STATUS, RunFolder, now

WEIGHTS, OPTIMIZER = "weights.safetensors", "optimizer.safetensors"
STATE = (WEIGHTS, OPTIMIZER, PROGRESS)


class Keeper:
    """One run's folder. Raises BadInput for a folder that holds another run, this one without `resume`, or anything
    else, and for one that cannot be written."""

    def __init__(self, path: Path, recipe: Recipe, resume: bool) -> None:
        path = Path(path).expanduser()
        try:
            if path.is_dir():
                with files.locked(path):
                    files.settle(path, (*STATE, PLAN, STATUS))
        except OSError as error:
            raise files.unwritable(path, error) from None
        self.path = path
        self.run = RunFolder(path, recipe.plan(), resume)

    def load(self, network: nn.Module, momentum: dict[str, Tensor]) -> list[dict[str, Any]]:
        """Put the kept state into a network and `momentum` (parameter name -> tensor); returns the finished epochs.

        Nothing changes in a folder without a finished epoch. Raises BadInput for a state that is damaged.
        """
        progress = self.run.progress()
        if progress is None:
            return []
        try:
            log = list(progress["log"])
            weights, found = (parse_tensors((self.path / name).read_bytes()) for name in (WEIGHTS, OPTIMIZER))
            shapes = {name: parameter.shape for name, parameter in network.named_parameters()}
            if any(shapes.get(name) != value.shape for name, value in found.items()):
                raise ValueError("the optimizer's state is of another network")
            network.load_state_dict(weights)
        except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise BadInput(f"{self.path} holds a damaged state ({reason}); delete the folder and start again") from None
        momentum.update(found)
        self._complete_events(log)
        return log

    def save(self, network: nn.Module, momentum: Mapping[str, Tensor], log: list[dict[str, Any]]) -> None:
        """Make this the kept state, in one step, and add the last epoch to the events."""
        state: dict[str, bytes | None] = {
            WEIGHTS: format_tensors({name: _plain(value) for name, value in network.state_dict().items()}),
            OPTIMIZER: format_tensors({name: _plain(value) for name, value in momentum.items()}),
            PROGRESS: json.dumps({"log": log}, allow_nan=False).encode(),
        }
        try:
            with files.locked(self.path):
                files.commit(self.path, state)
            self._append(log[-1:])
        except OSError as error:
            raise files.unwritable(self.path, error) from None

    def _complete_events(self, log: list[dict[str, Any]]) -> None:
        """Killed between a state and its event, or within it, a run has that event written when it goes on."""
        path = self.path / EVENTS
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            files.write(path, whole)
        self._append(log[whole.count("\n") :])

    def _append(self, lines: list[dict[str, Any]]) -> None:
        with (self.path / EVENTS).open("a", encoding="utf-8") as events:
            events.writelines(json.dumps({"time": now(), **line}) + "\n" for line in lines)


def finished_epochs(path: Path) -> int:
    """How many finished epochs the state in a folder has; 0 where there is none."""
    progress = files.locate(Path(path).expanduser(), PROGRESS)
    return 0 if progress is None else len(json.loads(progress.read_bytes())["log"])


def _plain(value: Tensor) -> Tensor:
    # Cloned: a file cannot hold tensors that share memory. Contiguous: channels_last is this machine's business.
    return value.detach().cpu().contiguous(memory_format=torch.contiguous_format).clone()
