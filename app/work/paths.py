"""Measured paths followed by processes, which outlive the page and hold up nobody's measurement. Needs no torch.

follow   where measuring leads from a request's selection in one edge order
"""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from app.library.image_sets import FOLDER
from app.work import processes
from app.work.jobs import Job
from app.work.questions import MeasuredPath, Request
from app.work.threads import process_threads
from engine.checkpoint.format import read_summary
from engine.data.identity import content_id
from engine.errors import BadInput
from engine.export.command import options
from engine.runs import files
from engine.selecting.record import SelectionRecord

KEPT = 256
"""Paths kept on the disk, some hundred kilobytes each. The oldest go first."""
RESULT = "selection.json"


def follow(request: Request, seed: int | None, job: Job, report: Callable[[float], None]) -> MeasuredPath:
    """The measured path from a request's selection on, in an edge order (None: by index), by `engine select`.

    A path that was followed before is read, one that was stopped is gone on with, and one that is being followed is
    joined. report: told which share is done. Raises BadInput for a supernet or images that have changed, and what
    `app.work.processes.follow` raises.
    """
    folder = _folder(request, seed)
    run = folder / "run"
    if not (run / RESULT).is_file():
        if not processes.running(run):
            _launch(request, seed, folder)
        processes.follow(run, job, report)
        _prune()
    try:
        document = SelectionRecord.from_json((run / RESULT).read_text(encoding="utf-8"))
    except (OSError, BadInput):
        shutil.rmtree(folder, ignore_errors=True)
        raise BadInput("the path on the disk was damaged and is taken away; follow it again") from None
    measured = [step.scores for step in document.steps if step.scores is not None]
    return MeasuredPath(
        seed,
        str(document.selection.decoded()),
        tuple(scores.baseline.accuracy for scores in measured),
        "live",
        measured[-1].images,
        document.selection.decisions,
    )


def _launch(request: Request, seed: int | None, folder: Path) -> None:
    summary = read_summary(Path(request.path))
    if summary.digest != request.digest:
        raise BadInput(f"{request.path} has changed since this page was opened; reload the page")
    if content_id(request.settings.data, FOLDER, fresh=True) != request.content:
        raise BadInput(
            f"the images in {request.settings.data} have changed since this page was opened; reload the page"
        )
    begun = folder / "begun.json"
    files.write(begun, summary.start.with_decisions(request.decisions).to_json())
    words = ["select", request.path, "--strategy", "perturbation", "--tune-epochs", "0", "--selection", str(begun)]
    words += ["--order", "index"] if seed is None else ["--order", "random"]
    said = options(asdict(replace(request.settings, seed=seed or 0)))
    # Said even where it is the default: which images are right for the supernet has been settled on the page.
    said += [] if "--data" in said else ["--data", request.settings.data]
    words += [*said, "--data-dir", str(FOLDER)]
    processes.launch(words, folder / "run", process_threads())


def _folder(request: Request, seed: int | None) -> Path:
    key = replace(request, kind="edge", cell="", index=0).key
    return _root() / hashlib.sha256(repr((key, seed)).encode()).hexdigest()[:24]


def _root() -> Path:
    return processes.root() / "paths"


def _prune() -> None:
    """Take away the oldest paths, but none that is being followed."""
    folders = sorted(_root().glob("*/"), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in folders[KEPT:]:
        if not processes.running(folder / "run"):
            shutil.rmtree(folder, ignore_errors=True)
