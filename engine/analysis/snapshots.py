"""Lab "snapshots", selection from snapshots: where alpha and measurement end at every stored epoch (Fig. 4).

LAB               the lab
Settings          what it measures with
SnapshotsResult   what it finds: Epoch by epoch
run               measures every moment whose weights are there

Alphas are known of every epoch; measurement needs weights. Free of torch until it measures.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from engine import nasbench201
from engine.analysis.lab import Compared, Lab, Report, aligned, only_with_a_table, seconds_of_sweep
from engine.analysis.paper import FIXED, LINK, of_method
from engine.analysis.relatives import moments, past
from engine.analysis.settings import LabSettings
from engine.checkpoint.format import Summary, read_summary
from engine.drawing import wording
from engine.fields import setting
from engine.population import UNTUNED, member, over_epochs
from engine.results import BnMode
from engine.results.plain import Plain
from engine.scoring.sweep import StoredSweep
from engine.selection.selection import Selection

if TYPE_CHECKING:
    from engine.checkpoint.folder import Checkpoint

FEWEST = 3
"""Measured moments below which nothing is said about a trend."""


@dataclass(frozen=True, kw_only=True)
class Settings(LabSettings):
    """orders: of the edges, official ones from 0 on, in which a path is measured at every moment."""

    orders: int = setting(2, "Edge orders of the measured paths, at every moment.", unit="orders", least=0, most=8)


@dataclass(frozen=True)
class Measured:
    """One moment by measurement. at_once: true accuracy (%) of the cell of the largest drops; paths: of the cells that
    measured paths end with, by edge order, without tuning. images: that a decision rests on. stored: whether it comes
    from the checkpoint's own files."""

    at_once: float | None
    paths: tuple[float, ...]
    images: int
    stored: bool


@dataclass(frozen=True)
class Epoch:
    """accuracy: of the supernet on search images (%), as the training logged it. true: of the cell of the largest
    alphas (%). skips: share of edges that alpha gives to skip. name: of the checkpoint with this moment's weights."""

    epoch: int
    accuracy: float | None
    true: float
    skips: float
    name: str | None = None
    measured: Measured | None = None


@dataclass(frozen=True)
class SnapshotsResult(Plain):
    """epochs: those whose alphas are known, in order."""

    epochs: tuple[Epoch, ...]
    images: int
    orders: int
    bn: BnMode
    method: str
    final: bool

    @property
    def measured(self) -> tuple[tuple[int, Measured], ...]:
        """Epochs that were measured."""
        return tuple((each.epoch, each.measured) for each in self.epochs if each.measured is not None)


def known(summary: Summary) -> SnapshotsResult | None:
    """What the files tell: alpha at every epoch, and stored sweeps and paths of the moments that have them."""
    if refuses(summary) is not None:
        return None
    return _known(summary, Settings(), stored=True)


def _known(summary: Summary, settings: Settings, *, stored: bool) -> SnapshotsResult:
    over, weights = over_epochs(summary), moments(summary)
    log = summary.log if len(summary.log) == len(over.skips) else [{}] * len(over.skips)
    epochs = []
    for number, (skips, true) in enumerate(zip(over.skips, over.true, strict=True), start=1):
        said = (log[number - 1].get("search") or {}).get("batch") or {}
        moment = weights.get(number)
        epochs.append(
            Epoch(
                number,
                said.get("accuracy"),
                true,
                skips,
                None if moment is None else moment.name,
                _stored(moment) if stored and moment is not None else None,
            )
        )
    taken = [each.measured.images for each in epochs if each.measured is not None]
    images = max(taken, default=settings.images) if stored else settings.images
    return SnapshotsResult(tuple(epochs), images, settings.orders, settings.bn, str(summary.meta["method"]), stored)


def _stored(summary: Summary) -> Measured | None:
    """The sweep's cell at once, and where its untuned paths end."""
    scores = summary.scores
    if scores is None or not scores.get("edges"):
        return None
    sweep = StoredSweep(scores["settings"], scores["date"], (), ())
    end = summary.start
    for row in scores["edges"]:
        end = end.discretize(row["cell"], row["edge"], row["best"])
    ends = [each for each in member(summary).ends if each.tuning == UNTUNED]
    # Of several, those on most images.
    best = max(ends, key=lambda each: each.images or 0, default=None)
    return Measured(_true(end), () if best is None else best.true, int(sweep.settings["images"]), True)


def _true(selection: Selection) -> float:
    return nasbench201.lookup(str(selection.decoded())).cifar10


def run(
    checkpoint: "Checkpoint",
    settings: Settings,
    report: Report = lambda share, label: None,
    *,
    selection: Selection | None = None,
    before: SnapshotsResult | None = None,
    data_dir: str | Path | None = None,
    download: bool = False,
) -> Iterator[SnapshotsResult]:
    """A result after every moment. Raises BadInput for a checkpoint that the lab does not apply to."""
    import engine
    from engine.scoring.paths import decide_at_once, measured_path
    from engine.scoring.scorer import Scorer
    from engine.selection.orders import distinct, edge_order

    summary = read_summary(checkpoint.path)
    LAB.check(summary)
    result = _known(summary, settings, stored=False)
    done = {} if before is None else dict(before.measured)
    result = _with(result, done)
    todo = {
        epoch: each
        for epoch, each in moments(summary).items()
        if epoch not in done and each.start.undecided_edges("cell")
    }
    for number, (epoch, each) in enumerate(todo.items()):
        loaded = checkpoint if each.path == summary.path else engine.load(each.path)
        loaded.supernet.to(checkpoint.supernet.device)
        scorer = Scorer.of(loaded, settings.scoring(), data_dir=data_dir, download=download)
        start = loaded.start
        orders = distinct(start, settings.orders)
        steps, label = 1 + len(orders), f"epoch {epoch}"

        def tell(share: float, step: int, number: int = number, steps: int = steps, label: str = label) -> None:
            report((number + (step + share) / steps) / len(todo), label)

        edges = start.undecided_edges("cell")
        scores = []
        for place, edge in enumerate(edges):
            scores.append(scorer.edge(start, "cell", edge))
            tell((place + 1) / len(edges), 0)
        ends = []
        for number_of_path, order in enumerate(orders):
            end = start
            for place, step in enumerate(measured_path(scorer, start, edge_order(start.space, order))):
                end = step.selection
                tell((place + 1) / len(edges), 1 + number_of_path)
            ends.append(_true(end))
        found = Measured(_true(decide_at_once(start, scores)), tuple(ends), scores[0].images, False)
        result = _with(result, {epoch: found})
        yield result
    yield replace(result, final=True)


def _with(result: SnapshotsResult, found: Mapping[int, Measured]) -> SnapshotsResult:
    return replace(
        result,
        epochs=tuple(replace(each, measured=found.get(each.epoch, each.measured)) for each in result.epochs),
    )


def refuses(summary: Summary) -> str | None:
    if (reason := only_with_a_table(summary.space)) is not None:
        return reason
    if len(past(summary)) < 2:
        return "its alphas of earlier epochs were not kept; train it here, or import it with its log"
    if not summary.start.alphas.known:
        return "its alphas are unknown"
    return None


def verdict(result: SnapshotsResult) -> str:
    """What alpha's cells do over the training, and how far measurement's ends lie apart."""
    true = [each.true for each in result.epochs]
    best = max(result.epochs, key=lambda each: each.true)
    skips = f"with {100 * result.epochs[-1].skips:.0f} % of the edges given to skip"
    if min(true) == max(true):
        said = [f"Over {len(true)} epochs the cell of the largest α stays at {true[-1]:.2f} %, at the end {skips}."]
    else:
        said = [
            f"Over {len(true)} epochs the cell of the largest α has a true accuracy between {min(true):.2f} and "
            f"{max(true):.2f} % (highest after epoch {best.epoch}); it ends at {true[-1]:.2f} %, {skips}."
        ]
    if result.method == FIXED:
        said.append("Its alphas were never trained, so this is what their random start names.")
    if not result.measured:
        return f"{said[0]} No moment has been measured yet."
    for epoch, each in result.measured:
        at_once = "" if each.at_once is None else f"the largest drops at once give {each.at_once:.2f} %"
        paths = (
            f"{len(each.paths)} measured paths end between {min(each.paths):.2f} and {max(each.paths):.2f} % (median "
            f"{median(each.paths):.2f})"
            if len(each.paths) > 1
            else f"the one measured path ends at {each.paths[0]:.2f} %"
            if each.paths
            else ""
        )
        said.append(f"After epoch {epoch} {' and '.join(part for part in (at_once, paths) if part)}.")
    if len(result.measured) < FEWEST:
        said.append(
            f"With weights of {wording.several(len(result.measured), 'epoch')} nothing can be "
            "said about a trend of measurement; train with snapshots to see one."
        )
    elif (agree := agrees(result)) is not None:
        said.append(
            "As the paper says, alpha's cells get worse while measurement's stay."
            if agree
            else "The paper's picture, alpha's cells getting worse while measurement's stay, is not to be seen here."
        )
    return " ".join(said)


def agrees(result: SnapshotsResult) -> bool | None:
    """Alpha's cells get worse from the first to the last third, and the medians of measured paths fall by less. None
    with fewer than three measured moments."""
    measured = [(epoch, each) for epoch, each in result.measured if each.paths or each.at_once is not None]
    if len(measured) < FEWEST:
        return None
    third = max(1, len(result.epochs) // 3)
    true = [each.true for each in result.epochs]
    alpha = fmean(true[-third:]) - fmean(true[:third])
    ends = [median(each.paths) if each.paths else float(each.at_once or 0.0) for _, each in measured]
    return alpha < 0 and ends[-1] - ends[0] > alpha


def compared(result: SnapshotsResult) -> tuple[Compared, ...]:
    last, paper = result.epochs[-1], of_method(result.method)
    rows = [Compared("α's cell at the end, true accuracy", paper.alpha, last.true, "%", None, "table 4")]
    if last.measured is not None and last.measured.paths:
        ends = last.measured.paths
        note = f"median of {wording.several(len(ends), 'order')}, no tuning; there: with tuning, table 4"
        ours = round(median(ends), 4)
        rows.append(Compared("by measurement at the end, true accuracy", paper.measured, ours, "%", None, note))
    return tuple(rows)


def rows(result: SnapshotsResult) -> list[Mapping[str, Any]]:
    """A line for every epoch."""
    return [
        {
            "epoch": each.epoch,
            "supernet_accuracy": each.accuracy,
            "alpha_true": each.true,
            "skip_share": each.skips,
            "checkpoint": each.name,
            "at_once_true": None if each.measured is None else each.measured.at_once,
            "paths_true": None if each.measured is None else " ".join(f"{end:.2f}" for end in each.measured.paths),
            "images": None if each.measured is None else each.measured.images,
        }
        for each in result.epochs
    ]


def lines(result: SnapshotsResult) -> str:
    head = ["epoch", "supernet", "alpha's cell", "skips", "drops at once", "measured paths"]
    body = [
        [
            str(each.epoch),
            "-" if each.accuracy is None else f"{each.accuracy:.2f} %",
            f"{each.true:.2f} %",
            f"{100 * each.skips:.0f} %",
            "-" if each.measured is None or each.measured.at_once is None else f"{each.measured.at_once:.2f} %",
            "-" if each.measured is None else ", ".join(f"{end:.2f}" for end in each.measured.paths) or "-",
        ]
        for each in result.epochs
    ]
    return aligned([head, *body])


def seconds(settings: Settings, summary: Summary) -> float | None:
    """A sweep of 6 edges takes 36 passes, a path about 30."""
    passes = len(moments(summary)) * (36 + 30 * settings.orders)
    return seconds_of_sweep(summary, settings.images, passes)


LAB: Lab[Settings, SnapshotsResult] = Lab(
    name="snapshots",
    title="Selection from snapshots: does training longer help?",
    claim="Chosen by α, cells get worse as the supernet trains on; chosen by measurement, they stay as good.",
    source="Wang et al. 2021, figure 4 (NAS-Bench-201)",
    link=LINK,
    settings=Settings,
    run=run,
    read=SnapshotsResult.from_dict,
    refuses=refuses,
    verdict=verdict,
    agrees=agrees,
    compared=compared,
    rows=rows,
    lines=lines,
    seconds=seconds,
    known=known,
)
