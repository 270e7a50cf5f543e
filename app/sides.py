"""The two sides of a comparison: which supernets, and what ended there. Needs no torch.

Side       a run and one of its endings; "RUN:ENDING" in a link
Shelf      the endings of one run: alpha's, stored ones, and the visitor's own
shelves    those of all runs
default    the pair to begin with; presets: all pairs worth a look
tunings    stored runs that differ in their edge order only
current    the two sides on screen, in step with the address
choose     change them, in a callback

Every ending is a selection document, whether it was stored as one or is put together here.
"""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import streamlit as st

from app import session, style
from app.catalog import Entry
from app.session import Address
from engine.decisions import Decision
from engine.document import Document, Step
from engine.errors import BadInput
from engine.genotype import parse_genotype
from engine.native import Summary
from engine.order import edge_order
from engine.results import EdgeScores, InputScores
from engine.search_space import SearchSpace
from engine.selection import Selection

ALPHA, AT_ONCE, MINE = "alpha", "at-once", "mine"
ORDER = "order-"
FOLDER = "selections"
KEYS = ("a", "b")
_STORED = re.compile(r"[\w.-]+")
"""Names of stored documents that an address can hold."""
RECIPE = ("space", "method", "channels", "cells", "image_size", "epochs", "seed", "data")


class Side(NamedTuple):
    """A run and the name of one of its endings."""

    run: str
    ending: str

    def __str__(self) -> str:
        return f"{self.run}:{self.ending}"


Pair = tuple[Side, Side]


@dataclass(frozen=True)
class Shelf:
    """The endings of one run. decisions: those that the visitor has taken in it."""

    entry: Entry
    decisions: tuple[Decision, ...] = ()

    @property
    def summary(self) -> Summary:
        assert self.entry.summary is not None
        return self.entry.summary

    @cached_property
    def start(self) -> Selection:
        return Selection(self.summary.space, self.summary.alphas)

    @cached_property
    def stored(self) -> dict[str, Document]:
        """Selection documents beside the checkpoint that are of this supernet, by name."""
        found = {name: document for name, document, _ in _documents(self.entry) if document is not None}
        return {name: document for name, document in found.items() if name not in self._built}

    @property
    def damaged(self) -> list[str]:
        """One sentence for every file that is no document of this supernet."""
        return [error for _, _, error in _documents(self.entry) if error is not None]

    @property
    def orders(self) -> tuple[str, ...]:
        """Endings of the stored measured paths."""
        return tuple(f"{ORDER}{row['seed']}" for row in (self.summary.scores or {}).get("paths") or ())

    @property
    def _built(self) -> tuple[str, ...]:
        return (ALPHA, *((AT_ONCE,) if self._is_swept else ()), *self.orders, MINE)

    @property
    def _is_swept(self) -> bool:
        """Whether the stored sweep has a word on everything there is to decide."""
        scores = self.summary.scores or {"edges": (), "inputs": ()}
        return len(scores["edges"]) + len(scores["inputs"]) == self.summary.space.steps

    @property
    def endings(self) -> tuple[str, ...]:
        return (*self._built, *self.stored)

    @property
    def measured(self) -> str | None:
        """The ending that stands for measurement: the first order's, else all drops at once, else a stored run's."""
        runs = [name for name, document in self.stored.items() if document.strategy == "perturbation"]
        return next((name for name in (*self.orders, *self._built[1:-1], *runs)), None)

    @property
    def published(self) -> str | None:
        """The first stored run that was tuned as the authors tune."""
        return next((name for name, document in self.stored.items() if _tuned_as_published(document)), None)

    def document(self, ending: str) -> Document:
        """What ended there. Raises BadInput for an ending that this run does not have."""
        if ending in self.stored:
            return self.stored[ending]
        if ending == ALPHA:
            return self._document(self.start.alpha_path(), "alpha", "magnitude")
        if ending == MINE:
            return self._document(self.start.replay(self.decisions), "person", "person")
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

    def _at_once(self) -> Document:
        """Every edge and node by the stored sweep, which was measured before anything was decided."""
        scores = self.summary.scores or {}
        selection, steps = self.start, []
        for edge in map(EdgeScores.from_dict, scores["edges"]):
            selection = selection.discretize(edge.cell, edge.edge, edge.best)
            steps.append(Step("measured", edge))
        for node in map(InputScores.from_dict, scores["inputs"]):
            selection = selection.keep_inputs(node.cell, node.node, node.keep)
            steps.append(Step("measured", node))
        return Document(selection, tuple(steps), strategy="perturbation", **self._sweep(order="at once"))

    def _path(self, seed: int) -> Document:
        """A stored measured path. It says where it ends, but not what was measured at its steps.

        A genotype leaves out the operations of inputs that are not kept; alpha's stand in for them.
        """
        row = next(row for row in (self.summary.scores or {})["paths"] if row["seed"] == seed)
        genotype, space, selection = parse_genotype(row["genotype"]), self.summary.space, self.start
        kept = {cell: {(source, target): name for name, source, target in genotype.edges(cell)} for cell in space.cells}
        order = edge_order(space, seed)
        for cell, index in order.edges:
            edge = space.edge(cell, index)
            name = kept[cell].get((edge.source, edge.target)) or self.start.best_by_alpha(cell, edge)
            selection = selection.discretize(cell, edge, name)
        for cell, node in order.nodes:
            inputs = [edge.index for edge in space.inputs(node) if (edge.source, node) in kept[cell]]
            selection = selection.keep_inputs(cell, node, inputs)
        steps = tuple(Step("measured") for _ in selection.decisions)
        facts = self._sweep(order="random", seed=seed, images=row["images"])
        return Document(selection, steps, strategy="perturbation", **facts)

    def _document(self, selection: Selection, by: Any, strategy: str) -> Document:
        steps = tuple(Step(by) for _ in selection.decisions)
        return Document(selection, steps, strategy=strategy, checkpoint=self._checkpoint)

    @property
    def _checkpoint(self) -> dict[str, Any]:
        return {"name": self.entry.id, "digest": self.summary.digest, "space": self.summary.space.name}

    def _sweep(self, **settings: Any) -> dict[str, Any]:
        scores = self.summary.scores or {}
        how = scores["settings"] | {"device": scores.get("device", "cpu")} | settings
        return {"settings": how, "date": scores["date"], "checkpoint": self._checkpoint}


def is_order(ending: str) -> bool:
    """Whether an ending is that of a stored measured path, "order-0"."""
    return re.fullmatch(rf"{ORDER}\d+", ending, re.ASCII) is not None


def shelves(entries: Mapping[str, Entry]) -> dict[str, Shelf]:
    """A shelf for every run that can be used, with the decisions that this session holds for it."""
    states: dict[str, session.State] = st.session_state.get("states", {})
    return {
        name: Shelf(entry, states[name].link.decisions if name in states else entry.begun)
        for name, entry in entries.items()
        if entry.summary is not None
    }


def _documents(entry: Entry) -> tuple[tuple[str, Document | None, str | None], ...]:
    assert entry.summary is not None
    files = sorted((entry.path / FOLDER).glob("*.json"))
    of = entry.id, entry.summary.space, entry.summary.digest
    return tuple((file.stem, *_read(file, file.stat().st_mtime_ns, *of)) for file in files)


@lru_cache(maxsize=256)
def _read(file: Path, stamp: int, run: str, space: SearchSpace, digest: str) -> tuple[Document | None, str | None]:
    try:
        if not _STORED.fullmatch(file.stem):
            raise BadInput("its name may hold letters, digits, dots and dashes only; rename it")
        document = Document.from_json(file.read_text(encoding="utf-8"), space)
        if document.checkpoint.get("digest") != digest:
            raise BadInput("it is a selection of another supernet; move it to that one's folder")
        return document, None
    except (BadInput, OSError, UnicodeDecodeError) as error:
        return None, f"{FOLDER}/{file.name} of {run} was left out: {error}"


# Pairs


def default(shelf: Shelf) -> Pair:
    """Alpha against measurement, or against the visitor's own decisions while nothing is measured."""
    return Side(shelf.entry.id, ALPHA), Side(shelf.entry.id, shelf.measured or MINE)


def presets(shelves: Mapping[str, Shelf], run: str) -> dict[str, Pair]:
    """What can be set side by side beginning with a run, by name."""
    shelf = shelves[run]
    found: dict[str, Pair] = {}
    if shelf.measured:
        found["α vs measurement"] = default(shelf)
    if other := _differing(shelves, run, "epochs"):
        early, late = sorted((run, other), key=lambda name: shelves[name].summary.meta["epochs"])
        found["early vs late epoch"] = Side(early, ALPHA), Side(late, ALPHA)
    if other := _differing(shelves, run, "seed"):
        found["seed vs seed"] = Side(run, ALPHA), Side(other, ALPHA)
    if other := _differing(shelves, run, "method"):
        first, second = shelf.measured, shelves[other].measured
        # Fixed alphas choose nothing, so methods are compared by what measurement makes of their supernets.
        endings = (first, second) if first and second else (ALPHA, ALPHA)
        found["method vs method"] = Side(run, endings[0]), Side(other, endings[1])
    orders = shelf.orders or next((tuple(group) for group in tunings(shelf).values()), ())
    if len(orders) > 1:
        found["order vs order"] = Side(run, orders[0]), Side(run, orders[1])
    if shelf.decisions and shelf.published:
        found["mine vs published"] = Side(run, MINE), Side(run, shelf.published)
    return found


def _differing(shelves: Mapping[str, Shelf], run: str, key: str) -> str | None:
    """The first other run of the same recipe but for `key`."""
    own = shelves[run].summary.meta
    for name, shelf in shelves.items():
        meta = shelf.summary.meta
        if meta.get(key) != own.get(key) and all(meta.get(each) == own.get(each) for each in RECIPE if each != key):
            return name
    return None


def tunings(shelf: Shelf) -> dict[str, dict[str, Document]]:
    """Stored runs that differ in their order only: by what they have in common, then by name; two or more each."""
    groups: dict[str, dict[str, Document]] = {}
    for name, document in sorted(shelf.stored.items(), key=lambda item: item[1].settings.get("seed", 0)):
        if document.selection.is_complete and document.settings.get("order") == "random":
            groups.setdefault(procedure(document), {})[name] = document
    return {common: group for common, group in groups.items() if len(group) > 1}


def procedure(document: Document) -> str:
    """How a selection run went about it, e.g. "perturbation, 50 batches at 0.01 between decisions, 1,024 images"."""
    settings = document.settings
    tuning = settings.get("tuning") or {"amount": 0}
    parts = [document.strategy, "no tuning"]
    if amount := tuning["amount"]:
        unit = tuning["unit"] if amount > 1 else {"epochs": "epoch", "batches": "batch"}[tuning["unit"]]
        parts[1] = f"{amount} {unit} at {tuning['lr']:g} between decisions"
    if images := settings.get("images"):
        parts.append(f"{style.count(images)} images")
    if bn := settings.get("bn"):
        parts.append(style.bn(bn))
    if settings.get("criterion") == "loss":
        parts.append("by the loss")
    if settings.get("published"):
        parts.append("masks as published")
    return ", ".join(parts)


# The address


def read(text: str, shelves: Mapping[str, Shelf]) -> Side:
    """The side that a text names. Raises BadInput where there is no such run or ending."""
    run, _, ending = text.rpartition(":")
    if run not in shelves:
        raise BadInput(f"there is no supernet {run!r} here; write RUN:ENDING, with a run of the sidebar")
    if ending not in shelves[run].endings:
        raise BadInput(f"{run} has no ending {ending!r}; it has {', '.join(shelves[run].endings)}")
    return Side(run, ending)


def current(shelves: Mapping[str, Shelf], run: str, *, entered: bool) -> Pair:
    """The two sides on screen. Without any in the address: the default of `run`, the sidebar's.

    entered: whether the page was not on screen before. A change of the page drops the keys, which says nothing.
    """
    address: Address = st.session_state.setdefault("sides-address", Address())
    if entered and address.page is not None:
        address.page = ""  # it was not asked on the pages in between
    said = st.query_params.to_dict()
    shown = {key: said[key] for key in KEYS if key in said}
    now = time.monotonic()
    news = address.news(shown, urlsplit(st.context.url or "").path, "", now)
    if news is not None and not st.session_state.get("sides-changed"):
        st.session_state["sides"] = _read_all(news, shelves)
    elif st.session_state.get("sides-run", run) != run:
        st.session_state["sides"] = {}  # another run in the sidebar begins anew
    st.session_state["sides-run"] = run
    st.session_state["sides-changed"] = False
    chosen = {key: side for key, side in st.session_state.get("sides", {}).items() if _exists(side, shelves)}
    if changes := address.write(shown, {key: str(side) for key, side in chosen.items()}, now):
        st.query_params.update(changes)
    first, second = default(shelves[chosen["a"].run if "a" in chosen else run])
    return chosen.get("a", first), chosen.get("b", second)


def _read_all(texts: Mapping[str, str], shelves: Mapping[str, Shelf]) -> dict[str, Side]:
    found = {}
    for key, text in texts.items():
        try:
            found[key] = read(text, shelves)
        except BadInput as error:
            st.toast(f"The link's {key} was left out: {error}.", icon="⚠️")
    return found


def _exists(side: Side, shelves: Mapping[str, Shelf]) -> bool:
    return side.run in shelves and side.ending in shelves[side.run].endings


def choose(sides: Sequence[Side]) -> None:
    """Show these two sides from the next drawing on."""
    st.session_state["sides"] = dict(zip(KEYS, sides, strict=True))
    st.session_state["sides-changed"] = True


def _tuned_as_published(document: Document) -> bool:
    """Five epochs at 0.0025 after every decision of measurement (Wang et al. 2021, section 4)."""
    tuning = document.settings.get("tuning") or {}
    return document.strategy == "perturbation" and tuning == {"unit": "epochs", "amount": 5, "lr": 0.0025}
