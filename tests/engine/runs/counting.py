"""A job for `many` that takes no time: it counts in its folder, and its worker can be killed on the way.

Counting   counts to a number; gives what it counted and the processes that did
"""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from engine.errors import BadInput
from engine.runs.folder import RunFolder


@dataclass(frozen=True)
class Counting:
    """deaths: how many workers are killed (SIGKILL) while they count, each after one more number. refuse: a sentence to
    be refused with."""

    folder: Path
    to: int = 4
    deaths: int = 0
    refuse: str = ""

    def run(self) -> list[int]:
        with RunFolder(self.folder, {"to": self.to}, {}, resume=True) as folder:
            kept = folder.progress() or {"processes": []}
            while len(kept["processes"]) < self.to:
                if self.refuse:
                    raise BadInput(self.refuse)
                kept["processes"].append(os.getpid())
                folder.keep(kept, {"count": len(kept["processes"])})
                folder.tell(len(kept["processes"]), self.to, "numbers")
                if len(kept["processes"]) <= self.deaths:
                    os.kill(os.getpid(), signal.SIGKILL)
        return kept["processes"]
