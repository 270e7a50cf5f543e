"""A training run between two epochs: begun, read from its folder, written to it.

Training      recipe, method, history and log
start         a fresh run
resume        the run that a folder holds
save          write it as a native checkpoint
architecture  the architecture parameters of a checkpoint
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.checkpoint import folder as store
from engine.data.load import Data, StreamedData
from engine.errors import BadInput
from engine.memory import keep_freed
from engine.spaces import described, search_space
from engine.supernet.draws import seeded
from engine.supernet.supernet import Supernet
from engine.training import methods
from engine.training.method import Method
from engine.training.recipe import Recipe


@dataclass
class Training:
    """The moving parts of a training run. history: after every epoch the alphas and betas, by parameter name."""

    recipe: Recipe
    method: Method
    history: dict[str, list[Tensor]]
    log: list[dict[str, Any]]

    @property
    def epoch(self) -> int:
        """Finished epochs."""
        return len(self.log)

    @property
    def is_finished(self) -> bool:
        """Whether the last epoch is done, or the method has stopped the run."""
        return self.epoch >= self.recipe.epochs or bool(self.log and self.log[-1].get("stopped"))

    def recorded(self, kind: str) -> dict[str, Tensor]:
        """The history of the parameters of a kind, per cell type [epochs, ...]."""
        head = f"{kind}."
        return {
            name.removeprefix(head): torch.stack(rows) for name, rows in self.history.items() if name.startswith(head)
        }


def start(recipe: Recipe, classes: int, device: torch.device) -> Training:
    """A fresh run: weights and architecture parameters from the seed."""
    space, kind = search_space(recipe.space), methods.method_type(recipe.method)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        supernet = kind.build(recipe, space, classes)
    parameters = kind.initial(space, seeded(recipe.seed, 1))
    method = kind(recipe, _on(supernet, device), {name: value.to(device) for name, value in parameters.items()})
    return Training(recipe, method, {name: [] for name in _recorded(parameters)}, [])


def resume(directory: Path, recipe: Recipe, device: torch.device) -> Training:
    """The run a folder holds, as it was after its last finished epoch. Raises BadInput if it is another run."""
    saved = store.load(directory)
    difference = recipe.difference(saved.meta["hyperparameters"])
    if difference:
        raise BadInput(f"{directory} holds another run: {difference}; give the same settings or another --out")
    state = store.load_optimizer(directory)
    if state is None:
        raise BadInput(f"{directory} has no optimizer state, so it cannot be resumed; train into another --out")
    kind = methods.method_type(recipe.method)
    saved.supernet.requires_grad_(True)
    fresh = kind.initial(saved.space, seeded(recipe.seed, 1))  # parameters that the state holds, or that never change
    parameters = {**fresh, **architecture(saved)}
    method = kind(
        recipe,
        _on(saved.supernet, device),
        {name: value.to(device) for name, value in parameters.items()},
        saved.start.decisions,
    )
    method.load(state)
    histories = (("alpha", saved.history), ("beta", saved.beta_history))
    history = {f"{part}.{cell}": list(rows.unbind()) for part, cells in histories for cell, rows in cells.items()}
    return Training(recipe, method, history, list(saved.log))


def architecture(checkpoint: store.Checkpoint) -> dict[str, Tensor]:
    """The architecture parameters that a checkpoint holds, by the names that methods use; copies."""
    betas = checkpoint.start.alphas.betas or ()
    strengths = zip(checkpoint.space.cells, betas, strict=False)
    return {
        **{f"alpha.{cell}": alpha for cell, alpha in checkpoint.alphas.items()},
        **{f"beta.{cell}": torch.tensor(row, dtype=torch.float32) for cell, row in strengths},
    }


def _on(supernet: Supernet, device: torch.device) -> Supernet:
    keep_freed()
    return supernet.to(device).to(memory_format=torch.channels_last).train()


def _recorded(parameters: dict[str, Tensor]) -> list[str]:
    return [name for name in parameters if name.startswith(("alpha.", "beta."))]


def save(run: Training, directory: Path, data: Data | StreamedData, *, snapshot: bool = False) -> None:
    """Write the run's state after its last finished epoch as a native checkpoint (a snapshot has no optimizer)."""
    recipe, method = run.recipe, run.method
    meta = {
        **described(method.space),
        "method": recipe.method,
        "channels": recipe.channels,
        "cells": recipe.cells,
        "classes": len(data.classes),
        "class_names": list(data.classes),
        "image_size": recipe.image_size,
        "stem": method.supernet.stem_kind,
        **({"partial": method.supernet.part} if method.supernet.part > 1 else {}),
        "epochs": run.epoch,
        "data": recipe.data,
        "dataset": data.name,
        "split": data.split,
        "normalisation": data.normalisation.to_json(),
        "seed": recipe.seed,
        "hyperparameters": recipe.hyperparameters(),
        "accuracies": {"search": run.log[-1]["search"]},
        "train_images": len(data.train),
        "search_images": len(data.search),
    }
    store.save(
        directory,
        supernet=method.supernet,
        start=method.selection,
        history=run.recorded("alpha"),
        beta_history=run.recorded("beta"),
        meta=meta,
        log=run.log,
        optimizer=None if snapshot else method.state(),
    )
