"""`export`: a selection or a genotype in another format, to take elsewhere."""

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.checkpoint.bundled import found
from engine.cli import console
from engine.cli.options import Device, Json, Seed, located
from engine.errors import BadInput
from engine.runs import files

if TYPE_CHECKING:
    from engine.export import Subject


def export(
    selection: Annotated[
        str,
        typer.Argument(metavar="SELECTION", help="A selection file, a file with a genotype, or a genotype's text."),
    ],
    format: Annotated[str, typer.Option(metavar="F", help="darts, nas-bench-201, json, torch, dot, svg, csv or html.")],
    cell: Annotated[
        str | None, typer.Option(help="The cell type to draw, with dot and svg.  [default: all of them]")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Check that the selection was made on this checkpoint.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to write.  [default: stdout]")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE where it exists.")] = False,
    json: Json = False,
    device: Device = "auto",
    seed: Seed = 0,
) -> None:
    """Write a selection's genotype, network, picture, table or report."""
    from engine import export as exports
    from engine.selection.genotype_file import given_text

    subject = exports.read(given_text(located(selection), "a selection or a genotype")[0], console.note)
    if checkpoint is not None:
        _check(subject, found(checkpoint))
    text = exports.export(subject, format, cell)
    content = text.encode()
    for note in subject.selection.replaced_none if isinstance(subject, exports.SelectionRecord) else ():
        console.note(f"warning: {note}")
    if out is not None:
        _write(out, content, force)
    if json:
        where = {"text": text} if out is None else {"file": str(out)}
        console.emit({"format": format, **where, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})
    elif out is None:
        # The bytes of a file: no other encoding or line ends, whatever the terminal uses.
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
        console.out(text.removesuffix("\n"))
    else:
        console.note(f"wrote {out}, {len(content):,} bytes")


def _check(subject: "Subject", checkpoint: Path) -> None:
    """Raises BadInput unless the subject is a selection made on the checkpoint."""
    from engine.checkpoint.folder import read_summary
    from engine.selecting.record import SelectionRecord

    summary = read_summary(checkpoint)
    if not isinstance(subject, SelectionRecord):
        raise BadInput("a genotype alone names no checkpoint; give a selection file, or leave out --checkpoint")
    if subject.selection.space != summary.space:
        found = subject.selection.space.name
        raise BadInput(
            f"the selection is of space {found} and {checkpoint} of space {summary.space.name}; give its own"
        )
    digest = subject.checkpoint.get("digest")
    if digest is None and subject.selection.alphas != summary.start.alphas:
        raise BadInput(f"the selection has other alphas than {checkpoint}; give the checkpoint it was made on")
    if digest not in (None, summary.digest):
        raise BadInput(
            f"the selection was made on a checkpoint with digest {str(digest)[:12]} and {checkpoint} has "
            f"{summary.digest[:12]}; give the checkpoint it was made on"
        )


def _write(out: Path, content: bytes, force: bool) -> None:
    """Write the file whole, or leave what was there."""
    target = out.expanduser()
    if target.is_dir():
        raise BadInput(f"{out} is a folder; name a file in it")
    if target.is_file() and not force:
        raise BadInput(f"{out} exists; give another name, or --force to replace it")
    files.write(target, content)
