"""Fine-tuning a supernet between two decisions, on a copy of its own.

Tuner   the copy: weights, alphas and optimisers, going on with training where decisions left them

The supernet that was loaded never changes. Tuning goes on by the rule of the method that trained it (reference section
4.5 for the methods that perturb): decided edges keep their one operation and their alphas get no gradient; alphas of
undecided edges, and edge strengths of undecided nodes, go on training (not with fixed alphas).
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
from engine.data.belonging import spec_for
from engine.data.load import open_data, open_feed
from engine.errors import BadInput
from engine.fields import described
from engine.selecting.settings import PUBLISHED
from engine.selection.decisions import Decision
from engine.selection.selection import Selection
from engine.spaces import space_text
from engine.supernet.draws import seeded
from engine.training import methods
from engine.training.feeds import feed
from engine.training.loop import learn
from engine.training.recipe import Recipe
from engine.training.state import architecture

PASS = 1
"""Tells the random draws of tuning from those of the training before it."""


class Tuner:
    """A supernet of one's own under its training method, and how often it has been tuned (`passes`).

    SGD starts without momentum and the alphas' Adam goes on from the checkpoint's state where it has one; `resumed`
    says that the checkpoint is a tuned one that `save` wrote, so that both go on. data: a SPEC whose training half
    trains weights and whose search half trains alphas; None is the bundled images, which are refused for a supernet of
    another data set. seed: of batches and augmentation; every pass draws anew from
    (seed, pass), so that a resumed run repeats what an uninterrupted one does.

    Raises BadInput for that, for data with another number of classes, and for a training method that is not known here.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        data: str | None = None,
        seed: int = 0,
        resumed: bool = False,
        device: str | torch.device = "cpu",
        data_dir: str | Path | None = None,
        download: bool = False,
    ) -> None:
        self.checkpoint, self.device = checkpoint, torch.device(device)
        size = checkpoint.meta["image_size"]
        data = spec_for(checkpoint, data)
        self.data = open_data(data, size, data_dir=data_dir, download=download)
        if len(self.data.classes) != checkpoint.meta["classes"]:
            raise BadInput(
                f"{data} has {len(self.data.classes)} classes and the checkpoint {checkpoint.meta['classes']}; "
                "tune on the data it was trained on (--data)"
            )
        self.recipe = _recipe(checkpoint, seed)
        self.supernet = copy.deepcopy(checkpoint.supernet).to(self.device).to(memory_format=torch.channels_last)
        self.supernet.requires_grad_(True).train()
        kind = methods.method_type(self.recipe.method)
        initial = {**kind.initial(checkpoint.space, seeded(self.recipe.seed, 1)), **architecture(checkpoint)}
        parameters = {name: value.to(self.device) for name, value in initial.items()}
        self.method = kind(self.recipe, self.supernet, parameters, checkpoint.start.decisions)
        self.method.mixing = checkpoint.start.alphas.mixing
        self.passes = 0
        saved = store.load_optimizer(checkpoint.path) if checkpoint.path.is_dir() else None
        if saved is not None:
            kept = saved if resumed else {name: value for name, value in saved.items() if name[:8] != "weights/"}
            self.method.load(kept)
            self.passes = int(saved["passes"]) if resumed else 0
        self._halves = [
            open_feed([half], self.data.normalisation, size, self.device)
            for half in (self.data.train, self.data.search)
        ]

    @property
    def batches_per_epoch(self) -> int:
        return math.ceil(len(self._halves[0]) / self.method.batch_size)

    def selection(self, decisions: tuple[Decision, ...]) -> Selection:
        """Decisions on top of the alphas and edge strengths as they are now."""
        return self.method.selection.with_decisions(decisions)

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
        method, seed = self.method, self.recipe.seed
        method.begin(None)
        method.lr = lr
        method.hold(selection.decisions)
        self.supernet.train()
        feeds = [
            feed(half, method.batch_size, seed, self.passes, which, PASS, fresh=which == 1)
            for which, half in enumerate(self._halves)
        ]
        steps = self.batches_per_epoch if batches is None else batches
        learn(method, feeds, steps, (self.passes + 1) << 24, (self.passes, PASS), report)
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
            optimizer={**self.method.state(), "passes": self.passes},
            extra_files=extra_files,
        )


def _recipe(checkpoint: Checkpoint, seed: int) -> Recipe:
    """The recipe that a checkpoint was trained by, as far as tuning needs it; settings that it lacks as published."""
    meta = checkpoint.meta
    method, trained = meta["method"], meta.get("hyperparameters") or {}
    if method not in methods.names():
        raise BadInput(
            f"tuning goes on by the rule of the training, {method}, and that method is not here; "
            f"select without tuning, or use a program that has it (here: {', '.join(methods.names())})"
        )
    known = described(methods.settings_type(method))
    kept = {name: value for name, value in trained.items() if name in known}
    return Recipe(
        space=space_text(checkpoint.space),
        method=method,
        epochs=1,
        channels=meta["channels"],
        cells=meta["cells"],
        image_size=meta["image_size"],
        seed=seed,
        settings=methods.settings_for(method, space_text(checkpoint.space), kept),
    )
