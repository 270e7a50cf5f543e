"""What every lab is: a claim of a paper that can be run on a supernet. Free of torch.

Lab        claim and source, settings, the run, and what its numbers say
Compared   a number of the paper beside ours
Report     is told how far a run is
aligned    rows of texts as columns

A lab's numbers are one frozen result. While a lab runs, it gives results that know more and more; the last one is
final. A run that was stopped goes on from the last result that was kept: what it knows is not measured again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Generic, Protocol, TypeVar

from engine.analysis.settings import LabSettings
from engine.checkpoint.format import Summary
from engine.errors import BadInput
from engine.results import Interval
from engine.spaces import SearchSpace

Report = Callable[[float, str], None]
"""Told the finished share (0 to 1), and what is being measured."""


class Numbers(Protocol):
    """A lab's result: plain JSON values and back."""

    @property
    def final(self) -> bool: ...

    @property
    def images(self) -> int: ...

    def to_dict(self) -> dict[str, Any]: ...


S = TypeVar("S", bound=LabSettings)
R = TypeVar("R", bound=Numbers)


@dataclass(frozen=True)
class Compared:
    """A number of a paper beside ours; None where one of them has none. unit: "%", or "" for a correlation.

    ci: our 95 % interval. note: in what the two differ.
    """

    what: str
    paper: float | None
    ours: float | None
    unit: str = "%"
    ci: Interval | None = None
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of texts as columns, two spaces apart."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _nothing(result: object) -> Mapping[str, Any]:
    return {}


def _unknown(summary: Summary) -> None:
    return None


@dataclass(frozen=True)
class Lab(Generic[S, R]):
    """One lab.

    claim: what is claimed, in one sentence. source: by whom and where (section, figure, equation). link: the paper.
    run: (checkpoint, settings, report, *, selection, before, data_dir, download) -> results that know more and more,
    the last one final; selection: decisions to begin with (None: the checkpoint's own); before: what an earlier run
    knew; raises BadInput for what cannot be measured. read: a stored result. refuses: why it does not apply to a
    checkpoint, or None. verdict: one paragraph about this supernet, written from the numbers. agrees: whether they
    agree with the claim; None where that cannot be told. rows: the numbers as a table, a mapping of columns each;
    lines: the main ones as text. seconds: how long a run takes here, as far as the checkpoint's own sweep tells.
    more: what `analyse --json` prints besides, by name. known: what the checkpoint's own files tell before it is run.
    idle: settings that every lab has and that change nothing here, so that no page offers them.
    """

    name: str
    title: str
    claim: str
    source: str
    link: str
    settings: type[S]
    run: Callable[..., Iterator[R]]
    read: Callable[[Mapping[str, Any]], R]
    refuses: Callable[[Summary], str | None]
    verdict: Callable[[R], str]
    agrees: Callable[[R], bool | None]
    compared: Callable[[R], tuple[Compared, ...]]
    rows: Callable[[R], Sequence[Mapping[str, Any]]]
    lines: Callable[[R], str]
    seconds: Callable[[S, Summary], float | None]
    more: Callable[[R], Mapping[str, Any]] = _nothing
    known: Callable[[Summary], R | None] = _unknown
    idle: tuple[str, ...] = ()

    def check(self, summary: Summary) -> None:
        """Raises BadInput for a checkpoint that it does not apply to."""
        if (reason := self.refuses(summary)) is not None:
            raise BadInput(f"lab {self.name} does not apply to {summary.name}: {reason}")


def only_with_a_table(space: SearchSpace) -> str | None:
    """Why a lab that needs true accuracies does not apply to a space."""
    from engine import nasbench201

    if nasbench201.covers(space):
        return None
    return f"true accuracies exist for space {nasbench201.SPACE.name} only, not for {space.name}"


def seconds_of_sweep(summary: Summary, images: int, passes: float) -> float | None:
    """Seconds that so many passes of so many images take, by the checkpoint's stored sweep; None without one."""
    rows = (summary.scores or {}).get("edges", [])
    taken = sum(row["images"] * (1 + len(row["operations"])) for row in rows)
    return sum(row["seconds"] for row in rows) / taken * images * passes if taken else None
