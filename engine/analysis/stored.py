"""The results of labs that lie with a checkpoint: `labs/NAME.json` in its folder. Free of torch.

read    the stored result of a lab
write   store one
"""

from pathlib import Path

from engine.analysis.document import Document
from engine.checkpoint.format import Summary
from engine.errors import BadInput
from engine.runs import files

FOLDER = "labs"


def read(summary: Summary, lab: str) -> Document | None:
    """None where none is stored. Raises BadInput for one that cannot be read, or that is of another supernet."""
    path = place(summary.path, lab)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"{path} cannot be read; delete it, or run analyse {lab} --store again") from None
    try:
        found = Document.from_json(text)
    except BadInput as problem:
        raise BadInput(f"{path} is no result of a lab ({problem}); delete it, or run analyse --store again") from None
    if found.experiment != lab or found.checkpoint.get("digest") != summary.digest:
        raise BadInput(f"{path} is of another supernet or lab; delete it, or run analyse {lab} --store again")
    return found


def write(folder: Path, document: Document) -> Path:
    """Store a result with its checkpoint. Raises BadInput where the folder cannot be written."""
    path = place(folder, document.experiment)
    files.write(path, document.to_json())
    return path


def place(folder: Path, lab: str) -> Path:
    return folder / FOLDER / f"{lab}.json"
