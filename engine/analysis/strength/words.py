"""What the numbers of lab "strength" say. Free of torch.

verdict    one paragraph
agrees     whether they agree with the claim
compared   the paper's numbers beside ours
lines      the numbers as text
"""

from collections.abc import Sequence
from statistics import fmean

from engine.analysis.lab import Compared, aligned
from engine.analysis.pairs import SKIP
from engine.analysis.spread import mean_interval, number, within
from engine.analysis.strength.results import EdgeStrength, StrengthResult
from engine.drawing import wording
from engine.drawing.palette import operation
from engine.results import Interval

_SIGNALS = {"weight": "the largest α", "drop": "the largest drop"}


def verdict(result: StrengthResult) -> str:
    """Whether alpha and drop name the strongest operation, and how they rank the others."""
    edges = result.whole
    if not edges:
        return f"Of {len(result.edges)} edges none is measured as a whole yet."
    count = wording.several(len(edges), "edge")
    said = [_one(edges[0])] if len(edges) == 1 else [_hits(edges, by, words) for by, words in _SIGNALS.items()]
    parts = [f"{words} {number(rho[0])}{within(rho[1])}" for words, rho in _means(result).items()]
    if parts:
        said.append(
            f"{'Rank correlation' if len(edges) == 1 else 'Mean rank correlation'} with strength over {count}: "
            f"{', '.join(parts)}."
        )
    close = sum(_is_close(each) for each in edges)
    if close:
        said.append(f"On {close} of {count} the two strongest cannot be told apart on {result.images:,} images.")
    every = [each for edge in edges for each in edge.operations]
    rising = sum(not each.plateau for each in every)
    if rising:
        said.append(
            f"{rising} of {len(every)} fine-tunings were still rising at their end: these are no convergence yet. An "
            "operation that is alone weighs 1, no longer a part of it, and the rest has to get used to that."
        )
    if len(edges) < 3:
        said.append("So few edges are an example, not a result.")
    return " ".join(said)


def _one(edge: EdgeStrength) -> str:
    """Which operation each of them names."""
    names = {by: edge.best(by) for by in ("weight", "drop", "strength")}
    labels = {by: "nothing, as it is unknown" if name is None else operation(name).label for by, name in names.items()}
    return (
        f"On {wording.plain(edge.name)} α names {labels['weight']}, the drop {labels['drop']}; strongest after "
        f"fine-tuning is {labels['strength']}."
    )


def _hits(edges: Sequence[EdgeStrength], by: str, words: str) -> str:
    known = [each for each in edges if each.best(by) is not None]
    if not known:
        return "The alphas are unknown."
    hits = sum(each.best(by) == each.best("strength") for each in known)
    of = wording.several(len(known), "edge")
    return f"On {hits} of {of} {words} belongs to the operation that is strongest after fine-tuning."


def _is_close(edge: EdgeStrength) -> bool:
    """Whether the intervals of the two strongest overlap."""
    first, second = sorted(edge.operations, key=lambda each: -each.strength)[:2]
    return first.ci is None or second.ci is None or first.ci[0] <= second.ci[1]


def _means(result: StrengthResult) -> dict[str, tuple[float, Interval | None]]:
    found = {}
    for by, words in (("weight", "α"), ("drop", "drop")):
        values = [rho for each in result.whole if (rho := each.correlation(by)) is not None]
        if values:
            found[words] = fmean(values), mean_interval(values, -1.0, 1.0)
    return found


def agrees(result: StrengthResult) -> bool | None:
    """Alpha ranks the operations less well than the drop does: the interval of the difference over edges tells."""
    pairs = [(each.correlation("drop"), each.correlation("weight")) for each in result.whole]
    ci = mean_interval([one - other for one, other in pairs if one is not None and other is not None])
    return None if ci is None else True if ci[0] > 0 else False if ci[1] < 0 else None


def compared(result: StrengthResult) -> tuple[Compared, ...]:
    """Figure 2 counts edges of S2; other spaces have no numbers there."""
    edges, found = result.whole, []
    if len(edges) > 2 and (known := [each for each in edges if each.best("weight") is not None]):
        on_s2 = result.space == "s2"
        skips = 100 * sum(each.best("weight") == SKIP for each in known) / len(known)
        others = 100 * sum(each.best("strength") != SKIP for each in known) / len(known)
        note = f"{len(known)} edges; there: S2, {{}} of 14 edges, figure 2"
        found += [
            Compared(
                "edges that α gives to skip", 85.71 if on_s2 else None, round(skips, 2), "%", None, note.format(12)
            ),
            Compared(
                "edges where another than skip is strongest",
                50.0 if on_s2 else None,
                round(others, 2),
                "%",
                None,
                note.format(7),
            ),
        ]
    for words, (rho, ci) in _means(result).items():
        what = f"rank correlation with strength, {words}"
        found.append(Compared(what, None, round(rho, 4), "", ci, "mean over edges; there: figures 1 and 2, no numbers"))
    return tuple(found)


def lines(result: StrengthResult) -> str:
    head = ["edge", "operation", "weight", "drop", "strength", "after passes"]
    body = [
        [
            f"{edge.cell} {edge.edge}",
            each.name,
            "-" if each.weight is None else f"{each.weight:.3f}",
            f"{each.drop:+.2f}",
            f"{each.strength:.2f} %{within(each.ci)}",
            f"{len(each.course) - 1}, {'plateau' if each.plateau else 'still rising'}",
        ]
        for edge in result.edges
        for each in edge.operations
    ]
    return aligned([head, *body])
