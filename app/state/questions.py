"""What can be asked of the supernet on screen, and what is known of it already. Without Streamlit and torch.

Questions   requests of the page's run, and the measurements that answer them
"""

from functools import cached_property

from app.figures.edge_alphas import EdgeAlphas, edge_alphas
from app.state import url
from app.state.page import PageState
from app.work.measurements import Measurements, stored
from app.work.questions import Kind, MeasuredPath, Measurement, Request
from engine.results import EdgeScores
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
        """Requests for the undecided edges of the cell on screen that have no finished measurement."""
        cell = self.page.cell
        return [
            self.request("edge", cell, edge)
            for edge in self.page.selection.undecided_edges(cell)
            if (found := self.measurements.get(edge)) is None or found.partial
        ]

    def more_images(self, shown: int = 0) -> str | None:
        """The smallest budget above the current one and above the images `shown`, or None."""
        if self.page.images is None:
            return None
        now = max(shown, self.page.images)
        return next((name for name, images in url.BUDGETS.items() if images is None or images > now), None)

    def estimate(self, requests: list[Request]) -> float | None:
        """Seconds that these take, as far as known."""
        return self._measurements.estimate(requests, self.page.summary)

    # Finding

    def find(self, request: Request) -> Measurement | None:
        """What answers a request: its own measurement, else the checkpoint's stored one on more images."""
        found = self._measurements.find(request, self.page.summary)
        if found is not None and not found.partial:
            return found
        return stored(self._on_stored_images(request), self.page.summary) or found

    def _on_stored_images(self, request: Request) -> Request:
        """The request on the images of the stored sweep, where these are more than asked for."""
        images = ((self.page.summary.scores or {}).get("settings") or {}).get("images") or 0
        known = request.settings.images
        return request if known is None or images < known else request.under(images=images)

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
        """Measured paths from a selection on: taken here, else stored with the checkpoint."""
        request, summary = self.accuracy(selection), self.page.summary
        known = self._measurements.paths(request, summary)
        return known or self._measurements.paths(self._on_stored_images(request), summary)

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
