"""Measured paths: followed here, step by step, or by processes, which outlive the page. Needs no torch.

begin    the selection in which a request measures
walk     where measuring leads from a request's selection in one edge order, a batch a step
follow   the same by a process
"""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from app.library.image_sets import FOLDER
from app.work import processes
from app.work.job import Job, Steps
from app.work.questions import MeasuredPath, Request, canonical
from app.work.taking import Taker
from app.work.threads import process_threads
from engine.checkpoint.format import Summary, read_summary
from engine.data.identity import content_id
from engine.errors import BadInput
from engine.export.command import options
from engine.results import InputScores
from engine.runs import files
from engine.scoring.paths import decision_of
from engine.selecting.record import SelectionRecord
from engine.selection.orders import Order, edge_order, index_order, next_step
from engine.selection.selection import Selection

KEPT = 256
"""Paths kept on the disk, some hundred kilobytes each. The oldest go first."""
RESULT = "selection.json"


def begin(request: Request) -> Selection:
    """The selection in which a request measures. Raises BadInput for a supernet that has changed."""
    return _summary(request).start.with_decisions(request.decisions)


def walk(
    taker: Taker, request: Request, selection: Selection, seed: int | None, report: Callable[[int], None]
) -> Steps[MeasuredPath]:
    """The measured path from a selection on, in an edge order (None: by index), as `engine.scoring.paths` has it; what
    is known is not measured again, and what is measured is kept. report: told how many decisions are taken."""
    order: Order = index_order(selection.space) if seed is None else edge_order(selection.space, seed)
    accuracies: list[float] = []
    images = 0
    report(0)
    while (step := next_step(selection, order)) is not None:
        question = replace(request, decisions=canonical(selection), kind=step.kind, cell=step.cell, index=step.index)
        found = yield from taker.take(question, lambda share: report(len(accuracies)), exactly=True)
        scores = found.inputs if isinstance(found.result, InputScores) else found.edge
        selection = selection.decide(decision_of(scores))
        accuracies.append(scores.baseline.accuracy)
        images = scores.images
        report(len(accuracies))
        yield
    return MeasuredPath(seed, str(selection.decoded()), tuple(accuracies), "live", images, selection.decisions)


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
    summary = _summary(request)
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


def _summary(request: Request) -> Summary:
    summary = read_summary(Path(request.path))
    if summary.digest != request.digest:
        raise BadInput(f"{request.path} has changed since this page was opened; reload the page")
    return summary


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
