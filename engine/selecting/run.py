"""A full selection run: decisions, tuning between them, everything recorded in a folder that a killed run goes on from.

Progress    where a run stands
select      run a plan in a folder, or go on where it stopped; gives the document

The folder: plan.json and progress.json (the document so far and how many actions are done), tuned/ (the tuned supernet
as a checkpoint), events.jsonl (one line per action), status.json, and in the end selection.json. Random draws depend on
the seed and on the place in the plan alone, so that there is no other random state to keep.
"""

import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from engine import __version__
from engine.checkpoint import folder as store
from engine.checkpoint.folder import Checkpoint
from engine.data.load import scoring_batches
from engine.runs import files
from engine.runs.folder import RunFolder, now
from engine.scoring.scorer import Scorer
from engine.scoring.scores import measure
from engine.selecting.plan import Action, Plan, actions
from engine.selecting.record import Point, SelectionRecord, Step
from engine.selecting.strategies import choose
from engine.selecting.tuning import Tuner
from engine.selection.orders import Order, edge_order, index_order
from engine.selection.selection import Selection

RESULT, TUNED = "selection.json", "tuned"
WATCHED = 1024
"""Images on which the path's accuracies are measured, or fewer where fewer are scored."""


@dataclass(frozen=True)
class Progress:
    """done: finished actions, the running one in part. remaining: seconds, or None while nothing is known."""

    done: float
    total: int
    label: str
    remaining: float | None


Report = Callable[[Progress], None]


def select(
    checkpoint: Checkpoint,
    plan: Plan,
    out: Path,
    *,
    resume: bool = False,
    device: str = "cpu",
    command: str | None = None,
    report: Report = lambda progress: None,
    data_dir: str | Path | None = None,
    download: bool = False,
) -> SelectionRecord:
    """Run a plan to its end and return what it found; a finished run is read back.

    Raises BadInput for a folder that holds another run (or any, without `resume`) and for alpha's choice where alpha is
    unknown, Diverged when tuning does. Whatever ends it before, the folder holds the last finished action.
    """
    if plan.strategy in ("magnitude", "pt-mag"):  # refuse what has no alpha before anything is written
        checkpoint.start.with_decisions(plan.start).alpha_path()
    asked = {"checkpoint": checkpoint.digest, **plan.to_dict()}
    with RunFolder(Path(out), asked, Plan().to_dict(), resume=resume, threads=torch.get_num_threads()) as folder:
        run = _Run(folder, checkpoint, plan, device, command, {"data_dir": data_dir, "download": download})
        return run.to_the_end(report)


class _Run:
    """The moving parts of a run."""

    def __init__(
        self,
        folder: RunFolder,
        checkpoint: Checkpoint,
        plan: Plan,
        device: str,
        command: str | None,
        source: dict[str, Any],
    ) -> None:
        self.folder, self.plan, self.checkpoint = folder, plan, checkpoint
        tuned = store.load(folder.path / TUNED) if store.exists(folder.path / TUNED) else None
        self.tuner = None
        if plan.tuning.amount:
            options = {"data": plan.settings.data, "seed": plan.seed, "device": device, **source}
            # A tuned checkpoint says where it comes from; everything else about it is as it was.
            self.tuner = Tuner(tuned or checkpoint, resumed=tuned is not None, **options)
        current = self.tuner.tuned() if self.tuner else checkpoint
        current.supernet.to(torch.device(device))
        self.start = checkpoint.start.with_decisions(plan.start)
        self.scorer = Scorer.of(current, plan.settings, cumulative=plan.cumulative, **source)
        watched = min(plan.settings.images or WATCHED, WATCHED)
        self.watched = scoring_batches(
            plan.settings.data,
            images=watched,
            batch_size=plan.settings.batch_size,
            checkpoint=checkpoint,
            device=device,
            **source,
        )
        self.document = SelectionRecord(
            self.start,
            tuple(Step("training" if each in checkpoint.start.decisions else "person") for each in plan.start),
            checkpoint=_origin(checkpoint),
            strategy=plan.strategy,
            settings=_settings(plan, self.scorer),
            tuning=plan.tuning,
            command=command,
            date=now(),
            versions={"engine": __version__, "torch": str(torch.__version__), "python": platform.python_version()},
        )
        self.done, self.order = 0, None
        if (kept := folder.progress()) is not None:
            self.document = SelectionRecord.from_json(json.dumps(kept["document"]), checkpoint.space)
            self.done, self.order = kept["done"], Order(*(tuple(map(tuple, kept["order"][k])) for k in Order._fields))
            folder.mend_events([kept["event"]] if "event" in kept else [], self.done)
        self.seconds: dict[str, list[float]] = {}

    def to_the_end(self, report: Report) -> SelectionRecord:
        result = self.folder.path / RESULT
        if self.order is None:
            self.order = self._order(report)
        steps = actions(self.plan, self.start, self.order)
        try:
            for number in range(self.done, len(steps)):
                began = time.perf_counter()

                def tell(share: float, number: int = number) -> None:
                    progress = self._progress(steps, number, share)
                    self._tell(progress)
                    report(progress)

                event = self._do(steps[number], tell)
                self.seconds.setdefault(steps[number].kind, []).append(time.perf_counter() - began)
                self.done = number + 1
                event = {"done": self.done, **event}
                self.folder.keep(self._kept(event), event)
                tell(1.0)
        except BaseException:
            self._tell(self._progress(steps, self.done, 0.0))
            raise
        if not result.exists():
            files.write(result, self.document.to_json())
        self._tell(Progress(len(steps), len(steps), "done", 0.0))
        return self.document

    def _kept(self, event: dict[str, Any]) -> dict[str, Any]:
        assert self.order is not None
        document = json.loads(self.document.to_json())
        return {"done": self.done, "order": self.order._asdict(), "document": document, "event": event}

    def _tell(self, progress: Progress) -> None:
        self.folder.tell(progress.done, progress.total, "actions", progress.label, progress.remaining)

    def _order(self, report: Report) -> Order:
        plan, space = self.plan, self.checkpoint.space
        if plan.order == "random":
            return edge_order(space, plan.seed)
        order = index_order(space)
        if plan.order == "index":
            return order
        start = self.document.selection
        edges = [(cell, edge) for cell in space.cells for edge in start.undecided_edges(cell)]
        found = {}
        for number, place in enumerate(edges):
            progress = Progress(0, 1, f"order: edge {number + 1} of {len(edges)}", None)
            self._tell(progress)
            report(progress)
            found[place] = self.scorer.edge(start, *place).difference or 0.0
        return Order(tuple(sorted(order.edges, key=lambda place: -found.get(place, 0.0))), order.nodes)

    def _do(self, action: Action, tell: Callable[[float], None]) -> dict[str, Any]:
        selection = self._current()
        if action.kind == "decide":
            assert action.step is not None
            plan = self.plan
            choice = choose(
                plan.strategy,
                selection,
                action.step,
                self.scorer,
                plan.seed,
                allow_none=plan.allow_none,
                report=tell,
            )
            self.document = replace(
                self.document,
                selection=self.document.selection.decide(choice.decision),
                steps=(*self.document.steps, Step(choice.by, choice.scores)),
            )
            point = self._point(0)
            event: dict[str, Any] = {"decision": asdict(choice.decision), "by": choice.by}
        elif action.kind == "tune":
            assert self.tuner is not None
            steps = action.batches or self.tuner.batches_per_epoch
            if self.tuner.passes == action.number:  # else the run was killed after tuning, before this was recorded
                lr = self.plan.tuning.lr
                self.tuner.tune(selection, action.batches, lr, lambda step: tell(step / steps))
                self.tuner.save(self.folder.path / TUNED)
            last = self.document.path[-1]
            before = last.tuned if last.decisions == selection.steps_done else 0
            point = self._point(before + (action.batches or 1))
            event = {"tuned": point.tuned, "unit": point.unit}
        else:
            point, event = self._point(0), {}
        self.document = replace(self.document, path=(*self.document.path, point))
        return {"action": action.kind, **event, "accuracy": point.accuracy}

    def _current(self) -> Selection:
        """The decisions so far on top of the alphas as they are now."""
        decisions = self.document.selection.decisions
        return self.document.selection if self.tuner is None else self.tuner.selection(decisions)

    def _point(self, tuned: int) -> Point:
        selection, bn = self._current(), self.plan.settings.bn
        found = measure(self.scorer.supernet, selection.weights(), self.watched, bn)
        images = sum(len(labels) for _, labels in self.watched)
        unit = self.plan.tuning.unit
        return Point(selection.steps_done, tuned, unit, found.accuracy, found.loss, found.ci, images, bn)

    def _progress(self, steps: list[Action], number: int, share: float) -> Progress:
        left = steps[number + 1 :]
        mean = {kind: sum(spent) / len(spent) for kind, spent in self.seconds.items()}
        kind = steps[min(number, len(steps) - 1)].kind
        known = all(action.kind in mean for action in left) and kind in mean
        remaining = sum(mean[action.kind] for action in left) + (1 - share) * mean[kind] if known else None
        decided = self.document.selection.steps_done
        label = f"{'tuning' if kind == 'tune' else 'measuring'}, {decided} of {self.checkpoint.space.steps} decided"
        return Progress(number + share, len(steps), label, remaining)


def _origin(checkpoint: Checkpoint) -> dict[str, Any]:
    """What a document says of its supernet; notes of an import stay beside the numbers that rest on it."""
    meta = checkpoint.meta
    keys = ("space", "method", "epochs", "channels", "cells", "image_size", "dataset", "notes")
    return {"name": checkpoint.name, "digest": checkpoint.digest} | {key: meta[key] for key in keys if key in meta}


def _settings(plan: Plan, scorer: Scorer) -> dict[str, Any]:
    names = ("order", "seed", "together", "allow_none", "cumulative")
    chosen = {name: plan.to_dict()[name] for name in names}
    return plan.settings.header() | {"images": scorer.images.count, "split": scorer.images.split} | chosen
