"""How long measurements take on this machine. Needs no torch.

Rates   what was timed here, and what that says about others
"""

import threading
from collections.abc import Mapping, Sequence

from app.work.questions import Request
from engine.checkpoint.format import Summary


class Rates:
    """Seconds that an image takes through a supernet, masked or not: a pass."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._timed: dict[tuple[str, int], float] = {}  # seconds per pass, by digest and number of decisions

    def note(self, request: Request, seconds: float) -> None:
        """A measurement of this supernet took so many seconds a pass."""
        with self._lock:
            self._timed[request.digest, len(request.decisions)] = seconds

    def estimate(self, requests: Sequence[Request], summary: Summary, begun: Mapping[Request, int]) -> float | None:
        """Seconds that these take: by this machine's timing, else by the stored sweep's; None if neither is known.

        begun: images that are evaluated already, by request.
        """
        rows = (summary.scores or {}).get("edges", [])
        passes = sum(row["images"] * (1 + len(row["operations"])) for row in rows)
        stored = sum(row["seconds"] for row in rows) / passes if passes else None
        seconds = 0.0
        for request in requests:
            with self._lock:
                here = [rate for (digest, _), rate in self._timed.items() if digest == request.digest]
                rate = self._timed.get((request.digest, len(request.decisions)), max(here, default=stored))
            images = request.settings.images or (summary.scores or {}).get("settings", {}).get("available")
            if rate is None or images is None:
                return None
            left = images - begun[request] if begun[request] <= images else images
            seconds += rate * left * (1 + _masks(request, summary))
        return seconds if requests else None


def _masks(request: Request, summary: Summary) -> int:
    """How many masked variants a measurement evaluates beside the supernet itself."""
    if request.kind == "accuracy":
        return 0
    if request.kind == "node":
        return len(summary.space.cell(request.cell).entering(request.index))
    return len(summary.space.operations(request.cell, request.index))
