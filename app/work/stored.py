"""What a checkpoint's own sweep and paths say, as pages ask for it. Needs no torch.

stored         the measurement that answers a request
stored_paths   the measured paths from a request's selection on
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.work.questions import MeasuredPath, Measurement, Request
from engine.checkpoint.format import Summary
from engine.results import EdgeScores, InputScores
from engine.scoring.settings import Settings


def stored(request: Request, summary: Summary) -> Measurement | None:
    """What the sweep says of a request, if it was taken of the same supernet in just this way, on any images."""
    scores = summary.scores
    if scores is None or not _fits(request, summary):
        return None
    rows, index = (scores["inputs"], "node") if request.kind == "node" else (scores["edges"], "edge")
    read: Callable[[Any], EdgeScores | InputScores]
    read = InputScores.from_dict if request.kind == "node" else EdgeScores.from_dict
    for row in rows:
        if request.kind == "accuracy" or (row["cell"], row[index]) == (request.cell, request.index):
            found = Measurement(
                read(row),
                "stored",
                scores["date"][:10],
                warning=scores.get("warning"),
                data=request.settings.data,
                available=scores["settings"].get("available"),
            )
            return found._replace(result=found.accuracy) if request.kind == "accuracy" else found
    return None


def stored_paths(request: Request, summary: Summary) -> tuple[MeasuredPath, ...]:
    """The paths that were stored with the sweep, under the same condition as `stored`."""
    scores = summary.scores or {}
    if not scores.get("paths") or not _fits(request, summary):
        return ()
    return tuple(
        MeasuredPath(row["seed"], row["genotype"], tuple(row["accuracies"]), "stored", row["images"])
        for row in scores["paths"]
    )


def _fits(request: Request, summary: Summary) -> bool:
    """Whether the sweep was taken as the request asks, of the supernet that it asks about."""
    if summary.scores is None or request.decisions or request.digest != summary.digest:
        return False
    header = summary.scores["settings"]
    any_number: dict[str, Any] = {"images": 1, "until_sure": None}
    asked = replace(request.settings.relevant(request.kind), **any_number)
    taken = replace(Settings.stored(header).relevant(request.kind), **any_number)
    # A sweep older than the ids of images can only be trusted where the name of the data says which they are.
    content = header.get("content", header["data"])
    return taken == asked and bool(content == request.content)
