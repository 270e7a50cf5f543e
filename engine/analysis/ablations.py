"""Lab "ablations", what does the rule owe to which part: paths under other masks, criteria and signals (Tables 3, 4).

LAB               the lab
Settings          what it measures with
AblationsResult   where paths end under each Procedure
run               follows the paths: every procedure in every edge order

A correlation with the truth says little about where a selection ends, as every decision changes what is measured next.
So candidates for a better rule are judged by the ends of their paths, in the same edge orders.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from engine import nasbench201
from engine.analysis.lab import Compared, Lab, Report, aligned, only_with_a_table, seconds_of_sweep
from engine.analysis.paper import FIXED, LINK, of_method
from engine.analysis.rules import PAPER, RULES, applying, path
from engine.analysis.settings import LabSettings
from engine.analysis.spread import mean_interval, signed, told, within
from engine.checkpoint.format import Summary, read_summary
from engine.errors import BadInput
from engine.fields import setting
from engine.population import member
from engine.results import BnMode, Interval
from engine.results.plain import Plain
from engine.selection.selection import Selection

if TYPE_CHECKING:
    from engine.checkpoint.folder import Checkpoint

_COSTS = 24.0
"""Forward passes of a path, roughly: edges that are decided cost less."""


@dataclass(frozen=True, kw_only=True)
class Settings(LabSettings):
    """orders: of the edges, official ones from 0 on, in which every procedure is followed."""

    orders: int = setting(4, "Edge orders in which every path is followed.", unit="orders", least=2, most=8)


@dataclass(frozen=True)
class Procedure:
    """ends: true accuracies (%) of the cells that it ends with; of one that was followed here by edge order.
    images: that a decision rests on. stored: whether it comes from the checkpoint's own files. papers: whether every
    decision is by the paper's mask and criterion."""

    name: str
    ends: tuple[float, ...]
    images: int | None
    stored: bool
    papers: bool = True


@dataclass(frozen=True)
class AblationsResult(Plain):
    """alpha: true accuracy (%) of the cell of the largest alphas, None where they are unknown. method: that trained the
    supernet. followed: numbers of the edge orders behind `ends`; () in results of before, which have 0, 1, 2 and on."""

    procedures: tuple[Procedure, ...]
    alpha: float | None
    images: int
    orders: int
    bn: BnMode
    method: str
    final: bool
    followed: tuple[int, ...] = ()

    def procedure(self, name: str) -> Procedure | None:
        return next((each for each in self.procedures if each.name == name), None)


def known(summary: Summary) -> AblationsResult | None:
    """What the checkpoint's own files tell: full selections with and without tuning."""
    if refuses(summary) is not None:
        return None
    found = _start(summary, Settings())
    images = max((each.images or 0 for each in found.procedures), default=0)
    return replace(found, images=images or found.images, final=True) if found.procedures else None


def _start(summary: Summary, settings: Settings) -> AblationsResult:
    itself = member(summary)
    stored = [
        Procedure(f"stored: {ends.words}, {ends.data}", ends.true, ends.images, True, ends.is_papers)
        for ends in itself.ends
        if ends.true
    ]
    return AblationsResult(
        tuple(stored),
        itself.alpha_true,
        settings.images,
        settings.orders,
        settings.bn,
        str(summary.meta["method"]),
        False,
    )


def run(
    checkpoint: "Checkpoint",
    settings: Settings,
    report: Report = lambda share, label: None,
    *,
    selection: Selection | None = None,
    before: AblationsResult | None = None,
    data_dir: str | Path | None = None,
    download: bool = False,
) -> Iterator[AblationsResult]:
    """A result after every path. selection: where the paths begin. Raises BadInput for a checkpoint that the lab does
    not apply to and for a complete selection."""
    from engine.scoring.scorer import Scorer
    from engine.selection.orders import distinct, edge_order

    summary = read_summary(checkpoint.path)
    LAB.check(summary)
    start = checkpoint.start if selection is None else selection
    left = len(start.undecided_edges("cell"))
    if not left:
        raise BadInput("every edge is decided, so no path leads anywhere; give a selection with undecided edges")
    followed = distinct(start, settings.orders)
    result = replace(_start(summary, settings), followed=followed)
    done = {} if before is None else {each.name: each.ends for each in before.procedures if not each.stored}
    names = applying(summary)
    places = range(len(followed))
    todo = [(name, followed[place]) for place in places for name in names if place >= len(done.get(name, ()))]
    for number, (name, order) in enumerate(todo):
        scoring = settings.scoring(rescale=RULES[name].rescale, criterion=RULES[name].criterion)
        scorer, end = Scorer.of(checkpoint, scoring, data_dir=data_dir, download=download), start
        for step in path(checkpoint, scorer, RULES[name], start, edge_order(start.space, order)):
            end = step
            share = (end.steps_done - start.steps_done) / left
            report((number + share) / len(todo), f"{name}, order {order}")
        done[name] = (*done.get(name, ()), nasbench201.lookup(str(end.decoded())).cifar10)
        yield _with(result, done, settings)
    yield replace(_with(result, done, settings), final=True)


def _with(result: AblationsResult, ends: Mapping[str, tuple[float, ...]], settings: Settings) -> AblationsResult:
    own = tuple(Procedure(name, ends[name], settings.images, False, name == PAPER) for name in RULES if name in ends)
    return replace(result, procedures=(*own, *result.procedures))


def refuses(summary: Summary) -> str | None:
    if (reason := only_with_a_table(summary.space)) is not None:
        return reason
    return None if summary.start.undecided_edges("cell") else "all its edges were decided in training"


def paired(result: AblationsResult, name: str, other: str = PAPER) -> tuple[float, Interval | None, int, int] | None:
    """By how many points one procedure's ends lie above another's in the same orders: mean, its 95 % t interval, in how
    many orders it ends higher, and how many orders both have been followed in. None where there is none."""
    one, two = result.procedure(name), result.procedure(other)
    if one is None or two is None or not (pairs := list(zip(one.ends, two.ends, strict=False))):
        return None
    differences = [a - b for a, b in pairs]
    return fmean(differences), mean_interval(differences), sum(each > 0 for each in differences), len(differences)


def verdict(result: AblationsResult) -> str:
    """Where the paper's rule ends beside alpha, what each change of it does, and what tuning did in stored runs."""
    said = []
    alpha = "α is unknown" if result.alpha is None else f"α's own cell has {result.alpha:.2f} %"
    if paper := result.procedure(PAPER):
        ends = (
            f"between {min(paper.ends):.2f} and {max(paper.ends):.2f} % over {len(paper.ends)} edge orders, median "
            f"{median(paper.ends):.2f} %"
            if len(paper.ends) > 1
            else f"at {paper.ends[0]:.2f} % in one edge order"
        )
        said.append(f"The paper's rule without tuning (plain mask, accuracy) ends {ends}; {alpha}.")
        if len(result.followed) == 1:
            said.append("The orders are one in what is left to decide, so nothing is said of a spread.")
    else:
        said.append(f"Its rules have not been followed here yet; {alpha}.")
    for name in list(RULES)[1:]:
        if (found := paired(result, name)) is None:
            continue
        mean, ci, higher, orders = found
        said.append(
            f"With {RULES[name].words} the ends change by {signed(mean)}{within(ci, sign=True)} points on average, "
            f"{told(ci)}, and are higher in {higher} of {orders} orders."
            if orders > 1
            else f"With {RULES[name].words} the end changes by {signed(mean)} points."
        )
    if stored := [each for each in result.procedures if each.stored and len(each.ends) > 1]:
        parts = [
            f"{each.name.removeprefix('stored: ')}: median {median(each.ends):.2f} %, {min(each.ends):.2f} to "
            f"{max(each.ends):.2f}"
            for each in stored
        ]
        said.append(f"Full selections stored with it, over edge orders: {'; '.join(parts)}.")
    if result.procedure(PAPER) is not None:
        said.append("This is one supernet and one set of images: a lead, not a result.")
    return " ".join(said)


def agrees(result: AblationsResult) -> bool | None:
    """Measured paths end above alpha's cell: true or false where the 95 % interval of their mean leaves that out."""
    paper = result.procedure(PAPER) or next(
        (each for each in result.procedures if each.papers and len(each.ends) > 2), None
    )
    ci = None if paper is None else mean_interval(paper.ends)
    if ci is None or result.alpha is None:
        return None
    return True if ci[0] > result.alpha else False if ci[1] < result.alpha else None


def compared(result: AblationsResult) -> tuple[Compared, ...]:
    """Table 4, NAS-Bench-201: alpha, the rule, and the rule on fixed alphas."""
    paper, found = of_method(result.method), []
    if result.alpha is not None:
        found.append(Compared("α's cell, true accuracy", paper.alpha, result.alpha, "%", None, "table 4"))
    tuned = [each for each in result.procedures if each.stored and each.papers and "epochs" in each.name]
    what = "by measurement, α fixed" if result.method == FIXED else "by measurement"
    for each in (result.procedure(PAPER), *tuned):
        if each is not None:
            tuning = "no tuning here" if not each.stored else each.name.removeprefix("stored: ")
            note = f"{tuning}, median of {len(each.ends)}; there: 5 epochs of tuning"
            ours = round(median(each.ends), 4)
            found.append(Compared(f"{what}, true accuracy", paper.measured, ours, "%", None, note))
    return tuple(found)


def rows(result: AblationsResult) -> list[Mapping[str, Any]]:
    """A line for every path."""
    return [
        {
            "procedure": each.name,
            "order": None if each.stored else result.followed[place] if result.followed else place,
            "true": end,
            "images": each.images,
            "stored": each.stored,
        }
        for each in result.procedures
        for place, end in enumerate(each.ends)
    ]


def lines(result: AblationsResult) -> str:
    head = ["procedure", "orders", "median", "lowest", "highest", "against the paper's rule"]
    body = []
    for each in result.procedures:
        against = None if each.stored or each.name == PAPER else paired(result, each.name)
        body.append(
            [
                each.name,
                str(len(each.ends)),
                f"{median(each.ends):.2f} %",
                f"{min(each.ends):.2f} %",
                f"{max(each.ends):.2f} %",
                "-" if against is None else f"{against[0]:+.2f}{within(against[1], sign=True)}, higher in {against[2]}",
            ]
        )
    return aligned([head, *body])


def seconds(settings: Settings, summary: Summary) -> float | None:
    return seconds_of_sweep(summary, settings.images, _COSTS * len(RULES) * settings.orders)


def medians(result: AblationsResult, names: Sequence[str] = tuple(RULES)) -> dict[str, float]:
    """Of the procedures that were followed here."""
    found = {name: result.procedure(name) for name in names}
    return {name: median(each.ends) for name, each in found.items() if each is not None}


LAB: Lab[Settings, AblationsResult] = Lab(
    name="ablations",
    title="Ablations: which part of the rule does the work?",
    claim="Selection by measured removal finds better cells than α, with learned and with fixed α.",
    source="Wang et al. 2021, tables 3 and 4, figure 6; other masks and criteria are candidates of this project",
    link=LINK,
    settings=Settings,
    run=run,
    read=AblationsResult.from_dict,
    refuses=refuses,
    verdict=verdict,
    agrees=agrees,
    compared=compared,
    rows=rows,
    lines=lines,
    seconds=seconds,
    known=known,
)
