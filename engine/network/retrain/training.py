"""A derived network trained from scratch on the full training part, tested after every epoch; resumable.

train        run a recipe in a folder until its last epoch, or go on where it stopped
Retraining   a run: its recipe, network and the line of every finished epoch
report       what is known at the end: size, test accuracy of the last and of the best epoch

Every random draw of an epoch comes from (seed, epoch), so a resumed run repeats what an uninterrupted one does.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from scipy import stats
from torch import Tensor, nn
from torch.nn import functional as F

from engine.data.augment import cutout
from engine.data.feed import Feed
from engine.data.load import Data, StreamedData, open_data, open_feed
from engine.errors import BadInput
from engine.network.network import Network, count_parameters, multiply_adds
from engine.network.retrain.folder import load_state, save_state
from engine.network.retrain.recipe import AUXILIARY_WEIGHT, MOMENTUM, Recipe
from engine.results.verdicts import CONFIDENCE
from engine.runs.folder import RunFolder
from engine.selection.genotype_text import parse_genotype
from engine.spaces.image_sizes import stem_for
from engine.supernet.draws import seeded
from engine.training.loop import CHECK_EVERY, Diverged, Progress

ORDER, CROPS, SQUARES, LAYERS, START = range(5)
"""What a generator draws, beside the seed and the epoch."""
TEST_BATCH = 256


@dataclass
class Retraining:
    """A run on `device`. log: one line per finished epoch."""

    recipe: Recipe
    network: Network
    optimizer: torch.optim.Optimizer
    device: torch.device
    log: list[dict[str, Any]] = field(default_factory=list)

    @property
    def epoch(self) -> int:
        """Finished epochs."""
        return len(self.log)


def build(recipe: Recipe, classes: int) -> Network:
    """The recipe's network, its weights drawn by torch. Raises BadInput for sizes that cannot be built."""
    genotype = parse_genotype(recipe.genotype)
    stem = stem_for(recipe.image_size, genotype.space.skeleton.stem)
    return Network(genotype, recipe.channels, recipe.layers, classes, recipe.auxiliary, stem)


def start(recipe: Recipe, classes: int, device: torch.device) -> Retraining:
    """A fresh run: weights from the seed. Raises BadInput for sizes that cannot be built."""
    with _drawing(recipe.seed, START, device=torch.device("cpu")):
        network = build(recipe, classes)
    network = network.to(device).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(
        network.parameters(), recipe.lr, MOMENTUM, weight_decay=recipe.weight_decay, nesterov=recipe.nesterov
    )
    return Retraining(recipe, network, optimizer, device)


def train(
    recipe: Recipe,
    out: Path,
    *,
    resume_run: bool = False,
    device: str = "cpu",
    data: Data | StreamedData | None = None,
    report_progress: Callable[[Progress], None] = lambda progress: None,
    epoch_done: Callable[[dict[str, Any]], None] = lambda line: None,
) -> tuple[Retraining, dict[str, Any]]:
    """Train `recipe` into `out`, saving after every epoch; a finished run returns at once. Returns it and its report.

    Raises BadInput for a folder that holds something else and for data without a test part, Diverged (last good epoch
    kept) for a loss that is not finite. A KeyboardInterrupt leaves the last finished epoch in the folder.
    """
    where = torch.device(device)
    data = data or open_data(recipe.data, recipe.image_size, test=True)
    if data.test is None:
        raise BadInput(f"{data.spec} has no test part; add *test*.parquet or test/<class>/ to it")
    run = start(recipe, len(data.classes), where)
    threads = torch.get_num_threads()
    with RunFolder(out, recipe.plan(), recipe.defaults(), resume=resume_run, threads=threads) as folder:
        _restore(run, folder)
        part, test = (
            open_feed(images, data.normalisation, recipe.image_size, where)
            for images in ([data.train, data.search], [data.test])
        )
        folder.tell(run.epoch, recipe.epochs, "epochs", details=_standing(run))

        def tell(progress: Progress) -> None:
            folder.tell(
                progress.epoch + progress.step / progress.steps, recipe.epochs, "epochs", "training", progress.remaining
            )
            report_progress(progress)

        while run.epoch < recipe.epochs:
            line = run_epoch(run, part, test, tell)
            run.log.append(line)
            save_state(folder, run.network, _momentum(run), run.log)
            folder.tell(run.epoch, recipe.epochs, "epochs", "training", details=_standing(run))
            epoch_done(line)
        found = report(run, data)
        folder.tell(run.epoch, recipe.epochs, "epochs", details={**_standing(run), "result": found})
    return run, found


def _restore(run: Retraining, folder: RunFolder) -> None:
    """Put a run where its folder says it is."""
    momentum: dict[str, Tensor] = {}
    run.log = load_state(folder, run.network, momentum)
    for name, parameter in run.network.named_parameters():
        if name in momentum:
            run.optimizer.state[parameter] = {"momentum_buffer": torch.empty_like(parameter).copy_(momentum[name])}


def run_epoch(run: Retraining, part: Feed, test: Feed, tell: Callable[[Progress], None]) -> dict[str, Any]:
    """Train one epoch and test; returns its log line. Raises Diverged when a loss is not finite."""
    recipe, epoch, began = run.recipe, run.epoch, time.perf_counter()
    lr = recipe.learning_rate(epoch)
    for group in run.optimizer.param_groups:
        group["lr"] = lr
    run.network.drop_path = recipe.drop_path_at(epoch)
    with _drawing(recipe.seed, LAYERS, epoch, device=run.device):
        loss, accuracy = learn(run, part, tell)
        tested = evaluate(run, test)
    return {
        "epoch": epoch + 1,
        "lr": lr,
        "drop_path": run.network.drop_path,
        "train_loss": loss,
        "train_accuracy": accuracy,
        "test": tested,
        "seconds": round(time.perf_counter() - began, 2),
    }


def learn(run: Retraining, part: Feed, tell: Callable[[Progress], None]) -> tuple[float, float]:
    """Go once through the training part; returns mean loss and accuracy (%) on its augmented images."""
    recipe, network = run.recipe, run.network.train()
    order = _order(recipe, run.epoch, len(part))
    crops, squares = (seeded(recipe.seed, kind, run.epoch) for kind in (CROPS, SQUARES))
    loss, right, seen = 0.0, 0, 0
    pending: list[Tensor] = []
    began = time.perf_counter()
    for step, (images, labels) in enumerate(part.augmented(order, crops), 1):
        batch_loss, logits = _step(run, cutout(images, recipe.cutout, squares), labels)
        pending.append(torch.stack([batch_loss * len(labels), (logits.argmax(1) == labels).sum()]))
        seen += len(labels)
        if step % CHECK_EVERY == 0 or step == len(order):
            more_loss, more_right = torch.stack(pending).double().sum(0).tolist()
            loss, right = loss + more_loss, right + round(more_right)
            pending.clear()
            if not math.isfinite(loss):
                raise Diverged(f"epoch {run.epoch + 1}: the loss became {loss} by step {step} of {len(order)}")
        tell(Progress(run.epoch, recipe.epochs, step, len(order), (time.perf_counter() - began) / step))
    network.eval()
    return loss / seen, 100 * right / seen


def _step(run: Retraining, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """One step of SGD; returns the main loss and the logits."""
    run.optimizer.zero_grad(set_to_none=True)
    with _precision(run.device):
        logits, extra = run.network(images)
        smoothing = run.recipe.label_smoothing
        main = loss = F.cross_entropy(logits, labels, label_smoothing=smoothing)
        if extra is not None:
            loss = main + AUXILIARY_WEIGHT * F.cross_entropy(extra, labels, label_smoothing=smoothing)
    loss.backward()
    if run.recipe.clip:
        nn.utils.clip_grad_norm_(run.network.parameters(), run.recipe.clip)
    run.optimizer.step()
    return main.detach(), logits.detach()


def evaluate(run: Retraining, test: Feed) -> dict[str, Any]:
    """Accuracy on the whole test part with running BN statistics, in percent, with Wilson's 95 % interval.

    Raises Diverged when the loss is not finite.
    """
    right, loss = 0, 0.0
    run.network.eval()
    with torch.no_grad(), _precision(run.device):
        for images, labels in test.plain(torch.arange(len(test)).split(TEST_BATCH)):
            logits = run.network(images)[0].float()
            right += int((logits.argmax(1) == labels).sum())
            loss += float(F.cross_entropy(logits, labels, reduction="sum"))
    tested = len(test)
    if not math.isfinite(loss):
        raise Diverged(f"epoch {run.epoch + 1}: the loss on the test images became {loss}")
    low, high = stats.binomtest(right, tested).proportion_ci(CONFIDENCE, method="wilson")
    ci = [100 * float(low), 100 * float(high)]
    return {"accuracy": 100 * right / tested, "ci": ci, "loss": loss / tested, "images": tested, "bn": "running"}


def report(run: Retraining, data: Data | StreamedData) -> dict[str, Any]:
    """A finished run as plain JSON values. `best` is the highest of all test accuracies, and so chosen on the test
    images; `last` is not."""
    recipe = run.recipe
    return {
        **recipe.plan(),
        "family": run.network.genotype.space.skeleton.name,
        "classes": len(data.classes),
        "dataset": data.name,
        "parameters": count_parameters(run.network),
        "multiply_adds": multiply_adds(run.network, recipe.image_size),
        "train_images": len(data.train) + len(data.search),
        "last": _tested(run.log[-1]),
        "best": _tested(max(run.log, key=lambda line: line["test"]["accuracy"])),
        "seconds": round(sum(line["seconds"] for line in run.log), 2),
        "device": run.device.type,
    }


def _tested(line: dict[str, Any]) -> dict[str, Any]:
    return {"epoch": line["epoch"], **line["test"]}


def _standing(run: Retraining) -> dict[str, Any]:
    """How far a run is, for its status."""
    return {"epoch": run.epoch, "epochs": run.recipe.epochs, "test": _tested(run.log[-1]) if run.log else None}


def _order(recipe: Recipe, epoch: int, size: int) -> list[Tensor]:
    """Batches of image numbers, the last one shorter. BN cannot train on one image: such a last one is left out."""
    order = torch.randperm(size, generator=seeded(recipe.seed, ORDER, epoch))
    return [batch for batch in order.split(recipe.batch_size) if len(batch) > 1]


def _momentum(run: Retraining) -> dict[str, Tensor]:
    # What no output depends on (behind a `none`, or an input that no node takes) has no gradient and no momentum.
    state = run.optimizer.state
    return {
        name: state[parameter]["momentum_buffer"]
        for name, parameter in run.network.named_parameters()
        if parameter in state
    }


@contextmanager
def _drawing(*path: int, device: torch.device) -> Iterator[None]:
    """Layers that draw (weights, drop path, noise) draw from `path` alone inside, and leave no trace outside."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seeded(*path).initial_seed())
        yield


def _precision(device: torch.device) -> torch.autocast:
    """bfloat16 where a GPU computes fast in it."""
    fast = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=fast)
