"""Which supernets there are to look at: the bundled ones and the visitor's own. Needs no torch.

Entry        one checkpoint folder: its summary, or why it cannot be used
Catalog      all entries by run id, the one to show first in front
read_entry   one folder
imported     the folder of checkpoints that visitors kept
looked_at    the folder of those that one visitor looks at without keeping them
"""

import json
import logging
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from engine.checked import checked
from engine.checkpoint.folder import read_summary
from engine.checkpoint.format import FILES, SCORES, Stamp, Summary, stamp
from engine.errors import BadInput
from engine.scoring.sweep import StoredSweep, check_scores
from engine.selection.decisions import Decision

ROOT = Path(__file__).resolve().parents[2]
BUNDLED = ROOT / "checkpoints"
OWN = "SUPERNET_CHECKPOINTS"
RUNS = "SUPERNET_RUNS"
FIRST = "nas-bench-201"
"""The run a newcomer sees."""
NOTE = "note.json"
"""What a visitor wrote about an import, beside the checkpoint's own files."""
LONGEST_NOTE = 500

Origin = Literal["bundled", "named", "trained", "kept", "visit"]
"""Ours, in the folder that SUPERNET_CHECKPOINTS names, trained here, a kept import, or one that a single visitor looks
at."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """A checkpoint folder under its run id; exactly one of `summary` and `error` is set.

    note: what a visitor wrote about it. begun: the decisions taken in training or begun elsewhere, with which the run
    is opened. epoch: the one of its training that is looked at, None for the last; has_weights: whether the weights of
    that moment are here, so that something can be measured (`app.library.epochs`).
    """

    id: str
    path: Path
    origin: Origin
    summary: Summary | None
    error: str | None
    note: str = ""
    epoch: int | None = None
    has_weights: bool = True

    @property
    def bundled(self) -> bool:
        return self.origin == "bundled"

    @property
    def is_import(self) -> bool:
        """Whether it was brought here through the app, and so can be renamed and deleted."""
        return self.origin in ("kept", "visit")

    @property
    def can_be_noted(self) -> bool:
        """Whether a visitor can write something about it: what was trained or brought here through the app."""
        return self.is_import or self.origin == "trained"

    @property
    def is_kept(self) -> bool:
        """Whether it stays when the visit ends."""
        return self.origin != "visit"

    @property
    def begun(self) -> tuple[Decision, ...]:
        return () if self.summary is None else self.summary.start.decisions


def imported() -> Path:
    """Where kept imports lie: `imported` in the folder that SUPERNET_RUNS names, else in runs/; it may be absent."""
    return Path(os.environ.get(RUNS) or ROOT / "runs").expanduser() / "imported"


def trained() -> Path:
    """Where supernets lie that were trained here; it may be absent."""
    return imported().with_name("supernets")


def looked_at(visitor: str) -> Path:
    """Where a visitor's imports lie that are not kept; it may be absent."""
    return imported().with_name("looked-at") / visitor


class Catalog:
    """All checkpoints there are; each is read again when one of its files changes. bundled: the folder of ours."""

    def __init__(self, bundled: Path = BUNDLED) -> None:
        self._bundled = bundled
        self._read = lru_cache(maxsize=512)(read_entry)

    def entries(self, visitor: str = "") -> dict[str, Entry]:
        """Bundled checkpoints, those in the folder named by SUPERNET_CHECKPOINTS, those trained here, the kept imports,
        and those that this visitor looks at.

        That folder may be a checkpoint itself. Of two checkpoints with one name, the visitor's own goes by "my-NAME".
        """
        found: dict[str, Entry] = {}
        self._add(found, self._bundled, "bundled")
        if named := os.environ.get(OWN):
            own = Path(named).expanduser()
            if not own.is_dir():
                error = f"{OWN} names {own}, which is no folder; correct it"
                found[own.name] = Entry(own.name, own, "named", None, error)
            self._add(found, own, "named")
        self._add(found, trained(), "trained")
        self._add(found, imported(), "kept")
        if visitor:
            self._add(found, looked_at(visitor), "visit")
        return dict(sorted(found.items(), key=lambda item: (item[0] != FIRST, not item[1].bundled, item[0])))

    def _add(self, found: dict[str, Entry], root: Path, origin: Origin) -> None:
        for folder, state in _folders(root):
            name = folder.name
            while name in found:
                name = f"my-{name}"
            found[name] = self._read(name, folder, origin, state)


def _folders(root: Path) -> list[tuple[Path, Stamp]]:
    """The root itself if it is a checkpoint, else the checkpoints in it, damaged ones included; and their stamps."""
    try:
        if state := _stamp(str(root)):
            return [(root.resolve(), state)]
        names = sorted(name for name in os.listdir(root) if not name.startswith("."))
        stamps = [(name, _stamp(f"{root}/{name}")) for name in names]
        return [(root / name, state) for name, state in stamps if state]
    except OSError:  # not a folder, or not to be read
        return []


def _stamp(folder: str) -> Stamp:
    """What changes when a checkpoint does, or the note on it; () for a folder that is none."""
    found = stamp(folder, (*FILES, NOTE))
    return found if any(name != NOTE for name, *_ in found) else ()


def read_entry(name: str, folder: Path, origin: Origin = "named", state: object = ()) -> Entry:
    """A checkpoint folder as an entry. state: what changes when the folder does, for whoever remembers entries."""
    try:
        summary = read_summary(folder)
        _check_scores(summary)
        return Entry(name, folder, origin, summary, None, _note(folder))
    except BadInput as error:
        return Entry(name, folder, origin, None, str(error))


def _note(folder: Path) -> str:
    """What a visitor wrote about an import; "" for nothing, and for a damaged file."""
    try:
        with (folder / NOTE).open("rb") as file:
            note = json.loads(file.read(20 * LONGEST_NOTE))["note"]
        return str(note)[:LONGEST_NOTE]
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        _log.warning("%s was left out: %s", folder / NOTE, " ".join(str(error).split()))
        return ""


def _check_scores(summary: Summary) -> None:
    """Raises BadInput unless the stored sweep is one of this supernet, as `score --all --store` writes it."""
    if summary.scores is None:
        return
    try:
        for scores in checked(StoredSweep, summary.scores).scores:
            check_scores(summary.space, scores)
    except BadInput as error:
        path = summary.path / SCORES
        raise BadInput(
            f"{path} is no sweep of this supernet ({error}); delete it, or run score --all --store again"
        ) from None
