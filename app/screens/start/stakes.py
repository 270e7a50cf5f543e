"""What is at stake: the cells that alpha and that measurement lead to, as two numbers. Without Streamlit and torch.

Stake     one of them: its number, and what stands below it
Stakes    both, and where they come from
stakes    from the table of true accuracies where it covers the space, else from what the supernet reaches
"""

from typing import NamedTuple

from app.screens.start.words import count
from app.state.questions import Questions
from app.work.questions import MeasuredPath
from engine import nasbench201
from engine.drawing import wording
from engine.results import Lookup

UNKNOWN = "–"


class Stake(NamedTuple):
    number: str
    below: str


class Stakes(NamedTuple):
    """sentence: both in words, for those who do not see them."""

    alpha: Stake
    measured: Stake
    source: str

    @property
    def sentence(self) -> str:
        alpha = self.alpha.below if self.alpha.number == UNKNOWN else f"{self.alpha.number}, {self.alpha.below}"
        below = self.measured.below
        measured = below if self.measured.number == UNKNOWN else f"{self.measured.number} ({below})"
        return f"Follow α on every edge: {alpha}. Follow measurement: {measured}."


def stakes(ask: Questions) -> Stakes:
    """Of the supernet before any decision of the visitor."""
    paths = sorted(ask.paths(), key=lambda path: (path.seed is None, path.seed))
    return _true(ask, paths) if ask.page.knows_truth else _one_shot(ask, paths)


def _true(ask: Questions, paths: list[MeasuredPath]) -> Stakes:
    selection = ask.page.selection
    alpha = Stake(UNKNOWN, "α is unknown")
    if selection.alphas.known:
        found = nasbench201.lookup(selection.alpha_path().genotype())
        alpha = Stake(_percent(found), f"rank {wording.count(found.rank['cifar10'])} of {_cells()}")
    source = "True CIFAR-10 accuracy of the finished cell, from the NAS-Bench-201 table."
    if not paths:
        return Stakes(alpha, Stake(UNKNOWN, _no_path(ask)), source)
    ends = [nasbench201.lookup(path.genotype) for path in paths]
    accuracies = [end.cifar10 for end in ends]
    first = _order(paths[0])
    measured = Stake(_percent(ends[0]), _spread(first, accuracies))
    return Stakes(alpha, measured, f"{source} Paths: {_how(paths)}.")


def _one_shot(ask: Questions, paths: list[MeasuredPath]) -> Stakes:
    """Where no table knows: what the supernet itself reaches, and of how many decisions."""
    selection = ask.page.selection
    alpha = Stake(UNKNOWN, "α is unknown")
    if selection.alphas.known:
        found = ask.find(ask.accuracy(selection.alpha_path()))
        alpha = Stake(UNKNOWN, "not measured")
        if found is not None:
            alpha = Stake(wording.percent(found.accuracy.accuracy), f"on {wording.count(found.images)} images")
    hidden = ask.page.hides("truth")
    table = "True accuracies are hidden by this link." if hidden else "No table says which cell is better."
    source = (
        f"{table} One-shot accuracy: what the supernet reaches with the cell's operations "
        "alone; measurement's before its last decision."
    )
    if not paths or not paths[0].accuracies:
        return Stakes(alpha, Stake(UNKNOWN, _no_path(ask)), source)
    last = [path.accuracies[-1] for path in paths if path.accuracies]
    measured = Stake(wording.percent(last[0]), _spread(_order(paths[0]), last))
    return Stakes(alpha, measured, f"{source} Paths: {_how(paths)}.")


def _no_path(ask: Questions) -> str:
    return "hidden by this link" if ask.page.hides("path") else "no path is measured yet"


def _spread(first: str, accuracies: list[float]) -> str:
    if len(accuracies) == 1:
        return first
    low, high = wording.number(min(accuracies)), wording.number(max(accuracies))
    return f"{first}; {count(len(accuracies))} orders: {low} to {high}"


def _order(path: MeasuredPath) -> str:
    return "by index" if path.seed is None else f"order {path.seed}"


def _how(paths: list[MeasuredPath]) -> str:
    sources = " and ".join(sorted({path.source for path in paths}, reverse=True))
    images = " or ".join(wording.count(number) for number in sorted({path.images for path in paths}))
    return f"{sources}, {images} images, no tuning"


def _percent(found: Lookup) -> str:
    return wording.percent(found.cifar10, digits=2)


def _cells() -> str:
    return wording.count(len(nasbench201.OPERATIONS) ** nasbench201.EDGES)
