"""The result of lab "signals" before anything is measured, and what a checkpoint's own sweep adds. Free of torch.

known      truth, alpha and the baselines; and what an earlier run has found
of_sweep   alpha, drop, rise and the baselines, from the stored sweep
filled     a result with values of one signal
refuses    why the lab does not apply to a checkpoint
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine import nasbench201
from engine.analysis.lab import only_with_a_table
from engine.analysis.signals.kinds import Kind, chosen
from engine.analysis.signals.results import Row, SignalsResult, SignalValues
from engine.analysis.signals.settings import Settings
from engine.checkpoint.format import Summary
from engine.scoring.truth import PRIOR
from engine.selection.selection import Selection

CELL = "cell"
ON_ONE_SET = ("alpha", "random", "prior", "synflow", "edge_shapley")
"""Signals that need no images, so that one set says all; and Shapley, which costs as much as all others together."""


def known(start: Selection, settings: Settings, kinds: Sequence[Kind], before: SignalsResult | None) -> SignalsResult:
    """The result before anything is measured: truth, alpha and the baselines; and what an earlier run has found."""
    truth = nasbench201.worth(start, settings.dataset)
    spec = start.space.cell(CELL)
    edges = tuple(worth.edge for worth in truth)
    found = {each.name: each for each in before.signals} if before is not None else {}
    signals = []
    for kind in kinds:
        number = 1 if kind.name in ON_ONE_SET else settings.sets
        empty: tuple[Row | None, ...] = (None,) * len(edges)
        images = {"known": 0, "synflow": 0, "minibatch": settings.batch_size}.get(kind.part, settings.images)
        values = SignalValues(kind.name, kind.label, kind.words, images, (empty,) * number)
        if kind.part == "known":
            values = _weightless(values, kind.name, start, settings.seed)
        elif kind.name in found and found[kind.name].problem is None:
            values = replace(values, values=found[kind.name].values)
        signals.append(values)
    return SignalsResult(
        edges=edges,
        names=tuple(spec.edge_name(spec.edges[edge]) for edge in edges),
        operations=nasbench201.OPERATIONS,
        decided=tuple(start.operation(CELL, edge) for edge in range(nasbench201.EDGES)),
        dataset=settings.dataset,
        truth=settings.truth,
        mean=tuple(tuple(each.mean for each in worth.operations) for worth in truth),
        best=tuple(tuple(each.best for each in worth.operations) for worth in truth),
        images=settings.images,
        sets=settings.sets,
        batch_size=settings.batch_size,
        bn=settings.bn,
        seed=settings.seed,
        signals=tuple(signals),
        accuracy=None,
        accuracy_ci=None,
        final=False,
    )


def _weightless(values: SignalValues, name: str, start: Selection, seed: int) -> SignalValues:
    """Signals that measure nothing."""
    edges, count = start.undecided_edges(CELL), len(nasbench201.OPERATIONS)
    if name == "alpha":
        if unknown := [edge for edge in edges if start.best_by_alpha(CELL, edge) is None]:
            return replace(values, problem=f"alpha is unknown on edge {unknown[0]}: all its alphas are equal")
        mixed = start.alphas.weights(CELL)
        rows: list[Row] = [tuple(float(weight) for weight in mixed[edge]) for edge in edges]
    elif name == "random":
        draw = np.random.default_rng(seed).random((nasbench201.EDGES, count))
        rows = [tuple(draw[edge].tolist()) for edge in edges]
    else:
        rows = [tuple(float(PRIOR.index(each)) for each in nasbench201.OPERATIONS)] * len(edges)
    return replace(values, values=(tuple(rows),))


def filled(result: SignalsResult, name: str, number: int, rows: Mapping[int, Row]) -> SignalsResult:
    def fill(signal: SignalValues) -> SignalValues:
        here = [rows.get(edge, old) for edge, old in zip(result.edges, signal.values[number], strict=True)]
        return replace(
            signal, values=tuple(tuple(here) if each == number else row for each, row in enumerate(signal.values))
        )

    return replace(result, signals=tuple(fill(each) if each.name == name else each for each in result.signals))


def refuses(summary: Summary) -> str | None:
    """Why lab "signals" does not apply to a checkpoint."""
    return only_with_a_table(summary.space)


def of_sweep(summary: Summary) -> SignalsResult | None:
    """What the checkpoint's own sweep tells: alpha, drop, rise and the baselines; None without one."""
    scores = summary.scores
    if refuses(summary) is not None or scores is None or not scores["edges"] or summary.start.decisions:
        return None
    images, settings = scores["settings"]["images"], scores["settings"]
    kinds, _ = chosen("alpha, drop, rise, random, prior")
    result = known(summary.start, Settings(sets=1, signals="all"), kinds, None)
    rows = {row["edge"]: row["operations"] for row in scores["edges"]}
    if set(rows) != set(result.edges):
        return None
    for name in ("drop", "rise"):
        values = {edge: tuple(float(each[name]) for each in operations) for edge, operations in rows.items()}
        result = filled(result, name, 0, values)
    signals = tuple(replace(each, images=images) if each.name in ("drop", "rise") else each for each in result.signals)
    base = scores["edges"][0]["baseline"]
    return replace(
        result,
        method=str(summary.meta["method"]),
        images=images,
        bn=settings["bn"],
        batch_size=settings["batch_size"],
        signals=signals,
        accuracy=base["accuracy"],
        accuracy_ci=base["ci"] and tuple(base["ci"]),
        final=True,
    )
