"""What a training will take on this machine, found by taking a few of its steps.

estimate   time them
Estimate   seconds and memory of the whole run
"""

import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from engine.data.load import Data, StreamedData, open_feed
from engine.results.plain import Plain
from engine.training.feeds import Batch, feed
from engine.training.loop import EVALUATION_IMAGES, evaluate
from engine.training.method import Method
from engine.training.recipe import Recipe
from engine.training.state import start

MOST_STEPS = 20
LONG_ENOUGH = 4.0
"""Seconds of steps of one kind after which no more are taken."""
LOOKED_AT = 128
"""Images of the evaluation that is timed."""


@dataclass(frozen=True)
class Estimate(Plain):
    """seconds: of the whole run, at most: decisions during training make steps cheaper. per_epoch: the longest epoch's.
    per_step: of a step on the architecture and the weights, or on the weights alone where nothing else is learned.
    timed: steps that were taken. memory: peak bytes of the device, or of this process; None where that is not known.
    """

    seconds: float
    per_epoch: float
    per_step: float
    steps: int
    timed: int
    memory: int | None
    device: str
    threads: int


def estimate(recipe: Recipe, data: Data | StreamedData, device: str = "cpu") -> Estimate:
    """Take a few steps of a run that is thrown away, and count. Nothing is written.

    Raises BadInput for data that cannot be opened; what torch raises where the memory does not suffice.
    """
    where = torch.device(device)
    run = start(recipe, len(data.classes), where)
    halves = [open_feed([half], data.normalisation, recipe.image_size, where) for half in (data.train, data.search)]
    method, timed = run.method, 0
    seconds: dict[bool, float] = {}
    steps: dict[int, int] = {}
    learning = [_learns(method, epoch) for epoch in range(recipe.epochs)]
    for learns in dict.fromkeys(learning):
        method.begin(learning.index(learns))
        feeds = [feed(half, method.batch_size, recipe.seed, 0, which) for which, half in enumerate(halves)]
        seconds[learns], number = _time_steps(method, feeds, learns, where)
        timed += number
    epochs = []
    looks = _time(lambda: evaluate(run, halves[1], LOOKED_AT), where)
    looks *= min(EVALUATION_IMAGES, len(halves[1])) / min(LOOKED_AT, len(halves[1]))
    for epoch, learns in enumerate(learning):
        method.begin(epoch)
        steps[epoch] = math.ceil(len(halves[0]) / method.batch_size)
        epochs.append(steps[epoch] * seconds[learns] + looks)
    return Estimate(
        seconds=sum(epochs),
        per_epoch=max(epochs),
        per_step=max(seconds.values()),
        steps=max(steps.values()),
        timed=timed,
        memory=_memory(where),
        device=device,
        threads=torch.get_num_threads(),
    )


def _learns(method: Method, epoch: int) -> bool:
    method.begin(epoch)
    return method.searches


def _time_steps(
    method: Method, feeds: Sequence[Iterator[Batch]], learns: bool, device: torch.device
) -> tuple[float, int]:
    """Median seconds of a step, and how many were taken; the first, which also prepares, does not count."""
    method.supernet.train()
    taken: list[float] = []

    def step() -> None:
        method.number, method.path = len(taken) + 1, (0, len(taken) + 1)
        method.step(next(feeds[0]), next(feeds[1]) if learns else None)

    while len(taken) < MOST_STEPS and (len(taken) < 3 or sum(taken[1:]) < LONG_ENOUGH):
        taken.append(_time(step, device))
    return sorted(taken[1:])[(len(taken) - 1) // 2], len(taken)


def _time(action: Callable[[], object], device: torch.device) -> float:
    began = time.perf_counter()
    action()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began


def _memory(device: torch.device) -> int | None:
    """Peak bytes so far."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
