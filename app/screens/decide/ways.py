"""The measured paths that Decide shows: those nearest to the visitor's order and tuning, and how they were found.

Ways         where they end, the nearest first
ways         from here on where any is known, else from the start
paths_line   how measured paths were found
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from app.library.selections import stored_selections
from app.state.page import PageState
from app.state.questions import Questions
from app.work import tuned
from app.work.questions import MeasuredPath
from engine.drawing import wording
from engine.scoring.settings import is_papers
from engine.selecting.record import SelectionRecord
from engine.selecting.settings import Tuning


class Ways(NamedTuple):
    """genotypes: of their ends. name: of the first one, e.g. "order 3, quick tuning, from the start". line: how all of
    them were found. from_here: whether they go on from the decisions on screen."""

    genotypes: tuple[str, ...]
    name: str
    line: str
    from_here: bool


def ways(ask: Questions) -> Ways | None:
    """The nearest measured paths: with the tuning that follows the next decision, the order on screen first; those
    that go on from the decisions on screen come before those that do not. None where there are none."""
    page = ask.page
    preset = tuned.PRESETS[page.run.preset]
    untuned = not preset.amount and not page.letters
    if untuned and (paths := ask.paths()):
        return _measured(paths, page)
    stored = _stored(page, Tuning(preset.unit, preset.amount, preset.lr) if preset.amount else None)
    taken = set(page.decisions)
    if here := [document for document in stored if taken == set(document.selection.decisions[: len(taken)])]:
        return _documents(here, page, from_here=True)
    if untuned and (paths := ask.paths(page.start)):
        return _measured(paths, page, from_here=False)
    return _documents(stored, page, from_here=False) if stored else None


def paths_line(paths: Sequence[MeasuredPath], page: PageState) -> str:
    """e.g. "4 edge orders, 1,024 images, batch statistics, no tuning · stored"."""
    sources = " and ".join(dict.fromkeys(path.source for path in paths))
    images = " and ".join(dict.fromkeys(wording.count(path.images) for path in paths))
    tuning = "no further tuning" if page.letters else "no tuning"
    return f"{_orders(len(paths))}, {images} images, batch statistics, {tuning} · {sources}"


def _measured(paths: Sequence[MeasuredPath], page: PageState, from_here: bool = True) -> Ways:
    ordered = sorted(paths, key=lambda path: (path.seed != _seed(page), path.seed is None, path.seed or 0))
    first = ordered[0]
    line = paths_line(ordered, page)
    return Ways(tuple(path.genotype for path in ordered), *_named(first.seed, "", line, page, from_here), from_here)


def _documents(documents: Sequence[SelectionRecord], page: PageState, from_here: bool) -> Ways:
    ordered = sorted(documents, key=lambda each: (_order(each) != _seed(page), _order(each) or 0))
    first = ordered[0]
    how = first.settings
    ordered = [each for each in ordered if _basis(each) == _basis(first)]  # one line speaks of all
    preset = tuned.PRESETS[page.run.preset]
    tuning = f"{preset.label} tuning" if preset.amount else "no tuning"
    data = Path(str(how.get("data", "bundled"))).name
    of = "" if data == "bundled" else f" of {data}"
    images = "all" if how.get("images") is None else wording.count(int(how["images"]))
    line = f"{_orders(len(ordered))}, {images} images{of}, {wording.bn(how.get('bn', 'batch'))}, {tuning} · stored"
    genotypes = tuple(str(document.selection.decoded()) for document in ordered)
    named = _named(_order(first), tuning if preset.amount else "", line, page, from_here)
    return Ways(genotypes, *named, from_here)


def _named(seed: int | None, tuning: str, line: str, page: PageState, from_here: bool) -> tuple[str, str]:
    start = "" if from_here or page.decisions == page.start.decisions else "from the start"
    name = ", ".join(filter(None, ("by index" if seed is None else f"order {seed}", tuning, start)))
    return name, f"{line}, {start}" if start else line


def _orders(count: int) -> str:
    return wording.several(count, "edge order")


def _seed(page: PageState) -> int | None:
    """The seed of the order on screen; None by index."""
    return page.link.seed if page.link.order == "random" else None


def _order(document: SelectionRecord) -> int | None:
    """The seed of a stored path's order; None by index."""
    return int(document.settings.get("seed", 0)) if document.settings.get("order") == "random" else None


def _stored(page: PageState, tuning: Tuning | None) -> list[SelectionRecord]:
    """Complete stored paths of measurement by the paper's rule with this tuning (None: without)."""
    found = []
    for _, document, _ in stored_selections(page.entry):
        if document is None or document.strategy != "perturbation" or not document.selection.is_complete:
            continue
        used = document.tuning if document.tuning is not None and document.tuning.amount else None
        if used == tuning and is_papers(document.settings):
            found.append(document)
    return found


def _basis(document: SelectionRecord) -> tuple[object, object]:
    """Which images a stored path rests on, and how many."""
    return document.settings.get("data"), document.settings.get("images")
