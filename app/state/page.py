"""What a page shows and may do: one object that joins the run, the session's state and the measurements.

View      the current run, cell, selected edge, selection, measurements; callbacks that change them
live      draw a page's body as a fragment that refreshes itself while work is running
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Self

import streamlit as st

from app.figures.edge_alphas import EdgeAlphas, edge_alphas
from app.figures.edge_names import edge_id, parse_edge_id
from app.library import catalog, image_sets
from app.state import session, url
from app.work import measurements, tuned
from app.work.jobs import Job
from app.work.measurements import Measurement, Request
from engine.drawing.palette import Theme
from engine.errors import BadInput
from engine.results import EdgeScores
from engine.selection.decisions import Decision, OperationDecision
from engine.selection.selection import Selection
from engine.spaces import SearchSpace

TUNING = "Fine-tuning"
"""The title of work that tunes."""
REFRESH = 0.6
"""Seconds between looks at running work."""


class View:
    """The page's view of one run. Built anew for every drawing; what changes lives in `app.state.session`."""

    def __init__(self, entry: catalog.Entry) -> None:
        assert entry.summary is not None
        self.entry, self.summary = entry, entry.summary
        self.space: SearchSpace = self.summary.space
        self.image_set = image_sets.chosen(self.summary, st.session_state.get("data"))
        self.start = self.summary.start.with_decisions()
        self.state = session.sync(entry.id, self.start)
        self.letters = self.state.link.tune
        self.selection = self.at(self.state.link.decisions)
        chosen = st.session_state.get("cell")
        self.cell: str = chosen if chosen in self.space.cells else self.space.cells[0]
        self.images = url.BUDGETS.get(st.session_state.get("budget", "1k"), 1024)
        self.visitor = session.visitor()

    @classmethod
    def current(cls) -> "Self | None":
        """The view of the run chosen in the sidebar, or None when there is nothing to show."""
        entry = catalog.catalog().get(st.session_state.get("run", ""))
        return cls(entry) if entry is not None and entry.summary is not None else None

    # What is shown

    @property
    def theme(self) -> Theme:
        return "dark" if st.context.theme.type == "dark" else "light"

    @property
    def edge(self) -> int | None:
        """The selected edge, if it is one of the cell on screen."""
        if self.state.link.edge is None:
            return None
        cell, edge = parse_edge_id(self.space, self.state.link.edge)
        return edge if cell == self.cell else None

    @property
    def data(self) -> str:
        """Where the images come from that are measured and tuned on, as the engine finds them."""
        return self.image_set.spec

    @property
    def isolated(self) -> str | None:
        return st.session_state.get("isolate")

    @property
    def order(self) -> str:
        return self.state.link.order

    @property
    def seed(self) -> int:
        return self.state.link.seed

    def edge_name(self, edge: int | None = None) -> str:
        index = self.edge if edge is None else edge
        assert index is not None
        return self.space.edge_name(self.space.edge(self.cell, index))

    def weights(self) -> list[list[float]]:
        """Mixing weights of the cell on screen, as alpha alone has them."""
        return self.selection.alphas.weights(self.cell).tolist()

    # Measurements

    def at(self, decisions: Sequence[Decision]) -> Selection:
        """These decisions, on top of the alphas that their tuning left."""
        return self.stage(decisions).summary.start.with_decisions(decisions)

    def stage(self, decisions: Sequence[Decision]) -> tuned.Stage:
        """The supernet, tuned as the link says, after these decisions."""
        return tuned.stage(self.summary, decisions, self.letters, self.data)

    def request(self, kind: measurements.Kind, cell: str, index: int, selection: Selection | None = None) -> Request:
        selection = selection or self.selection
        summary = self.stage(selection.decisions).summary
        return Request.of(summary, selection, kind, cell, index, images=self.images, data=self.data)

    def measurement(self, edge: int, cell: str | None = None) -> Measurement | None:
        """The edge's measurement after the decisions so far; of a decided edge, the one it was decided by."""
        cell = cell or self.cell
        return self.find(self.request("edge", cell, edge, self._before(cell, edge)))

    def find(self, request: Request) -> Measurement | None:
        """What answers a request: its own measurement, else the checkpoint's stored one on more images."""
        found = measurements.find(request, self.summary)
        if found is not None and not found.partial:
            return found
        return measurements.stored(self._on_stored_images(request), self.summary) or found

    def _on_stored_images(self, request: Request) -> Request:
        """The request on the images of the stored sweep, where these are more than asked for."""
        images = ((self.summary.scores or {}).get("settings") or {}).get("images") or 0
        return request if request.images is None or images < request.images else replace(request, images=images)

    def _before(self, cell: str, edge: int) -> Selection:
        """The selection in which an edge is measured: the current one, or for a decided edge the one before."""
        for number, decision in enumerate(self.selection.decisions):
            if isinstance(decision, OperationDecision) and (decision.cell, decision.edge) == (cell, edge):
                return self.at(self.selection.decisions[:number])
        return self.selection

    @cached_property
    def _measurements(self) -> dict[int, Measurement]:
        found = {edge.index: self.measurement(edge.index) for edge in self.space.edges(self.cell)}
        return {edge: measurement for edge, measurement in found.items() if measurement is not None}

    def measurements(self) -> dict[int, Measurement]:
        """Measurements of the cell on screen, by edge."""
        return self._measurements

    def scores(self) -> dict[int, EdgeScores]:
        return {edge: measurement.edge for edge, measurement in self._measurements.items()}

    def score(self, edge: int) -> EdgeScores | None:
        return self.scores().get(edge)

    def score_or_alphas(self, edge: int) -> EdgeScores | EdgeAlphas:
        return self.scores().get(edge) or edge_alphas(self.selection.alphas, self.cell, edge)

    def decided(self) -> dict[int, str]:
        """Decided edges of the cell on screen and their operations."""
        taken = {edge.index: self.selection.operation(self.cell, edge) for edge in self.space.edges(self.cell)}
        return {edge: name for edge, name in taken.items() if name is not None}

    def unmeasured(self) -> list[Request]:
        """Requests for the undecided edges of the cell on screen that have no finished measurement."""
        return [
            self.request("edge", self.cell, edge)
            for edge in self.selection.undecided_edges(self.cell)
            if (found := self._measurements.get(edge)) is None or found.partial
        ]

    def estimate(self, requests: list[Request]) -> float | None:
        return measurements.estimate(requests, self.summary)

    @property
    def busy(self) -> bool:
        """Whether this visitor's work is running or waiting."""
        return bool(measurements.running(self.visitor))

    @property
    def active(self) -> bool:
        """Whether the page has to refresh itself: work is running, or decisions play."""
        return self.busy or self.state.playing is not None

    def more_images(self, shown: int = 0) -> str | None:
        """The smallest budget above the current one and above the images `shown`, or None."""
        if self.images is None:
            return None
        now = max(shown, self.images)
        return next((name for name, images in url.BUDGETS.items() if images is None or images > now), None)

    # Callbacks: they run before the page is drawn

    def select(self, edge: int | None) -> None:
        chosen = None if edge is None else edge_id(self.cell, self.space.edge(self.cell, edge))
        self._change(edge=chosen)

    def show(self, edge: int) -> None:
        """Select an edge while the page is drawn, not in a callback."""
        self.select(edge)
        self.state = session.sync(self.entry.id, self.start)

    def measure(self, edge: int) -> None:
        self._begin([self.request("edge", self.cell, edge)], f"Measuring {self.edge_name(edge)}")

    def measure_more(self) -> None:
        shown = None if self.edge is None else self.measurement(self.edge)
        larger = self.more_images(0 if shown is None else shown.result.images)
        if larger is None or self.edge is None:
            return
        st.session_state["budget"] = larger
        request = replace(self.request("edge", self.cell, self.edge), images=url.BUDGETS[larger])
        self._begin([request], f"Measuring {self.edge_name()}")

    def measure_all(self) -> None:
        self._begin(self.unmeasured(), "Measuring all edges")

    def tune_again(self) -> None:
        """Make the tuned weights that the link names and that are not on this machine."""
        self._tune([])

    def _tune(self, requests: Sequence[Callable[[], Request]]) -> None:
        """Tune as the link says after the decisions so far, then measure what is asked for on the tuned weights."""
        decisions, letters, data = self.selection.decisions, self.letters, self.data

        def prepare(job: Job) -> list[Request]:
            tuned.tune(self.summary, decisions, letters, lambda done, total: job.progress(done, total, "batches"), data)
            return [request() for request in requests]

        key = ("tune", self.summary.digest, decisions, letters, data, self.images)
        self._attempt(lambda: measurements.start_prepared(key, prepare, TUNING, self.visitor))

    def _begin(self, requests: list[Request], title: str) -> None:
        if requests:
            self._attempt(lambda: measurements.start(requests, title, self.visitor))

    def _attempt(self, start: Callable[[], object]) -> None:
        """Start work; a full queue is a message, not an error."""
        try:
            start()
        except BadInput as error:
            st.toast(str(error), icon="⚠️")

    def _change(self, **parts: Any) -> None:
        self.state.link = replace(self.state.link, **parts)
        self.state.changed = True


def live(body: Callable[[Any], None], kind: "type[View] | None" = None) -> None:
    """Draw `body` in a fragment: clicks redraw it alone, and it refreshes itself while this visitor's work runs.

    kind: the view that `body` takes.
    """
    view = View.current()
    if view is None:
        return
    active = view.active

    def draw() -> None:
        now = (kind or View).current()
        if now is None:
            return
        body(now)
        if now.active != active:
            st.rerun()  # start or stop refreshing

    st.fragment(draw, run_every=REFRESH if active else None)()
