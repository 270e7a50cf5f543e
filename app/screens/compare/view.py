"""What the Compare page compares: two endings, what they say about each other, and in which words.

Accuracy    of the supernet at an ending
End         an ending with everything that is known about it
Comparison  both sides
name_of, headline, ranked, totals   the words and the bars
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from app.figures.comparison import Total
from app.figures.differences import LETTERS, Difference, differences, tally
from app.figures.edge_alphas import EdgeAlphas, edge_alphas
from app.screens.compare import endings, presets
from app.screens.compare.endings import RunEndings, Side
from app.screens.compare.presets import Pair
from app.screens.compare.reasons import reason
from app.state.page import PageState
from app.work.measurements import Measurements
from app.work.questions import Kind, Request
from engine import nasbench201
from engine.drawing import wording
from engine.results import EdgeScores, Interval, Lookup
from engine.selecting.record import SelectionRecord
from engine.selection.decisions import OperationDecision
from engine.selection.genotype import Genotype
from engine.selection.selection import Selection
from engine.spaces import SearchSpace
from engine.spaces.operations import described

NAMES = {endings.ALPHA: "α", endings.AT_ONCE: "largest drops at once", endings.MINE: "my decisions"}


@dataclass(frozen=True)
class Accuracy:
    """Of the supernet at an ending, in percent. how: images, BN mode and data. decided: decisions taken before."""

    value: float
    ci: Interval | None
    how: tuple[int, str, str]
    tuned: bool
    decided: int

    @property
    def text(self) -> str:
        return wording.percent(self.value, self.ci)

    @property
    def origin(self) -> str:
        images, bn, _ = self.how
        return f"{wording.count(images)} images, {wording.bn(bn)}, {'after tuning' if self.tuned else 'no tuning'}"


@dataclass(frozen=True)
class End:
    """One side with everything that the page says about it. images, data: what is measured on here, and found in
    `measurements`."""

    side: Side
    endings: RunEndings
    document: SelectionRecord
    images: int | None
    data: str
    measurements: Measurements

    @property
    def space(self) -> SearchSpace:
        return self.endings.summary.space

    @property
    def name(self) -> str:
        return name_of(self.side.ending)

    @cached_property
    def genotype(self) -> Genotype | None:
        if not self.document.selection.is_complete:
            return None
        return self.document.selection.decoded()  # `replaced_none` says on the page what that changed

    @cached_property
    def truth(self) -> Lookup | None:
        """The true accuracies of a finished NAS-Bench-201 cell."""
        known = self.genotype if self.space.genotype_format == "nas-bench-201" else None
        return None if known is None else nasbench201.lookup(known)

    @property
    def request(self) -> Request:
        """The accuracy of the supernet, untuned, after these decisions."""
        return self._request(self.document.selection, "accuracy", "", 0)

    def _request(self, selection: Selection, kind: Kind, cell: str, index: int) -> Request:
        how = {"images": self.images, "data": self.data}
        return Request.of(self.endings.summary, selection, kind, cell, index, **how)

    @cached_property
    def accuracy(self) -> Accuracy | None:
        """As a stored run ended, else as measured here."""
        if self.document.path:
            last, data = self.document.path[-1], self.document.settings.get("data", "bundled")
            tuned = any(point.tuned for point in self.document.path)
            return Accuracy(last.accuracy, last.ci, (last.images, last.bn, data), tuned, last.decisions)
        found = self.measurements.find(self.request, self.endings.summary)
        if found is None:
            return None
        result, decided = found.accuracy, self.document.selection.steps_done
        how = result.images, result.bn, self.request.settings.data
        return Accuracy(result.accuracy, result.baseline.ci, how, False, decided)

    @cached_property
    def operations(self) -> list[str]:
        """Operations that the ending keeps, over all cell types."""
        selection = self.document.selection
        places = [(cell, edge) for cell in self.space.cells for edge in self.space.edges(cell)]
        kept = [selection.operation(*place) for place in places if not selection.is_discarded(*place)]
        return [name for name in kept if name is not None]

    @property
    def counts(self) -> dict[str, int]:
        """What can be counted, by its name."""
        return {
            "operations with weights": sum(not described(name).weightless for name in self.operations),
            "skip connections": self.operations.count("skip_connect"),
        }

    def evidence(self, cell: str, edge: int) -> tuple[EdgeScores | EdgeAlphas, str]:
        """What is known of an edge and when it was measured: as it was decided by, else before the first step."""
        for decision, step in zip(self.document.selection.decisions, self.document.steps, strict=True):
            is_it = isinstance(decision, OperationDecision) and (decision.cell, decision.edge) == (cell, edge)
            if is_it and isinstance(step.scores, EdgeScores) and self.side.ending != endings.AT_ONCE:
                return step.scores, "when it was decided"
        request = self._request(self.endings.start, "edge", cell, edge)
        found = self.measurements.find(request, self.endings.summary)
        if found is not None and isinstance(found.result, EdgeScores):
            return found.result, "before the first step"
        scores = self.endings.scores(cell, edge)
        return scores or edge_alphas(self.endings.start.alphas, cell, edge), "before the first step"

    def reason(self, cell: str, edge: int) -> str | None:
        """Why this end keeps another operation than the one whose drop is largest before the first step."""
        measured_on = ((self.endings.summary.scores or {}).get("settings") or {}).get("data")
        same_images = self.document.settings.get("data") == measured_on
        return reason(self.document, self.endings.scores(cell, edge), cell, edge, same_images)

    def before(self, cell: str) -> dict[int, EdgeScores]:
        """The stored sweep of a cell type while nothing more is decided than in its training; later it speaks of
        another supernet."""
        if self.document.selection.decisions != self.endings.start.decisions:
            return {}
        found = {edge.index: self.endings.scores(cell, edge.index) for edge in self.space.edges(cell)}
        return {edge: scores for edge, scores in found.items() if scores is not None}

    @property
    def origin(self) -> str:
        """Where the ending comes from."""
        document = self.document
        if self.side.ending == endings.ALPHA:
            return "α alone, nothing measured"
        if self.side.ending == endings.MINE:
            given = sum(step.by == "training" for step in document.steps)
            came = f", {given} of them in its training" if given else " in this session"
            return f"{document.selection.steps_done} of {self.space.steps} decided{came}"
        device = document.settings.get("device")
        stored = f"stored {(document.date or 'undated')[:10]}" + (f", {wording.device_name(device)}" if device else "")
        return f"{stored} · {presets.procedure(document)}"


@dataclass(frozen=True)
class Comparison:
    """Two ends, with the cell and the edge that both show. runs: the endings of all runs. page: the sidebar's run."""

    page: PageState
    runs: Mapping[str, RunEndings]
    ends: tuple[End, End]

    @property
    def pair(self) -> Pair:
        return self.ends[0].side, self.ends[1].side

    @property
    def comparable(self) -> bool:
        """Whether both ends are of one space."""
        return self.ends[0].space == self.ends[1].space

    @cached_property
    def rows(self) -> Sequence[Difference]:
        """Edge by edge; none where the spaces differ."""
        first, second = (end.document.selection for end in self.ends)
        return differences(first, second) if self.comparable else ()

    @property
    def is_linked(self) -> bool:
        """Whether the sidebar speaks of A's space: then its cell and the link's edge are the page's too."""
        return self.page.space == self.ends[0].space


def name_of(ending: str) -> str:
    """An ending in words."""
    if endings.is_order(ending):
        return f"measurement (order {ending.removeprefix('order-')})"
    return NAMES.get(ending, ending)


def headline(first: End, second: End, rows: Sequence[Difference]) -> str:
    """e.g. "α ends at 54.30 %, measurement (order 0) at 91.17 %: 5 of 6 edges differ"."""
    names = [first.name, second.name]
    if first.side.run != second.side.run:
        names = [f"{end.name} of {end.side.run}" for end in (first, second)]
    if not rows:
        return f"{names[0]} and {names[1]}: different search spaces"
    counts = tally(rows)
    differing, undecided = sum(row.differs for row in rows), counts.get("open", 0)
    verdict = f"{differing} of {len(rows)} edges differ" + (f", {undecided} undecided" if undecided else "")
    ends = [wording.percent(end.truth.cifar10, digits=2) for end in (first, second) if end.truth]
    if counts.get("same") == len(rows):
        return f"{names[0]} and {names[1]} end with the same cell" + (f": {ends[0]}" if ends else "")
    if len(ends) == 2:
        return f"{names[0]} ends at {ends[0]}, {names[1]} at {ends[1]}: {verdict}"
    return f"{names[0]} beside {names[1]}: {verdict}"


def ranked(first: Accuracy | None, second: Accuracy | None) -> str:
    """What may be said of two supernet accuracies; they are ranked only where they were measured alike, on supernets
    that were treated alike, and their intervals lie apart."""
    known = [(letter, one) for letter, one in zip(LETTERS, (first, second), strict=True) if one is not None]
    if not known:
        return ""
    origins = dict.fromkeys(one.origin for _, one in known)
    where = "; ".join(origins if len(origins) == 1 else (f"{letter} on {one.origin}" for letter, one in known))
    said = f"Supernet accuracy: {where}"
    if first is None or second is None:
        return said
    if first.how != second.how:
        return f"{said} · not the same images, so the difference is not ranked"
    if first.tuned != second.tuned or first.decided != second.decided:
        which = "tuned" if first.tuned != second.tuned else "decided as far"
        return f"{said} · not both are {which}, so the difference is not ranked"
    if first.ci is None or second.ci is None or (first.ci[0] <= second.ci[1] and second.ci[0] <= first.ci[1]):
        return f"{said} · too close to call"
    higher = "A" if first.value > second.value else "B"
    return f"{said} · {higher} is higher by {wording.number(abs(first.value - second.value))} points"


def totals(first: End, second: End) -> list[Total]:
    """Accuracies and what can be counted, of both sides."""
    rows = []
    if first.truth or second.truth:
        true = tuple(end.truth.cifar10 if end.truth else None for end in (first, second))
        said = tuple("not finished" if value is None else wording.percent(value, digits=2) for value in true)
        rows.append(Total("true accuracy", (true[0], true[1]), (said[0], said[1]), full=100.0))
    one, other = first.accuracy, second.accuracy
    rows.append(
        Total(
            "supernet accuracy",
            (one.value if one else None, other.value if other else None),
            (one.text if one else "not measured", other.text if other else "not measured"),
            (one.ci if one else None, other.ci if other else None),
            100.0,
        )
    )
    for (name, a), b in zip(first.counts.items(), second.counts.values(), strict=True):
        rows.append(Total(name, (a, b), (_count(a), _count(b))))
    return rows


def _count(value: int | None) -> str:
    return "not measured" if value is None else str(value)
