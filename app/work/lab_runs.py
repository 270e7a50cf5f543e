"""Labs run by processes of the command line, which outlive page and app. Needs no torch.

Asked     a lab on a supernet, with settings and decisions
LabRun    what the folder of its run says
find      the run of what is asked
active    the run that goes on
latest    the last finished result of a lab on a supernet
launch    start it, or go on where it was stopped
command   the command line that repeats it
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.library.image_sets import FOLDER
from app.work import processes
from app.work.threads import process_threads
from engine.analysis import registry
from engine.analysis.document import Document
from engine.analysis.lab import Lab
from engine.analysis.settings import LabSettings, as_words
from engine.checkpoint.format import Summary
from engine.errors import BadInput
from engine.runs import files
from engine.runs.folder import PLAN, PROGRESS
from engine.runs.status import Status, read_status
from engine.selection.decisions import Decision

MOST_KEPT = 200
"""Finished runs on the disk; the oldest go first."""


@dataclass(frozen=True)
class Asked:
    """decisions: taken before; the supernet's weights stay those of the checkpoint."""

    lab: str
    summary: Summary
    settings: LabSettings
    decisions: tuple[Decision, ...] = ()

    @property
    def plan(self) -> dict[str, Any]:
        """What the run's folder says of it, as `engine.analysis.running` writes it."""
        return {
            "command": "analyse",
            "experiment": self.lab,
            "checkpoint": self.summary.digest,
            "decisions": [asdict(decision) for decision in self.decisions],
            "settings": asdict(self.settings),
        }

    @property
    def folder(self) -> Path:
        said = json.dumps(self.plan, sort_keys=True)
        return root() / hashlib.sha256(said.encode()).hexdigest()[:24]


@dataclass(frozen=True)
class LabRun:
    """status: the run's last word. document: of a finished one. partial: what one that goes on has found so far.
    problem: why it ended, for the visitor."""

    path: Path
    status: Status
    running: bool
    document: Document | None
    partial: Any | None
    problem: str | None

    def stop(self) -> None:
        """Ask it to stop; what is measured is kept."""
        processes.stop(self.path)


def root() -> Path:
    """Where these runs lie; it may be absent."""
    return processes.root() / "labs"


def find(asked: Asked) -> LabRun | None:
    """None where it was never started."""
    run = asked.folder / "run"
    status = read_status(run)
    return None if status is None else _read(run, status, registry.find(asked.lab))


def _read(run: Path, status: Status, lab: Lab[Any, Any]) -> LabRun:
    running = processes.is_alive(status)
    kept = _progress(run)
    document = partial = None
    with suppress(BadInput):  # what another version kept is not known to this one
        if "document" in kept:
            document = Document.from_dict(kept["document"])
        elif "result" in kept:
            partial = lab.read(kept["result"])
    ended = running or status.state in ("done", "interrupted")
    return LabRun(run, status, running, document, partial, None if ended else processes.problem(run))


def latest(summary: Summary, lab: str, decisions: tuple[Decision, ...] = ()) -> Document | None:
    """The last one that was finished on this supernet after these decisions, whatever its settings."""
    taken = [asdict(decision) for decision in decisions]
    found = [
        run
        for run, plan in _plans()
        if (plan.get("experiment"), plan.get("checkpoint"), plan.get("decisions")) == (lab, summary.digest, taken)
    ]
    for run in sorted(found, key=_age, reverse=True):
        status = read_status(run)
        if status is not None and (document := _read(run, status, registry.find(lab)).document) is not None:
            return document
    return None


def active() -> Path | None:
    """The run of a lab that goes on, on whatever supernet; None without one."""
    return next((run for run, _ in _plans() if processes.running(run)), None)


def launch(asked: Asked) -> LabRun:
    """Start it, or go on where it was stopped; one at a time. Raises BadInput while another lab runs, where nothing can
    be written, and for a lab that does not apply."""
    lab = registry.find(asked.lab)
    lab.check(asked.summary)
    run = asked.folder / "run"
    if not processes.running(run):
        if active() is not None:
            raise BadInput("another lab is running on this machine; cancel it, or wait until it has finished")
        _prune()
        words = ["analyse", lab.name, str(asked.summary.path), *_settings(asked.settings)]
        words += ["--data-dir", str(FOLDER)]
        if asked.decisions != asked.summary.start.decisions:
            begun = asked.folder / "begun.json"
            files.write(begun, asked.summary.start.with_decisions(asked.decisions).to_json())
            words += ["--selection", str(begun)]
        processes.launch(words, run, process_threads(), asked.plan)
    found = find(asked)
    assert found is not None
    return found


def command(asked: Asked) -> str:
    """e.g. "python -m engine analyse signals checkpoints/nas-bench-201 --set images=1024"."""
    words = ["python", "-m", "engine", "analyse", asked.lab, asked.summary.name, *_settings(asked.settings)]
    if asked.decisions != asked.summary.start.decisions:
        words += ["--selection", "selection.json"]
    return " ".join(words)


def _settings(settings: LabSettings) -> list[str]:
    return [part for word in as_words(settings) for part in ("--set", word)]


def _plans() -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for plan in root().glob(f"*/run/{PLAN}"):
        try:
            found = json.loads(plan.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict):
            yield plan.parent, found


def _progress(run: Path) -> Mapping[str, Any]:
    try:
        found = json.loads((run / PROGRESS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _age(run: Path) -> float:
    try:
        return (run / PROGRESS).stat().st_mtime
    except OSError:
        return 0.0


def _prune() -> None:
    """Take away the oldest runs, but none that goes on."""
    for folder in sorted(root().glob("*/"), key=lambda each: _age(each / "run"), reverse=True)[MOST_KEPT:]:
        if not processes.running(folder / "run"):
            shutil.rmtree(folder, ignore_errors=True)
