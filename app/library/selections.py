"""Full selections that lie beside a checkpoint, as `engine select` wrote them. Needs no torch.

stored_selections   each with its name, or with a sentence why it cannot be used
FOLDER              where they lie
"""

import re
from functools import lru_cache
from pathlib import Path

from app.library.catalog import Entry
from engine.errors import BadInput
from engine.population import SELECTIONS
from engine.runs.texts import decoded
from engine.selecting.record import SelectionRecord
from engine.spaces import SearchSpace

FOLDER = SELECTIONS
_STORED = re.compile(r"[\w.-]+")
"""Names of stored documents that an address can hold."""


def stored_selections(entry: Entry) -> tuple[tuple[str, SelectionRecord | None, str | None], ...]:
    """(name, document or None, None or what is wrong with it), by name."""
    assert entry.summary is not None
    files = sorted((entry.path / FOLDER).glob("*.json"))
    of = entry.id, entry.summary.space, entry.summary.digest
    return tuple((file.stem, *_read(file, file.stat().st_mtime_ns, *of)) for file in files)


@lru_cache(maxsize=256)
def _read(
    file: Path, stamp: int, run: str, space: SearchSpace, digest: str
) -> tuple[SelectionRecord | None, str | None]:
    try:
        if not _STORED.fullmatch(file.stem):
            raise BadInput("its name may hold letters, digits, dots and dashes only; rename it")
        document = SelectionRecord.from_json(decoded(file.read_bytes()), space)
        if document.checkpoint.get("digest") != digest:
            raise BadInput("it is a selection of another supernet; move it to that one's folder")
        return document, None
    except (BadInput, OSError, UnicodeDecodeError) as error:
        return None, f"{FOLDER}/{file.name} of {run} was left out: {error}"
