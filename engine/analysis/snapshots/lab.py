"""Lab "snapshots", selection from snapshots: where alpha and measurement end at every stored epoch (Fig. 4).

LAB        the lab
Settings   what it measures with
run        measures every moment whose weights are there

Alphas are known of every epoch; measurement needs weights. Free of torch until it measures.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine import nasbench201
from engine.analysis.lab import Lab, Report, only_with_a_table, seconds_of_sweep
from engine.analysis.paper import LINK
from engine.analysis.relatives import moments, past
from engine.analysis.settings import LabSettings
from engine.analysis.snapshots.results import Epoch, Measured, SnapshotsResult
from engine.analysis.snapshots.words import agrees, compared, lines, rows, verdict
from engine.checkpoint.format import Summary, read_summary
from engine.fields import setting
from engine.population import UNTUNED, member, over_epochs
from engine.scoring.sweep import StoredSweep
from engine.selection.selection import Selection

if TYPE_CHECKING:
    from engine.checkpoint.folder import Checkpoint


@dataclass(frozen=True, kw_only=True)
class Settings(LabSettings):
    """orders: of the edges, official ones from 0 on, in which a path is measured at every moment."""

    orders: int = setting(2, "Edge orders of the measured paths, at every moment.", unit="orders", least=0, most=8)


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
        for followed, order in enumerate(orders):
            end = start
            for place, step in enumerate(measured_path(scorer, start, edge_order(start.space, order))):
                end = step.selection
                tell((place + 1) / len(edges), 1 + followed)
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
