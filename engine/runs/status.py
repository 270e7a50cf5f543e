"""How a run stands, for whoever looks on: status.json, rewritten every few seconds while the run lives.

Status        what it says
read_status   the last word of the run in a folder
now           the time, UTC, as text

A run is alive while its heartbeat is young. No table of processes is asked: the run may be on another machine.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

STATUS = "status.json"
HEARTBEAT = 2.0
"""Seconds between two heartbeats."""
DEAD_AFTER = 30.0
"""Seconds without a heartbeat after which a run that has not said how it ended counts as dead."""

State = Literal["waiting", "running", "done", "interrupted", "failed"]
"""waiting: for its turn (`engine.runs.turns`)."""


@dataclass(frozen=True)
class Status:
    """state: what the run said last; a dead one still says "running" or "waiting". host, pid: the process that runs it,
    or did.

    heartbeat: when it was last heard of (UTC). done, total, unit: how far it is. label: what it is doing. remaining:
    seconds, or None while nothing is known. threads: CPU threads that it was given, None where it was not said. error:
    why it failed. details: what only this kind of run says, as plain JSON values.
    """

    state: State
    host: str
    pid: int
    heartbeat: str
    done: float = 0
    total: float = 0
    unit: str = ""
    label: str = ""
    remaining: float | None = None
    threads: int | None = None
    error: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def alive(self) -> bool:
        """Whether it runs or waits for its turn: it has not ended and was heard of lately."""
        return self.state in ("waiting", "running") and age(self.heartbeat) < DEAD_AFTER

    @property
    def share(self) -> float:
        """Finished share, 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def read_status(directory: Path) -> Status | None:
    """The last word of the run in a folder; None where none was said, or where it cannot be read."""
    try:
        found = json.loads((directory / STATUS).read_text(encoding="utf-8"))
        return _older(found) if "status" in found else Status(**{name: found[name] for name in _NAMES if name in found})
    except (OSError, ValueError, TypeError):
        return None


_NAMES = tuple(each.name for each in fields(Status))


def _older(found: dict[str, Any]) -> Status:
    """Files of before there were heartbeats: what is not known to this class was said by one kind of run."""
    names = {"status": "state", "time": "heartbeat"}
    said = {names.get(name, name): value for name, value in found.items()}
    details = {name: value for name, value in said.items() if name not in _NAMES}
    return Status(**{"host": "", **{name: value for name, value in said.items() if name in _NAMES}, "details": details})


def age(time: str) -> float:
    """Seconds since a time as `now` writes it; infinite for any other text."""
    try:
        return (datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds()
    except (ValueError, TypeError):
        return float("inf")


def now() -> str:
    """The time, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
