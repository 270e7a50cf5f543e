"""Supernet training: one loop for every method, resumable from the last finished epoch to the identical result.

train      run a recipe in a folder until its last epoch, or go on where it stopped
Progress   what a running epoch reports: step, rate, remaining time
learn      steps on batches of both halves
Diverged   the loss is no longer finite; the last good epoch is kept

Every random draw of an epoch comes from (seed, epoch), so a resumed run repeats what an uninterrupted one does.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.checkpoint import folder as store
from engine.data.feed import Feed, held
from engine.data.load import Data, StreamedData, open_data, open_feed, scoring_order
from engine.runs.folder import RunFolder
from engine.scoring.scores import measure
from engine.selection.genotype import magnitude_genotype
from engine.selection.selection import Selection
from engine.training.feeds import Batch, feed
from engine.training.method import Method
from engine.training.recipe import Recipe
from engine.training.state import Training, resume, save, start

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


def learn(
    method: Method,
    feeds: Sequence[Iterator[Batch]],
    steps: int,
    number: int,
    path: tuple[int, ...],
    report: Callable[[int], None],
) -> tuple[float, float]:
    """Take steps on batches of both halves; returns mean loss and accuracy (%) on the training batches.

    number: of the step before the first one, over the whole run. path: what random draws depend on beside seed and
    step. report: told after every step how many are done. Raises Diverged when the loss is not finite.
    """
    loss, right, seen = 0.0, 0, 0
    pending: list[tuple[Tensor, Tensor]] = []
    searches = method.searches
    for step in range(1, steps + 1):
        train = next(feeds[0])
        search = next(feeds[1]) if searches else None
        method.number, method.path = number + step, (*path, step)
        found = method.step(train, search)
        seen += len(train[1])
        pending.append((found.loss * len(train[1]), found.right))
        if step % CHECK_EVERY == 0 or step == steps:
            loss += float(torch.stack([value for value, _ in pending]).sum())
            right += int(torch.stack([count for _, count in pending]).sum())
            pending.clear()
            if not math.isfinite(loss):
                raise Diverged(f"the loss became {loss} at step {step} of {steps}")
        report(step)
    return loss / seen, 100 * right / seen


def run_epoch(run: Training, halves: Sequence[Feed], report: Callable[[Progress], None]) -> dict[str, Any]:
    """Train one epoch; returns its log line. Raises Diverged when the loss is not finite."""
    recipe, method, epoch = run.recipe, run.method, run.epoch
    method.begin(epoch)
    steps = math.ceil(len(halves[0]) / method.batch_size)
    method.supernet.train()
    feeds = [
        feed(half, method.batch_size, recipe.seed, epoch, which, fresh=method.settings.fresh_batches)
        for which, half in enumerate(halves)
    ]
    began = time.perf_counter()

    def tell(step: int) -> None:
        report(Progress(epoch, recipe.epochs, step, steps, (time.perf_counter() - began) / step))

    try:
        loss, accuracy = learn(method, feeds, steps, epoch * steps, (epoch,), tell)
    except Diverged as error:
        raise Diverged(f"epoch {epoch + 1}: {error}") from None
    return {
        "epoch": epoch + 1,
        "lr": method.lr,
        "train_loss": loss,
        "train_accuracy": accuracy,
        "seconds": round(time.perf_counter() - began, 2),
    }


def conclude(run: Training, halves: Sequence[Feed], line: dict[str, Any]) -> None:
    """What follows an epoch's steps: the method's decisions, the accuracy under them, history and log."""
    method, epoch = run.method, run.epoch
    looked_at, measured_on = (
        feed(halves[1], method.batch_size, run.recipe.seed, epoch, len(halves) + which) for which in range(2)
    )
    decisions = method.decide(epoch, measured_on)
    if decisions:
        method.hold((*method.decisions, *decisions))
        line["decisions"] = [asdict(decision) for decision in decisions]
    line["search"] = evaluate(run, halves[1])
    line["magnitude"] = _of_alpha(method.selection)
    if method.stop(epoch, looked_at):
        line["stopped"] = True
    line.update(method.remarks)
    for name, rows in run.history.items():
        rows.append(method.parameters[name].detach().cpu().clone())
    run.log.append(line)


def _of_alpha(selection: Selection) -> str | None:
    """The cell of the largest alphas, with what is decided already as it was decided."""
    if not selection.alphas.known:
        return None
    whole = selection.alpha_path().decoded() if selection.decisions else None
    return str(whole or magnitude_genotype(selection.space, selection.alphas))


def evaluate(run: Training, search: Feed, images: int = EVALUATION_IMAGES) -> dict[str, Any]:
    """Accuracy on the first scoring images of the search half, in both BN modes, with intervals."""
    method = run.method
    order = torch.from_numpy(scoring_order(len(search), images))
    batches = held(search, order.split(64))
    with torch.no_grad():
        weights = method.mix("measure", method.draw("measure")).weights
    found = {}
    for bn in ("batch", "running"):
        baseline = measure(method.supernet, weights, batches, bn=bn)
        found[bn] = {"accuracy": baseline.accuracy, "loss": baseline.loss, "ci": baseline.ci, "images": len(order)}
    return found


def train(
    recipe: Recipe,
    out: Path,
    *,
    resume_run: bool = False,
    device: str = "cpu",
    snapshots: int = 0,
    data: Data | StreamedData | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
    epoch_done: Callable[[dict[str, Any]], None] = lambda line: None,
) -> Training:
    """Train `recipe` into `out`, saving after every epoch; a finished run returns at once.

    snapshots: also keep every Nth epoch in out/snapshots/epoch-NNN. Raises BadInput for a folder that holds
    something else and for alphas that would never be trained, Diverged (last good epoch kept) for a loss that is not
    finite, Paused after an epoch in which it was asked to pause.
    """
    recipe.check_trains_alphas()
    out = Path(out)
    where = torch.device(device)
    data = data or open_data(recipe.data, recipe.image_size)
    exists = store.exists(out)
    recorded = {"command": "train", **store.read_summary(out).meta["hyperparameters"]} if exists else None
    threads = torch.get_num_threads()
    with RunFolder(
        out, recipe.plan(), recipe.defaults(), resume=resume_run, recorded=recorded, threads=threads
    ) as folder:
        run = resume(out, recipe, where) if exists else start(recipe, len(data.classes), where)
        folder.mend_events(run.log, run.epoch)
        folder.tell(run.epoch, recipe.epochs, "epochs")
        halves = [open_feed([half], data.normalisation, recipe.image_size, where) for half in (data.train, data.search)]

        def tell(at: Progress) -> None:
            folder.tell(at.epoch + at.step / at.steps, recipe.epochs, "epochs", "training", at.remaining)
            report(at)

        while not run.is_finished:
            line = run_epoch(run, halves, tell)
            conclude(run, halves, line)
            save(run, out, data)
            if snapshots and run.epoch % snapshots == 0:
                save(run, out / "snapshots" / f"epoch-{run.epoch:03d}", data, snapshot=True)
            folder.append(line)
            folder.tell(run.epoch, recipe.epochs, "epochs", "training")
            epoch_done(line)
            if not run.is_finished:
                folder.pausing()
    return run
