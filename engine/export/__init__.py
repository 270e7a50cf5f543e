"""Taking a result elsewhere: a selection document, or a genotype, as text of some format. Pure, and needs no torch.

FORMATS   format -> what it is called, its file extension and media type, and what it needs
Format    one of them
export    the text; the same input gives the same text wherever it is made
read      a subject from the text of a selection file or of a genotype
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from engine.drawing import dot as digraph
from engine.drawing import finished_svg
from engine.errors import BadInput, one_of
from engine.export.command import command_line as command_line
from engine.export.module import source
from engine.export.origin import Subject, genotype, origin
from engine.export.report import html
from engine.export.table import csv
from engine.selecting.record import SelectionRecord
from engine.selection.genotype_file import is_selection
from engine.selection.genotype_forms import Note
from engine.selection.genotype_text import parse_genotype
from engine.spaces import GenotypeFormat


class Format(NamedTuple):
    """label: for people. write: subject -> text. needs_genotype: every decision must be taken. needs_document: a
    genotype alone says too little. holds: the one genotype format that it
    writes, where it cannot write all. draws: one cell type can be asked for.
    """

    label: str
    extension: str
    media_type: str
    write: Callable[..., str]
    needs_genotype: bool = True
    needs_document: bool = False
    holds: GenotypeFormat | None = None
    draws: bool = False


def _genotype(subject: Subject) -> str:
    return f"{genotype(subject)}\n"


def _json(subject: Any) -> str:
    return f"{subject.to_json()}\n"


def _svg(subject: Subject, cell: str | None) -> str:
    return finished_svg.svg(genotype(subject), cell, origin(subject))


def _dot(subject: Subject, cell: str | None) -> str:
    return digraph.dot(genotype(subject), cell, origin(subject))


FORMATS: dict[str, Format] = {
    "darts": Format("Genotype, DARTS text", "txt", "text/plain", _genotype, holds="darts"),
    "nas-bench-201": Format("Genotype, NAS-Bench-201 text", "txt", "text/plain", _genotype, holds="nas-bench-201"),
    "json": Format("Selection file, JSON", "json", "application/json", _json, False, True),
    "torch": Format("PyTorch module", "py", "text/x-python", source),
    "dot": Format("Cell, Graphviz DOT", "dot", "text/vnd.graphviz", _dot, draws=True),
    "svg": Format("Cell, SVG picture", "svg", "image/svg+xml", _svg, draws=True),
    "csv": Format("All measurements, CSV", "csv", "text/csv", csv, False, True),
    "html": Format("Report, one HTML page", "html", "text/html", html, needs_document=True),
}


def export(subject: Subject, format: str, cell: str | None = None) -> str:
    """The text of a subject in one of FORMATS, ending in a line end. cell: one cell type of a drawing (None: all).

    Raises BadInput for an unknown format, one that holds other genotypes, decisions that are missing, and a cell type
    that the genotype does not have or the format cannot pick.
    """
    if format not in FORMATS:
        raise one_of("format", format, FORMATS)
    known = FORMATS[format]
    space = subject.selection.space if isinstance(subject, SelectionRecord) else subject.space
    if known.holds not in (None, space.genotype_format):
        raise BadInput(f"format {format} cannot hold cells of space {space.name}; use format {space.genotype_format}")
    if known.needs_document and not isinstance(subject, SelectionRecord):
        alone = ", ".join(name for name, each in FORMATS.items() if not each.needs_document)
        raise BadInput(f"format {format} needs a selection file, and this is a genotype alone; use one of: {alone}")
    if cell is not None and not known.draws:
        raise BadInput(f"format {format} holds all cell types; leave out the cell, or use format svg or dot")
    return known.write(subject, cell) if known.draws else known.write(subject)


def read(text: str, note: Note = lambda line: None) -> Subject:
    """A subject from a selection file's JSON, or from a genotype in any of its text forms.

    note: told what was assumed of a genotype's text. Raises BadInput for any other text, and for damaged, incomplete or
    illegal ones.
    """
    return SelectionRecord.from_json(text) if is_selection(text) else parse_genotype(text, note)
