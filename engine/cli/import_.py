"""`import`: a supernet of another program becomes a checkpoint."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cli import console
from engine.cli.info import describe, summary
from engine.cli.options import Json, check_writable
from engine.selection.mixing import MIXINGS
from engine.spaces import SPACES
from engine.spaces.subspaces import SUBSPACES

if TYPE_CHECKING:
    from engine.checkpoint.folder import Checkpoint


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .pt, .pth, .pth.tar, .safetensors or .json file.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The checkpoint's folder; new or empty.")],
    space: Annotated[
        str | None,
        typer.Option(
            metavar="S",
            help=f"Search space: {', '.join((*SPACES, *SUBSPACES))}, or a .toml file.  [default: by names and shapes]",
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="D",
            help="Trained on cifar10, cifar100, svhn or imagenet16-120.  [default: as the file says, or by classes]",
        ),
    ] = None,
    alphas: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="A second file with the alphas, or one for each cell type: arrays, a pickle, lists, or the training "
            "log, which gives their history too.",
        ),
    ] = None,
    betas: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file with edge strengths (PC-DARTS) that count.")
    ] = None,
    mixing: Annotated[
        str | None,
        typer.Option(
            metavar="M",
            help=f"How the search mixed by alpha: {', '.join(MIXINGS)}.  [default: as its program is known to]",
        ),
    ] = None,
    image_size: Annotated[
        int | None,
        typer.Option(metavar="P", help="Side of the images, in pixels.  [default: that of the data set]"),
    ] = None,
    json: Json = False,
) -> None:
    """Open the supernet in a file of DARTS, DARTS-PT, PC-DARTS, P-DARTS, FairDARTS, SGAS, SmoothDARTS, RobustDARTS,
    DrNAS, pt.darts, AutoDL-Projects or confopt as a checkpoint.

    Nothing in the file is run. A selection that had begun goes on where it stood. What is assumed is said in notes.
    """
    check_writable(out)

    import engine
    from engine.checkpoint.importers import import_checkpoint, save_import

    save_import(import_checkpoint(file, space, dataset, alphas, image_size, mixing, betas), out)
    saved = engine.load(out)
    if json:
        console.emit(describe(saved) | described(saved))
    else:
        console.out(f"{summary(describe(saved))}\n\nsaved in {out}")


import_.__name__ = "import"  # the command's name, which as a word of Python no function can be defined by


def described(checkpoint: "Checkpoint") -> dict[str, Any]:
    """What `info` does not say: where it came from."""
    return {"source": checkpoint.meta["source"]}
