"""How much evidence there is, as pictures and headlines say it.

quarters      a small ring's filled quarters: on how many images
images_said   of several measurements: "1,024", or "1,024 to 4,096"
clearest      the edge that is worth looking at first
"""

from collections.abc import Iterable, Mapping

from engine.drawing import wording
from engine.results import EdgeScores

QUARTERS = (512, 1024, 4096)
"""Images from which on a ring has one, two and three quarters; all four once all images are used."""


def quarters(images: int, available: int | None) -> int:
    """0 to 4. available: how many images there are, None where that is not known."""
    if available is not None and images >= available:
        return 4
    return sum(images >= least for least in QUARTERS)


def images_said(images: Iterable[int]) -> str:
    """Sizes of one or several measurements in words."""
    sizes = sorted(images)
    few, many = sizes[0], sizes[-1]
    return wording.count(few) if few == many else f"{wording.count(few)} to {wording.count(many)}"


def clearest(edges: Iterable[int], scores: Mapping[int, EdgeScores]) -> int | None:
    """Of these edges the one on which measurement contradicts alpha most; where it nowhere does, the one on which it
    leads alpha's choice by most; where nothing is measured, the first."""

    def lead(edge: int) -> tuple[bool, float]:
        found = scores.get(edge)
        return (False, 0.0) if found is None else (found.verdict == "disagree", found.difference or 0.0)

    return max(edges, key=lead, default=None)
