"""What a checkpoint's own sweep and paths say, as pages ask for it. Needs no torch.

stored         the measurement that answers a request
stored_paths   the measured paths from a request's selection on
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from app.work.questions import Kind, MeasuredPath, Measurement, Request
from engine.checkpoint.format import Summary
from engine.results import EdgeScores, InputScores
from engine.scoring.settings import Settings
from engine.selection.decisions import Decision, InputsDecision, OperationDecision


def stored(request: Request, summary: Summary) -> Measurement | None:
    """What the sweep and its paths say of a request, if they were taken of the same supernet in just this way, on any
    images."""
    scores = summary.scores
    if scores is None or not _fits(request, summary):
        return None
    for row in _rows(scores, frozenset(summary.start.decisions), frozenset(request.decisions)):
        place = row["cell"], row.get("edge"), row.get("node")
        if request.kind == "accuracy" or place == _place(request):
            found = Measurement(
                _read(row),
                "stored",
                scores["date"][:10],
                warning=scores.get("warning"),
                data=request.settings.data,
                available=scores["settings"].get("available"),
            )
            return found._replace(result=found.accuracy) if request.kind == "accuracy" else found
    return None


def _place(request: Request) -> tuple[str, int | None, int | None]:
    """Cell, edge and node that a request asks about."""
    return request.cell, *((None, request.index) if request.kind == "node" else (request.index, None))


def _read(row: dict[str, Any]) -> EdgeScores | InputScores:
    return EdgeScores.from_dict(row) if "edge" in row else InputScores.from_dict(row)


def _rows(scores: dict[str, Any], begun: frozenset[Decision], decided: frozenset[Decision]) -> Iterator[dict[str, Any]]:
    """What was measured while just this was decided: by the sweep, and by every path that came by there.

    begun: the decisions that the checkpoint comes with, from which both went on."""
    if decided == begun:
        yield from scores["edges"]
        yield from scores["inputs"]
    for path in scores.get("paths") or ():
        taken = begun
        for step in path.get("steps") or ():
            if taken == decided:
                yield step
            if len(taken) >= len(decided):
                break
            taken |= {_decision(step)}


def _decision(step: dict[str, Any]) -> Decision:
    """What a step of a path decided."""
    if "edge" in step:
        return OperationDecision(step["cell"], step["edge"], step["best"])
    return InputsDecision(step["cell"], step["node"], tuple(step["keep"]))


def stored_paths(request: Request, summary: Summary) -> tuple[MeasuredPath, ...]:
    """The paths that were stored with the sweep, under the same condition as `stored`."""
    scores = summary.scores or {}
    begun = set(request.decisions) == set(summary.start.decisions)
    if not scores.get("paths") or not begun or not _fits(request, summary):
        return ()
    return tuple(
        MeasuredPath(row["seed"], row["genotype"], tuple(row["accuracies"]), "stored", row["images"])
        for row in scores["paths"]
    )


def _fits(request: Request, summary: Summary) -> bool:
    """Whether the sweep was taken as the request asks, of the supernet that it asks about."""
    if summary.scores is None or request.digest != summary.digest:
        return False
    header = summary.scores["settings"]
    asked, taken = _how(request.settings, request.kind), _how(_settings(tuple(header.items())), request.kind)
    # A sweep older than the ids of images can only be trusted where the name of the data says which they are.
    content = header.get("content", header["data"])
    return taken == asked and bool(content == request.content)


# Asked for every edge at every drawing of a page, and always of the same few.


@lru_cache(maxsize=1024)
def _how(settings: Settings, kind: Kind) -> Settings:
    """How something is measured, on however many images."""
    return replace(settings.relevant(kind), images=1, until_sure=None)


@lru_cache(maxsize=256)
def _settings(header: tuple[tuple[str, Any], ...]) -> Settings:
    return Settings.stored(dict(header))
