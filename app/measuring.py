"""Measurements for the pages: stored with a checkpoint, finished here, or being taken right now.

Request       everything that changes a measurement: supernet, decisions, what is measured, on which images
Measurement   a result with its source: stored or live, finished or partial
find          the best measurement there is for a request
start         take measurements in the background, one job for any number of requests
paths         the measured paths that are known from a selection
start_paths   follow the measured path from a selection, for several edge orders
estimate      how many seconds requests will take on this machine

torch is imported by the worker only, so that pages open without it.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from app.background import MANAGER, Job
from engine.decisions import Decision
from engine.native import Summary
from engine.order import Order, edge_order, index_order
from engine.results import Baseline, BnMode, EdgeScores, InputScores
from engine.selection import Selection

Kind = Literal["edge", "node", "accuracy"]

CACHED = 4096
"""Finished measurements kept: a few kilobytes each."""


@dataclass(frozen=True)
class Accuracy:
    """The supernet's accuracy under a selection (%)."""

    baseline: Baseline
    images: int
    bn: BnMode
    device: str
    seconds: float

    @property
    def accuracy(self) -> float:
        return self.baseline.accuracy


@dataclass(frozen=True)
class Request:
    """One measurement: of an edge, of a node's inputs, or (index 0) of the accuracy alone.

    `decisions` are sorted, since their order does not change the supernet. images None: all search images.
    """

    path: str
    digest: str
    decisions: tuple[Decision, ...]
    kind: Kind
    cell: str
    index: int
    images: int | None = 1024
    batch_size: int = 64
    bn: BnMode = "batch"
    data: str = "bundled"

    @classmethod
    def of(cls, summary: Summary, selection: Selection, kind: Kind, cell: str, index: int, **how: Any) -> "Request":
        decisions = tuple(sorted(selection.decisions, key=repr))
        return cls(str(summary.path), summary.digest, decisions, kind, cell, index, **how)

    @property
    def supernet(self) -> "Request":
        """The accuracy request of the same supernet and images."""
        return replace(self, kind="accuracy", cell="", index=0)


class Measurement(NamedTuple):
    """A result and where it comes from. date: ISO day."""

    result: Any
    source: Literal["stored", "live"]
    date: str
    partial: bool = False


class Path(NamedTuple):
    """A measured path: the seed of its edge order (None: by index), where it ends, the accuracies before each step."""

    seed: int | None
    genotype: str
    accuracies: tuple[float, ...]
    source: Literal["stored", "live"]
    images: int


_lock = threading.Lock()
_finished: "OrderedDict[Any, Any]" = OrderedDict()
_rates: dict[tuple[str, int], float] = {}
"""Seconds per image and mask, by checkpoint digest and number of decisions: decided edges cost less."""


def find(request: Request, summary: Summary) -> Measurement | None:
    """A finished measurement, else a running one's partial result, else a stored one, else None."""
    with _lock:
        finished = _finished.get(request)
    if finished is not None:
        return finished
    if request.kind == "accuracy":
        derived = _baseline(request, summary)
        if derived is not None:
            return derived
    job = _job_of(request)
    if job is not None and job.active and isinstance(job.value, dict) and request in job.value:
        return job.value[request]
    return _stored(request, summary)


def _baseline(request: Request, summary: Summary) -> Measurement | None:
    """The accuracy that some measurement of the same supernet on the same images came with."""
    with _lock:
        found = next((m for r, m in _finished.items() if isinstance(r, Request) and r.supernet == request), None)
    if found is None and not request.decisions:
        rows = (summary.scores or {}).get("edges", [])
        first = next(iter(rows), None)
        found = first and _stored(replace(request, kind="edge", cell=first["cell"], index=first["edge"]), summary)
    if found is None:
        return None
    result = found.result
    accuracy = Accuracy(result.baseline, result.images, result.bn, result.device, result.seconds)
    return found._replace(result=accuracy)


def _stored(request: Request, summary: Summary) -> Measurement | None:
    """What the checkpoint's own sweep says, where it was taken with just these settings."""
    stored = summary.scores
    if stored is None or request.decisions or request.kind == "accuracy":
        return None
    settings = stored["settings"]
    wanted = {"batch_size": request.batch_size, "bn": request.bn, "data": request.data, "criterion": "accuracy"}
    if any(settings.get(key) != value for key, value in wanted.items()) or settings.get("rescale"):
        return None
    if settings["images"] != (request.images or settings.get("available")):
        return None
    name, rows, read = ("edge", "edges", EdgeScores) if request.kind == "edge" else ("node", "inputs", InputScores)
    place = (request.cell, request.index)
    row = next((row for row in stored[rows] if (row["cell"], row[name]) == place), None)
    return None if row is None else Measurement(read.from_dict(row), "stored", stored["date"][:10])


def running(visitor: str) -> list[Job]:
    """The visitor's jobs that have not ended."""
    return MANAGER.of(visitor)


def _job_of(request: Request) -> Job | None:
    return _jobs.get(request)


_jobs: dict[Request, Job] = {}


def start(requests: Sequence[Request], title: str, visitor: str) -> Job:
    """Take these measurements in the background. A job that takes just these already is joined."""
    requests = tuple(requests)

    def work(job: Job) -> dict[Request, Measurement]:
        found: dict[Request, Measurement] = {}
        for number, request in enumerate(requests):
            for share, measurement in _take(request):
                found = {**found, request: measurement}
                job.publish(found)
                job.progress(round(100 * (number + share)), 100 * len(requests), "%")
            _remember(request, found[request])
        return found

    job = MANAGER.submit(requests, title, work, visitor)
    with _lock:
        for known in [r for r, other in _jobs.items() if not other.active]:
            del _jobs[known]
        _jobs.update(dict.fromkeys(requests, job))
    return job


def _remember(key: Any, value: Any) -> None:
    with _lock:
        _finished[key] = value
        _finished.move_to_end(key)
        while len(_finished) > CACHED:
            _finished.popitem(last=False)


class _Loaded(NamedTuple):
    checkpoint: Any
    selection: Selection
    batches: Any


def _load(request: Request) -> _Loaded:
    """Checkpoint, selection and images of a request; the last few stay in memory. Runs in the worker only."""
    import torch

    import engine

    threads = max(1, (torch.get_num_threads() or 1))
    torch.set_num_threads(threads)
    checkpoint = _cached(_checkpoints, 2, (request.path, request.digest), lambda: engine.load(request.path))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    checkpoint.supernet.to(device)
    key = (request.digest, request.data, request.images, request.batch_size)
    batches = _cached(
        _batches,
        4,
        key,
        lambda: engine.scoring_batches(
            request.data,
            images=request.images,
            batch_size=request.batch_size,
            checkpoint=checkpoint,
            device=device,
        ),
    )
    selection = Selection(checkpoint.space, checkpoint.alphas)
    return _Loaded(checkpoint, selection.replay(_legal_order(request.decisions)), batches)


def _legal_order(decisions: Sequence[Decision]) -> list[Decision]:
    """Operations before inputs, which need them."""
    return sorted(decisions, key=lambda decision: hasattr(decision, "node"))


_checkpoints: "OrderedDict[Any, Any]" = OrderedDict()
_batches: "OrderedDict[Any, Any]" = OrderedDict()


def _cached(store: "OrderedDict[Any, Any]", size: int, key: Any, make: Any) -> Any:
    if key not in store:
        store[key] = make()
        while len(store) > size:
            store.popitem(last=False)
    store.move_to_end(key)
    return store[key]


def _take(request: Request):
    """(finished share, measurement) as a request's measurement tightens; the last one is final."""
    import engine

    loaded = _load(request)
    today = datetime.now(UTC).date().isoformat()
    began = time.perf_counter()
    how = {"batches": loaded.batches, "bn": request.bn}
    images = sum(len(labels) for _, labels in loaded.batches)
    supernet, selection = loaded.checkpoint.supernet, loaded.selection
    if request.kind == "edge":
        masks = len(selection.space.operations(request.cell, request.index)) + 1
        for scores in engine.stream_edge_scores(supernet, selection, cell=request.cell, edge=request.index, **how):
            yield scores.images / images, Measurement(scores, "live", today, not scores.final)
    elif request.kind == "node":
        masks = len(selection.space.inputs(request.index)) + 1
        scores = engine.score_inputs(supernet, selection, cell=request.cell, node=request.index, **how)
        yield 1.0, Measurement(scores, "live", today)
    else:
        masks = 1
        baseline = engine.measure(supernet, selection.weights(), **how)
        device = next(supernet.parameters()).device.type
        accuracy = Accuracy(baseline, images, request.bn, device, time.perf_counter() - began)
        yield 1.0, Measurement(accuracy, "live", today)
    _rates[request.digest, len(request.decisions)] = (time.perf_counter() - began) / (images * masks)


def estimate(requests: Sequence[Request], summary: Summary) -> float | None:
    """Seconds these edge measurements will take, from this machine's timing or the stored sweep's; None if unknown."""
    if not requests:
        return None
    first = requests[0]
    near = [rate for (digest, _), rate in _rates.items() if digest == first.digest]
    rate = _rates.get((first.digest, len(first.decisions)), max(near, default=None))
    if rate is None:
        rows = (summary.scores or {}).get("edges", [])
        spent = sum(row["images"] * (len(row["operations"]) + 1) for row in rows)
        rate = sum(row["seconds"] for row in rows) / spent if spent else None
    if rate is None:
        return None
    available = (summary.scores or {}).get("settings", {}).get("available") or 15_000
    return sum(rate * (r.images or available) * (_masks(summary, r) + 1) for r in requests)


def _masks(summary: Summary, request: Request) -> int:
    return 0 if request.kind == "accuracy" else len(summary.space.operations(request.cell, 0))


def paths_key(request: Request) -> tuple[str, Request]:
    return "paths", request.supernet


def paths(request: Request, summary: Summary) -> tuple[Path, ...]:
    """Measured paths known from this selection: finished or under way here, else stored with the checkpoint."""
    key = paths_key(request)
    with _lock:
        finished = _finished.get(key)
    if finished is not None:
        return finished
    job = MANAGER.get(key)
    if job is not None and job.active and isinstance(job.value, tuple):
        return job.value
    stored = (summary.scores or {}).get("paths")
    settings = (summary.scores or {}).get("settings", {})
    if not stored or request.decisions or settings.get("images") != request.images:
        return ()
    return tuple(
        Path(row["seed"], row["genotype"], tuple(row["accuracies"]), "stored", row["images"]) for row in stored
    )


def start_paths(request: Request, seeds: Sequence[int | None], visitor: str) -> Job:
    """Follow the measured path from this selection for each edge order (None: by index), publishing each as it ends."""
    key = paths_key(request)

    def work(job: Job) -> tuple[Path, ...]:
        from engine.strategies import measured_path

        loaded = _load(request)
        space = loaded.checkpoint.space
        left = space.steps - loaded.selection.steps_done
        found: tuple[Path, ...] = ()
        for number, seed in enumerate(seeds):
            selection, accuracies = loaded.selection, []
            supernet, order = loaded.checkpoint.supernet, _order(space, seed)
            for done, step in enumerate(measured_path(supernet, selection, order, loaded.batches, bn=request.bn), 1):
                selection = step.selection
                accuracies.append(step.scores.baseline.accuracy)
                job.progress(number * left + done, len(seeds) * left, "decisions")
            images = sum(len(labels) for _, labels in loaded.batches)
            found = (*found, Path(seed, str(selection.genotype()), tuple(accuracies), "live", images))
            job.publish(found)
        _remember(key, found)
        return found

    return MANAGER.submit(key, "Following the measured path", work, visitor)


def _order(space: Any, seed: int | None) -> Order:
    return index_order(space) if seed is None else edge_order(space, seed)
