"""Lab "signals", who is right?: numbers that are meant to say what an operation is worth, held against the truth.

LAB   the lab
run   measures the signals one after the other, an image set and an edge at a time
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import nasbench201
from engine.analysis.lab import Lab, Report, only_with_a_table, seconds_of_sweep
from engine.analysis.paper import LINK
from engine.analysis.signals import words
from engine.analysis.signals.begun import CELL, filled, known, of_sweep, refuses
from engine.analysis.signals.kinds import Asked, Find, Kind, Part, Values, chosen
from engine.analysis.signals.results import Row, SignalsResult
from engine.analysis.signals.settings import Settings
from engine.checkpoint.format import Summary
from engine.errors import BadInput
from engine.selection.selection import Selection

if TYPE_CHECKING:
    from engine.checkpoint.folder import Checkpoint
    from engine.scoring.scores import Batches


def run(
    checkpoint: "Checkpoint",
    settings: Settings,
    report: Report = lambda share, label: None,
    *,
    selection: Selection | None = None,
    before: SignalsResult | None = None,
    data_dir: str | Path | None = None,
    download: bool = False,
) -> Iterator[SignalsResult]:
    """A result after every edge and part. Raises BadInput for another space than NAS-Bench-201, a complete selection,
    unknown signals, and more images than there are. A signal that cannot be found says why, and the rest goes on."""
    if (reason := only_with_a_table(checkpoint.space)) is not None:
        raise BadInput(f"lab signals does not apply to {checkpoint.name}: {reason}")
    start = checkpoint.start if selection is None else selection
    if not start.undecided_edges(CELL):
        raise BadInput("every edge is decided, so no signal has anything to say; give a selection with undecided edges")
    kinds, own = chosen(settings.signals, settings.plugin)
    result = replace(known(start, settings, kinds, before), method=str(checkpoint.meta["method"]))
    todo = _todo(result, kinds)
    if not todo:
        yield replace(result, final=True)
        return
    sets, everything = _images(checkpoint, settings, data_dir, download)
    weights = [_passes(task.part, task.wanted, len(start.undecided_edges(CELL))) for task in todo]
    done, total = 0.0, sum(weights) or 1.0
    for task, weight in zip(todo, weights, strict=True):
        asked = Asked(checkpoint.supernet, start, CELL, sets[task.number], settings.bn, settings.seed)

        def tell(share: float, task: "Task" = task, done: float = done, weight: float = weight) -> None:
            report((done + share * weight) / total, task.label)

        result = _take(result, task, asked, own, tell)
        done += weight
        yield result
    yield _finished(result, checkpoint, start, everything, settings)


class Task:
    """Part of the work: some signals of one part, on one image set, on an edge where that part goes edge by edge."""

    def __init__(self, part: Part, wanted: Sequence[str], number: int, edge: int | None, label: str) -> None:
        self.part, self.wanted, self.number, self.edge, self.label = part, tuple(wanted), number, edge, label


def _todo(result: SignalsResult, kinds: Sequence[Kind]) -> list[Task]:
    """What is left to measure: image set by image set, the cheap parts first."""
    tasks = []
    signals = {signal.name: signal for signal in result.signals}
    for number in range(result.sets):
        for part in ("gradients", "iim", "synflow", "masked", "minibatch", "restored", "own"):
            missing = [kind for kind in kinds if kind.part == part and number < len(signals[kind.name].values)]
            where = f"image set {number + 1} of {result.sets}"
            if part in ("masked", "restored"):
                for place, edge in enumerate(result.edges):
                    open_ = [kind.name for kind in missing if _row(result, kind.name, number, place) is None]
                    if open_:
                        tasks.append(Task(part, open_, number, edge, f"{result.names[place]}, {where}"))
                continue
            for group in [[kind] for kind in missing] if part in ("minibatch", "own") else [missing]:
                names = [
                    kind.name
                    for kind in group
                    if any(_row(result, kind.name, number, place) is None for place in range(len(result.edges)))
                ]
                if names:
                    labels = ", ".join(kind.label for kind in group if kind.name in names)
                    tasks.append(Task(part, names, number, None, f"{labels}, {where}"))
    return tasks


def _row(result: SignalsResult, name: str, number: int, place: int) -> Row | None:
    signal = result.signal(name)
    return None if signal is None else signal.values[number][place]


def _take(
    result: SignalsResult, task: Task, asked: Asked, own: Mapping[str, Find], report: Callable[[float], None]
) -> SignalsResult:
    """The result with what a task finds. A signal that fails says why."""
    wanted = [name for name in task.wanted if (one := result.signal(name)) is not None and one.problem is None]
    if not wanted:
        return result
    try:
        found = _find(task, wanted, asked, own, report)
    except BadInput as problem:
        return _failed(result, wanted, str(problem))
    except Exception as problem:  # of somebody's own signal anything can come
        if task.part != "own":
            raise
        return _failed(result, wanted, f"signal {wanted[0]} failed: {type(problem).__name__}: {problem}")
    for name in wanted:
        rows = found.get(name, {})
        try:
            checked = {edge: _checked(name, asked, edge, values) for edge, values in rows.items()}
            if task.part == "own" and set(checked) != set(asked.edges):
                raise BadInput(f"signal {name} gave values of edges {sorted(checked)}, not of {list(asked.edges)}")
        except BadInput as problem:
            result = _failed(result, [name], str(problem))
            continue
        result = filled(result, name, task.number, checked)
    return result


def _find(
    task: Task, wanted: Sequence[str], asked: Asked, own: Mapping[str, Find], report: Callable[[float], None]
) -> Mapping[str, Mapping[int, Values]]:
    """Values by signal and edge."""
    from engine.analysis.signals import features, gradients, masked, zerocost

    edge = task.edge
    if task.part == "masked":
        assert edge is not None
        evidence = masked.measure(asked, edge, wanted, report)
        return {name: {edge: row} for name, row in masked.signals(asked, edge, evidence, wanted).items()}
    if task.part == "restored":
        assert edge is not None
        both = features.restored(asked, edge, report)
        return {name: {edge: row} for name, row in both.items() if name in wanted}
    if task.part == "gradients":
        taken = gradients.gradients_of(asked, report=report)
        rows = {name: gradients.FORMS[name](asked.weights, taken) for name in wanted}
        return {name: {edge: found[edge].tolist() for edge in asked.edges} for name, found in rows.items()}
    if task.part == "iim":
        return {"iim": features.iim(asked, report)}
    if task.part == "own":
        return {name: own[name](asked) for name in wanted}
    proxies = {"synflow": zerocost.synflow, "grad_norm": zerocost.grad_norm, "nwot": zerocost.nwot}
    return {name: zerocost.lost(asked, proxies[name](asked), report) for name in wanted}


def _checked(name: str, asked: Asked, edge: int, values: Values) -> Row:
    """A row of finite numbers, one for each operation."""
    operations = asked.names(edge)
    row = tuple(None if value is None else float(value) for value in values)
    if len(row) != len(operations):
        raise BadInput(f"signal {name} gave {len(row)} values on edge {edge}, which has {len(operations)} operations")
    if wrong := [operations[place] for place, value in enumerate(row) if value is not None and not np.isfinite(value)]:
        raise BadInput(f"signal {name} gave no finite number for {wrong[0]} on edge {edge}")
    return row


def _failed(result: SignalsResult, names: Sequence[str], problem: str) -> SignalsResult:
    said = " ".join(problem.split())
    return replace(
        result,
        signals=tuple(replace(each, problem=said) if each.name in names else each for each in result.signals),
    )


def _images(
    checkpoint: "Checkpoint", settings: Settings, data_dir: str | Path | None, download: bool
) -> tuple[list["Batches"], "Batches"]:
    """Batches of every image set, which share no image; and of all of them together."""
    from engine.scoring.scorer import ScoringImages
    from engine.scoring.settings import Settings as Scoring

    size, wanted = settings.batch_size, settings.images * settings.sets
    if settings.images % size:
        raise BadInput(f"images must be a multiple of the batch size {size}, as image sets share no batch")
    scoring = Scoring(data=settings.data, images=wanted, batch_size=size, bn=settings.bn)
    images = ScoringImages.of(checkpoint, scoring, data_dir=data_dir, download=download)
    if images.count < wanted:
        raise BadInput(
            f"{settings.sets} sets of {settings.images} images are {wanted}, and {settings.data} has {images.count} to "
            "score on; give fewer images or sets"
        )
    each = settings.images // size
    batches = list(images.batches)
    return [batches[start : start + each] for start in range(0, each * settings.sets, each)], batches


def _finished(
    result: SignalsResult, checkpoint: "Checkpoint", start: Selection, batches: "Batches", settings: Settings
) -> SignalsResult:
    from engine.scoring.scores import measure

    base = measure(checkpoint.supernet, start.weights(), batches, settings.bn)
    return replace(result, accuracy=base.accuracy, accuracy_ci=base.ci, final=True)


def _passes(part: str, wanted: Sequence[str], edges: int) -> float:
    """Forward passes of an image set that a task takes, roughly. Measured on nas-bench-201, one thread."""
    from engine.analysis.signals.masked import variants  # imports torch, and is asked only where work begins

    count = len(nasbench201.OPERATIONS)
    if part == "masked":
        return variants(count, count - 1, wanted)
    return {"gradients": 4.0, "iim": 2.5, "synflow": 0.5, "minibatch": 0.6 * edges, "restored": 9.0}.get(part, 2.0)


def seconds(settings: Settings, summary: Summary) -> float | None:
    """By the checkpoint's own sweep."""
    kinds, _ = chosen(settings.signals)
    names = {kind.part: [each.name for each in kinds if each.part == kind.part] for kind in kinds}
    edges = len(summary.start.undecided_edges(CELL))
    live = len(nasbench201.OPERATIONS) - 1
    each, once = 0.0, 0.0
    if own := names.get("masked"):
        each += edges * 4 * live
        once += edges * (2**live - 2 * live) * ("edge_shapley" in own)
    each += 9.0 * edges * ("restored" in names) + 4.0 * ("gradients" in names) + 2.5 * ("iim" in names)
    each += 0.6 * edges * len(names.get("minibatch", []))
    return seconds_of_sweep(summary, settings.images, each * settings.sets + once)


def read(data: Mapping[str, Any]) -> SignalsResult:
    return SignalsResult.from_dict(data)


LAB: Lab[Settings, SignalsResult] = Lab(
    name="signals",
    title="Who is right? Signals against the truth",
    claim="The size of α says little about an operation's strength; what is lost without it says more.",
    source="Wang et al. 2021, sections 3 and 4.1, figure 1 and table 4; signals and table: Xiang et al. 2021",
    link=LINK,
    settings=Settings,
    run=run,
    read=read,
    refuses=refuses,
    verdict=words.verdict,
    agrees=words.agrees,
    compared=words.compared,
    rows=words.rows,
    lines=words.lines,
    seconds=seconds,
    more=words.more,
    known=of_sweep,
)
