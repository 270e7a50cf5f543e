"""What a page is about, as one value. Without Streamlit and torch.

PageState   the supernet, cell, edge, images and decisions on screen
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from app.figures.edge_names import edge_id, parse_edge_id
from app.library.catalog import Entry
from app.library.image_sets import SAMPLE, ImageSet
from app.state.run import RunState
from app.state.url import Link
from app.state.visit import Visit
from app.work import tuned
from engine import nasbench201
from engine.checkpoint.format import Summary
from engine.drawing.palette import Theme
from engine.selection.decisions import Decision
from engine.selection.selection import Selection
from engine.spaces import SearchSpace


@dataclass(frozen=True)
class PageState:
    """One drawing's view of one run; a page that shows something else makes another by `dataclasses.replace`.

    run: what the session holds of it. Decisions, tuning and selection follow from its link at every look, so they are
    right in callbacks too. cell: the cell type on screen. images: to measure on, None for all, of `image_set`.
    unasked: why nothing is measured on these, before the visitor says that they are meant.
    isolated: the operation that is highlighted. looks_back: whether an earlier moment that is looked at is shown.
    preselects: whether an edge is shown while none is selected. later: decisions that the training took after the epoch
    on screen. visit: a lesson, and what is hidden.
    """

    entry: Entry
    run: RunState
    cell: str
    images: int | None = 1024
    image_set: ImageSet = SAMPLE
    unasked: str | None = None
    isolated: str | None = None
    visitor: str = ""
    theme: Theme = "light"
    looks_back: bool = False
    preselects: bool = False
    later: frozenset[Decision] = frozenset()
    visit: Visit = field(default_factory=Visit)

    @property
    def summary(self) -> Summary:
        assert self.entry.summary is not None
        return self.entry.summary

    @property
    def space(self) -> SearchSpace:
        return self.summary.space

    @cached_property
    def start(self) -> Selection:
        """The run's selection as it came: with the decisions that its training took, if it did."""
        return self.summary.start

    @property
    def data(self) -> str:
        """Where the images come from that are measured and tuned on, as the engine finds them."""
        return self.image_set.spec

    def as_now(self) -> "PageState":
        """The same page, as it is now whatever the visitor does: for work in the background."""
        return replace(self, run=replace(self.run))

    def as_it_came(self) -> "PageState":
        """The supernet before whatever the visitor has decided."""
        return replace(self, run=replace(self.run, link=replace(self.link, decisions=self.entry.begun, tune="", by="")))

    def hides(self, *what: str) -> bool:
        """Whether a teacher's link hides any of these, words of `app.state.visit.HIDING`."""
        return self.visit.hides(*what)

    @property
    def knows_truth(self) -> bool:
        """Whether a table knows the true accuracies, and they may be shown."""
        return nasbench201.covers(self.space) and not self.hides("truth")

    @property
    def can_measure(self) -> bool:
        """Whether drops can be measured here, and may be."""
        return self.entry.has_weights and not self.hides("drop")

    @property
    def evidence(self) -> tuple[bool, bool]:
        """Whether there can be drops, and whether they are hidden: for `app.parts.sentences`."""
        return self.entry.has_weights, self.hides("drop")

    # What is decided

    @property
    def link(self) -> Link:
        return self.run.link

    @property
    def letters(self) -> str:
        """The tuning that followed each decision, letters of `app.work.tuned.PRESETS`; "n" is left out at the end."""
        return self.link.tune

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The decisions on screen."""
        taken = self.run.shown if self.looks_back else self.link.decisions
        return tuple(each for each in taken if each not in self.later) if self.later else taken

    @property
    def selection(self) -> Selection:
        """The decisions on screen, on top of the alphas that their tuning left."""
        key = self.decisions, self.letters
        if key not in self._selections:
            self._selections[key] = self.at(self.decisions)
        return self._selections[key]

    @cached_property
    def _selections(self) -> dict[tuple[tuple[Decision, ...], str], Selection]:
        return {}

    def at(self, decisions: Sequence[Decision]) -> Selection:
        """These decisions, on top of the alphas that their tuning left."""
        return self.stage(decisions).summary.start.with_decisions(decisions)

    def stage(self, decisions: Sequence[Decision]) -> tuned.Stage:
        """The supernet, tuned as the link says, after these decisions."""
        return tuned.stage(self.summary, decisions, self.letters, self.data)

    @property
    def untuned(self) -> bool:
        """Whether the weights that the link names are not on this machine, so that what is shown is measured before."""
        return self.stage(self.decisions).missing

    def letter(self, number: int) -> str:
        """The tuning that followed decision `number` (from 1); "n" for none."""
        return self.letters[number - 1 : number] or "n" if number else "n"

    def decided(self) -> dict[int, str]:
        """Decided edges of the cell on screen and their operations."""
        selection = self.selection
        taken = {edge.index: selection.operation(self.cell, edge) for edge in self.space.edges(self.cell)}
        return {edge: name for edge, name in taken.items() if name is not None}

    def weights(self) -> list[list[float]]:
        """Mixing weights of the cell on screen, as alpha alone has them."""
        return self.selection.alphas.weights(self.cell).tolist()

    # The edge in focus

    @property
    def edge(self) -> int | None:
        """The selected edge, if it is one of the cell on screen; else the preselected one."""
        if self.link.edge is not None:
            cell, edge = parse_edge_id(self.space, self.link.edge)
            if cell == self.cell:
                return edge
        return self.run.preselected.get((self.cell, self.decisions)) if self.preselects else None

    def edge_id(self, edge: int) -> str:
        """An edge of the cell on screen, as a link names it."""
        return edge_id(self.cell, self.space.edge(self.cell, edge))

    def edge_name(self, edge: int) -> str:
        """An edge of the cell on screen in words; `engine.drawing.wording` writes its subscripts."""
        return self.space.cell(self.cell).edge_name(self.space.edge(self.cell, edge))
