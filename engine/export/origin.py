"""What an export is made from, and what it says about where that comes from.

Subject    a selection document, or a genotype alone
genotype   the genotype of a subject
origin     where it comes from, as short lines of plain text
notes      what an import could not know, as plain text
"""

from typing import Any

from engine import __version__
from engine.selecting.record import SelectionRecord
from engine.selection.genotype import Genotype

Subject = SelectionRecord | Genotype


def genotype(subject: Subject) -> Genotype:
    """Raises BadInput for a selection in which decisions are missing."""
    if isinstance(subject, Genotype):
        return subject
    return subject.selection.decoded()


def origin(subject: Subject) -> tuple[str, ...]:
    """Program, checkpoint, and what the decisions rest on. One line each, without control characters."""
    lines = [f"Supernet Explorer {__version__}"]
    if isinstance(subject, SelectionRecord):
        about, settings = subject.checkpoint, subject.settings
        named = [("checkpoint", about.get("name")), ("digest", about.get("digest"))]
        lines += [f"{what} {value}" for what, value in named if value is not None]
        lines.append(f"space {subject.selection.space.name}, decided by: {subject.strategy}")
        measured = ", ".join(
            f"{name} {settings[name]}"
            for name in ("images", "batch_size", "bn", "criterion", "seed")
            if name in settings
        )
        lines += [measured] if measured else []
        lines += [f"note: {note}" for note in notes(subject)]
    return tuple(plain(line) for line in lines)


def notes(document: SelectionRecord) -> tuple[str, ...]:
    """What an import could not know of its supernet, and all numbers rest on."""
    found = document.checkpoint.get("notes")
    return tuple(map(plain, found)) if isinstance(found, list) else ()


def plain(value: Any) -> str:
    """A value as one line of text that any file can hold."""
    return " ".join("".join(character if character.isprintable() else " " for character in str(value)).split())
