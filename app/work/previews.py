"""First-order estimates for the pages: kept for as long as this program runs, and made in the background. No torch.

Previews   finds and makes them; shared by all visitors

They are guesses of where to measure first. They live apart from measurements, so that none becomes one by mistake.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from app.work import worker
from app.work.job import Job
from app.work.jobs import JobManager
from app.work.questions import Request
from engine.results import Preview
from engine.scoring.paths import Report
from engine.scoring.settings import PREVIEW_IMAGES

Make = Callable[[Request, Report], Preview]
MOST_KEPT = 200
TITLE = "Estimating every edge"


@dataclass(frozen=True)
class _Question:
    """What a preview depends on. It is no request, so nobody takes work on it for a measurement."""

    accuracy: Request


class Previews:
    """What has been estimated and how more is. make: answers a request, see `worker.preview`."""

    def __init__(self, jobs: JobManager, make: Make = worker.preview) -> None:
        self._jobs, self._make = jobs, make
        self._lock = threading.Lock()
        self._found: OrderedDict[_Question, Preview] = OrderedDict()

    def find(self, request: Request) -> Preview | None:
        """Estimates in the selection in which a request asks for the accuracy. How many images it asks for, and by
        which criterion, plays no part."""
        with self._lock:
            return self._found.get(_question(request))

    def job(self, request: Request, visitor: str) -> Job | None:
        """The visitor's job that has not ended and estimates that."""
        key = _question(request)
        return next((job for job in self._jobs.of(visitor) if job.key == key), None)

    def start(self, request: Request, visitor: str) -> Job:
        """Estimate in the background. Raises BadInput when too many jobs are waiting."""
        asked = request.under(images=PREVIEW_IMAGES)

        def work(job: Job) -> Preview:
            def report(share: float) -> None:
                job.progress(round(100 * share), 100, "%")

            report(0.0)
            found = self._make(asked, report)
            with self._lock:
                self._found[_question(request)] = found
                if len(self._found) > MOST_KEPT:
                    self._found.popitem(last=False)
            return found

        return self._jobs.submit(_question(request), TITLE, work, visitor)


def _question(request: Request) -> _Question:
    settings = replace(request.settings, images=PREVIEW_IMAGES, until_sure=None)
    return _Question(replace(request, settings=settings).supernet.key)
