"""What a visitor's clicks do on Decide. `app.state.run` keeps what was decided; the Selection says what is legal.

Deciding         callbacks: take and undo decisions, look back, branch, and measure what belongs to them
PATH_SEEDS       edge orders that a live measured path is followed in
NOT_TOLD_APART   why measurement suggests nothing
"""

import time
from collections.abc import Collection, Sequence

import streamlit as st

from app.screens.decide.step import CurrentStep
from app.state import keys, url
from app.state.actions import Actions
from app.state.questions import Questions
from app.state.run import BRANCH_NAMES
from app.work.questions import Measurement, Request
from engine.selection.decisions import Decision, OperationDecision
from engine.selection.orders import NextStep
from engine.selection.selection import Selection

PATH_SEEDS = (0, 1, 2, 3)
NOT_TOLD_APART = "These images do not tell the operations apart, so measurement suggests nothing"


class Deciding:
    """Callbacks of one step. Whatever they do, auto-play pauses.

    Decisions are taken and taken back only while the page shows what stands: Streamlit reports a click twice where
    something else is reported at the same moment. The drawing after the first report is then cut off, or, on a busy
    machine, has just been finished.
    """

    def __init__(self, step: CurrentStep, do: Actions) -> None:
        self.step, self.page, self.ask, self.run = step, step.page, step.ask, step.page.run
        self.do = do.on(step.ask)

    def pause(self) -> None:
        self.run.playing = None

    @property
    def _is_stale(self) -> bool:
        return not self.run.is_seen(time.monotonic())

    # Decisions

    def take(self, decision: Decision, by: str) -> None:
        """Take a decision. by: who takes it, as the tape says."""
        after = self.page.selection.decide(decision)
        self.run.take(decision, by, is_last=after.is_complete)

    def take_by_hand(self, decision: Decision) -> None:
        """Take a decision; the page shows it at once, its accuracy and the next edge's scores follow."""
        self.pause()
        if self._is_stale:
            return
        by = "+".join(name for name, suggested in self.step.suggested.items() if suggested == decision)
        self.take(decision, {"α+measured": "both"}.get(by, by) or "you")
        self._enter_cell()
        self.measure_next()

    def choose(self, row: str) -> None:
        """Choose a row of the grid without deciding yet: an operation, or one more or less of a node's inputs."""
        place = self.step.place
        if place is None or self._is_stale:
            return
        if place.kind == "edge":
            self.pause()
            self.run.picked = OperationDecision(place.cell, place.index, row)
        else:
            self.choose_inputs(set(self.step.chosen_inputs) ^ {int(row)})

    def choose_inputs(self, edges: Collection[int]) -> None:
        """Choose a node's inputs without deciding yet; as many as it keeps can be decided."""
        self.pause()
        assert self.step.place is not None
        self.run.picked_inputs = (self.step.place.cell, self.step.place.index, tuple(sorted(edges)))

    def skip(self) -> None:
        self.pause()
        assert self.step.place is not None
        self.run.skip(self.step.place.cell, self.step.place.index)

    def undo(self) -> None:
        self.pause()
        if not self._is_stale:
            self.run.undo()
            self._enter_cell()

    def redo(self) -> None:
        self.pause()
        if not self._is_stale:
            self.run.redo()
            self._enter_cell()

    def ask_to_start_over(self) -> None:
        keys.START_OVER.set(True)

    def keep_going(self) -> None:
        keys.START_OVER.set(False)

    def start_over(self) -> None:
        """Back to the supernet as it came, or to where the link's task begins."""
        self.pause()
        keys.START_OVER.set(False)
        if self._is_stale:
            return
        if not self.run.start_over():
            st.toast("Every branch has its name already: this line could not be kept", icon=":material/warning:")
        self._enter_cell()

    def _enter_cell(self) -> None:
        """Show the cell of the next step; only a callback may, before the widget is drawn."""
        place = self.step.next()
        if place is not None and len(self.page.space.cells) > 1:
            keys.CELL.set(place.cell)

    # How it is decided

    def set_order(self) -> None:
        """Take edge order and seed from their widgets."""
        self.pause()
        order = keys.ORDER.get(url.ORDERS[0])
        self.run.set_order(order if order in url.ORDERS else url.ORDERS[0], int(keys.SEED.get(0) or 0))

    def set_first_preset(self) -> None:
        """Take the answer to the question before the first decision; no answer leaves it as it is."""
        self.pause()
        self.run.preset = keys.FIRST_PRESET.get(None) or self.run.preset
        keys.PRESET.set(self.run.preset)

    def set_preset(self) -> None:
        """Take the tuning that follows the next decisions from its widget."""
        self.pause()
        self.run.preset = keys.PRESET.get("n")

    # Looking back

    def look(self, number: int | None) -> None:
        """Look at the moment after so many decisions; None: at now."""
        self.pause()
        self.run.look(number)

    def branch_off(self) -> None:
        if not self._is_stale:
            self.run.branch_off()

    @property
    def has_all_branches(self) -> bool:
        """Whether no name is left for another branch."""
        return len(self.run.branches) + 1 == len(BRANCH_NAMES)

    def try_other(self, number: int, decision: Decision) -> None:
        """Take another decision after the first `number`, in a new branch; the line so far stays in the old one."""
        self.pause()
        if self._is_stale or self.has_all_branches:
            return
        self.run.look(number)
        self.run.branch_off()
        self.take(decision, "you")
        self._enter_cell()
        self.measure_next()

    def exchange(self, number: int, decision: Decision) -> None:
        """Take another decision at step `number` (from 1), all others the same, in a new branch."""
        self.pause()
        if self._is_stale or self.has_all_branches:
            return
        after = [(each, self.run.by.get(each, "link")) for each in self.run.link.decisions[number:]]
        self.run.look(number - 1)
        self.run.branch_off()
        for each, by in [(decision, "you"), *after]:
            self.take(each, by)
        self.measure_next()

    def switch(self, branch: str) -> None:
        """Go on in another branch."""
        self.pause()
        if branch in self.run.branches:
            self.run.switch(branch)
            self._enter_cell()

    # Measuring

    def measure_next(self) -> None:
        """Measure the step that comes next, or the accuracy when all is decided."""
        self._measure(self.step.next())

    def measure_this(self) -> None:
        """Measure the step on screen."""
        self._measure(self.step.place or self.step.next())

    def _measure(self, place: NextStep | None) -> None:
        if place is not None and self.page.hides("drop"):
            return
        number = len(self.page.decisions)

        def request(ask: Questions) -> Request:
            return ask.accuracy() if place is None else ask.request(place.kind, place.cell, place.index)

        if self.page.untuned:
            self.do.tune(lambda ask: [ask.at_once(number), ask.after_tuning(number), request(ask)])
            return
        found = self.ask.find(request(self.ask))
        if found is None:
            title = "Measuring the finished cell" if place is None else "Measuring the next step"
            self.do.begin([request(self.ask)], title)

    def measure_after(self, decision: Decision) -> None:
        """Measure the accuracy now and if this decision were taken."""
        stages = (self.page.selection, self.page.selection.decide(decision))
        self.do.begin([self.ask.accuracy(stage) for stage in stages], "Trying the choice")

    def measure_track(self) -> None:
        """Measure what is missing of the accuracies along the tape."""
        numbers = range(len(self.page.link.decisions) + 1)

        def requests(ask: Questions) -> Sequence[Request]:
            tuned = [ask.after_tuning(number) for number in numbers if ask.page.letter(number) != "n"]
            return [*(ask.at_once(number) for number in numbers), *tuned]

        if self.page.untuned:
            self.do.tune(requests)
            return
        self.do.begin([each for each in requests(self.ask) if self.ask.find(each) is None], "Measuring accuracies")

    @property
    def request(self) -> Request:
        """What is asked of the step on screen."""
        assert self.step.place is not None
        return self.ask.request(self.step.place.kind, self.step.place.cell, self.step.place.index)

    @property
    def preliminary(self) -> Measurement | None:
        """How far its measurement is that is being taken right now."""
        return self.ask.preliminary(self.request)

    def measure_on_more_images(self) -> None:
        """Measure the step on screen on the next larger number of images."""
        found = self.step.measurement
        if self.step.place is not None and found is not None:
            self.do.begin([self.ask.more(self.request, found)], "Measuring this step")

    @property
    def larger(self) -> str | None:
        """The next larger number of images for the step on screen, as the sidebar names it."""
        found = self.step.measurement
        return None if found is None else self.ask.next_size(found)

    def measure_paths(self, selection: Selection) -> None:
        """Follow the measured paths from a selection on."""
        self.do.follow_paths(self.ask.accuracy(selection), PATH_SEEDS)
