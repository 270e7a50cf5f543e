"""A selection run as a job for `engine.runs.many`. Needs no torch until it runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.selecting.record import Document
    from engine.selecting.run import Plan


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

    def run(self) -> "Document":
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
