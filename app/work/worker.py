"""Requests answered with the engine. Runs in the worker only, and alone imports torch, so that pages open without it.

take         one request's measurement as it tightens
selection    a checkpoint's selection after a request's decisions
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from app.library.image_sets import FOLDER
from app.work.questions import Accuracy, Measurement, Request
from app.work.threads import threads
from engine.errors import BadInput
from engine.selection.selection import Selection

if TYPE_CHECKING:
    from engine.checkpoint.folder import Checkpoint
    from engine.scoring.scores import Batches

V = TypeVar("V")


class Taken(NamedTuple):
    """A measurement so far: the share of the images it rests on, and what was computed for it."""

    measurement: Measurement
    share: float
    seconds: float
    passes: int  # images through the supernet, masked ones included


class _Recent(Generic[V]):
    """The few values used last."""

    def __init__(self, size: int) -> None:
        self._size, self._values = size, OrderedDict[object, V]()

    def get(self, key: object, make: Callable[[], V]) -> V:
        value = self._values[key] if key in self._values else make()
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > self._size:
            self._values.popitem(last=False)
        return value


# Shared by all visitors: supernets are only read.
_checkpoints: "_Recent[Checkpoint]" = _Recent(2)
_batches: "_Recent[tuple[Batches, str | None]]" = _Recent(2)


def selection(request: Request) -> Selection:
    """The selection in which a request measures."""
    checkpoint = _load(request)
    return checkpoint.start.with_decisions(request.decisions)


def take(request: Request) -> Iterator[Taken]:
    """A request's measurement as it tightens; only the last one is not partial.

    Raises BadInput for a checkpoint or data that cannot be used, and for what the engine's scorers refuse.
    """
    import torch

    import engine

    torch.set_num_threads(threads())
    checkpoint, decided = _load(request), selection(request)
    supernet, space = checkpoint.supernet, checkpoint.space
    batches, warning = _images(request, checkpoint)
    images = sum(len(labels) for _, labels in batches)
    today = datetime.now(UTC).date().isoformat()
    began = time.perf_counter()

    def taken(result, done: int, variants: int, partial: bool = False) -> Taken:
        measurement = Measurement(result, "live", today, partial, warning, request.data)
        return Taken(measurement, done / images, time.perf_counter() - began, done * variants)

    how = {"batches": batches, "bn": request.bn}
    if request.kind == "edge":
        variants = 1 + len(space.operations(request.cell, request.index))
        for scores in engine.stream_edge_scores(
            supernet,
            decided,
            cell=request.cell,
            edge=request.index,
            criterion=request.criterion,
            rescale=request.rescale,
            **how,
        ):
            yield taken(scores, scores.images, variants, not scores.final)
    elif request.kind == "node":
        found = engine.score_inputs(
            supernet, decided, cell=request.cell, node=request.index, criterion=request.criterion, **how
        )
        yield taken(found, images, 1 + len(found.candidates))
    else:
        baseline = engine.measure(supernet, decided.weights(), **how)
        device = supernet.device.type
        yield taken(Accuracy(baseline, images, request.bn, device, time.perf_counter() - began), images, 1)


def _load(request: Request) -> "Checkpoint":
    import torch

    import engine

    def load() -> "Checkpoint":
        checkpoint = engine.load(request.path)
        if checkpoint.digest != request.digest:
            raise BadInput(f"{request.path} has changed since this page was opened; reload the page")
        checkpoint.supernet.to("cuda" if torch.cuda.is_available() else "cpu")
        return checkpoint

    return _checkpoints.get(request.digest, load)


def _images(request: Request, checkpoint: "Checkpoint") -> "tuple[Batches, str | None]":
    """The images of a request, and a warning where its supernet may have been trained on them."""
    import engine
    from engine.data.load import load_data, split_warning

    def draw() -> "tuple[Batches, str | None]":
        batches = engine.scoring_batches(
            request.data,
            images=request.images,
            batch_size=request.batch_size,
            checkpoint=checkpoint,
            device=checkpoint.supernet.device,
            augment=request.augment,
            seed=request.seed,
            data_dir=FOLDER,
        )
        return batches, split_warning(load_data(request.data, data_dir=FOLDER), checkpoint)

    how = (request.data, request.images, request.batch_size, request.augment, request.seed)
    return _batches.get((request.digest, *how), draw)
