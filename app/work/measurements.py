"""Measurements for the pages: stored with a checkpoint, finished here, or being taken right now. Needs no torch.

Measurements   finds and takes them; everything is shared by all visitors and kept by content
stored         what a checkpoint's own sweep says
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from app.work import paths, worker
from app.work.jobs import Job, JobManager
from app.work.questions import Kind, MeasuredPath, Measurement, Request, canonical
from app.work.worker import Taken
from engine.checkpoint.format import Summary
from engine.results import EdgeScores, InputScores
from engine.scoring.paths import Report, measured_path
from engine.scoring.settings import Settings
from engine.selection.orders import NextStep, Order, edge_order, index_order
from engine.selection.selection import Selection
from engine.spaces import SearchSpace

KEPT = 4096
"""Results kept in memory: a few kilobytes each."""
LONG = 15.0
"""Seconds of path-following from which on processes do it: one takes about five to begin."""


class Measurements:
    """What has been measured and how more gets measured.

    take: answers a request, see `scoring.take`. selection: what a request measures in, see `scoring.selection`.
    """

    def __init__(
        self,
        jobs: JobManager,
        take: Callable[[Request], Iterator[Taken]] = worker.take,
        selection: Callable[[Request], Selection] = worker.selection,
    ) -> None:
        self._jobs, self._take_live, self._selection = jobs, take, selection
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._rates: dict[tuple[str, int], float] = {}  # seconds per pass, by digest and number of decisions

    # Finding

    def find(self, request: Request, summary: Summary) -> Measurement | None:
        """The measurement of a request: finished here, else stored with its checkpoint, else as far as one got."""
        kept: Measurement | None = self._get(request.key)
        if kept is not None and not kept.partial:
            return kept
        return stored(request, summary) or kept

    def paths(self, request: Request, summary: Summary) -> tuple[MeasuredPath, ...]:
        """Measured paths known from a request's selection on: taken here, else stored with its checkpoint."""
        kept: dict[int | None, MeasuredPath] = self._get(_paths_key(request)) or {}
        return tuple(kept.values()) or stored_paths(request, summary)

    def running(self, visitor: str) -> list[Job]:
        """The visitor's jobs that have not ended."""
        return self._jobs.of(visitor)

    # Taking

    def start(self, requests: Sequence[Request], title: str, visitor: str) -> Job:
        """Take these measurements in the background, one after the other; each can be found while it is taken.

        What is finished already is not taken again, and a job that takes just these is joined. Raises BadInput when
        too many jobs are waiting.
        """
        requests = tuple(requests)
        return self.start_prepared(tuple(request.key for request in requests), lambda job: requests, title, visitor)

    def start_prepared(
        self,
        key: Hashable,
        prepare: Callable[[Job], Sequence[Request]],
        title: str,
        visitor: str,
        outside: bool = False,
    ) -> Job:
        """As `start`, with requests that are only known once `prepare` has done its work. key: as for a job.

        outside: whether `prepare` follows a process, and so leaves the worker to others.
        """
        known: list[Sequence[Request]] = []

        def before(job: Job) -> None:
            known[:] = [prepare(job)]

        def work(job: Job) -> tuple[Measurement, ...]:
            requests = known[0] if outside else prepare(job)

            def report(number: int) -> Callable[[float], None]:
                return lambda share: job.progress(round(100 * (number + share)), 100 * len(requests), "%")

            return tuple(self.take(request, report(number)) for number, request in enumerate(requests))

        return self._jobs.submit(key, title, work, visitor, before if outside else None)

    def start_all(self, summary: Summary, selection: Selection, title: str, visitor: str, **how: Any) -> Job | None:
        """Measure every undecided edge of every cell type and the inputs of every node left to decide.

        None where nothing is missing. how: as in `Request.of`.
        """
        targets = _targets(summary.space, selection)
        requests = [Request.of(summary, selection, *target, **how) for target in targets]
        missing = [each for each in requests if (found := self.find(each, summary)) is None or found.partial]
        return self.start(missing, title, visitor) if missing else None

    def start_paths(
        self, request: Request, seeds: Sequence[int | None], visitor: str, summary: Summary | None = None
    ) -> Job:
        """Follow the measured path from a request's selection on, for each edge order (None: by index).

        Each remaining edge in the order, then each node, is decided by its scores and all is measured again after
        every decision, without tuning (Wang et al. 2021, algorithm 1). Paths can be found one by one as they end.
        summary: of the checkpoint, by whose timing paths that take long are left to processes.
        """
        key = _paths_key(request)
        seeds = tuple(seeds)

        def outside(job: Job) -> None:
            known: dict[int | None, MeasuredPath] = self._get(key) or {}
            wanted = [seed for seed in seeds if seed not in known]
            for number, seed in enumerate(wanted):

                def report(share: float, number: int = number) -> None:
                    job.progress(round(100 * (number + share)), 100 * len(wanted), "%")

                known = {**known, seed: paths.follow(request, seed, job, report)}
                self.keep(key, known)

        def work(job: Job) -> tuple[MeasuredPath, ...]:
            known: dict[int | None, MeasuredPath] = self._get(key) or {}
            wanted = [seed for seed in seeds if seed not in known]
            if not wanted:
                return tuple(known[seed] for seed in seeds)
            selection = self._selection(request)
            steps = selection.space.steps - selection.steps_done
            for number, seed in enumerate(wanted):
                begun = number * steps

                def report(done: int, begun: int = begun) -> None:
                    job.progress(begun + done, len(wanted) * steps, "decisions")

                known = {**known, seed: self._follow(request, selection, seed, report)}
                self.keep(key, known)
            return tuple(known[seed] for seed in seeds)

        long = summary is not None and self._paths_take_long(request, seeds, summary)
        return self._jobs.submit((key, seeds), "Following the measured path", work, visitor, outside if long else None)

    def _paths_take_long(self, request: Request, seeds: Sequence[int | None], summary: Summary) -> bool:
        """Whether following takes longer than others should wait, as far as known. A path asks every question once."""
        if request.settings.augment:  # the command draws the order and the augmentation from one seed
            return False
        known: dict[int | None, MeasuredPath] = self._get(_paths_key(request)) or {}
        selection = summary.start.with_decisions(request.decisions)
        questions = [
            replace(request, kind=kind, cell=cell, index=index)
            for kind, cell, index in _targets(summary.space, selection)
        ]
        seconds = self.estimate(questions, summary) or 0.0
        return seconds * sum(seed not in known for seed in seeds) > LONG

    def estimate(self, requests: Sequence[Request], summary: Summary) -> float | None:
        """Seconds these measurements take: by this machine's timing, else the stored sweep's; None if unknown."""
        rows = (summary.scores or {}).get("edges", [])
        passes = sum(row["images"] * (1 + len(row["operations"])) for row in rows)
        stored_rate = sum(row["seconds"] for row in rows) / passes if passes else None
        seconds = 0.0
        for request in requests:
            with self._lock:
                here = [rate for (digest, _), rate in self._rates.items() if digest == request.digest]
                rate = self._rates.get((request.digest, len(request.decisions)), max(here, default=stored_rate))
            images = request.settings.images or (summary.scores or {}).get("settings", {}).get("available")
            if rate is None or images is None:
                return None
            seconds += rate * images * (1 + _masks(request, summary))
        return seconds if requests else None

    # In the worker

    def take(self, request: Request, report: Callable[[float], None]) -> Measurement:
        """A measurement from memory or from the supernet. `report` is told the share of it that is done."""
        known: Measurement | None = self._get(request.key)
        if known is not None and not known.partial:
            report(1.0)
            return known
        report(0.0)
        for taken in self._take_live(request):
            self.keep(request.key, taken.measurement)
            if not taken.measurement.partial:
                self.keep(request.supernet.key, taken.measurement._replace(result=taken.measurement.accuracy))
                with self._lock:
                    self._rates[request.digest, len(request.decisions)] = taken.seconds / taken.passes
            report(taken.share)
        return taken.measurement

    def _follow(
        self, request: Request, selection: Selection, seed: int | None, report: Callable[[int], None]
    ) -> MeasuredPath:
        order: Order = index_order(selection.space) if seed is None else edge_order(selection.space, seed)
        accuracies: list[float] = []
        images = 0
        report(0)
        scorer = _Remembering(self, request, lambda share: report(len(accuracies)))
        for step in measured_path(scorer, selection, order):
            selection, images = step.selection, step.scores.images
            accuracies.append(step.scores.baseline.accuracy)
            report(len(accuracies))
        return MeasuredPath(seed, str(selection.decoded()), tuple(accuracies), "live", images, selection.decisions)

    def _get(self, key: Hashable) -> Any:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: Hashable, value: Any) -> None:
        """Remember what answers a request's key; the oldest answers are forgotten."""
        with self._lock:
            self._kept[key] = value
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)


class _Remembering:
    """Scores for a path, taken as pages ask for them: what is known is not measured again, what is not is kept."""

    def __init__(self, measurements: Measurements, like: Request, report: Report) -> None:
        self._measurements, self._like, self._report = measurements, like, report

    def edge(self, selection: Selection, cell: str, edge: int, report: Report) -> EdgeScores:
        return self._take(selection, NextStep("edge", cell, edge)).edge

    def inputs(self, selection: Selection, cell: str, node: int, report: Report) -> InputScores:
        return self._take(selection, NextStep("node", cell, node)).inputs

    def _take(self, selection: Selection, step: NextStep) -> Measurement:
        decisions = canonical(selection)
        question = replace(self._like, decisions=decisions, kind=step.kind, cell=step.cell, index=step.index)
        return self._measurements.take(question, self._report)


def _targets(space: SearchSpace, selection: Selection) -> list[tuple[Kind, str, int]]:
    """Every undecided edge of every cell type, and every node whose inputs are left to decide."""
    edges: list[tuple[Kind, str, int]] = [
        ("edge", cell, edge) for cell in space.cells for edge in selection.undecided_edges(cell)
    ]
    nodes: list[tuple[Kind, str, int]] = [
        ("node", cell, node)
        for cell in space.cells
        for node in space.cell(cell).topology_nodes
        if selection.kept(cell, node) is None
    ]
    return edges + nodes


def stored(request: Request, summary: Summary) -> Measurement | None:
    """What the checkpoint's own sweep says, where it was taken on the same supernet with just these settings."""
    scores = summary.scores
    if scores is None or request.decisions or request.digest != summary.digest or not _fits(request, scores):
        return None
    rows, index = (scores["inputs"], "node") if request.kind == "node" else (scores["edges"], "edge")
    read: Callable[[Any], EdgeScores | InputScores]
    read = InputScores.from_dict if request.kind == "node" else EdgeScores.from_dict
    for row in rows:
        if request.kind == "accuracy" or (row["cell"], row[index]) == (request.cell, request.index):
            found = Measurement(
                read(row),
                "stored",
                scores["date"][:10],
                warning=scores.get("warning"),
                data=request.settings.data,
            )
            return found._replace(result=found.accuracy) if request.kind == "accuracy" else found
    return None


def stored_paths(request: Request, summary: Summary) -> tuple[MeasuredPath, ...]:
    """The measured paths that were stored with the checkpoint's sweep, under the same condition as `stored`."""
    scores = summary.scores or {}
    if request.decisions or request.digest != summary.digest or not scores.get("paths") or not _fits(request, scores):
        return ()
    return tuple(
        MeasuredPath(row["seed"], row["genotype"], tuple(row["accuracies"]), "stored", row["images"])
        for row in scores["paths"]
    )


def _fits(request: Request, scores: dict[str, Any]) -> bool:
    """Whether a stored sweep was taken as the request asks."""
    header = scores["settings"]
    asked = request.settings.relevant(request.kind)
    if asked.images is None:
        asked = replace(asked, images=header.get("available"))
    # A sweep older than the ids of images can only be trusted where the name of the data says which they are.
    content = header.get("content", header["data"])
    return Settings.stored(header).relevant(request.kind) == asked and content == request.content


def _masks(request: Request, summary: Summary) -> int:
    """How many masked variants a measurement evaluates beside the supernet itself."""
    if request.kind == "accuracy":
        return 0
    if request.kind == "node":
        return len(summary.space.cell(request.cell).entering(request.index))
    return len(summary.space.operations(request.cell, request.index))


def _paths_key(request: Request) -> Hashable:
    # The criterion decides, so it stays; an edge's rescaled masks do too.
    return "paths", replace(request, kind="edge", cell="", index=0).key
