"""What a visitor's clicks do on every page: callbacks, which run before the page is drawn again.

Actions   select an edge, start measuring and tuning
"""

from collections.abc import Callable, Sequence

import streamlit as st

from app.figures.evidence import clearest
from app.state import url
from app.state.questions import MEASURING_ALL, SETTLING, TUNING, Questions
from app.work import tuned
from app.work.job import Job
from app.work.measurements import Measurements
from app.work.questions import Request
from engine.drawing import wording
from engine.errors import BadInput


class Actions:
    """Callbacks of one page. What they change lies in the page's run; what they start is shared by all visitors."""

    def __init__(self, ask: Questions, measurements: Measurements) -> None:
        self.page, self.ask, self._measurements = ask.page, ask, measurements

    def on(self, ask: Questions) -> "Actions":
        """The same on another page."""
        return Actions(ask, self._measurements)

    def select(self, edge: int | None) -> None:
        """Put an edge of the cell on screen in focus, or none."""
        self.page.run.focus(None if edge is None else self.page.edge_id(edge))

    def preselect(self) -> None:
        """Settle which edge of the cell on screen is shown while none is selected: the clearest of the undecided."""
        page = self.page
        edges = page.selection.undecided_edges(page.cell) or range(len(page.space.edges(page.cell)))
        page.run.preselected.setdefault((page.cell, page.decisions), clearest(edges, self.ask.scores))

    def measure(self, edge: int) -> None:
        self.begin([self.ask.request("edge", self.page.cell, edge)], self._measuring(edge))

    def measure_more(self, edge: int) -> None:
        """Measure an edge on the next larger number of images, going on from what is measured."""
        request = self.ask.request("edge", self.page.cell, edge)
        if (found := self.ask.find(request)) is not None:
            request = self.ask.more(request, found)
        self.begin([request], self._measuring(edge))

    def _measuring(self, edge: int) -> str:
        return f"Measuring {wording.plain(self.page.edge_name(edge))}"

    def measure_all(self) -> None:
        self.begin(self.ask.unmeasured(), MEASURING_ALL)

    def estimate(self) -> None:
        """Guess by one gradient what every unmeasured operation is worth."""
        self._attempt(lambda: self._measurements.previews.start(self.ask.accuracy(), self.page.visitor))

    def settle(self) -> None:
        """Spend images on the edges whose verdict is open, until each is separated or has used all images."""
        if requests := self.ask.to_settle():
            sizes = tuple(url.BUDGETS.values())
            seen = [self.ask.measurements[request.index].images for request in requests]
            self._attempt(lambda: self._measurements.settle(requests, sizes, SETTLING, self.page.visitor, seen))

    def cancel(self, job: Job) -> None:
        """Leave work that is running or waiting; what was evaluated is kept."""
        self._measurements.cancel(job, self.page.visitor)

    def tune_again(self) -> None:
        """Make the tuned weights that the link names and that are not on this machine."""
        self.tune(lambda ask: [])

    def tune(self, requests: Callable[[Questions], Sequence[Request]]) -> None:
        """Tune as the link says after the decisions on screen, then measure on the tuned weights.

        requests: what to measure, asked in the background once the weights are there.
        """
        page = self.page.as_now()
        wanted = page.summary, page.decisions, page.letters
        outside = tuned.takes_long(*wanted, page.image_set)

        def prepare(job: Job) -> Sequence[Request]:
            def report(done: int, total: int) -> None:
                job.progress(done, total, "batches")

            if outside:
                tuned.tune_outside(*wanted, job, page.data)
            else:
                self._measurements.tune(*wanted, report, page.data)
            return requests(self.ask.on(page))

        key = ("tune", page.summary.digest, page.decisions, page.letters, page.data, page.images)
        self._attempt(lambda: self._measurements.start_prepared(key, prepare, TUNING, page.visitor, outside))

    def begin(self, requests: Sequence[Request], title: str) -> None:
        """Measure these in the background."""
        if requests:
            self._attempt(lambda: self._measurements.start(requests, title, self.page.visitor))

    def follow_paths(self, request: Request, seeds: Sequence[int | None]) -> None:
        """Follow the measured path from a request's selection on, in these edge orders."""
        self._attempt(lambda: self._measurements.start_paths(request, seeds, self.page.visitor, self.page.summary))

    def _attempt(self, start: Callable[[], object]) -> None:
        """Start work; more of it than one visitor can mean is a message, and so are images that nobody asked for."""
        if self.page.unasked is not None:
            st.toast(f"{self.page.unasked} Say in the sidebar that they are meant.", icon=":material/warning:")
            return
        try:
            start()
        except BadInput as error:
            st.toast(str(error), icon=":material/warning:")
