"""The step of a selection that is to be decided now: the edge or node, and what is known about it.

CurrentStep   the step, who suggests what, and what was picked
at_step       the page as Decide shows it, with its step
"""

from dataclasses import replace
from functools import cached_property

from app.state.questions import Questions
from app.work.questions import Measurement
from engine.results import EdgeScores
from engine.scoring.paths import Scores, decision_of
from engine.selection.decisions import Decision, InputsDecision, OperationDecision
from engine.selection.orders import NextStep, Order, edge_order, index_order, next_step


class CurrentStep:
    """What is decided next on a page, whose cell is the step's. place: None where everything is decided."""

    def __init__(self, ask: Questions, place: NextStep | None) -> None:
        self.page, self.ask, self.place = ask.page, ask, place

    @property
    def name(self) -> str:
        """The edge to decide, or which inputs to keep; with its cell, where the space has several."""
        place, space = self._place, self.page.space
        spec = space.cell(place.cell)
        cell = f"{place.cell} cell, " if len(space.cells) > 1 else ""
        if place.kind == "edge":
            return cell + spec.edge_name(space.edge(place.cell, place.index))
        kept, entering = spec.kept(place.index), len(spec.entering(place.index))
        return f"{cell}keep {kept} of {entering} inputs to {spec.node_name(place.index)}"

    @property
    def _place(self) -> NextStep:
        assert self.place is not None
        return self.place

    @cached_property
    def measurement(self) -> Measurement | None:
        """What has been measured about it."""
        return self.ask.find(self.ask.request(self._place.kind, self._place.cell, self._place.index))

    @cached_property
    def suggested(self) -> dict[str, Decision]:
        """Decisions by who suggests them: "α" where it is known, "measured" once it is final and told apart."""
        by: dict[str, Decision] = {}
        if (alpha := self.page.selection.by_alpha(self._place)) is not None:
            by["α"] = alpha
        if (final := self.final) is not None and final.stands_out:
            by["measured"] = decision_of(final)
        return by

    @cached_property
    def final(self) -> Scores | None:
        """Its scores, once they are final."""
        found = self.measurement
        if found is None:
            return None
        return found.edge if self._place.kind == "edge" else found.inputs

    @property
    def preselected(self) -> Decision | None:
        """What is chosen before anybody has picked: what measurement suggests, or alpha's choice where nothing is
        measured or measurement leads to the same operation. Nothing where measurement cannot tell."""
        suggested, final = self.suggested, self.final
        if final is None or (isinstance(final, EdgeScores) and final.verdict == "agree"):
            return suggested.get("α")
        return suggested.get("measured")

    @property
    def picked(self) -> OperationDecision | None:
        """The operation picked for it and not yet decided, if any."""
        picked, place = self.page.run.picked, self.place
        if place is None or picked is None:
            return None
        return picked if (picked.cell, picked.edge) == (place.cell, place.index) else None

    @property
    def choice(self) -> OperationDecision | None:
        """The operation that is chosen for an edge: picked, else preselected."""
        chosen = self.picked or self.preselected
        return chosen if isinstance(chosen, OperationDecision) else None

    @property
    def chosen_inputs(self) -> tuple[int, ...]:
        """The edges that are chosen for a node, as many as they may be."""
        picked = self.page.run.picked_inputs
        if picked is not None and picked[:2] == (self._place.cell, self._place.index):
            return picked[2]
        chosen = self.preselected
        return chosen.edges if isinstance(chosen, InputsDecision) else ()

    @property
    def inputs_choice(self) -> InputsDecision | None:
        """The decision that the chosen inputs make, where they are as many as the node keeps."""
        cell, node, edges = self._place.cell, self._place.index, tuple(sorted(self.chosen_inputs))
        keep = self.page.space.cell(cell).kept(node)
        return InputsDecision(cell, node, edges) if len(edges) == keep else None

    def next(self) -> NextStep | None:
        """What comes next by the order alone, as the selection now is."""
        return next_step(self.page.selection, _order(self.ask))


def at_step(ask: Questions) -> CurrentStep:
    """The step to decide: the selected edge while it is undecided, else what the order says.

    It shows the moment that is looked at, and the cell on screen is the step's.
    """
    page = replace(ask.page, looks_back=True)
    ask = ask.on(page)
    place: NextStep | None
    if page.edge is not None and not page.selection.is_decided(page.cell, page.edge):
        place = NextStep("edge", page.cell, page.edge)
    else:
        place = next_step(page.selection, _order(ask))
    if place is not None and place.cell != page.cell:
        ask = ask.on(replace(page, cell=place.cell))
    return CurrentStep(ask, place)


def _order(ask: Questions) -> Order:
    """What is left, in the chosen order; skipped edges come last, and the cell on screen first unless random."""
    page = ask.page
    if page.link.order == "random":
        order = edge_order(page.space, page.link.seed)
    else:
        order = index_order(page.space)
        nodes = tuple(sorted(order.nodes, key=lambda place: place[0] != page.cell))
        order = Order(tuple(sorted(order.edges, key=lambda place: place[0] != page.cell)), nodes)
    edges = list(order.edges)
    if page.link.order == "disagreement":
        edges.sort(key=lambda place: (place[0] != page.cell, -_difference(ask, *place)))
    return Order(tuple(sorted(edges, key=lambda place: place in page.run.skipped)), order.nodes)


def _difference(ask: Questions, cell: str, edge: int) -> float:
    found = None if ask.page.selection.is_decided(cell, edge) else ask.measurement(edge, cell)
    return (found.edge.difference or 0.0) if found else 0.0
