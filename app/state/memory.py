"""What a visitor made, kept on the disk: found again after a reload and after a restart of the server. No Streamlit.

Kept      what is kept of one visitor: runs by name, values of a few widgets, what was opened and trained
recall    read it
remember  write down what has changed
pack      what a session holds of a run, as plain values
unpack    the same again, as far as it is legal
pack_opened, unpack_opened   the same of selections that were opened

Every visitor has a file in the folder `visitors` of SUPERNET_RUNS, written whole. One that is damaged is left out with
a line in the log; where nothing can be written, nothing is kept, and that is all. The link stays the document: what it
says of a run comes before what lies here (`app.state.session`).
"""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

from app.figures.edge_names import edge_id, parse_edge_id
from app.state import url
from app.state.opened import Opened
from app.state.run import BRANCH_NAMES, RunState
from app.work import processes
from engine.checked import checked
from engine.errors import BadInput
from engine.runs import files
from engine.selecting.hand_in import Answer
from engine.selection.selection import Selection
from engine.spaces import SearchSpace

MOST_VISITORS = 500
"""Files that are kept; the ones not written for longest go first."""
MOST = {"runs": 64, "opened": 200, "trained": 20, "lessons": 50, "answers": 100}
"""How many of a kind are kept of a visitor; the ones not changed for longest go first."""
MOST_BYTES = 1_000_000
"""A larger file is none of ours."""

_log = logging.getLogger(__name__)
_one_at_a_time = Lock()
_complained: set[Path] = set()
"""Folders that could not be written, each told once."""


@dataclass(frozen=True)
class Run:
    """One run. line: the link of all decisions, those that were undone at the end; standing: how many of them stand.
    skipped: edges as a link names them. The rest is as in `RunState`, with branches as links."""

    line: dict[str, str]
    standing: int
    skipped: tuple[str, ...] = ()
    preset: str = url.LETTERS[0]
    looking: int | None = None
    branch: str = BRANCH_NAMES[0]
    branches: dict[str, dict[str, str]] = field(default_factory=dict)

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    @property
    def is_untouched(self) -> bool:
        """Whether nothing has been done in the run."""
        return self == Run({}, 0)


@dataclass(frozen=True)
class Line:
    """A selection that was opened. link: its decisions. right, asked: as in `Opened`."""

    run: str
    link: dict[str, str]
    right: int = 0
    asked: int = 0


@dataclass(frozen=True)
class Kept:
    """runs: by name, the one changed last at the end. widgets: values by key. opened: selections by name. trained:
    genotypes that were trained from scratch, and whether the end has been told. lessons: where each was left; answers:
    what was answered in them, by lesson and step."""

    runs: dict[str, Run] = field(default_factory=dict)
    widgets: dict[str, bool] = field(default_factory=dict)
    opened: dict[str, Line] = field(default_factory=dict)
    trained: dict[str, bool] = field(default_factory=dict)
    lessons: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)


def folder() -> Path:
    """Where these files lie; it may be absent."""
    return processes.root() / "visitors"


def recall(visitor: str) -> Kept:
    """What is kept of a visitor."""
    path = _path(visitor)
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise BadInput(f"it has more than {MOST_BYTES:,} bytes")
        return checked(Kept, json.loads(content))
    except FileNotFoundError:
        pass
    except (BadInput, OSError, ValueError, RecursionError) as error:
        _log.warning("%s was left out: %s", path, " ".join(str(error).split()))
    return Kept()


def remember(visitor: str, before: Kept, after: Kept) -> None:
    """Write down what has changed in a session; what is kept besides stays, such as the other runs of another tab."""
    with _one_at_a_time:
        known = recall(visitor)
        parts = {
            name: _changed(getattr(known, name), getattr(before, name), getattr(after, name))
            for name in (each.name for each in fields(Kept))
        }
        kept = Kept(**{name: dict(list(part.items())[-MOST.get(name, len(part)) :]) for name, part in parts.items()})
        path = _path(visitor)
        try:
            if not path.exists():
                _make_room()
            files.write(path, json.dumps(asdict(kept), allow_nan=False))
        except (BadInput, OSError) as error:
            if path.parent not in _complained:
                _complained.add(path.parent)
                _log.warning("what visitors make is not kept: %s", error)


def _changed(known: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What is known, with what a session has changed at its end."""
    new = {name: value for name, value in after.items() if name not in before or before[name] != value}
    gone = before.keys() - after.keys()
    return {name: value for name, value in known.items() if name not in new and name not in gone} | new


def _path(visitor: str) -> Path:
    return folder() / f"{visitor}.json"


def _make_room() -> None:
    """Delete the oldest files, so that one more has a place."""
    found = sorted(folder().glob("*.json"), key=lambda path: path.stat().st_mtime)
    for path in found[: max(0, len(found) - MOST_VISITORS + 1)]:
        path.unlink(missing_ok=True)


# Plain values


def pack(run: RunState, space: SearchSpace) -> Run:
    """What a session holds of a run, as plain values."""
    whole = run.link.having((*run.link.taken, *reversed(run.undone)))
    return Run(
        line=url.write(space, whole),
        standing=len(run.link.decisions),
        skipped=tuple(edge_id(cell, space.edge(cell, edge)) for cell, edge in run.skipped),
        preset=run.preset,
        looking=run.looking,
        branch=run.branch,
        branches={name: url.write(space, link) for name, link in run.branches.items()},
    )


def unpack(kept: Run, start: Selection) -> RunState:
    """A run as it was left, as far as it is legal in its space. start: its selection without decisions."""

    def read(params: Mapping[str, str]) -> url.Link:
        link, dropped = url.read(params, start)
        for sentence in dropped:
            _log.warning("of what a visitor made: %s", sentence)
        return link

    whole = read(kept.line)
    standing = min(max(0, kept.standing), len(whole.decisions))
    branches = {name: read(link) for name, link in kept.branches.items() if name in BRANCH_NAMES}
    branch = kept.branch if kept.branch in BRANCH_NAMES else BRANCH_NAMES[0]
    branches.pop(branch, None)
    skipped = []
    for name in kept.skipped:
        try:
            skipped.append(parse_edge_id(start.space, name))
        except BadInput:
            continue
    return RunState(
        link=whole.having(whole.taken[:standing]),
        undone=[*reversed(whole.taken[standing:])],
        skipped=skipped,
        preset=kept.preset if kept.preset in url.LETTERS else url.LETTERS[0],
        looking=kept.looking if kept.looking is not None and 0 <= kept.looking < standing else None,
        branch=branch,
        branches=branches,
    )


def pack_opened(opened: Iterable[Opened], spaces: Mapping[str, SearchSpace]) -> dict[str, Line]:
    """Selections that were opened, as plain values; those of supernets that are gone are left out."""
    return {
        each.name: Line(each.run, url.write(spaces[each.run], each.link), each.right, each.asked)
        for each in opened
        if each.run in spaces
    }


def unpack_opened(kept: Mapping[str, Line], starts: Mapping[str, Selection]) -> list[Opened]:
    """The same again, of supernets that are here. starts: the selections that runs begin with."""
    found = []
    for name, line in kept.items():
        if line.run in starts:
            link, dropped = url.read(line.link, starts[line.run].with_decisions())
            if not dropped:
                found.append(Opened(name, line.run, link, line.right, line.asked))
    return found
