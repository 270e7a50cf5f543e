"""What the supernet loses under masks on one edge: all of an edge's masks in one evaluation.

measure    accuracies and losses of an edge's masks on some batches
signals    what they say: drop, rise, their rescaled forms, keep-only, Shapley
shapley    exact Shapley values from the worth of all subsets
variants   how many different masks an edge needs
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import combinations
from math import factorial

from torch import Tensor

from engine.analysis.signals.kinds import Asked, Values
from engine.errors import BadInput
from engine.scoring.answers import EdgeQuestion
from engine.scoring.intervals import PairedCounts
from engine.scoring.masked import Variants

Mask = tuple[str, frozenset[int]]
"""("mix", S): only the operations in columns S, at their weights; ("rescaled", {k}): without k, the row summing to what
it did; ("one", {k}): k alone at weight 1."""
MASKED = ("drop", "rise", "drop_rescaled", "rise_rescaled", "keep_only", "keep_at_mix", "edge_shapley")


class Evidence:
    """Accuracies (%) and losses of an edge's masks, by mask."""

    def __init__(self, counts: PairedCounts, place: Mapping[Mask, int]) -> None:
        self._counts, self._place = counts, place

    def accuracy(self, mask: Mask) -> float:
        return self._counts.accuracy(self._place[mask])

    def loss(self, mask: Mask) -> float:
        return self._counts.loss(self._place[mask])


def measure(asked: Asked, edge: int, wanted: Collection[str], report: Callable[[float], None]) -> Evidence:
    """wanted: the signals that are to be found. report: told the finished share.

    Raises BadInput for a decided edge, and where rescaling would divide by zero, as one operation has all the weight.
    """
    question = EdgeQuestion(asked.selection, asked.cell, edge)
    rows: list[Tensor | None] = []
    place: dict[Mask, int] = {}
    known: dict[tuple[float, ...], int] = {_key(question, question.weights): 0}
    for mask, row in _rows(question, wanted):
        key = _key(question, row)
        if key not in known:
            rows.append(row)
            known[key] = len(rows)
        place[mask] = known[key]
    variants = Variants(asked.supernet, asked.selection.weights(), asked.cell, rows, asked.bn)
    counts = PairedCounts(asked.bn)
    for index, batch in enumerate(asked.batches):
        variants.add(counts, batch, index)
        report((index + 1) / len(asked.batches))
    return Evidence(counts, place)


def variants(names: int, live: int, wanted: Collection[str]) -> int:
    """Different masks of an edge with so many operations, of which so many are live; the unmasked supernet included."""
    shapley = "edge_shapley" in wanted
    mixed = 2**live if shapley else 1
    if not shapley:
        mixed += live * bool({"drop", "rise"} & {*wanted}) + (live + 1) * ("keep_at_mix" in wanted)
    rescaled = names * bool({"drop_rescaled", "rise_rescaled"} & {*wanted})
    return mixed + rescaled + live * ("keep_only" in wanted)


def _rows(question: EdgeQuestion, wanted: Collection[str]) -> Iterator[tuple[Mask, Tensor]]:
    """The masks that these signals need, as weights of the cell."""
    edge, columns = question.place.index, range(len(question.names))
    live = frozenset(column for column in columns if not question.silent[column])

    def only(kept: frozenset[int]) -> Tensor:
        row = question.weights.clone()
        row[edge, [column for column in columns if column not in kept]] = 0
        return row

    subsets = {live}
    if {"drop", "rise"} & {*wanted}:
        subsets |= {live - {column} for column in columns}
    if "keep_at_mix" in wanted:
        subsets |= {live & {column} for column in columns}
    if "edge_shapley" in wanted:
        subsets |= {frozenset(each) for size in range(len(live)) for each in combinations(live, size)}
    for kept in sorted(subsets, key=sorted):
        yield ("mix", kept), only(kept)
    if {"drop_rescaled", "rise_rescaled"} & {*wanted}:
        for column, row in enumerate(question.masks(rescale=True)):
            assert row is not None
            if not row.isfinite().all():
                raise BadInput(
                    f"on edge {edge} {question.names[column]} has all the weight, so that nothing is left to rescale; "
                    "leave out the rescaled signals"
                )
            yield ("rescaled", frozenset({column})), row
    if "keep_only" in wanted:
        for column in columns:
            row = only(frozenset())
            row[edge, column] = 1
            yield ("one", frozenset({column})), row


def _key(question: EdgeQuestion, row: Tensor) -> tuple[float, ...]:
    """The same for weights that mean the same: those of operations that add nothing do not count."""
    own = row[question.place.index].tolist()
    return tuple(0.0 if silent else weight for weight, silent in zip(own, question.silent, strict=True))


def signals(asked: Asked, edge: int, evidence: Evidence, wanted: Collection[str]) -> dict[str, Values]:
    """The wanted signals of an edge, by name. Where the supernet has no weight on an operation its drop is 0."""
    silent = asked.silent(edge)
    columns = range(len(silent))
    live = frozenset(column for column in columns if not silent[column])
    whole: Mask = ("mix", live)
    gives: dict[str, Callable[[int], float]] = {
        "drop": lambda k: evidence.accuracy(whole) - evidence.accuracy(("mix", live - {k})),
        "rise": lambda k: evidence.loss(("mix", live - {k})) - evidence.loss(whole),
        "drop_rescaled": lambda k: evidence.accuracy(whole) - evidence.accuracy(("rescaled", frozenset({k}))),
        "rise_rescaled": lambda k: evidence.loss(("rescaled", frozenset({k}))) - evidence.loss(whole),
        "keep_only": lambda k: evidence.accuracy(("one", frozenset({k}))),
        "keep_at_mix": lambda k: evidence.accuracy(("mix", live & {k})),
    }
    found: dict[str, Values] = {
        name: [give(column) for column in columns] for name, give in gives.items() if name in wanted
    }
    if "edge_shapley" in wanted:
        values = shapley(live, lambda kept: evidence.accuracy(("mix", kept)))
        found["edge_shapley"] = [values.get(column, 0.0) for column in columns]
    return found


def shapley(players: frozenset[int], worth: Callable[[frozenset[int]], float]) -> dict[int, float]:
    """Exact Shapley values: what a player adds, averaged over all orders in which they could come (Shapley 1953)."""
    count = len(players)
    found = dict.fromkeys(players, 0.0)
    for player in players:
        others = sorted(players - {player})
        for size in range(count):
            share = factorial(size) * factorial(count - size - 1) / factorial(count)
            for each in combinations(others, size):
                before = frozenset(each)
                found[player] += share * (worth(before | {player}) - worth(before))
    return found
