"""Measurements for the pages: stored with a checkpoint, finished here, or being taken right now. Needs no torch.

Measurements   finds and takes them; everything is shared by all visitors and kept by content
is_open        whether more images may bring a verdict

How many images a request asks for is what is bought where nothing better is known; it never hides anything.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from app.work import paths, tuned, worker
from app.work.job import Job, Steps
from app.work.jobs import JobManager, Place
from app.work.previews import Make, Previews
from app.work.questions import Kind, MeasuredPath, Measurement, Request
from app.work.rates import Rates
from app.work.store import Store
from app.work.stored import stored, stored_paths
from app.work.taking import TakeLive, Taker
from engine.checkpoint.format import Summary
from engine.results import EdgeScores
from engine.scoring.paths import Report
from engine.selection.selection import Selection
from engine.spaces import SearchSpace

LONG = 15.0
"""Seconds of path-following from which on processes do it: one takes about five to begin."""


class Measurements:
    """What has been measured and how more gets measured.

    take: answers a request, see `worker.take`. make: its estimate, see `worker.preview`. tune: see `tuned.tune`. store:
    where what is measured is kept. previews: first-order estimates, beside all that is measured.
    """

    def __init__(
        self,
        jobs: JobManager,
        take: TakeLive = worker.take,
        make: Make = worker.preview,
        tune: Callable[..., None] = tuned.tune,
        store: Store | None = None,
    ) -> None:
        self._jobs, self.tune = jobs, tune
        self.store = store or Store()
        self._rates = Rates()
        self._taker = Taker(take, self.store, self._rates)
        self.previews = Previews(jobs, make)

    # Finding

    def find(self, request: Request, summary: Summary) -> Measurement | None:
        """The best finished measurement of what is asked, on the most images: taken here or stored with its checkpoint.

        How many images the request asks for plays no part.
        """
        found = [each for each in (stored(request, summary), self.store.best(request)) if each is not None]
        return max(found, key=lambda each: each.images, default=None)

    def partial(self, request: Request) -> Measurement | None:
        """How far a measurement of what is asked is that is being taken right now."""
        return self._taker.partial(request)

    def paths(self, request: Request, summary: Summary) -> tuple[MeasuredPath, ...]:
        """Measured paths known from a request's selection on, of each edge order the one on the most images."""
        found: dict[int | None, MeasuredPath] = {}
        for path in (*stored_paths(request, summary), *self.store.paths(request)):
            if path.seed not in found or found[path.seed].images <= path.images:
                found[path.seed] = path
        return tuple(found.values())

    def running(self, visitor: str) -> list[Job]:
        """The visitor's jobs that have not ended."""
        return self._jobs.of(visitor)

    def job(self, request: Request, visitor: str) -> Job | None:
        """The visitor's job that has not ended and measures, among other things, what is asked."""
        asked = request.place
        return next((job for job in self.running(visitor) if asked in _places(job.key)), None)

    def path_job(self, request: Request, visitor: str) -> Job | None:
        """The visitor's job that has not ended and follows the measured path from a request's selection on."""
        return self.job(_of_path(request), visitor)

    def place(self, job: Job) -> Place:
        """What else goes on beside a job, or before it."""
        return self._jobs.place(job)

    def cancel(self, job: Job, visitor: str) -> None:
        """Leave a job; it stops when nobody else watches it, and what it evaluated is kept."""
        self._jobs.cancel(job, visitor)

    # Taking

    def start(self, requests: Sequence[Request], title: str, visitor: str) -> Job:
        """Take these measurements in the background, one after the other; each can be found while it is taken.

        What is finished already on as many images is not taken again, and a job that takes just these is joined.
        Raises BadInput for too many jobs of one visitor.
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

        outside: whether `prepare` follows a process, and so leaves the workers to others.
        """
        known: list[Sequence[Request]] = []

        def before(job: Job) -> None:
            known[:] = [prepare(job)]

        def work(job: Job) -> Steps[tuple[Measurement, ...]]:
            requests = known[0] if outside else prepare(job)
            found = []
            for number, request in enumerate(requests):
                found.append((yield from self._taker.take(request, _part(job, number, requests))))
                yield
            return tuple(found)

        return self._jobs.submit(key, title, work, visitor, before if outside else None)

    def start_all(self, summary: Summary, selection: Selection, title: str, visitor: str, **how: Any) -> Job | None:
        """Measure every undecided edge of every cell type and the inputs of every node left to decide.

        None where nothing is missing. how: as in `Request.of`.
        """
        targets = _targets(summary.space, selection)
        requests = [Request.of(summary, selection, *target, **how) for target in targets]
        missing = [each for each in requests if self.find(each, summary) is None]
        return self.start(missing, title, visitor) if missing else None

    def settle(
        self,
        requests: Sequence[Request],
        sizes: Sequence[int | None],
        title: str,
        visitor: str,
        seen: Sequence[int] = (),
    ) -> Job:
        """Measure each of these edges on more and more images until its verdict is no longer open, or all are used.

        sizes: the numbers of images after which it is looked at, ascending; None is all. seen: on how many each verdict
        is open already; fewer could only say less.
        """
        requests = tuple(requests)
        larger = [
            tuple(size for size in sizes if size is None or size > images) for images in (seen or (0,) * len(requests))
        ]

        def work(job: Job) -> Steps[tuple[Measurement, ...]]:
            found = []
            for number, request in enumerate(requests):
                found.append((yield from self._settled(request, larger[number], _part(job, number, requests))))
                yield
            return tuple(found)

        key = "settle", tuple(request.key for request in requests), tuple(sizes)
        return self._jobs.submit(key, title, work, visitor)

    def _settled(self, request: Request, sizes: Sequence[int | None], report: Report) -> Steps[Measurement]:
        for number, images in enumerate(sizes):

            def tell(share: float, number: int = number) -> None:
                report((number + share) / len(sizes))

            found = yield from self._taker.take(request.under(images=images), tell)
            if not is_open(found.edge):
                break
        return found

    def start_paths(
        self, request: Request, seeds: Sequence[int | None], visitor: str, summary: Summary | None = None
    ) -> Job:
        """Follow the measured path from a request's selection on, for each edge order (None: by index).

        Each remaining edge in the order, then each node, is decided by its scores and all is measured again after
        every decision, without tuning (Wang et al. 2021, algorithm 1). Paths can be found one by one as they end.
        summary: of the checkpoint, by whose timing paths that take long are left to processes.
        """
        seeds = tuple(seeds)

        def missing() -> list[int | None]:
            known = {path.seed for path in self.store.paths(request) if path.images == request.settings.images}
            return [seed for seed in seeds if seed not in known]

        def outside(job: Job) -> None:
            wanted = missing()
            for number, seed in enumerate(wanted):
                self.store.keep_path(request, paths.follow(request, seed, job, _part(job, number, wanted)))

        def work(job: Job) -> Steps[tuple[MeasuredPath, ...]]:
            if wanted := missing():
                selection = paths.begin(request)
                steps = selection.space.steps - selection.steps_done
                for number, seed in enumerate(wanted):
                    begun = number * steps

                    def report(done: int, begun: int = begun) -> None:
                        job.progress(begun + done, len(wanted) * steps, "decisions")

                    path = yield from paths.walk(self._taker, request, selection, seed, report)
                    self.store.keep_path(request, path)
            known = {path.seed: path for path in self.store.paths(request)}
            return tuple(known[seed] for seed in seeds)

        long = summary is not None and self._paths_take_long(request, seeds, summary)
        key = "paths", _of_path(request).key, seeds
        return self._jobs.submit(key, "Following the measured path", work, visitor, outside if long else None)

    def _paths_take_long(self, request: Request, seeds: Sequence[int | None], summary: Summary) -> bool:
        """Whether following takes longer than others should wait, as far as known. A path asks every question once."""
        if request.settings.augment:  # the command draws the order and the augmentation from one seed
            return False
        known = {path.seed for path in self.store.paths(request)}
        selection = summary.start.with_decisions(request.decisions)
        questions = [
            replace(request, kind=kind, cell=cell, index=index)
            for kind, cell, index in _targets(summary.space, selection)
        ]
        seconds = self.estimate(questions, summary) or 0.0
        return seconds * sum(seed not in known for seed in seeds) > LONG

    def estimate(self, requests: Sequence[Request], summary: Summary) -> float | None:
        """Seconds these measurements take, going on from what is evaluated; None if unknown."""
        begun = {request: self.store.begun(request) for request in requests}
        images = {request: 0 if found is None else found.images for request, found in begun.items()}
        return self._rates.estimate(requests, summary, images)


def is_open(scores: EdgeScores) -> bool:
    """Whether more images may bring a verdict."""
    return scores.verdict == "too_close" or (scores.verdict is None and not scores.stands_out)


def _part(job: Job, number: int, parts: Sequence[object]) -> Report:
    """A report of one of a job's parts, in percent of all."""
    return lambda share: job.progress(round(100 * (number + share)), 100 * len(parts), "%")


def _places(key: Hashable) -> Iterator[Request]:
    """What a job's key says it measures."""
    if isinstance(key, Request):
        yield key.place
    elif isinstance(key, tuple):
        for part in key:
            yield from _places(part)


def _of_path(request: Request) -> Request:
    """What stands for the measured path from a request's selection on: a question that nothing else asks."""
    return replace(request, kind="edge", cell="", index=0)


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
