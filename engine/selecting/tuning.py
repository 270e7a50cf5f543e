"""Fine-tuning a supernet between two decisions, on a copy of its own.

Tuner   the copy: weights, alphas and optimisers, going on with training where decisions left them

The supernet that was loaded never changes. Decided edges keep their one operation and their alphas get no gradient; the
alphas of undecided edges go on training (not with fixed alphas).
"""

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from engine.checkpoint import folder as store
from engine.checkpoint.folder import Checkpoint
from engine.data.load import load_data, resize
from engine.errors import BadInput
from engine.selecting.settings import PUBLISHED
from engine.selection.decisions import Decision
from engine.selection.selection import Selection
from engine.training.loop import feed, learn, load_states, states
from engine.training.methods import METHODS, Mixing
from engine.training.recipe import Recipe

KEPT = ("momentum", "weight_decay", "clip", "alpha_lr", "alpha_betas", "alpha_weight_decay", "batch_size")
"""Settings that tuning takes over from the training before it."""
PASS = 1
"""Tells the random draws of tuning from those of the training before it."""


class Tuner:
    """A supernet of one's own: `supernet`, `alphas` and how often they have been tuned (`passes`).

    SGD starts without momentum and the alphas' Adam goes on from the checkpoint's state where it has one; `resumed`
    says that the checkpoint is a tuned one that `save` wrote, so that both go on. data: a SPEC whose training half
    trains weights and whose search half trains alphas. seed: of batches and augmentation; every pass draws anew from
    (seed, pass), so that a resumed run repeats what an uninterrupted one does.

    Raises BadInput for data with another number of classes and for edge strengths, which tuning does not train.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        data: str = "bundled",
        seed: int = 0,
        resumed: bool = False,
        device: str | torch.device = "cpu",
        data_dir: str | Path | None = None,
        download: bool = False,
    ) -> None:
        self.checkpoint, self.device = checkpoint, torch.device(device)
        self.data = load_data(data, data_dir=data_dir, download=download)
        if len(self.data.classes) != checkpoint.meta["classes"]:
            raise BadInput(
                f"{data} has {len(self.data.classes)} classes and the checkpoint {checkpoint.meta['classes']}; "
                "tune on the data it was trained on (--data)"
            )
        self.recipe = _recipe(checkpoint, seed)
        self.supernet = copy.deepcopy(checkpoint.supernet).to(self.device).to(memory_format=torch.channels_last)
        self.supernet.requires_grad_(True).train()
        self.alphas = {cell: rows.detach().clone().to(self.device) for cell, rows in checkpoint.alphas.items()}
        self.method = METHODS[self.recipe.method](self.recipe, self.supernet, self.alphas)
        self.passes = 0
        self._names = [name for name, _ in self.supernet.named_parameters()]
        saved = store.load_optimizer(checkpoint.path) if checkpoint.path.is_dir() else None
        if saved is not None:
            load_states(self.method.alpha_optimizer, saved, "alphas", list(self.alphas), self.device)
        if saved is not None and resumed:
            load_states(self.method.optimizer, saved, "weights", self._names, self.device)
            self.passes = int(saved["passes"])
        size = self.recipe.image_size
        self._halves = [
            (resize(half.pixels, size).to(self.device), half.labels.to(self.device))
            for half in (self.data.train, self.data.search)
        ]

    @property
    def batches_per_epoch(self) -> int:
        return math.ceil(len(self._halves[0][1]) / self.recipe.batch_size)

    def selection(self, decisions: tuple[Decision, ...]) -> Selection:
        """Decisions on top of the alphas as they are now."""
        alphas = {cell: rows.detach().cpu().tolist() for cell, rows in self.alphas.items()}
        return Selection(self.checkpoint.space, alphas).replay(decisions)

    def tune(
        self,
        selection: Selection,
        batches: int | None = None,
        lr: float = PUBLISHED.lr,
        report: Callable[[int], None] = lambda step: None,
    ) -> None:
        """One pass at a constant learning rate: `batches` of them, or None: an epoch over the training half.

        The alphas are trained on random batches of the search half. report: told after every batch how many are done.
        Raises Diverged when the loss is not finite.
        """
        if selection.alphas.betas is not None:
            raise BadInput("tuning does not train edge strengths; select without tuning, or without betas")
        for group in self.method.optimizer.param_groups:
            group["lr"] = lr
        self.method.mixing = Mixing.of(selection, self.device)
        self.method.learns_alpha = type(self.method).learns_alpha and any(
            selection.undecided_edges(cell) for cell in selection.space.cells
        )
        self.supernet.train()
        feeds = [
            feed(self.recipe, self.data.normalisation, half, self.passes, which, PASS, fresh=which == 1)
            for which, half in enumerate(self._halves)
        ]
        steps = self.batches_per_epoch if batches is None else batches
        learn(self.method, feeds, steps, (self.passes + 1) << 24, report)
        self.passes += 1

    def tuned(self) -> Checkpoint:
        """The checkpoint with the supernet and the alphas as they are now; what measures it must come before the next
        pass."""
        return replace(self.checkpoint, supernet=self.supernet, start=self.selection(self.checkpoint.start.decisions))

    def save(self, directory: Path, extra_files: Mapping[str, str] | None = None) -> None:
        """Write the state as a checkpoint from which a `resumed` tuner goes on."""
        meta: dict[str, Any] = {
            key: value for key, value in self.checkpoint.meta.items() if key not in ("digest", "sha256", "accuracies")
        }
        store.save(
            directory,
            supernet=self.supernet,
            start=self.selection(self.checkpoint.start.decisions),
            meta=meta | {"accuracies": {}, "tuned": {"from": self.checkpoint.digest, "passes": self.passes}},
            log=[],
            optimizer={
                **states(self.method.optimizer, "weights", self._names),
                **states(self.method.alpha_optimizer, "alphas", list(self.alphas)),
                "passes": self.passes,
            },
            extra_files=extra_files,
        )


def _recipe(checkpoint: Checkpoint, seed: int) -> Recipe:
    meta = checkpoint.meta
    trained = meta.get("hyperparameters") or {}
    kept = {name: trained[name] for name in KEPT if name in trained}
    if "alpha_betas" in kept:
        kept["alpha_betas"] = tuple(kept["alpha_betas"])
    return Recipe(
        space=meta["space"],
        # Every method that learns its alphas goes on by plain first-order steps, as the authors tune.
        method="fixed-alpha" if meta["method"] == "fixed-alpha" else "darts",
        epochs=1,
        channels=meta["channels"],
        cells=meta["cells"],
        image_size=meta["image_size"],
        seed=seed,
        **kept,
    )
