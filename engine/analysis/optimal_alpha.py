"""Lab "optimal-alpha": are the learned weights of skip and convolution what Proposition 1 says they should be?

LAB             the lab
Settings        what it measures with
OptimalResult   what it finds: an EdgeOptimum for every edge that has both
run             measures the variances on feature maps

The cell's optimal map m* is estimated as the standardised mean of what its edges add. With a = var(o - m*), b = var(x -
m*) and c their covariance, for a convolution's output o and its input x (that of skip), the weights that minimise
var(theta_skip x + theta_conv o - m*) and sum to 1 are theta_skip : theta_conv = (a - c) : (b - c). Proposition 1 states
a : b. Everything is standardised per channel, as the proposition supposes. Free of torch until it measures.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.analysis.lab import Compared, Lab, Report, aligned, seconds_of_sweep
from engine.analysis.pairs import SKIP, minimiser, offered, stated
from engine.analysis.paper import LINK
from engine.analysis.settings import LabSettings
from engine.analysis.spread import mean_interval, rank_correlation
from engine.checkpoint.format import Summary, read_summary
from engine.errors import BadInput
from engine.results import BnMode, Interval
from engine.results.plain import Plain
from engine.selection.selection import Selection

if TYPE_CHECKING:
    from engine.checkpoint.folder import Checkpoint


@dataclass(frozen=True, kw_only=True)
class Settings(LabSettings):
    """What every lab measures with."""


@dataclass(frozen=True)
class EdgeOptimum:
    """An edge, mean over its cells and the batches. conv: the convolution that is held against skip. a, b, c: variances
    and covariance, see above. optimal: the weight of skip that minimises, with its 95 % interval over batches; stated:
    as Proposition 1 states it. learned: what the mixing weights give to skip, of what they give to both."""

    cell: str
    edge: int
    name: str
    conv: str
    a: float
    b: float
    c: float
    optimal: float
    ci: Interval | None
    stated: float
    learned: float | None


@dataclass(frozen=True)
class OptimalResult(Plain):
    """edges: those of stride 1 that offer skip and a convolution."""

    edges: tuple[EdgeOptimum, ...]
    images: int
    bn: BnMode
    method: str
    final: bool


def run(
    checkpoint: "Checkpoint",
    settings: Settings,
    report: Report = lambda share, label: None,
    *,
    selection: Selection | None = None,
    before: OptimalResult | None = None,
    data_dir: str | Path | None = None,
    download: bool = False,
) -> Iterator[OptimalResult]:
    """One result, at the end. Raises BadInput for a checkpoint that the lab does not apply to."""
    import torch

    from engine.analysis import opened
    from engine.analysis.distances import Distances
    from engine.scoring.scorer import ScoringImages
    from engine.supernet.scorable import moved
    from engine.supernet.supernet import Pass

    LAB.check(read_summary(checkpoint.path))
    start = checkpoint.start if selection is None else selection
    supernet, space = checkpoint.supernet, checkpoint.space
    wanted = [place for place in offered(space) if not start.is_decided(place[0], place[1])]
    if not wanted:
        raise BadInput("every edge with skip and a convolution is decided; give a selection with undecided ones")
    images = ScoringImages.of(checkpoint, settings.scoring(), data_dir=data_dir, download=download)
    taken = Pass.of(start.weights(supernet.device, supernet.dtype), settings.bn)
    sums: dict[tuple[str, int], list[tuple[float, float, float]]] = {(cell, edge): [] for cell, edge, _ in wanted}
    cells = list(dict.fromkeys(cell for cell, _, _ in wanted))
    for number, (inputs, _) in enumerate(images.batches):
        batch = moved(inputs, supernet.device, supernet.dtype)
        assert isinstance(batch, torch.Tensor)
        for cell in cells:
            own = {edge: space.operations(cell, edge).index(conv) for where, edge, conv in wanted if where == cell}
            look = Distances(own, len(space.edges(cell)))
            with torch.inference_mode():
                opened.run(supernet, batch, taken.with_noise(number), cell, look)
            for edge, moments in look.moments.items():
                sums[cell, edge].append(tuple(np.mean(moments, axis=0).tolist()))
        report((number + 1) / len(images.batches), "feature maps")
    yield _result(checkpoint, start, wanted, sums, images.count, settings)


def _result(
    checkpoint: "Checkpoint",
    start: Selection,
    wanted: Sequence[tuple[str, int, str]],
    sums: Mapping[tuple[str, int], Sequence[tuple[float, float, float]]],
    images: int,
    settings: Settings,
) -> OptimalResult:
    space, edges = checkpoint.space, []
    weights = {cell: start.alphas.weights(cell) for cell in space.cells}
    for cell, edge, conv in wanted:
        if not (batches := sums[cell, edge]):
            continue  # an operation without weight did not run
        names = space.operations(cell, edge)
        a, b, c = (fmean(column) for column in zip(*batches, strict=True))
        each = [minimiser(*moments) for moments in batches]
        skip, other = (float(weights[cell][edge][names.index(name)]) for name in (SKIP, conv))
        spec = space.cell(cell)
        edges.append(
            EdgeOptimum(
                cell,
                edge,
                spec.edge_name(spec.edges[edge]),
                conv,
                a,
                b,
                c,
                minimiser(a, b, c),
                mean_interval(each, 0.0, 1.0),
                stated(a, b),
                None if start.best_by_alpha(cell, edge) is None else skip / (skip + other),
            )
        )
    return OptimalResult(tuple(edges), images, settings.bn, str(checkpoint.meta["method"]), True)


def correlation(result: OptimalResult) -> tuple[float, Interval | None] | None:
    """Rank correlation of the optimal with the learned weight of skip over the edges. None where alphas are unknown."""
    return rank_correlation([(each.optimal, each.learned) for each in result.edges if each.learned is not None])


def verdict(result: OptimalResult) -> str:
    """Where skip is nearer to the cell's map, what alpha makes of it, and whether the two go together."""
    count = len(result.edges)
    nearer = sum(each.b < each.a for each in result.edges)
    optimal = sum(each.optimal > 0.5 for each in result.edges)
    said = [
        f"On {nearer} of {count} edges the input is nearer to the cell's map than the convolution's output is, so that "
        f"the proposition gives skip the larger weight; the exact minimiser does so on {optimal}."
    ]
    known = [each.learned for each in result.edges if each.learned is not None]
    if not known:
        return f"{said[0]} The alphas are unknown."
    learned = sum(each > 0.5 for each in known)
    best = fmean(each.optimal for each in result.edges)
    said.append(
        f"The learned weights prefer skip on {learned} of {len(known)}; on average they give it {fmean(known):.2f} of "
        f"what they give to both, where {best:.2f} would be optimal."
    )
    if result.method == "fixed-alpha":
        said.append("Its alphas were never trained, so nothing can be learned from how they agree.")
    elif (found := correlation(result)) is not None:
        rho, ci = found
        if ci is None:
            told = "on so few edges no interval can be given"
        elif ci[0] <= 0 <= ci[1]:
            told = f"95 % [{ci[0]:.2f}, {ci[1]:.2f}], which is not told apart from 0"
        else:
            told = f"95 % [{ci[0]:.2f}, {ci[1]:.2f}]"
        said.append(
            f"Over the edges optimal and learned weights have a rank correlation of {rho:.2f} ({told}); edges of a "
            "cell share their maps, so that the interval is rather too narrow."
        )
    same, count = same_side(result)
    if result.method != "fixed-alpha":
        often = {True: "more often than a coin would", False: "less often than a coin would", None: "as a coin might"}
        said.append(
            f"The larger weight is learned where it is optimal on {same} of {count} edges, {often[agrees(result)]}."
        )
    said.append("The optimal map is an estimate, the mean of what the cell's edges add; the paper gives no recipe.")
    return " ".join(said).replace("-0.", "−0.")


def same_side(result: OptimalResult) -> tuple[int, int]:
    """On how many edges the learned weights prefer what would be optimal, and of how many."""
    known = [(each.optimal, each.learned) for each in result.edges if each.learned is not None]
    return sum((one > 0.5) == (other > 0.5) for one, other in known), len(known)


def agrees(result: OptimalResult) -> bool | None:
    """The larger weight is learned where it is optimal: on more edges, or on fewer, than a coin would give (two-sided
    binomial test, 5 %); None where that cannot be told."""
    from scipy import stats

    same, count = same_side(result)
    if result.method == "fixed-alpha" or not count or stats.binomtest(same, count).pvalue > 0.05:
        return None
    return same > count / 2


def compared(result: OptimalResult) -> tuple[Compared, ...]:
    """The proposition has no numbers: it states an order."""
    same, count = same_side(result)
    if not count:
        return ()
    what = "edges on which the larger weight is the optimal one"
    found = [Compared(what, 100.0, round(100 * same / count, 2), "%", None, "there: what the proposition says")]
    if (rho := correlation(result)) is not None:
        note = "the proposition states proportionality, without numbers"
        found.append(
            Compared("rank correlation of optimal and learned weight", None, round(rho[0], 4), "", rho[1], note)
        )
    return tuple(found)


def rows(result: OptimalResult) -> list[Mapping[str, Any]]:
    """A line for every edge."""
    return [
        {
            "cell": each.cell,
            "edge": each.edge,
            "convolution": each.conv,
            "var_conv": each.a,
            "var_skip": each.b,
            "cov": each.c,
            "optimal_skip": each.optimal,
            "low": None if each.ci is None else each.ci[0],
            "high": None if each.ci is None else each.ci[1],
            "stated_skip": each.stated,
            "learned_skip": each.learned,
        }
        for each in result.edges
    ]


def lines(result: OptimalResult) -> str:
    head = ["edge", "conv", "var conv", "var skip", "cov", "optimal skip", "stated", "learned"]
    body = [
        [
            f"{each.cell} {each.edge}",
            each.conv,
            f"{each.a:.2f}",
            f"{each.b:.2f}",
            f"{each.c:.2f}",
            f"{each.optimal:.2f}" + ("" if each.ci is None else f" [{each.ci[0]:.2f}, {each.ci[1]:.2f}]"),
            f"{each.stated:.2f}",
            "-" if each.learned is None else f"{each.learned:.2f}",
        ]
        for each in result.edges
    ]
    return aligned([head, *body])


def refuses(summary: Summary) -> str | None:
    if not offered(summary.space):
        return f"no edge of {summary.space.name} offers both skip and a convolution"
    if summary.meta.get("partial", 1) > 1:
        return "its cells mix one channel in several, so that its edges cannot be looked at one by one"
    return None


def seconds(settings: Settings, summary: Summary) -> float | None:
    return seconds_of_sweep(summary, settings.images, 6.0 * len(summary.space.cells))


LAB: Lab[Settings, OptimalResult] = Lab(
    name="optimal-alpha",
    title="Optimal α for skip and convolution: why do skips win?",
    claim="An optimal α gives skip the larger weight where an edge's input is nearer to the cell's feature map than "
    "the convolution's output is: in a good supernet, skips win.",
    source="Wang et al. 2021, section 4.2, proposition 1; covariance and the estimate of the map are this project's",
    link=LINK,
    settings=Settings,
    run=run,
    read=OptimalResult.from_dict,
    refuses=refuses,
    verdict=verdict,
    agrees=agrees,
    compared=compared,
    rows=rows,
    lines=lines,
    seconds=seconds,
)
