"""Everything that was ever measured here, on the disk and for all visitors: the best of every question. Needs no torch.

Store     finds, keeps and bounds it; damage and a full disk cost what they touch and nothing else
Begun     the sums of a measurement that can be gone on with

A question is all that changes an answer but how many images it rests on, so that a file holds its answer on the most
images, and the sums of every batch that was evaluated, also after that. Files are found by what is asked, without an
index: ten thousand of them slow nothing, and several servers can share a folder.
"""

import hashlib
import json
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from app.work import processes
from app.work.questions import Accuracy, MeasuredPath, Measurement, Request
from engine.checked import checked
from engine.errors import BadInput
from engine.fields import defaults
from engine.results import EdgeScores, InputScores
from engine.runs import files
from engine.scoring.settings import Settings

FOLDER = "evidence"
MOST_FILES = 20_000
"""Files kept on the disk, about ten kilobytes each. The ones not written for longest go first."""
LOOK_AFTER = 500
"""Files written between two looks at how many there are."""
IN_MEMORY = 4096
"""Files whose content is kept in memory."""
READ: Mapping[str, Callable[[Any], EdgeScores | InputScores | Accuracy]] = {
    "edge": EdgeScores.from_dict,
    "node": InputScores.from_dict,
    "accuracy": lambda data: checked(Accuracy, data),
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Begun:
    """The sums of all batches evaluated so far (`engine.scoring.intervals.Sums`) and the seconds that took."""

    images: int
    seconds: float
    sums: dict[str, Any]


@dataclass(frozen=True)
class _Answer:
    """A finished measurement as it is stored."""

    result: dict[str, Any]
    date: str
    warning: str | None = None
    data: str = "bundled"
    available: int | None = None


@dataclass(frozen=True)
class _File:
    """What a file holds. asked: the question, so that nobody's file answers another one."""

    asked: dict[str, Any]
    best: _Answer | None = None
    begun: Begun | None = None
    paths: tuple[MeasuredPath, ...] = ()


class _Read(NamedTuple):
    """A file as it was when it was read. stamp: changes when the file does; None where it could not be written."""

    stamp: tuple[int, int] | None
    file: _File
    best: Measurement | None


class Store:
    """Finished measurements, measured paths, and the sums with which a measurement goes on.

    folder: where they lie; it may be absent. Where it cannot be written, they are kept as long as the process lives,
    and `problem` is a sentence about it.
    """

    def __init__(self, folder: Callable[[], Path] = lambda: processes.root() / FOLDER) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._read: OrderedDict[Path, _Read] = OrderedDict()
        self._written = 0
        self._damaged: dict[Path, tuple[int, int]] = {}
        self.problem: str | None = None

    def best(self, request: Request) -> Measurement | None:
        """The answer to a request on the most images there are, whatever number it asks for."""
        return self._open(_question(request)).best

    def begun(self, request: Request) -> Begun | None:
        """What a measurement of this request can go on from."""
        return self._open(_question(request)).file.begun

    def paths(self, request: Request) -> tuple[MeasuredPath, ...]:
        """The measured paths from a request's selection on: of each edge order, the one on the most images."""
        return self._open(_path_question(request)).file.paths

    def keep(self, request: Request, found: Measurement | None, begun: Begun | None = None) -> None:
        """Keep what was found, if it is finished and rests on more images than what is here, and where it can go on."""
        answer = None
        if found is not None and not found.partial:
            result = asdict(found.result)
            answer = _Answer(result, found.date, found.warning, found.data, found.available)
        with self._lock:
            question = _question(request)
            known = self._open(question)
            if answer is not None and (known.best is None or known.best.images <= answer.result["images"]):
                known = known._replace(file=replace(known.file, best=answer))
            former = known.file.begun
            if begun is not None and (former is None or former.images <= begun.images):
                known = known._replace(file=replace(known.file, begun=begun))
            self._write(question, known.file)

    def keep_path(self, request: Request, path: MeasuredPath) -> None:
        """Keep a measured path from a request's selection on."""
        with self._lock:
            question = _path_question(request)
            file = self._open(question).file
            others = tuple(each for each in file.paths if each.seed != path.seed)
            same = [each for each in file.paths if each.seed == path.seed]
            if not same or same[0].images <= path.images:
                self._write(question, replace(file, paths=(*others, path)))

    # Files

    def _path(self, question: dict[str, Any]) -> Path:
        name = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()
        return self._folder() / name[:2] / f"{name[2:40]}.json"

    def _open(self, question: dict[str, Any]) -> _Read:
        """What is known of a question; nothing, where there is no file or a damaged one."""
        path = self._path(question)
        with self._lock:
            known = self._read.get(path)
            try:
                found = path.stat()
                stamp = found.st_mtime_ns, found.st_size
            except OSError:
                stamp = None
            if known is not None and known.stamp == stamp:
                self._read.move_to_end(path)
                return known
            if stamp is None or self._damaged.get(path) == stamp:
                return _Read(None, _File(question), None)
            try:
                file = checked(_File, json.loads(path.read_bytes()))
                if file.asked != question:
                    raise BadInput("it answers another question")
                return self._remember(path, stamp, file)
            except (OSError, ValueError, BadInput) as error:
                self._damaged[path] = stamp
                _log.warning("%s cannot be used and is left out: %s", path, error)
                return _Read(None, _File(question), None)

    def _remember(self, path: Path, stamp: tuple[int, int] | None, file: _File) -> _Read:
        best = None
        if (answer := file.best) is not None:
            result = READ[file.asked["kind"]](answer.result)
            best = Measurement(result, "live", answer.date, False, answer.warning, answer.data, answer.available)
        read = self._read[path] = _Read(stamp, file, best)
        self._read.move_to_end(path)
        while len(self._read) > IN_MEMORY:
            self._read.popitem(last=False)
        return read

    def _write(self, question: dict[str, Any], file: _File) -> None:
        path = self._path(question)
        stamp = None
        try:
            files.write(path, json.dumps(asdict(file)))
            found = path.stat()
            stamp = found.st_mtime_ns, found.st_size
            self.problem = None
        except (BadInput, OSError) as error:
            if self.problem is None:
                _log.warning("%s", error)
            self.problem = f"Measurements last only until the app ends: {error}."
        # Tuples become lists on the way to the disk; read back, they are as a new process would find them.
        self._remember(path, stamp, checked(_File, json.loads(json.dumps(asdict(file)))))
        self._written += 1
        if self._written % LOOK_AFTER == 1:
            self._bound()

    def _bound(self) -> None:
        """Take the oldest files away, where there are too many."""
        found: list[tuple[float, str]] = []
        try:
            for shelf in os.scandir(self._folder()):
                if shelf.is_dir():
                    found += [(each.stat().st_mtime, each.path) for each in os.scandir(shelf) if each.is_file()]
            for _, path in sorted(found)[: max(0, len(found) - MOST_FILES)]:
                os.unlink(path)
        except OSError:  # another server is at it too
            return


@lru_cache(maxsize=IN_MEMORY)  # asked for every edge at every drawing of a page; never changed
def _question(request: Request) -> dict[str, Any]:
    """All that changes an answer but the number of images, as plain JSON values."""
    place = request.place
    # Only what differs from the usual, so that a setting to come forgets nothing; the content says whose images.
    usual = defaults(Settings) | {"data": place.settings.data}
    settings = {name: value for name, value in place.settings.header().items() if value != usual[name]}
    question = {
        "digest": place.digest,
        "decisions": [asdict(decision) for decision in place.decisions],
        "kind": place.kind,
        "cell": place.cell,
        "index": place.index,
        "content": place.content,
        "settings": settings,
    }
    found: dict[str, Any] = json.loads(json.dumps(question))
    return found


def _path_question(request: Request) -> dict[str, Any]:
    # The criterion decides, so it stays; an edge's rescaled masks do too.
    return _question(replace(request, kind="edge", cell="", index=0)) | {"kind": "paths"}
