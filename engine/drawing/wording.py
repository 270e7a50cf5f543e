"""How numbers, verdicts and node names are worded, once for every picture, page and report.

number, count, points, interval, with_interval, percent, weight   numbers as text
cells, size         the depth of a network; its width, depth and images
VERDICT, INPUTS     verdict of an edge (None: alpha is unknown) or of inputs -> glyph and words, a VerdictText
lead                who leads whom by how much
provenance          where a measurement comes from, in words
device_name         a torch device as people write it
bn                  a BN mode in words
duration            seconds as people say them
subscripts, plain   a node or edge name with HTML subscripts, and where no markup is possible
"""

import re
from typing import NamedTuple

from engine.results import InputsVerdict, Interval, Verdict


class VerdictText(NamedTuple):
    """A verdict as glyph and words. `text` is for sentences and badges, `short` where there is little room."""

    glyph: str
    word: str
    brief: str

    @property
    def text(self) -> str:
        return f"{self.glyph} {self.word}"

    @property
    def short(self) -> str:
        return f"{self.glyph} {self.brief}"


_TOO_CLOSE = VerdictText("≈", "too close to call", "too close")
_INDISTINCT = VerdictText("–", "nothing to tell apart", "all alike")
VERDICT: dict[Verdict | None, VerdictText] = {
    "agree": VerdictText("=", "agree", "agree"),
    "disagree": VerdictText("≠", "disagree", "disagree"),
    "too_close": _TOO_CLOSE,
    "indistinct": _INDISTINCT,
    None: VerdictText("?", "α unknown", "α unknown"),
}
INPUTS: dict[InputsVerdict, VerdictText] = {
    "separated": VerdictText("✓", "told apart", "told apart"),
    "too_close": _TOO_CLOSE,
    "indistinct": _INDISTINCT,
}

_SUBSCRIPT = str.maketrans("k-0123456789", "ₖ₋₀₁₂₃₄₅₆₇₈₉")
_BN = {"batch": "batch statistics", "running": "running statistics"}


def number(value: float, digits: int = 1, sign: bool = False) -> str:
    """Fixed decimals with a real minus sign; what rounds to zero has none ("+0.0" with `sign`)."""
    rounded = round(value, digits) + 0.0
    return f"{rounded:{'+' if sign else ''}.{digits}f}".replace("-", "−")


def count(value: int) -> str:
    """A whole number with thousands separators: "1,024"."""
    return f"{value:,}"


def several(number: int, noun: str) -> str:
    """So many of something: "1 edge", "6 edges"."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def cells(number: int, *, per_stage: bool = False) -> str:
    """How deep a network is: "1 cell", "5 cells a stage"."""
    return several(number, "cell") + (" a stage" if per_stage else "")


def size(channels: int | None, cells_in_it: int | None, image_size: int | None) -> str:
    """How large a supernet is, e.g. "C 8, 5 cells, 16 px"."""
    depth = "depth unknown" if cells_in_it is None else cells(cells_in_it)
    return f"C {channels}, {depth}, {image_size} px"


def points(drop: float) -> str:
    """A drop with its sign: "+4.1 pts"."""
    return f"{number(drop, sign=True)} pts"


def interval(ci: Interval) -> str:
    """An interval alone: "[3.2, 5.0]"."""
    return f"[{number(ci[0])}, {number(ci[1])}]"


def with_interval(drop: float, ci: Interval | None) -> str:
    """A drop with its 95 % interval: "4.1 [3.2, 5.0] pts", or "4.1 pts (needs more images)" when there is none yet."""
    return f"{number(drop)} pts (needs more images)" if ci is None else f"{number(drop)} {interval(ci)} pts"


def lead(first: str, second: str, points: float, ci: Interval | None) -> str:
    """Who leads whom, with the interval that holds over all rivals: "conv 1×1 leads skip by 1.0 [−0.9, 2.9] pts"."""
    return f"{first} leads {second} by {with_interval(points, ci)}"


def percent(accuracy: float, ci: Interval | None = None, digits: int = 1) -> str:
    """An accuracy: "54.3 %", or "54.3 % [51.2, 57.4]"."""
    text = f"{number(accuracy, digits)} %"
    return text if ci is None else f"{text} {interval(ci)}"


def weight(value: float) -> str:
    """A mixing weight: "0.22"."""
    return number(value, 2)


def device_name(device: str) -> str:
    """A torch device as people write it: "cpu" -> "CPU", "cuda:0" -> "GPU 0"."""
    kind, _, index = device.partition(":")
    return " ".join(filter(None, ("GPU" if kind == "cuda" else kind.upper(), index)))


def provenance(
    images: int, bn: str, device: str, seconds: float | None = None, stored: str | None = None, of: str = ""
) -> str:
    """Where a measurement comes from, as one sentence fragment.

    With `stored` (an ISO date) "1,024 images · batch statistics · stored 2026-11-24, CPU",
    else "1,024 images · batch statistics · live, 0.8 s, CPU". of: whose images, e.g. " of cifar100".
    """
    source = f"stored {stored}" if stored else "live" if seconds is None else f"live, {number(seconds)} s"
    return f"{count(images)} images{of} · {_BN[bn]} · {source}, {device_name(device)}"


def subscripts(name: str) -> str:
    """A node or edge name for plotly and HTML: "c_{k-2} → node 0" with k-2 as a real subscript."""
    return re.sub(r"_\{(.+?)\}", r"<sub>\1</sub>", name)


def bn(mode: str) -> str:
    """A BN mode in words."""
    return _BN[mode]


def duration(seconds: float) -> str:
    """e.g. "40 s", "12 min", "1 h 42 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def plain(name: str) -> str:
    """A node or edge name where no markup is possible: "c_{k-2}" with subscripts as characters, "cₖ₋₂"."""
    return re.sub(r"_\{(.+?)\}", lambda match: match[1].translate(_SUBSCRIPT), name)
