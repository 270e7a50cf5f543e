"""Selection and tuning as values that others hand out. Needs no torch until they run.

SelectionJob   a selection run as a job for `engine.runs.many`
tuning_plan    what the folder of a tuning run says it is
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.selecting.settings import Tuning
from engine.selection.decisions import Decision

if TYPE_CHECKING:
    from engine.selecting.plan import Plan
    from engine.selecting.record import SelectionRecord


@dataclass(frozen=True)
class SelectionJob:
    """A plan on the supernet in a checkpoint's folder. The other fields are as for `engine.selecting.run.select`."""

    checkpoint: Path
    plan: "Plan"
    folder: Path
    command: str | None = None
    device: str = "cpu"
    data_dir: Path | None = None
    download: bool = False

    def run(self) -> "SelectionRecord":
        """Run the plan, or go on where its folder is."""
        import engine
        from engine.selecting.run import select

        return select(
            engine.load(self.checkpoint),
            self.plan,
            self.folder,
            resume=True,
            device=self.device,
            command=self.command,
            data_dir=self.data_dir,
            download=self.download,
        )


def tuning_plan(digest: str, decisions: Sequence[Decision], tuning: Tuning, data: str, seed: int = 0) -> dict[str, Any]:
    """The plan of `engine.selecting.tuning_run.tune` on a checkpoint with this digest, as plain JSON values."""
    taken = [json.loads(json.dumps(asdict(decision))) for decision in decisions]
    return {"command": "tune", "checkpoint": digest, "decisions": taken, **asdict(tuning), "data": data, "seed": seed}
