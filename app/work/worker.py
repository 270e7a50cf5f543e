"""Requests answered with the engine. Runs in the worker only, and alone imports torch, so that pages open without it.

load         what the first measurement would have to wait for
image_notes  what was lost when images were read
take         one request's measurement as it tightens, batch by batch
preview      first-order estimates in the selection in which a request asks
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from app.library.image_sets import BUNDLED, FOLDER
from app.work.questions import Accuracy, Measurement, Request
from app.work.store import Begun
from engine.data.identity import content_id
from engine.errors import BadInput
from engine.memory import Kept
from engine.results import EdgeScores, InputScores, Preview
from engine.scoring.paths import Report

if TYPE_CHECKING:
    from engine.checkpoint.folder import Checkpoint
    from engine.scoring.masked import Unmasked
    from engine.scoring.scorer import Scorer


class Taken(NamedTuple):
    """A measurement so far: the share of the images it rests on, and what was computed for it.

    passes: images that went through the supernet now, masked ones included, in so many seconds. begun: the sums so
    far, with which it can be gone on with; None where it cannot.
    """

    measurement: Measurement
    share: float
    seconds: float
    passes: int
    begun: Begun | None = None


CHECKPOINTS = 500_000_000
"""Bytes of supernets kept in memory: a bundled one takes 1 to 10 million."""

# Shared by all visitors: supernets are only read.
_checkpoints: "Kept[Checkpoint]" = Kept(
    CHECKPOINTS, lambda checkpoint: sum(each.nbytes for each in checkpoint.supernet.state_dict().values())
)


image_notes: dict[str, tuple[str, ...]] = {}
"""What was lost or left out when images were read here, sentences by the images' content."""


def load() -> None:
    """Import what measures and decode the images that most ask for: seconds that nobody has to wait for while a visitor
    still reads."""
    import engine.scoring.scorer  # noqa: F401
    from engine.data.load import load_data

    with suppress(BadInput):  # whoever measures is told
        load_data(BUNDLED, data_dir=FOLDER)


def take(request: Request, begun: Begun | None = None) -> Iterator[Taken]:
    """A request's measurement as it tightens; only the last one is not partial.

    begun: sums of the first of its batches, which are then not evaluated again. Raises BadInput for a checkpoint or
    data that cannot be used or has changed since it was asked for, and for what the engine's scorers refuse.
    """
    from engine.scoring.intervals import PairedCounts
    from engine.scoring.scorer import Scorer

    settings, cell, index = request.settings, request.cell, request.index
    _check_content(request)
    checkpoint = _load(request)
    decided = checkpoint.start.with_decisions(request.decisions)
    scorer = Scorer.of(checkpoint, settings, data_dir=FOLDER)
    image_notes[request.content] = scorer.images.notes
    images = scorer.images.count
    today = datetime.now(UTC).date().isoformat()
    paired = not settings.published and settings.until_sure is None
    if not paired or (begun is not None and not _leads_to(begun, images, settings.batch_size)):
        begun = None
    counts = PairedCounts(settings.bn) if begun is None else PairedCounts.from_dict(begun.sums)
    before, spent = counts.images, 0.0 if begun is None else begun.seconds
    clock = _Clock()

    def taken(result: EdgeScores | InputScores | Accuracy, done: int, variants: int, partial: bool = False) -> Taken:
        seconds = clock.stop()
        result = replace(result, seconds=spent + seconds)
        measurement = Measurement(
            result, "live", today, partial, scorer.images.warning, settings.data, scorer.images.available
        )
        sums = Begun(counts.images, spent + seconds, counts.to_dict()) if paired else None
        return Taken(measurement, done / images, seconds, (done - before) * variants, sums)

    if request.kind == "edge":
        unmasked = _unmasked(replace(request.key, kind="accuracy", cell="", index=0))
        own = 0 if unmasked else 1
        for scores in scorer.stream(decided, cell, index, counts=counts if paired else None, unmasked=unmasked):
            yield taken(scores, scores.images, own + len(scores.operations), not scores.final)
            clock.go_on()
        return
    for part in _growing(scorer, counts.batches) if paired else [scorer]:
        if request.kind == "node":
            found = part.inputs(decided, cell, index, counts=counts if paired else None)
            done = counts.images if paired else images
            yield taken(found, done, 1 + len(found.candidates), done < images)
        else:
            baseline = part.accuracy(decided, counts if paired else None)
            done = counts.images if paired else images
            yield taken(Accuracy(baseline, done, settings.bn, scorer.device, 0.0), done, 1, done < images)
        clock.go_on()


@lru_cache(maxsize=64)
def _unmasked(key: Request) -> "Unmasked":
    """What edges of one supernet have in common that are measured alike; key: the same for all of them."""
    return {}


class _Clock:
    """The seconds of the steps, without those in which others have their turn."""

    def __init__(self) -> None:
        self._spent, self._began = 0.0, time.perf_counter()

    def stop(self) -> float:
        """Seconds of all steps so far; the next one begins with `go_on`."""
        self._spent += time.perf_counter() - self._began
        return self._spent

    def go_on(self) -> None:
        self._began = time.perf_counter()


def _growing(scorer: "Scorer", begun: int) -> Iterator["Scorer"]:
    """A scorer on more and more of its batches, in the end on all: what it says of all cannot be cut otherwise."""
    batches = scorer.images.batches
    for number in range(min(begun + 1, len(batches)), len(batches) + 1):
        yield type(scorer)(scorer.supernet, scorer.settings, replace(scorer.images, batches=batches[:number]))


def preview(request: Request, report: Report) -> Preview:
    """First-order estimates after a request's decisions, on its images. report: told the share that is done; what it
    raises ends the work. Raises BadInput as `take` does, and where every edge is decided."""
    from engine.scoring import preview as first_order
    from engine.scoring.scorer import ScoringImages

    settings = request.settings
    _check_content(request)
    checkpoint = _load(request)
    decided = checkpoint.start.with_decisions(request.decisions)
    images = ScoringImages.of(checkpoint, settings, data_dir=FOLDER)
    image_notes[request.content] = images.notes
    return first_order.preview(checkpoint.supernet, decided, images.batches, settings.bn, report)


def _check_content(request: Request) -> None:
    data = request.settings.data
    if content_id(data, FOLDER, fresh=True) != request.content:
        raise BadInput(f"the images in {data} have changed since this page was opened; reload the page")


def _leads_to(begun: Begun, images: int, batch_size: int) -> bool:
    """Whether a measurement on so many images begins with these batches: a short one can only be the last."""
    return begun.images == images or (begun.images < images and begun.images % batch_size == 0)


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
