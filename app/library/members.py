"""The population as rows: every supernet of the catalog, and the snapshots that its runs kept.

members    rows by what the catalog calls them, a snapshot's as "RUN/snapshots/epoch-EPOCH"
entry_of   the run of a row, and the epoch where the row is a snapshot
course     what a row's alphas chose over its training
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from app.library.catalog import Entry
from app.library.epochs import SNAPSHOTS
from app.library.selections import FOLDER
from engine.checkpoint.format import META, SCORES, Summary, read_summary
from engine.errors import BadInput
from engine.population import Member, OverEpochs, member, over_epochs


def members(entries: Mapping[str, Entry]) -> list[Member]:
    """A row for every entry and snapshot, in the catalog's order; those that cannot be read say why."""
    found = []
    for name, entry in entries.items():
        if entry.summary is None:
            found.append(Member(name, str(entry.path), entry.error))
            continue
        found.append(_member(name, entry.path, _stamp(entry.path)))
        for folder in sorted((entry.path / SNAPSHOTS).glob("*")):
            if (folder / META).is_file():
                found.append(_member(f"{name}/{SNAPSHOTS}/{folder.name}", folder, _stamp(folder)))
    return found


def entry_of(name: str, entries: Mapping[str, Entry]) -> tuple[Entry, int | None] | None:
    """Of a row's name; None for a run that is gone."""
    run, _, snapshot = name.partition(f"/{SNAPSHOTS}/")
    entry, epoch = entries.get(run), snapshot.removeprefix("epoch-")
    return None if entry is None else (entry, int(epoch) if epoch.isdecimal() else None)


def course(name: str, entries: Mapping[str, Entry]) -> OverEpochs | None:
    """Of a row's name; None for a run that is gone or cannot be read."""
    found = entry_of(name, entries)
    if found is None or found[0].summary is None:
        return None
    entry, epoch = found
    assert entry.summary is not None
    over = _course(entry.path, entry.summary.digest)
    return over if over is None or epoch is None else OverEpochs(over.skips[:epoch], over.true[:epoch])


@lru_cache(maxsize=128)
def _course(folder: Path, digest: str) -> OverEpochs | None:
    """digest: changes when the alphas do."""
    try:
        return over_epochs(read_summary(folder))
    except (BadInput, OSError):
        return None


def _stamp(folder: Path) -> tuple[tuple[str, int], ...]:
    """What changes when something of a row does."""
    files = [folder / META, folder / SCORES, *sorted((folder / FOLDER).glob("*.json"))]
    return tuple((file.name, file.stat().st_mtime_ns) for file in files if file.is_file())


@lru_cache(maxsize=256)
def _member(name: str, folder: Path, stamp: object) -> Member:
    try:
        summary: Summary = read_summary(folder)
        return member(summary, name)
    except (BadInput, OSError) as problem:
        return Member(name, str(folder), " ".join(str(problem).split()))
