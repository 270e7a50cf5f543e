"""Runs that processes of the command line work on, in a folder of their kind, which outlive page and app. No torch.

Run      what a run's folder says, and whether its process lives
runs     all of a kind
begin    start one, or go on with one that was stopped
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from app.work import processes
from app.work.threads import process_threads
from engine.errors import BadInput
from engine.runs import files
from engine.runs.folder import PLAN, pause
from engine.runs.status import STATUS, Status, read_status
from engine.runs.turns import reserve

TURNS = ".turns"
"""Where runs that take turns keep them, in the folder of their kind."""
DEVICE = "auto"
"""The device that they are started on."""


class Recipe(Protocol):
    """What a run is made of."""

    @property
    def epochs(self) -> int: ...

    def plan(self) -> dict[str, Any]: ...


R = TypeVar("R", bound=Recipe, covariant=True)


@dataclass(frozen=True)
class Run(Generic[R]):
    """status: the run's last word. problem: why it ended, for the visitor."""

    path: Path
    recipe: R
    status: Status
    running: bool
    problem: str | None = None

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def done(self) -> bool:
        return self.status.state == "done"

    @property
    def waits(self) -> bool:
        """Whether it has not begun, as earlier ones come first."""
        return self.running and self.status.state == "waiting"

    @property
    def epoch(self) -> int:
        """Finished epochs."""
        return int(self.status.details.get("epoch", self.status.done))

    def stop(self) -> None:
        """Ask it to stop: it does so within a step, and its last finished epoch is kept."""
        processes.stop(self.path)

    def pause(self) -> None:
        """Ask it to end after the running epoch. Raises BadInput where its folder cannot be written."""
        pause(self.path)


def runs(root: Path, read: Callable[[Mapping[str, Any]], R]) -> Iterator[Run[R]]:
    """All runs of a folder, the one that was heard of last at the end. read: a plan's settings as a recipe."""
    for plan in sorted(root.glob(f"*/{PLAN}"), key=_age):
        recipe, status = _recipe(plan, read), read_status(plan.parent)
        if recipe is not None and status is not None:
            running = processes.is_alive(status)
            stopped = running or status.state in ("done", "interrupted")
            yield Run(plan.parent, recipe, status, running, None if stopped else processes.problem(plan.parent))


def begin(
    path: Path,
    words: Sequence[str],
    plan: Mapping[str, Any],
    read: Callable[[Mapping[str, Any]], Recipe],
    *,
    most: int,
    what: str,
    waiting: int | None = None,
) -> None:
    """Start `python -m engine WORDS` in a run's folder, or go on where it stopped; one of a kind at a time.

    most: runs beside it from which on none is started. what: "network", in what the visitor is told. waiting: how many
    may wait for the one that works, taking turns; None: there are no turns. Raises BadInput while another one runs that
    is not waited for, and where the folder is full or cannot be written.
    """
    root = path.parent
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.unwritable(root, error) from None
    with files.locked(root):
        active = [run for run in runs(root, read) if run.running]
        if any(run.path == path for run in active):
            raise BadInput(f"{path.name} is being trained already")
        if active and waiting is None:
            raise BadInput(f"another {what} is being trained on this machine; stop it, or wait until it has finished")
        if waiting is not None and len(active) > waiting:
            raise BadInput(f"{waiting} runs wait for their turn already; stop one, or try again later")
        if not path.exists() and sum(each.is_dir() for each in root.iterdir()) >= most:
            raise BadInput(f"{most} runs are kept already; delete some in {root}")
        if waiting is None:
            processes.launch(words, path, process_threads(), plan)
        else:
            pid = processes.launch([*words, "--turns", str(root / TURNS)], path, process_threads(root), plan)
            reserve(root / TURNS, DEVICE, path, pid)  # the processes begin in another order than they were started


def _recipe(path: Path, read: Callable[[Mapping[str, Any]], R]) -> R | None:
    """The settings that a plan holds; None for one of another command or another version."""
    try:
        plan: Any = json.loads(path.read_text(encoding="utf-8"))
        return read({name: value for name, value in plan.items() if name != "command"})
    except (BadInput, OSError, ValueError, TypeError, AttributeError, KeyError):
        return None


def _age(path: Path) -> float:
    try:
        return max(file.stat().st_mtime for file in (path, path.with_name(STATUS)) if file.exists())
    except (OSError, ValueError):
        return 0.0
