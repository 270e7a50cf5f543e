"""What can be asked of the supernet on screen, and what is known of it already. Without Streamlit and torch.

Questions   requests of the page's run, and the measurements that answer them
"""

import math
from functools import cached_property

from app.figures.edge_alphas import EdgeAlphas, edge_alphas
from app.state import url
from app.state.page import PageState
from app.work.job import Job
from app.work.jobs import Place
from app.work.measurements import Measurements, is_open
from app.work.questions import Kind, MeasuredPath, Measurement, Request
from engine.results import EdgeScores, Preview
from engine.selection.decisions import OperationDecision
from engine.selection.selection import Selection


class Questions:
    """One page's questions. They start no work: `app.state.actions` does."""

    def __init__(self, page: PageState, measurements: Measurements) -> None:
        self.page, self._measurements = page, measurements

    def on(self, page: PageState) -> "Questions":
        """The same on another page."""
        return Questions(page, self._measurements)

    # Asking

    def request(self, kind: Kind, cell: str, index: int, selection: Selection | None = None) -> Request:
        """A measurement after a selection's decisions, those on screen if none is given, on the weights tuned so."""
        selection = selection or self.page.selection
        summary = self.page.stage(selection.decisions).summary
        return Request.of(summary, selection, kind, cell, index, images=self.page.images, data=self.page.data)

    def accuracy(self, selection: Selection | None = None) -> Request:
        """The supernet's accuracy after a selection's decisions."""
        return self.request("accuracy", "", 0, selection)

    def at_once(self, number: int) -> Request:
        """The accuracy after so many decisions, before the last one's tuning."""
        page, taken = self.page, self.page.link.decisions[:number]
        before = page.stage(taken[:-1]).summary if taken else page.summary
        selection = before.start.with_decisions(taken)
        return Request.of(before, selection, "accuracy", "", 0, images=page.images, data=page.data)

    def after_tuning(self, number: int) -> Request:
        """The accuracy after so many decisions and the last one's tuning."""
        return self.accuracy(self.page.at(self.page.link.decisions[:number]))

    def unmeasured(self) -> list[Request]:
        """Requests for the undecided edges of the cell on screen that have no finished measurement: where estimates say
        that the operations of an edge differ most, first."""
        cell, guess = self.page.cell, self.preview
        edges = [edge for edge in self.page.selection.undecided_edges(cell) if edge not in self.measurements]
        guesses = {each.edge: each.spread for each in guess.edges if each.cell == cell} if guess else {}
        return [self.request("edge", cell, edge) for edge in sorted(edges, key=lambda edge: -guesses.get(edge, 0.0))]

    def to_settle(self) -> list[Request]:
        """Requests for the undecided edges of the cell on screen whose verdict more images may bring."""
        return [
            self.request("edge", self.page.cell, edge)
            for edge in self.page.selection.undecided_edges(self.page.cell)
            if (found := self.measurements.get(edge)) and is_open(found.edge) and self.next_size(found) is not None
        ]

    def next_size(self, found: Measurement) -> str | None:
        """The size, a name of `url.BUDGETS`, that more images would be measured on: the chosen one, or the smallest
        that is larger than what was measured. None where all images are used."""
        available = found.available or self.page.image_set.available
        if available is not None and found.images >= available:
            return None
        larger = [name for name, images in url.BUDGETS.items() if images is None or found.images < images]
        within = [name for name in larger if (url.BUDGETS[name] or 0) < (available or math.inf)]
        chosen = next((name for name in within if url.BUDGETS[name] == self.page.images), None)
        return chosen or within[0]

    def more(self, request: Request, found: Measurement) -> Request:
        """The request on the next size."""
        name = self.next_size(found)
        return request if name is None else request.under(images=url.BUDGETS[name])

    def seconds_to_settle(self) -> float | None:
        """Seconds until the open edges are settled, as far as their intervals let expect; None if unknown.

        An interval shrinks with the root of the number of images, so a lead of d points with an interval of +-r points
        takes (r / d)^2 times as many images as now.
        """
        wanted = []
        for request in self.to_settle():
            found = self.measurements[request.index]
            scores = found.edge
            reach = (scores.lead_ci[1] - scores.lead_ci[0]) / 2 if scores.lead_ci else math.inf
            needed = found.images * (reach / scores.lead) ** 2 if scores.lead else math.inf
            enough = [images for images in url.BUDGETS.values() if images is None or images >= needed]
            wanted.append(request.under(images=enough[0]))
        return self.estimate(wanted)

    def estimate(self, requests: list[Request]) -> float | None:
        """Seconds that these take, as far as known."""
        return self._measurements.estimate(requests, self.page.summary)

    # Finding

    def find(self, request: Request) -> Measurement | None:
        """The best finished measurement of what is asked, however many images it rests on; none that is hidden."""
        if request.kind != "accuracy" and self.page.hides("drop"):
            return None
        return self._measurements.find(request, self.page.summary)

    def preliminary(self, request: Request) -> Measurement | None:
        """How far the measurement of what is asked is that is being taken right now: nothing to go by yet."""
        return None if self.page.hides("drop") else self._measurements.partial(request)

    def job(self, request: Request) -> Job | None:
        """The visitor's work that measures what is asked."""
        return self._measurements.job(request, self.page.visitor)

    def path_job(self, selection: Selection) -> Job | None:
        """The visitor's work that follows the measured path from a selection on."""
        return self._measurements.path_job(self.accuracy(selection), self.page.visitor)

    def place(self, job: Job) -> Place:
        """What else goes on beside a job, or before it."""
        return self._measurements.place(job)

    def evaluated(self, request: Request) -> int:
        """Images that have been evaluated for a request, those of a cancelled measurement included."""
        begun = self._measurements.store.begun(request)
        return 0 if begun is None else begun.images

    def wanted(self, request: Request, found: Measurement | None) -> int | None:
        """How many images the measurement that is being taken will rest on, as far as known."""
        request = request if found is None else self.more(request, found)
        return request.settings.images or self.page.image_set.available

    @cached_property
    def preview(self) -> Preview | None:
        """First-order estimates after the decisions on screen, if somebody asked for them: guesses, never scores."""
        return None if self.page.hides("drop") else self._measurements.previews.find(self.accuracy())

    @property
    def estimating(self) -> Job | None:
        """The visitor's work that makes such estimates."""
        return self._measurements.previews.job(self.accuracy(), self.page.visitor)

    @property
    def settling(self) -> Job | None:
        """The visitor's work that settles open edges, or measures what is unmeasured."""
        whole = (SETTLING, MEASURING_ALL)
        return next((job for job in self._measurements.running(self.page.visitor) if job.title in whole), None)

    @property
    def problem(self) -> str | None:
        """Why what is measured is not kept for later, if it is not."""
        return self._measurements.store.problem

    def measurement(self, edge: int, cell: str | None = None) -> Measurement | None:
        """The edge's measurement after the decisions so far; of a decided edge, the one it was decided by."""
        cell = cell or self.page.cell
        return self.find(self.request("edge", cell, edge, self._before(cell, edge)))

    def _before(self, cell: str, edge: int) -> Selection:
        """The selection in which an edge is measured: the current one, or for a decided edge the one before."""
        for number, decision in enumerate(self.page.decisions):
            if isinstance(decision, OperationDecision) and (decision.cell, decision.edge) == (cell, edge):
                return self.page.at(self.page.decisions[:number])
        return self.page.selection

    @cached_property
    def measurements(self) -> dict[int, Measurement]:
        """Measurements of the cell on screen, by edge."""
        found = {edge.index: self.measurement(edge.index) for edge in self.page.space.edges(self.page.cell)}
        return {edge: measurement for edge, measurement in found.items() if measurement is not None}

    @property
    def scores(self) -> dict[int, EdgeScores]:
        """What they say."""
        return {edge: measurement.edge for edge, measurement in self.measurements.items()}

    def score_or_alphas(self, edge: int) -> EdgeScores | EdgeAlphas:
        """What is known of an edge of the cell on screen: its scores, else its alphas alone."""
        page = self.page
        return self.scores.get(edge) or edge_alphas(page.selection.alphas, page.cell, edge)

    def accuracy_track(self) -> list[tuple[Measurement | None, Measurement | None]]:
        """Accuracies at the start and after every decision, where known: right after it, and after its tuning."""
        numbers = range(len(self.page.link.decisions) + 1)
        tuned = [self.find(self.after_tuning(number)) if self._is_tuned(number) else None for number in numbers]
        return [(self.find(self.at_once(number)), after) for number, after in zip(numbers, tuned, strict=True)]

    def _is_tuned(self, number: int) -> bool:
        """Whether decision `number` was followed by tuning whose weights are here: else an earlier stage stands in."""
        page = self.page
        return page.letter(number) != "n" and not page.stage(page.link.decisions[:number]).missing

    def paths(self, selection: Selection | None = None) -> tuple[MeasuredPath, ...]:
        """Measured paths from a selection on: taken here, or stored with the checkpoint."""
        return () if self.page.hides("path") else self._measurements.paths(self.accuracy(selection), self.page.summary)

    # Working

    @property
    def busy(self) -> bool:
        """Whether this visitor's work is running or waiting."""
        return bool(self._measurements.running(self.page.visitor))

    @property
    def tuning(self) -> bool:
        """Whether this visitor's work that is running or waiting tunes."""
        return any(job.title == TUNING for job in self._measurements.running(self.page.visitor))


TUNING = "Fine-tuning"
"""The title of work that tunes."""
MEASURING_ALL = "Measuring all edges"
SETTLING = "Settling the open edges"
