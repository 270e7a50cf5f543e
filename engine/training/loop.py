"""Supernet training: one loop for every method, resumable from the last finished epoch to the identical result.

train           run a recipe in a folder until its last epoch, or go on where it stopped
Progress        what a running epoch reports: step, rate, remaining time
feed, learn     batches of one half; steps on batches of both
Diverged        the loss is no longer finite; the last good epoch is kept

Every random draw of an epoch comes from (seed, epoch), so a resumed run repeats what an uninterrupted one does.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.checkpoint import folder as store
from engine.data.load import Data, Normalisation, augment, crop_padding, load_data, normalise, resize, scoring_order
from engine.errors import BadInput
from engine.runs.folder import RunFolder
from engine.scoring.scores import measure
from engine.selection.genotype import magnitude_genotype
from engine.selection.selection import Selection
from engine.spaces import search_space
from engine.supernet.supernet import Supernet
from engine.training.methods import METHODS, Batch, Method
from engine.training.recipe import Recipe

CHECK_EVERY = 50
"""Steps between looks at the loss: each look costs a device sync."""
EVALUATION_IMAGES = 2048


class Diverged(RuntimeError):
    """Training stopped because the loss is not finite."""


@dataclass(frozen=True)
class Progress:
    """Where a run stands: steps of this epoch, seconds left in this epoch and in the whole run."""

    epoch: int
    epochs: int
    step: int
    steps: int
    seconds_per_step: float

    @property
    def remaining(self) -> float:
        """Seconds until the last epoch ends."""
        left = (self.epochs - self.epoch) * self.steps - self.step
        return left * self.seconds_per_step


@dataclass
class Run:
    """The moving parts of a training run."""

    recipe: Recipe
    supernet: Supernet
    alphas: dict[str, Tensor]
    method: Method
    history: dict[str, list[Tensor]]
    log: list[dict[str, Any]]

    @property
    def epoch(self) -> int:
        """Finished epochs."""
        return len(self.log)


def generator(seed: int, *path: int) -> torch.Generator:
    """A CPU generator that depends on nothing but its arguments."""
    words = np.random.SeedSequence([seed, *path]).generate_state(2, np.uint32)
    return torch.Generator().manual_seed(int(words[0]) << 31 ^ int(words[1]))


def start(recipe: Recipe, classes: int, device: torch.device) -> Run:
    """A fresh run: weights from the seed, alphas 1e-3 * N(0, 1)."""
    space = search_space(recipe.space)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        supernet = Supernet(space, recipe.channels, recipe.cells, classes)
    draw = generator(recipe.seed, 1)
    alphas = {cell: 1e-3 * torch.randn(space.shape(cell), generator=draw) for cell in space.cells}
    return _assemble(recipe, supernet, alphas, device)


def _assemble(recipe: Recipe, supernet: Supernet, alphas: dict[str, Tensor], device: torch.device) -> Run:
    supernet = supernet.to(device).to(memory_format=torch.channels_last).train()
    alphas = {cell: alpha.detach().clone().to(device) for cell, alpha in alphas.items()}
    method = METHODS[recipe.method](recipe, supernet, alphas)
    return Run(recipe, supernet, alphas, method, {cell: [] for cell in alphas}, [])


def resume(directory: Path, recipe: Recipe, device: torch.device) -> Run:
    """The run a folder holds, as it was after its last finished epoch. Raises BadInput if it is another run."""
    saved = store.load(directory)
    difference = recipe.difference(saved.meta["hyperparameters"])
    if difference:
        raise BadInput(f"{directory} holds another run: {difference}; give the same settings or another --out")
    optimizer = store.load_optimizer(directory)
    if optimizer is None:
        raise BadInput(f"{directory} has no optimizer state, so it cannot be resumed; train into another --out")
    saved.supernet.requires_grad_(True)
    run = _assemble(recipe, saved.supernet, saved.alphas, device)
    run.history = {cell: list(rows.unbind()) for cell, rows in saved.history.items()}
    run.log = list(saved.log)
    names = [name for name, _ in run.supernet.named_parameters()]
    load_states(run.method.optimizer, optimizer, "weights", names, device)
    load_states(run.method.alpha_optimizer, optimizer, "alphas", list(run.alphas), device)
    return run


def states(optimizer: torch.optim.Optimizer, prefix: str, names: list[str]) -> dict[str, Tensor]:
    """An optimizer's tensors by parameter name: "weights/blocks.0...conv.weight/momentum_buffer"."""
    parameters = optimizer.param_groups[0]["params"]
    return {
        f"{prefix}/{name}/{key}": value.detach().cpu()
        for name, parameter in zip(names, parameters, strict=True)
        for key, value in optimizer.state.get(parameter, {}).items()
        if value is not None
    }


def load_states(
    optimizer: torch.optim.Optimizer, saved: dict[str, Tensor], prefix: str, names: list[str], device: torch.device
) -> None:
    for name, parameter in zip(names, optimizer.param_groups[0]["params"], strict=True):
        head = f"{prefix}/{name}/"
        state = {key.removeprefix(head): value for key, value in saved.items() if key.startswith(head)}
        if state:
            # Adam keeps its step counter on the CPU.
            optimizer.state[parameter] = {k: v.clone() if k == "step" else v.to(device) for k, v in state.items()}


def learning_rate(recipe: Recipe, epoch: int) -> float:
    """Cosine from lr to min_lr, constant within an epoch."""
    return recipe.min_lr + (recipe.lr - recipe.min_lr) * (1 + math.cos(math.pi * epoch / recipe.epochs)) / 2


def feed(recipe: Recipe, normalisation: Normalisation, half: Batch, *path: int, fresh: bool = False) -> Iterator[Batch]:
    """Augmented, normalised batches of one half without end; crop padding 4 at 32 pixels, 2 at 16.

    The half is gone through in a random order, again and again, or (fresh) every batch is an independent draw.
    half: (uint8 [N, 3, S, S], labels [N]). path: what the random draws depend on beside the recipe's seed.
    """
    pixels, labels = half
    draw = generator(recipe.seed, 3, *path)
    for index in _orders(len(labels), recipe.batch_size, generator(recipe.seed, 2, *path), fresh):
        index = index.to(pixels.device)
        images = augment(pixels[index], crop_padding(recipe.image_size), draw)
        yield normalise(images, normalisation), labels[index]


def _orders(size: int, batch_size: int, draw: torch.Generator, fresh: bool) -> Iterator[Tensor]:
    while True:
        order = torch.randperm(size, generator=draw)
        if fresh:
            yield order[:batch_size]
        else:
            yield from order.split(batch_size)


def learn(
    method: Method, feeds: Sequence[Iterator[Batch]], steps: int, noise: int, report: Callable[[int], None]
) -> tuple[float, float]:
    """Take steps on batches of both halves; returns mean loss and accuracy (%) on the training batches.

    noise: seed of S4's noise in the first step, counted on from there. report: told after every step how many are
    done. Raises Diverged when the loss is not finite.
    """
    loss, right, seen = 0.0, 0, 0
    pending: list[tuple[Tensor, Tensor]] = []
    for step in range(1, steps + 1):
        train = next(feeds[0])
        search = next(feeds[1]) if method.learns_alpha else None
        batch_loss, batch_right = method.step(train, search, noise + step)
        seen += len(train[1])
        pending.append((batch_loss * len(train[1]), batch_right))
        if step % CHECK_EVERY == 0 or step == steps:
            loss += float(torch.stack([value for value, _ in pending]).sum())
            right += int(torch.stack([count for _, count in pending]).sum())
            pending.clear()
            if not math.isfinite(loss):
                raise Diverged(f"the loss became {loss} at step {step} of {steps}")
        report(step)
    return loss / seen, 100 * right / seen


def run_epoch(run: Run, data: Data, halves: list[Batch], report: Callable[[Progress], None]) -> dict[str, Any]:
    """Train one epoch; returns its log line. Raises Diverged when the loss is not finite."""
    recipe, epoch = run.recipe, run.epoch
    steps = math.ceil(len(halves[0][1]) / recipe.batch_size)
    lr = learning_rate(recipe, epoch)
    for group in run.method.optimizer.param_groups:
        group["lr"] = lr
    run.supernet.train()
    feeds = [
        feed(recipe, data.normalisation, half, epoch, which, fresh=recipe.fresh_batches)
        for which, half in enumerate(halves)
    ]
    began = time.perf_counter()

    def tell(step: int) -> None:
        report(Progress(epoch, recipe.epochs, step, steps, (time.perf_counter() - began) / step))

    try:
        loss, accuracy = learn(run.method, feeds, steps, epoch * steps, tell)
    except Diverged as error:
        raise Diverged(f"epoch {epoch + 1}: {error}") from None
    return {
        "epoch": epoch + 1,
        "lr": lr,
        "train_loss": loss,
        "train_accuracy": accuracy,
        "seconds": round(time.perf_counter() - began, 2),
    }


def evaluate(run: Run, data: Data, search: Batch) -> dict[str, Any]:
    """Accuracy on the first scoring images of the search half, in both BN modes, with intervals."""
    pixels, labels = search
    order = torch.from_numpy(scoring_order(len(labels), EVALUATION_IMAGES)).to(labels.device)
    batches = [(normalise(pixels[part], data.normalisation), labels[part]) for part in order.split(64)]
    weights = {cell: alpha.detach().softmax(-1) for cell, alpha in run.alphas.items()}
    found = {}
    for bn in ("batch", "running"):
        baseline = measure(run.supernet, weights, batches, bn=bn)
        found[bn] = {"accuracy": baseline.accuracy, "loss": baseline.loss, "ci": baseline.ci, "images": len(order)}
    return found


def save(run: Run, directory: Path, data: Data, *, snapshot: bool = False) -> None:
    """Write the run's state after its last finished epoch as a native checkpoint (a snapshot has no optimizer)."""
    recipe, method = run.recipe, run.method
    space = search_space(recipe.space)
    names = [name for name, _ in run.supernet.named_parameters()]
    optimizer = {
        **states(method.optimizer, "weights", names),
        **states(method.alpha_optimizer, "alphas", list(run.alphas)),
    }
    meta = {
        "space": space.name,
        "method": recipe.method,
        "channels": recipe.channels,
        "cells": recipe.cells,
        "classes": len(data.classes),
        "class_names": list(data.classes),
        "image_size": recipe.image_size,
        "epochs": run.epoch,
        "data": recipe.data,
        "dataset": data.name,
        "split": data.split,
        "normalisation": data.normalisation.to_json(),
        "seed": recipe.seed,
        "hyperparameters": recipe.hyperparameters(),
        "accuracies": {"search": run.log[-1]["search"]},
        "train_images": len(data.train.labels),
        "search_images": len(data.search.labels),
    }
    store.save(
        directory,
        supernet=run.supernet,
        start=Selection(space, run.alphas),
        history={cell: torch.stack(rows).cpu() for cell, rows in run.history.items()},
        meta=meta,
        log=run.log,
        optimizer=None if snapshot else optimizer,
    )


def train(
    recipe: Recipe,
    out: Path,
    *,
    resume_run: bool = False,
    device: str = "cpu",
    snapshots: int = 0,
    data: Data | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
    epoch_done: Callable[[dict[str, Any]], None] = lambda line: None,
) -> Run:
    """Train `recipe` into `out`, saving after every epoch; a finished run returns at once.

    snapshots: also keep every Nth epoch in out/snapshots/epoch-NNN. Raises BadInput for a folder that holds
    something else, Diverged (last good epoch kept) for a loss that is not finite.
    """
    out = Path(out)
    where = torch.device(device)
    data = data or load_data(recipe.data)
    exists = store.exists(out)
    recorded = {"command": "train", **store.read_summary(out).meta["hyperparameters"]} if exists else None
    threads = torch.get_num_threads()
    with RunFolder(
        out, recipe.plan(), recipe.defaults(), resume=resume_run, recorded=recorded, threads=threads
    ) as folder:
        run = resume(out, recipe, where) if exists else start(recipe, len(data.classes), where)
        folder.mend_events(run.log, run.epoch)
        folder.tell(run.epoch, recipe.epochs, "epochs")
        halves = [
            (resize(half.pixels, recipe.image_size).to(where), half.labels.to(where))
            for half in (data.train, data.search)
        ]

        def tell(at: Progress) -> None:
            folder.tell(at.epoch + at.step / at.steps, recipe.epochs, "epochs", "training", at.remaining)
            report(at)

        while run.epoch < recipe.epochs:
            line = run_epoch(run, data, halves, tell)
            line["search"] = evaluate(run, data, halves[1])
            space = search_space(recipe.space)
            line["magnitude"] = str(magnitude_genotype(space, {c: a.detach().cpu() for c, a in run.alphas.items()}))
            for cell, alpha in run.alphas.items():
                run.history[cell].append(alpha.detach().cpu().clone())
            run.log.append(line)
            save(run, out, data)
            if snapshots and run.epoch % snapshots == 0:
                save(run, out / "snapshots" / f"epoch-{run.epoch:03d}", data, snapshot=True)
            folder.append(line)
            folder.tell(run.epoch, recipe.epochs, "epochs", "training")
            epoch_done(line)
    return run
