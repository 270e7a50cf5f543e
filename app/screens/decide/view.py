"""Deciding: what the Decide page adds to a view. The state machine is engine.Selection; this drives it.

Deciding   the current step, its suggestions, and the callbacks that take and undo decisions
"""

from collections.abc import Callable
from functools import cached_property, partial

import streamlit as st

from app.state import url
from app.state.page import View
from app.work import measurements, tuned
from app.work.measurements import Measurement, Request
from engine.drawing import wording
from engine.selection.decisions import Decision, InputsDecision, OperationDecision
from engine.selection.orders import NextStep, Order, edge_order, index_order, next_step
from engine.selection.selection import Selection

PATH_SEEDS = (0, 1, 2, 3)
"""Edge orders that a live measured path is followed in."""


class Deciding(View):
    """A view in which decisions are taken. The cell on screen is the one of the current step."""

    def __init__(self, entry) -> None:
        super().__init__(entry)
        taken = self.state.link.decisions
        if self.state.looking is not None and self.state.looking < len(taken):
            self.selection = self.at(taken[: self.state.looking])
        else:
            self.state.looking = None
        self.step = self._step(self.selection)
        if self.step is not None:
            self.cell = self.step.cell

    # The current step

    def _order(self, selection: Selection) -> Order:
        """What is left, in the chosen order; skipped edges come last, and the cell on screen first unless random."""
        if self.order == "random":
            order = edge_order(self.space, self.seed)
        else:
            order = index_order(self.space)
            nodes = tuple(sorted(order.nodes, key=lambda place: place[0] != self.cell))
            order = Order(tuple(sorted(order.edges, key=lambda place: place[0] != self.cell)), nodes)
        edges = list(order.edges)
        if self.order == "disagreement":
            edges.sort(key=lambda place: (place[0] != self.cell, -self._difference(*place)))
        return Order(tuple(sorted(edges, key=lambda place: place in self.state.skipped)), order.nodes)

    def _difference(self, cell: str, edge: int) -> float:
        found = None if self.selection.is_decided(cell, edge) else self.measurement(edge, cell)
        return found.edge.difference if found else 0.0

    def _step(self, selection: Selection) -> NextStep | None:
        """The selected edge while it is undecided, else what the order says."""
        if self.edge is not None and not selection.is_decided(self.cell, self.edge):
            return NextStep("edge", self.cell, self.edge)
        return next_step(selection, self._order(selection))

    def step_name(self) -> str:
        """The edge to decide, or which inputs to keep."""
        assert self.step is not None
        if self.step.kind == "edge":
            edge = self.space.edge(self.step.cell, self.step.index)
            return self.space.edge_name(edge)
        inputs = len(self.space.inputs(self.step.index))
        return f"keep 2 of {inputs} inputs to {self.space.node_name(self.step.index)}"

    @cached_property
    def step_measurement(self) -> Measurement | None:
        """What has been measured about the current step."""
        assert self.step is not None
        return self.find(self.request(self.step.kind, self.step.cell, self.step.index))

    def suggested(self) -> dict[str, Decision]:
        """Decisions by who suggests them: "α" always, "measured" once it is final and something stands out."""
        step = self.step
        assert step is not None
        found = self.step_measurement
        final = found if found and not found.partial else None
        if step.kind == "node":
            by: dict[str, Decision] = {
                "α": InputsDecision(step.cell, step.index, self.selection.inputs_by_alpha(step.cell, step.index))
            }
            if final:
                by["measured"] = InputsDecision(step.cell, step.index, final.inputs.keep)
            return by
        by = {"α": OperationDecision(step.cell, step.index, self.selection.best_by_alpha(step.cell, step.index))}
        if final and not final.edge.none_stands_out:
            by["measured"] = OperationDecision(step.cell, step.index, final.edge.best)
        return by

    def chosen(self) -> OperationDecision | None:
        """The operation picked for the current step and not yet decided, if any."""
        picked = st.session_state.get("picked")
        step = self.step
        if step is None or not isinstance(picked, OperationDecision):
            return None
        return picked if (picked.cell, picked.edge) == (step.cell, step.index) else None

    def choose(self, decision: OperationDecision) -> None:
        """Pick an operation without deciding yet."""
        self.pause()
        st.session_state["picked"] = decision

    def after(self, decision: Decision) -> Measurement | None:
        """The supernet's accuracy if this decision were taken, where it is known."""
        selection = self.selection.decide(decision)
        return self.find(self.request("accuracy", "", 0, selection))

    def before(self) -> Measurement | None:
        """The supernet's accuracy now, where it is known."""
        return self.find(self.request("accuracy", "", 0))

    # The way so far

    @property
    def untuned(self) -> bool:
        """Whether the weights that the link names are not on this machine, so that what is shown is measured before."""
        return self.stage(self.selection.decisions).missing

    @property
    def is_past(self) -> bool:
        """Whether an earlier moment is looked at: nothing can be decided there."""
        return self.state.looking is not None

    def accuracy_track(self) -> list[tuple[Measurement | None, Measurement | None]]:
        """Accuracies at the start and after every decision, where known: right after it, and after its tuning."""
        numbers = range(len(self.state.link.decisions) + 1)
        tuned_ones = [self.find(self._after_tuning(number)) if self._is_tuned(number) else None for number in numbers]
        return [(self.find(self._at_once(number)), after) for number, after in zip(numbers, tuned_ones, strict=True)]

    def _letter(self, number: int) -> str | None:
        """The tuning that followed decision `number` (from 1), or None."""
        letter = self.letters[number - 1 : number] if number else ""
        return letter if letter not in ("", "n") else None

    def _is_tuned(self, number: int) -> bool:
        """Whether decision `number` was followed by tuning whose weights are here: else an earlier stage stands in."""
        return self._letter(number) is not None and not self.stage(self.state.link.decisions[:number]).missing

    def _at_once(self, number: int) -> Request:
        """The accuracy after so many decisions, before the last one's tuning."""
        taken = self.state.link.decisions[:number]
        before = self.stage(taken[:-1]).summary if taken else self.summary
        selection = before.start.with_decisions(taken)
        return Request.of(before, selection, "accuracy", "", 0, images=self.images, data=self.data)

    def _after_tuning(self, number: int) -> Request:
        return self.request("accuracy", "", 0, self.at(self.state.link.decisions[:number]))

    def decided_by(self, decision: Decision) -> str:
        """Who took a decision; one that came with a link, nobody here."""
        return self.state.by.get(decision, "link")

    @property
    def can_redo(self) -> bool:
        return bool(self.state.redo)

    @property
    def playing(self) -> str | None:
        return self.state.playing

    # Measured paths

    def paths(self, selection: Selection | None = None) -> tuple[measurements.Path, ...]:
        request = self.request("accuracy", "", 0, selection)
        return measurements.paths(request, self.summary) or measurements.paths(
            self._on_stored_images(request), self.summary
        )

    def paths_line(self, paths: tuple[measurements.Path, ...]) -> str:
        """How the shown paths were found."""
        orders = "order" if len(paths) == 1 else "orders"
        images = wording.count(paths[0].images)
        tuning = "no further tuning" if self.letters else "no tuning"
        return f"{len(paths)} edge {orders}, {images} images, batch statistics, {tuning} · {paths[0].source}"

    # Callbacks

    def take(self, decision: Decision, by: str) -> None:
        """Take a decision; the page shows it at once, its accuracy and the next edge's scores follow."""
        self._take(decision, by)
        self._enter_cell()
        self.measure_step()

    def _take(self, decision: Decision, by: str) -> None:
        selection = self.selection.decide(decision)
        self.state.redo.clear()
        self.state.by[decision] = by
        letters = self.letters[: self.selection.steps_done].ljust(self.selection.steps_done, "n")
        # Nothing is left to be measured after the last decision.
        letters += "n" if selection.is_complete else self.state.preset
        self.letters = letters.rstrip("n")
        self._move(selection)

    def take_by_hand(self, decision: Decision) -> None:
        self.pause()
        by = "+".join(name for name, suggested in self.suggested().items() if suggested == decision)
        self.take(decision, {"α+measured": "both"}.get(by, by) or "you")

    def undo(self) -> None:
        self.pause()
        if self.selection.decisions:
            self.state.redo.append(self.selection.decisions[-1])
            self._move(self.at(self.selection.decisions[:-1]))
            self._enter_cell()

    def redo(self) -> None:
        self.pause()
        if self.state.redo:
            self._move(self.selection.decide(self.state.redo.pop()))
            self._enter_cell()

    def reset(self) -> None:
        """Back to the undecided supernet; order and seed stay, and redo leads forward again."""
        self.pause()
        self.state.redo.extend(reversed(self.selection.decisions))
        self.state.skipped.clear()
        self._move(self.start)
        self._enter_cell()

    def skip(self) -> None:
        self.pause()
        assert self.step is not None
        place = (self.step.cell, self.step.index)
        if place in self.state.skipped:
            self.state.skipped.remove(place)
        self.state.skipped.append(place)
        self._change(edge=None)

    def set_order(self) -> None:
        """Take edge order and seed from their widgets."""
        self.pause()
        self.state.skipped.clear()
        order, seed = st.session_state["order-choice"], st.session_state["order-seed"]
        self._change(order=order if order in url.ORDERS else url.ORDERS[0], seed=int(seed or 0), edge=None)

    def _move(self, selection: Selection) -> None:
        """Go on from another selection."""
        self.selection = selection
        self._change(decisions=selection.decisions, tune=self.letters, edge=None)

    def _enter_cell(self) -> None:
        """Show the cell of the next step; only a callback may, before the widget is drawn."""
        step = next_step(self.selection, self._order(self.selection))
        if step is not None and len(self.space.cells) > 1:
            st.session_state["cell"] = step.cell

    def measure_step(self, step: NextStep | None = None) -> None:
        """Measure a step (the current one), or the accuracy when all is decided."""
        step = step or next_step(self.selection, self._order(self.selection))
        selection = self.selection

        def request() -> Request:
            now = self.at(selection.decisions)
            if step is None:
                return self.request("accuracy", "", 0, now)
            return self.request("edge" if step.kind == "edge" else "node", step.cell, step.index, now)

        if self.untuned:
            number = selection.steps_done
            self._tune([partial(self._at_once, number), partial(self._after_tuning, number), request])
            return
        found = self.find(request())
        if found is None or found.partial:
            self._begin([request()], "Measuring the finished cell" if step is None else "Measuring the next step")

    def measure_this_step(self) -> None:
        self.measure_step(self.step)

    def measure_after(self, decision: Decision) -> None:
        """Measure the accuracy now and if this decision were taken."""
        stages = (self.selection, self.selection.decide(decision))
        self._begin([self.request("accuracy", "", 0, stage) for stage in stages], "Trying the choice")

    def measure_track(self) -> None:
        numbers = range(len(self.state.link.decisions) + 1)
        requests: list[Callable[[], Request]] = [partial(self._at_once, number) for number in numbers]
        requests += [partial(self._after_tuning, number) for number in numbers if self._letter(number)]
        if self.untuned:
            self._tune(requests)
            return
        missing = [request() for request in requests if self.find(request()) is None]
        self._begin(missing, "Measuring accuracies")

    def set_preset(self) -> None:
        """Take the tuning that follows the next decisions from its widget."""
        self.pause()
        self.state.preset = st.session_state["tune-choice"]

    def preset_line(self) -> str:
        """What tuning follows the next decision, with its time."""
        preset = tuned.PRESETS[self.state.preset]
        if not preset.amount:
            return "no fine-tuning between steps (the published procedure fine-tunes 5 epochs)"
        unit = "mini-batches" if preset.unit == "batches" else preset.unit
        return f"fine-tuning after each decision: {preset.amount} {unit} at lr {preset.lr:g}"

    def look(self, number: int) -> None:
        """Look at the moment after so many decisions."""
        self.pause()
        self.state.looking = number
        self._change(edge=None)

    def look_at_now(self) -> None:
        self.state.looking = None
        self._change(edge=None)

    def branch_off(self) -> None:
        self.state.branch_off()

    def switch_branch(self) -> None:
        """Go on in the branch that its widget names."""
        chosen = st.session_state["branch-choice"]
        if chosen and chosen != self.state.branch:
            self.state.switch(chosen)

    def more_images_for_step(self) -> None:
        larger = self.more_images()
        if larger is not None:
            st.session_state["budget"] = larger
            self.images = url.BUDGETS[larger]
            self.measure_step(self.step)

    def measure_paths(self, selection: Selection | None = None) -> None:
        request = self.request("accuracy", "", 0, selection)
        self._attempt(lambda: measurements.start_paths(request, PATH_SEEDS, self.visitor))

    def pause(self) -> None:
        self.state.playing = None
