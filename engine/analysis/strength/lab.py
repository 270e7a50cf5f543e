"""Lab "strength", strength at convergence: does alpha say which operation is best once the others are gone (Fig. 1, 2)?

LAB        the lab
Settings   which edges, and how long the supernet is fine-tuned
run        gives an edge to each of its operations, fine-tunes a copy to a plateau, and measures it

The strength of an operation is the accuracy of the supernet that has it alone on its edge, fine-tuned until it no
longer rises. Free of torch until it measures.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.analysis.edges import SPEC, chosen
from engine.analysis.lab import Lab, Report, seconds_of_sweep
from engine.analysis.paper import LINK
from engine.analysis.settings import LabSettings
from engine.analysis.strength import words
from engine.analysis.strength.results import EdgeStrength, OperationStrength, StrengthResult, rows
from engine.checkpoint.format import Summary, read_summary
from engine.errors import BadInput
from engine.fields import setting
from engine.results import Interval
from engine.selection.selection import Selection
from engine.training import methods

if TYPE_CHECKING:
    from engine.checkpoint.folder import Checkpoint
    from engine.scoring.scorer import Scorer

RISE = 0.5
"""Points by which a pass must lie above all passes before it to count as a rise."""
_STEP = 12.0
"""Passes of one batch that a training step on both halves is worth, roughly."""
_BATCH = 64


@dataclass(frozen=True, kw_only=True)
class Settings(LabSettings):
    """Quick by default: the paper fine-tunes to convergence."""

    edges: str = setting("1", SPEC, metavar="EDGES")
    batches: int = setting(25, "Training batches in one pass of fine-tuning.", unit="batches", least=1, most=100_000)
    passes: int = setting(5, "Most passes for an operation; a plateau ends them sooner.", least=1, most=200)
    patience: int = setting(2, f"Passes without a rise of {RISE} points that make a plateau.", least=1, most=50)
    lr: float = setting(0.01, "Learning rate of the weights.", above=0, most=1)


def run(
    checkpoint: "Checkpoint",
    settings: Settings,
    report: Report = lambda share, label: None,
    *,
    selection: Selection | None = None,
    before: StrengthResult | None = None,
    data_dir: str | Path | None = None,
    download: bool = False,
) -> Iterator[StrengthResult]:
    """A result after every operation. Raises BadInput for a checkpoint that the lab does not apply to, for edges that
    are not there or decided, and for data that do not fit."""
    from engine.scoring.scorer import Scorer

    LAB.check(read_summary(checkpoint.path))
    start = checkpoint.start if selection is None else selection
    wanted = chosen(start, settings.edges, settings.seed)
    scorer = Scorer.of(checkpoint, settings.scoring(), data_dir=data_dir, download=download)
    if before is None:
        accuracy = scorer.accuracy(start)
        method = str(checkpoint.meta["method"])
        before = StrengthResult(
            (), accuracy.accuracy, scorer.images.count, settings.bn, start.space.name, method, False
        )
    result, space = before, start.space
    total, done = sum(len(space.operations(cell, edge)) for cell, edge in wanted), 0
    for cell, edge in wanted:
        names = space.operations(cell, edge)
        found = next((each for each in result.edges if (each.cell, each.edge) == (cell, edge)), None)
        if found is None:
            spec = space.cell(cell)
            found = EdgeStrength(cell, edge, spec.edge_name(spec.edges[edge]), (), False)
        if found.complete:
            done += len(names)
            continue
        scores = scorer.edge(start, cell, edge)
        for place, one in enumerate(scores.operations):
            if place < len(found.operations):
                continue
            label = f"{cell} {edge}: {one.name}"

            def tell(share: float, at: int = done + place, label: str = label) -> None:
                report((at + share) / total, label)

            decided = start.discretize(cell, edge, one.name)
            course, ci, plateau = _tuned(checkpoint, scorer, decided, settings, tell, data_dir, download)
            weight = None if start.best_by_alpha(cell, edge) is None else one.weight
            more = OperationStrength(one.name, weight, one.drop, one.ci, course[-1], ci, course, plateau)
            found = replace(found, operations=(*found.operations, more), complete=place + 1 == len(names))
            others = [each for each in result.edges if (each.cell, each.edge) != (cell, edge)]
            result = replace(result, edges=(*others, found))
            yield result
        done += len(names)
    yield replace(result, final=True)


def _tuned(
    checkpoint: "Checkpoint",
    scorer: "Scorer",
    decided: Selection,
    settings: Settings,
    tell: Callable[[float], None],
    data_dir: str | Path | None,
    download: bool,
) -> tuple[tuple[float, ...], Interval | None, bool]:
    """Fine-tune a copy after a decision: accuracies after every pass, the last one's interval, whether it rose no
    more."""
    from engine.scoring.scorer import Scorer
    from engine.selecting.tuning import Tuner

    tuner = Tuner(
        checkpoint,
        data=settings.data,
        seed=settings.seed,
        device=checkpoint.supernet.device,
        data_dir=data_dir,
        download=download,
    )
    own = Scorer(tuner.supernet, scorer.settings, scorer.images)
    last = own.accuracy(decided)
    course, best, since = [last.accuracy], last.accuracy, 0
    for turn in range(settings.passes):
        tuner.tune(
            tuner.selection(decided.decisions),
            settings.batches,
            settings.lr,
            lambda step, turn=turn: tell((turn + step / settings.batches) / settings.passes),  # type: ignore[misc]
        )
        last = own.accuracy(tuner.selection(decided.decisions))
        course.append(last.accuracy)
        since = 0 if last.accuracy > best + RISE else since + 1
        best = max(best, last.accuracy)
        if since >= settings.patience:
            break
    return tuple(course), last.ci, since >= settings.patience


def refuses(summary: Summary) -> str | None:
    if summary.meta["method"] not in methods.names():
        return f"fine-tuning goes on by the rule of its training, {summary.meta['method']}, which is not here"
    if not any(summary.start.undecided_edges(cell) for cell in summary.space.cells):
        return "all its edges were decided in training"
    return None


def seconds(settings: Settings, summary: Summary) -> float | None:
    """Training steps, and the images after every pass, for each operation of the edges."""
    try:
        wanted = chosen(summary.start, settings.edges, settings.seed)
    except BadInput:
        return None
    operations = sum(len(summary.space.operations(cell, edge)) for cell, edge in wanted)
    one = seconds_of_sweep(summary, settings.batches * _BATCH, _STEP * operations * settings.passes)
    looks = seconds_of_sweep(summary, settings.images, operations * (2 + settings.passes))
    return None if one is None or looks is None else one + looks


LAB: Lab[Settings, StrengthResult] = Lab(
    name="strength",
    title="Strength at convergence: does α name the best operation?",
    claim="The operation of the largest α is often not the one with which the supernet ends best; one of small α can "
    "be strong.",
    source="Wang et al. 2021, section 3, figures 1 and 2",
    link=LINK,
    settings=Settings,
    run=run,
    read=StrengthResult.from_dict,
    refuses=refuses,
    verdict=words.verdict,
    agrees=words.agrees,
    compared=words.compared,
    rows=rows,
    lines=words.lines,
    seconds=seconds,
)
