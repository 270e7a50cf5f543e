"""Lab "optimal-alpha": are the learned weights of skip and convolution what Proposition 1 says they should be?

LAB             the lab
Settings        what it measures with
OptimalResult   what it finds: an EdgeOptimum for every edge that has both, and a Moment for every epoch
run             measures them (`engine.analysis.optima`)

Free of torch until it measures.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from engine.analysis.lab import Compared, Lab, Report, aligned, seconds_of_sweep
from engine.analysis.pairs import EdgeOptimum, offered, share_of_skip
from engine.analysis.paper import LINK
from engine.analysis.relatives import moments
from engine.analysis.settings import LabSettings
from engine.analysis.spread import rank_correlation
from engine.checkpoint.format import Summary, read_summary
from engine.drawing import wording
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
class Moment:
    """After an epoch, mean over the edges: the weight of skip that minimises, and as Proposition 1 states it."""

    epoch: int
    optimal: float
    stated: float


@dataclass(frozen=True)
class OptimalResult(Plain):
    """edges: those of stride 1 that offer skip and a convolution. learned: what skip had after every recorded epoch,
    mean over these edges. epochs: what it should have had, where the weights of several epochs are there."""

    edges: tuple[EdgeOptimum, ...]
    images: int
    bn: BnMode
    method: str
    final: bool
    learned: tuple[float, ...] = ()
    epochs: tuple[Moment, ...] = ()


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
    """A result after every moment of the training whose weights are there, the checkpoint itself first. Raises BadInput
    for a checkpoint that the lab does not apply to."""
    import engine
    from engine.analysis.optima import optima
    from engine.scoring.scorer import ScoringImages

    summary = read_summary(checkpoint.path)
    LAB.check(summary)
    start = checkpoint.start if selection is None else selection
    wanted = [place for place in offered(checkpoint.space) if not start.is_decided(place[0], place[1])]
    if not wanted:
        raise BadInput("every edge with skip and a convolution is decided; give a selection with undecided ones")
    images = ScoringImages.of(checkpoint, settings.scoring(), data_dir=data_dir, download=download)
    others = {epoch: each for epoch, each in moments(summary).items() if each.path != summary.path}

    def told(done: int) -> Callable[[float], None]:
        return lambda share: report((done + share) / (1 + len(others)), "feature maps")

    edges = optima(checkpoint.supernet, start, wanted, images.batches, settings.bn, told(0))
    found = OptimalResult(
        edges, images.count, settings.bn, str(summary.meta["method"]), not others, learned=_learned(summary, wanted)
    )
    found = replace(found, epochs=(_moment(int(summary.meta["epochs"]), edges),) if edges and others else ())
    yield found
    for done, (epoch, other) in enumerate(others.items(), start=1):
        then = engine.load(other.path)
        decided = then.start.with_decisions(start.decisions)
        edges = optima(then.supernet, decided, wanted, images.batches, settings.bn, told(done))
        epochs = sorted((*found.epochs, _moment(epoch, edges)), key=lambda each: each.epoch)
        found = replace(found, epochs=tuple(epochs), final=done == len(others))
        yield found


def _moment(epoch: int, edges: Sequence[EdgeOptimum]) -> Moment:
    return Moment(epoch, fmean(each.optimal for each in edges), fmean(each.stated for each in edges))


def _learned(summary: Summary, wanted: Sequence[tuple[str, int, str]]) -> tuple[float, ...]:
    """By epoch, from the recorded alphas; () where they are unknown."""
    space, found = summary.space, []
    if not summary.start.alphas.known:
        return ()
    for alphas in map(summary.after, range(1, summary.recorded + 1)):
        found.append(fmean(share_of_skip(space, alphas, *place) for place in wanted))
    return tuple(found)


def correlation(result: OptimalResult) -> tuple[float, Interval | None] | None:
    """Rank correlation of the optimal with the learned weight of skip over the edges. None where alphas are unknown."""
    return rank_correlation([(each.optimal, each.learned) for each in result.edges if each.learned is not None])


def verdict(result: OptimalResult) -> str:
    """Where skip is nearer to the cell's map, what alpha makes of it, and whether the two go together."""
    count = len(result.edges)
    nearer = sum(each.b < each.a for each in result.edges)
    optimal = sum(each.optimal > 0.5 for each in result.edges)
    said = [
        f"On {nearer} of {wording.several(count, 'edge')} the input is nearer to the cell's map than the convolution's "
        f"output is, so that the proposition gives skip the larger weight; the exact minimiser does so on {optimal}."
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
            f"The larger weight is learned where it is optimal on {same} of {wording.several(count, 'edge')}, "
            f"{often[agrees(result)]}."
        )
    if len(result.epochs) > 1 and result.learned:
        first, last = result.epochs[0], result.epochs[-1]
        said.append(
            f"From epoch {first.epoch} to {last.epoch} the optimal weight of skip goes from {first.optimal:.2f} to "
            f"{last.optimal:.2f} on average, the learned one from {result.learned[first.epoch - 1]:.2f} to "
            f"{result.learned[last.epoch - 1]:.2f}."
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
