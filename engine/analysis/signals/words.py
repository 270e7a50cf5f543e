"""What the numbers of lab "signals" say. Free of torch.

verdict    one paragraph about this supernet
agrees     whether the numbers agree with the claim; None where six edges cannot tell
compared   numbers of papers beside ours
rows       all values, as columns by name
lines      the table of signals, as text
more       what `analyse --json` prints besides
"""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.analysis.lab import Compared, aligned
from engine.analysis.paper import of_method
from engine.analysis.signals.kinds import BASELINES
from engine.analysis.signals.results import SignalRow, SignalsResult, paired, table
from engine.drawing import wording
from engine.results import Interval


def verdict(result: SignalsResult) -> str:
    """Careful words: differences are named only with their intervals."""
    rows = {row.name: row for row in table(result)}
    own = [row for row in rows.values() if row.name not in BASELINES]
    if not own:
        return "No signal has been found on all edges yet."
    said = []
    if (alpha := rows.get("alpha")) and (drop := rows.get("drop")):
        said.append(_alpha_and_drop(alpha, drop, len(result.edges)))
    measured = [row for row in own if row.name != "alpha"]
    if measured:
        best = max(measured, key=lambda row: row.mean)
        close = [row.label for row in measured if row is not best and not _apart(best, row)]
        said.append(
            f"Of the signals that look at this supernet, {best.label} ranks nearest to the truth ({_number(best.mean)}"
            f"{_interval(best.ci)})"
            + (
                f", but {wording.several(len(close), 'other')} cannot be told apart from it on "
                f"{wording.several(len(result.edges), 'edge')}."
                if close
                else ", and on these edges it is told apart from all others."
            )
        )
        cell = max(measured, key=lambda row: row.true)
        said.append(
            f"The best cell that one of them names at once is that of {cell.label}: {cell.true:.2f} %, as is known "
            "afterwards."
        )
        unsure = [row for row in measured if row.reliability is not None and row.reliability < 0.5]
        if unsure:
            names = ", ".join(f"{row.label} ({_number(row.reliability or 0.0)})" for row in unsure)
            said.append(f"Between image sets these hardly agree with themselves: {names}.")
    if prior := rows.get("prior"):
        said.append(
            f"A fixed order of operations, which knows nothing of the supernet, has {_number(prior.mean)} and ends at "
            f"{prior.true:.2f} %: a correlation alone proves no signal."
        )
    if failed := [each for each in result.signals if each.problem is not None]:
        said.append("Not found: " + "; ".join(f"{each.label} ({each.problem})" for each in failed) + ".")
    return " ".join(said)


def _alpha_and_drop(alpha: SignalRow, drop: SignalRow, edges: int) -> str:
    difference, ci = paired(drop, alpha)
    told = (
        "which edges as few as these cannot tell from 0"
        if ci is None or ci[0] <= 0 <= ci[1]
        else "which is told apart from 0"
    )
    return (
        f"The drop's rank correlation is {'higher' if difference > 0 else 'no higher'} than α's: "
        f"{_number(drop.mean)} against {_number(alpha.mean)}, a difference of {_number(difference)}{_interval(ci)} "
        f"over {wording.several(edges, 'edge')}, {told}. "
        f"It names a truly best operation on {drop.hit_count} of {wording.several(edges, 'edge')}, α on "
        f"{alpha.hit_count}; taken at once, its cell reaches {drop.true:.2f} %, α's {alpha.true:.2f} %."
    )


def _apart(one: SignalRow, other: SignalRow) -> bool:
    _, ci = paired(one, other)
    return ci is not None and ci[0] > 0


def agrees(result: SignalsResult) -> bool | None:
    """The claim is that the drop says more than alpha: true or false only where the paired interval excludes 0."""
    rows = {row.name: row for row in table(result)}
    if "alpha" not in rows or "drop" not in rows:
        return None
    _, ci = paired(rows["drop"], rows["alpha"])
    if ci is None or ci[0] <= 0 <= ci[1]:
        return None
    return ci[0] > 0


_OTHERS: Sequence[tuple[str, float]] = (
    ("alpha", 0.32),
    ("drop", 0.67),
    ("keep_only", -0.48),
    ("nwot", 0.83),
    ("synflow", 0.93),
)
"""Rank correlations with mean accuracies, Xiang et al. 2021: alpha after 60 epochs; nwot and synflow untrained."""


def compared(result: SignalsResult) -> tuple[Compared, ...]:
    """The paper's cells; and the rank correlations of Xiang et al., where all edges are undecided."""
    rows = {row.name: row for row in table(result)}
    paper, found = of_method(result.method), []
    if result.dataset == "cifar10":
        if "alpha" in rows:
            note = "table 4; the paper's supernet has 16 channels, 32 pixels"
            found.append(
                Compared("cell of the largest α, true accuracy", paper.alpha, rows["alpha"].true, "%", None, note)
            )
        if "drop" in rows:
            note = "table 4; there: edge after edge, with tuning between"
            found.append(
                Compared("cell of the largest drops, true accuracy", paper.measured, rows["drop"].true, "%", None, note)
            )
    if result.dataset == "cifar10" and len(result.edges) == len(result.decided):
        means = {row.name: row for row in table(result, "mean")}
        found += [
            Compared(
                f"rank correlation of {means[name].label}",
                paper,
                round(means[name].mean, 4),
                "",
                means[name].ci,
                "Xiang et al. 2021; there: untrained" if name in ("nwot", "synflow") else "Xiang et al. 2021",
            )
            for name, paper in _OTHERS
            if name in means
        ]
    return tuple(found)


def rows(result: SignalsResult) -> list[Mapping[str, Any]]:
    """A line for every signal, edge and operation, with what is true."""
    found: list[Mapping[str, Any]] = []
    for signal in result.signals:
        for number, edges in enumerate(signal.values):
            for place, row in enumerate(edges):
                if row is None:
                    continue
                for column, value in enumerate(row):
                    found.append(
                        {
                            "signal": signal.name,
                            "image_set": number,
                            "edge": result.edges[place],
                            "operation": result.operations[column],
                            "value": value,
                            "true_mean": result.mean[place][column],
                            "true_best": result.best[place][column],
                        }
                    )
    return found


def lines(result: SignalsResult) -> str:
    """The table of signals."""
    head = ["signal", "rank correlation", "names best", "cell at once, true", "images", "with itself"]
    found = table(result)
    body = [
        [
            row.name,
            f"{row.mean:+.2f}" + ("" if row.ci is None else f" [{row.ci[0]:+.2f}, {row.ci[1]:+.2f}]"),
            f"{row.hit_count} of {len(row.hits)}",
            f"{row.true:.2f} %  rank {row.rank:,}",
            str(row.images or "-"),
            "-" if row.reliability is None else f"{row.reliability:+.2f}",
        ]
        for row in found
    ]
    base = "" if result.accuracy is None else f"\nsupernet {result.accuracy:.2f} %"
    if result.accuracy_ci is not None:
        base += f" [{result.accuracy_ci[0]:.2f}, {result.accuracy_ci[1]:.2f}]"
    return (
        f"{aligned([head, *body])}\n\ntruth: {result.truth} {result.dataset} accuracy of the reachable cells with an "
        f"operation; intervals over {wording.several(len(result.edges), 'edge')}; {result.sets} disjoint "
        f"{'set' if result.sets == 1 else 'sets'} of {result.images} images, {result.bn} statistics{base}"
    )


def more(result: SignalsResult) -> dict[str, Any]:
    """`truth`, `images`, `bn` and `signals`: by name, with both truths."""
    other = "best" if result.truth == "mean" else "mean"
    second = {row.name: row for row in table(result, other)}
    names = {"mean": "avg_acc", "best": "best_acc"}
    return {
        "truth": names[result.truth],
        "images": result.images * result.sets,
        "bn": result.bn,
        "signals": {
            row.name: {
                "spearman": list(row.correlations),
                "mean": row.mean,
                "ci": row.ci,
                "hits": row.hit_count,
                "genotype": row.genotype,
                "true": row.true,
                "rank": row.rank,
                "spread": row.spread,
                "reliability": row.reliability,
                names[other]: second[row.name].mean,
            }
            for row in table(result)
        },
        "problems": {each.name: each.problem for each in result.signals if each.problem is not None},
    }


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _interval(ci: Interval | None) -> str:
    return "" if ci is None else f" [{_number(ci[0])}, {_number(ci[1])}]"
