"""What a supernet can end as: alpha's cell, measured ones, stored runs, the visitor's own. Needs no torch.

Side         a run and one of its endings; "RUN:ENDING" in a link
RunEndings   the endings of one run: alpha's, stored ones, and the visitor's own
all_endings  those of all runs
is_order     whether an ending is a stored measured path's

Every ending is a selection document, whether it was stored as one or is put together here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from app.library.catalog import Entry
from app.library.selections import stored_selections
from app.state.run import RunState
from engine.checkpoint.format import Summary
from engine.errors import BadInput
from engine.results import EdgeScores, InputScores
from engine.scoring.paths import decide_at_once
from engine.scoring.settings import is_papers
from engine.selecting.record import SelectionRecord, Step
from engine.selecting.settings import PUBLISHED
from engine.selection.decisions import Decision
from engine.selection.ending import ending_at
from engine.selection.genotype_text import parse_genotype
from engine.selection.orders import edge_order
from engine.selection.selection import Selection

ALPHA, AT_ONCE, MINE = "alpha", "at-once", "mine"
ORDER = "order-"


class Side(NamedTuple):
    """A run and the name of one of its endings."""

    run: str
    ending: str

    def __str__(self) -> str:
        return f"{self.run}:{self.ending}"


@dataclass(frozen=True)
class RunEndings:
    """The endings of one run. decisions: those that the visitor has taken in it."""

    entry: Entry
    decisions: tuple[Decision, ...] = ()

    @property
    def summary(self) -> Summary:
        assert self.entry.summary is not None
        return self.entry.summary

    @cached_property
    def start(self) -> Selection:
        """The selection as the run came: with the decisions that its training took, if it did."""
        return self.summary.start

    @cached_property
    def stored(self) -> dict[str, SelectionRecord]:
        """Selection documents beside the checkpoint that are of this supernet, by name."""
        found = {name: document for name, document, _ in stored_selections(self.entry) if document is not None}
        return {name: document for name, document in found.items() if name not in self._built}

    @property
    def damaged(self) -> list[str]:
        """One sentence for every file that is no document of this supernet."""
        return [error for _, _, error in stored_selections(self.entry) if error is not None]

    @property
    def orders(self) -> tuple[str, ...]:
        """Endings of the stored measured paths."""
        return tuple(f"{ORDER}{row['seed']}" for row in (self.summary.scores or {}).get("paths") or ())

    @property
    def _built(self) -> tuple[str, ...]:
        alpha = (ALPHA,) if self.start.alphas.known else ()
        return (*alpha, *((AT_ONCE,) if self._is_swept else ()), *self.orders, MINE)

    @property
    def _is_swept(self) -> bool:
        """Whether the stored sweep has a word on everything there is to decide."""
        scores = self.summary.scores or {"edges": (), "inputs": ()}
        return len(scores["edges"]) + len(scores["inputs"]) == self.summary.space.steps - self.start.steps_done

    @property
    def endings(self) -> tuple[str, ...]:
        return (*self._built, *self.stored)

    @property
    def measured(self) -> str | None:
        """The ending that stands for measurement: the first order's, else all drops at once, else a stored run's."""
        runs = [name for name, document in self.stored.items() if document.strategy == "perturbation"]
        return next((name for name in (*self.orders, *self._built, *runs) if name not in (ALPHA, MINE)), None)

    @property
    def published(self) -> str | None:
        """The first stored run that was tuned as the authors tune."""
        return next((name for name, document in self.stored.items() if _tuned_as_published(document)), None)

    def document(self, ending: str) -> SelectionRecord:
        """What ended there. Raises BadInput for an ending that this run does not have."""
        if ending in self.stored:
            return self.stored[ending]
        if ending == ALPHA and self.start.alphas.known:
            return self._document(self.start.alpha_path(), "alpha", "magnitude")
        if ending == MINE:
            return self._document(self.start.with_decisions(self.decisions), "person", "person")
        if ending == AT_ONCE and self._is_swept:
            return self._at_once()
        if ending in self.orders:
            return self._path(int(ending.removeprefix(ORDER)))
        raise BadInput(f"{self.entry.id} has no ending {ending!r}; it has {', '.join(self.endings)}")

    def scores(self, cell: str, edge: int) -> EdgeScores | None:
        """What the stored sweep says of an edge."""
        for row in (self.summary.scores or {"edges": ()})["edges"]:
            if (row["cell"], row["edge"]) == (cell, edge):
                return EdgeScores.from_dict(row)
        return None

    def _at_once(self) -> SelectionRecord:
        """Every edge and node by the stored sweep, which was measured before anything was decided."""
        scores = self.summary.scores or {}
        edges, nodes = map(EdgeScores.from_dict, scores["edges"]), map(InputScores.from_dict, scores["inputs"])
        return self._measured([*edges, *nodes], order="at once")

    def _path(self, seed: int) -> SelectionRecord:
        """A stored measured path."""
        row = next(row for row in (self.summary.scores or {})["paths"] if row["seed"] == seed)
        facts = {"order": "random", "seed": seed, "images": row["images"]}
        if steps := row.get("steps"):
            kinds = [EdgeScores if "edge" in step else InputScores for step in steps]
            return self._measured([kind.from_dict(step) for kind, step in zip(kinds, steps, strict=True)], **facts)
        selection = ending_at(self.start, parse_genotype(row["genotype"]), edge_order(self.summary.space, seed))
        steps = tuple(Step("measured") for _ in selection.decisions)
        return SelectionRecord(selection, steps, strategy="perturbation", **self._sweep(**facts))

    def _measured(self, scores: Sequence[EdgeScores | InputScores], **facts: Any) -> SelectionRecord:
        """The selection that scores lead to, one after the other."""
        selection = decide_at_once(self.start, scores)
        steps = *self._given, *(Step("measured", each) for each in scores)
        return SelectionRecord(selection, steps, strategy="perturbation", **self._sweep(**facts))

    @property
    def _given(self) -> tuple[Step, ...]:
        return tuple(Step("training") for _ in self.start.decisions)

    def _document(self, selection: Selection, by: Any, strategy: str) -> SelectionRecord:
        given = self._given if selection.decisions[: len(self._given)] == self.start.decisions else ()
        steps = *given, *(Step(by) for _ in selection.decisions[len(given) :])
        return SelectionRecord(selection, steps, strategy=strategy, checkpoint=self._checkpoint)

    @property
    def _checkpoint(self) -> dict[str, Any]:
        summary = self.summary
        return {
            "name": self.entry.id,
            "digest": summary.digest,
            "space": summary.space.name,
            "dataset": summary.meta.get("dataset"),
        }

    def _sweep(self, **settings: Any) -> dict[str, Any]:
        scores = self.summary.scores or {}
        how = scores["settings"] | {"device": scores.get("device", "cpu")} | settings
        return {"settings": how, "date": scores["date"], "checkpoint": self._checkpoint}


def is_order(ending: str) -> bool:
    """Whether an ending is that of a stored measured path, "order-0"."""
    return re.fullmatch(rf"{ORDER}\d+", ending, re.ASCII) is not None


def all_endings(entries: Mapping[str, Entry], states: Mapping[str, RunState]) -> dict[str, RunEndings]:
    """The endings of every run that can be used. states: what the session holds, by run."""
    return {
        name: RunEndings(entry, states[name].link.decisions if name in states else entry.begun)
        for name, entry in entries.items()
        if entry.summary is not None
    }


def _tuned_as_published(document: SelectionRecord) -> bool:
    """Five epochs at 0.0025 after every decision of measurement (Wang et al. 2021, section 4)."""
    by_paper = document.strategy == "perturbation" and is_papers(document.settings)
    return by_paper and document.tuning == PUBLISHED
