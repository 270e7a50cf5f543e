"""Run folders: what a run that can be killed and resumed leaves on the disk.

RunFolder   plan.json (what the run is), progress.json (how far it is), status.json (for who looks on), events.jsonl
now         the time, UTC, as text
"""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.errors import BadInput
from engine.runs import files

PLAN, PROGRESS, STATUS, EVENTS = "plan.json", "progress.json", "status.json", "events.jsonl"


class RunFolder:
    """The folder of one run. Every file but the log of events is replaced whole.

    Raises BadInput for a folder that holds another run, or this one without `resume`, or anything else.
    """

    def __init__(self, path: Path, plan: Mapping[str, Any], resume: bool) -> None:
        self.path = Path(path).expanduser()
        if (self.path / PLAN).exists():
            found = _read(self.path / PLAN)
            if not resume:
                raise BadInput(f"{path} already holds a run; add --resume to continue it, or choose another --out")
            if found != plan:
                keys = ", ".join(key for key in plan if found.get(key) != plan[key]) or "set of settings"
                raise BadInput(f"{path} holds a run with another {keys}; give the same settings or another --out")
        else:
            if self.path.is_dir() and any(self.path.iterdir()):
                raise BadInput(f"{path} is not empty and holds no run; choose another --out")
            files.write(self.path / PLAN, json.dumps(plan, indent=1))

    def progress(self) -> dict[str, Any] | None:
        """What `keep` was given last; None at the beginning."""
        return _read(self.path / PROGRESS) if (self.path / PROGRESS).exists() else None

    def keep(self, progress: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        """Record a finished action: the state to go on from, and a line in the log."""
        files.write(self.path / PROGRESS, json.dumps(progress))
        with (self.path / EVENTS).open("a", encoding="utf-8") as log:
            log.write(json.dumps({"time": now(), **event}) + "\n")

    def status(self, state: str, **details: Any) -> None:
        """running, done, interrupted or failed, for who looks on."""
        files.write(self.path / STATUS, json.dumps({"status": state, **details, "pid": os.getpid(), "time": now()}))


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise BadInput(f"{path} is damaged; delete the run's folder and start it again") from None


def now() -> str:
    """The time, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
