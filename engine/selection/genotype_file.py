"""Genotypes given to a command or a page: the text itself, or a file that holds it.

read_genotype     the genotype in a text or in a file of that name; a selection's file, where it is complete
given_text        a text, or what the file of that name holds
is_selection      whether a text is a selection's JSON
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from engine.errors import BadInput
from engine.runs.texts import read_text
from engine.selection.genotype import Genotype
from engine.selection.genotype_forms import Note
from engine.selection.genotype_text import MOST_CHARACTERS, parse_genotype
from engine.selection.selection import Selection

LONGEST_PATH = 4096
_TEXT = re.compile(r"Genotype\w*\s*\(|\w\s*~\s*\d|^\s*[\[({|\"]|\n|^\s*\d{1,6}\s*$")
"""What texts of genotypes have, and names of files have not."""


def read_genotype(text: str, note: Note = lambda line: None) -> Genotype:
    """The genotype in a text (`parse_genotype`), or in a file of this name: such a text, or a complete selection.

    note: told what was assumed, which of several genotypes was read, and where a selection keeps `none`, which a
    genotype cannot hold, what it becomes. Raises BadInput, naming the file, for anything else.
    """
    content, path = given_text(text, "a genotype")
    try:
        return _genotype(content, note)
    except BadInput as error:
        if path is None:
            raise
        raise BadInput(f"{path}: {error}") from None


def _genotype(content: str, note: Note) -> Genotype:
    if not is_selection(content):
        return parse_genotype(content, note)
    selection = Selection.from_json(content)
    found = selection.decoded()
    for line in selection.replaced_none:
        note(line)
    return found


def given_text(text: str, what: str) -> tuple[str, Path | None]:
    """A text and None, or what the file of that name holds and its path.

    A file that exists goes before a text that looks like its name, such as the index of a cell.
    Raises BadInput for what is neither a text of a genotype or a selection nor a file that can be read.
    """
    path = Path(text).expanduser() if 0 < len(text) < LONGEST_PATH and text.strip() else None
    if path is not None and _is(path, Path.is_file):
        try:
            return read_text(path, MOST_CHARACTERS, what), path
        except OSError as error:
            raise BadInput(f"cannot read {path} ({error.strerror or error}); check its permissions") from None
    if path is None or _TEXT.search(text):
        return text, None
    if _is(path, Path.is_dir):
        raise BadInput(f"{path} is a folder; give the file in it that holds {what}")
    raise BadInput(
        f"{text[:200]!r} is no genotype and there is no such file; give a genotype's text, or a file with it"
    )


def _is(path: Path, kind: Callable[[Path], bool]) -> bool:
    """What a path is; nothing where no file can have that name."""
    try:
        return kind(path)
    except (OSError, ValueError):
        return False


def is_selection(text: str) -> bool:
    """Whether a text is a selection's JSON, as `Selection.to_json` writes it."""
    if not text.lstrip().startswith("{") or not ('"decisions"' in text or '"alphas"' in text):
        return False
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(data, Mapping) and bool({"decisions", "alphas"} & set(data))
