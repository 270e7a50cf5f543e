"""Facts from the labs whose results are stored with a supernet, as a lesson names them (`app.parts.guide.facts`).

LAB_FACTS   all of them, by name
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from statistics import fmean
from typing import Any

from app.figures.edge_names import parse_edge_id
from app.parts.guide.cell_facts import NotHere, label, missing
from app.state import session
from app.state.questions import Questions
from engine.analysis import stored
from engine.checkpoint.format import Summary, read_summary
from engine.drawing import wording
from engine.errors import BadInput


def _not_hidden(ask: Questions) -> None:
    """Signals are drops and what else is held against the truth."""
    if ask.page.hides("drop", "truth"):
        raise NotHere


def _lab(summary: Summary, lab: str) -> Any:
    return _stored(summary.path, summary.digest, lab) or missing()


@lru_cache(maxsize=16)
def _stored(folder: Path, digest: str, lab: str) -> Any:
    try:
        found = stored.read(read_summary(folder), lab)
    except BadInput:  # page Labs says why
        return None
    return found and found.numbers


@lru_cache(maxsize=8)
def _signals(folder: Path, digest: str) -> dict[str, Any]:
    from engine.analysis.signals.results import table

    result = _stored(folder, digest, "signals")
    return {} if result is None else {row.name: row for row in table(result)}


def _signal(ask: Questions, name: str) -> Any:
    _not_hidden(ask)
    return _signals(ask.page.summary.path, ask.page.summary.digest).get(name) or missing()


def correlation(ask: Questions, signal: str) -> str:
    row = _signal(ask, signal)
    found = wording.number(row.mean, 2)
    return found if row.ci is None else f"{found} [{wording.number(row.ci[0], 1)}, {wording.number(row.ci[1], 1)}]"


def hits(ask: Questions, signal: str) -> str:
    return wording.count(_signal(ask, signal).hit_count)


def cell_of(ask: Questions, signal: str) -> str:
    return wording.percent(_signal(ask, signal).true, digits=2)


def set_drop(ask: Questions, number: str, edge: str, operation: str) -> str:
    """A drop on one of two sets of images alone."""
    result, row = _set(ask, number, edge)
    return wording.number(row[result.operations.index(operation)])


def set_best(ask: Questions, number: str, edge: str) -> str:
    result, row = _set(ask, number, edge)
    return label(result.operations[max(range(len(row)), key=row.__getitem__)])


def _set(ask: Questions, number: str, edge: str) -> tuple[Any, list[float]]:
    _not_hidden(ask)
    result = _lab(ask.page.summary, "signals")
    (signal,) = (each for each in result.signals if each.name == "drop")
    index = parse_edge_id(ask.page.space, edge)[1]
    return result, [value or 0.0 for value in signal.values[int(number) - 1][result.edges.index(index)]]


def set_images(ask: Questions) -> str:
    return wording.count(_lab(ask.page.summary, "signals").images)


def _optimum(ask: Questions, edge: str) -> Any:
    index = parse_edge_id(ask.page.space, edge)[1]
    found = _lab(ask.page.summary, "optimal-alpha").edges
    return next((each for each in found if each.edge == index), None) or missing()


def distance(ask: Questions, edge: str, what: str) -> str:
    """How far the input ("skip") or the convolution ("conv") is from the cell's map."""
    found = _optimum(ask, edge)
    return wording.number(found.b if what == "skip" else found.a, 2)


def nearer(ask: Questions, edge: str) -> str:
    found = _optimum(ask, edge)
    return "the input" if found.b < found.a else "the convolution"


def optimal(ask: Questions, edge: str) -> str:
    return wording.weight(_optimum(ask, edge).optimal)


def learned(ask: Questions, edge: str) -> str:
    return wording.weight(_optimum(ask, edge).learned or missing())


def _of_run(run: str) -> Any:
    entry = session.entries().get(run)
    if entry is None or entry.summary is None:
        raise NotHere
    return _lab(entry.summary, "optimal-alpha")


def skip_learned(ask: Questions, run: str) -> str:
    """Edges of a supernet on which the learned alpha gives skip more than the convolution."""
    return wording.count(sum((each.learned or 0.0) > 0.5 for each in _of_run(run).edges))


def skip_edges(ask: Questions, run: str) -> str:
    return wording.count(len(_of_run(run).edges))


def nearer_edges(ask: Questions, run: str) -> str:
    """Edges of a supernet on which the input is nearer to the cell's map than the convolution."""
    return wording.count(sum(each.b < each.a for each in _of_run(run).edges))


def skip_wins(ask: Questions, run: str) -> str:
    """Whether it does on most of them."""
    return "yes" if fmean((each.learned or 0.0) > 0.5 for each in _of_run(run).edges) > 0.5 else "no"


def lab_images(ask: Questions, lab: str) -> str:
    return wording.count(_lab(ask.page.summary, lab).images)


LAB_FACTS: dict[str, Callable[..., str]] = {
    found.__name__: found
    for found in (
        correlation,
        hits,
        cell_of,
        set_drop,
        set_best,
        set_images,
        distance,
        nearer,
        optimal,
        learned,
        skip_learned,
        skip_edges,
        nearer_edges,
        skip_wins,
        lab_images,
    )
}
