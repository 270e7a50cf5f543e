"""`runs`: every checkpoint and snapshot in some folders as a table."""

from pathlib import Path
from typing import Annotated

import typer

from engine.checkpoint import bundled
from engine.cli import console
from engine.cli.options import Device, Json, Seed
from engine.drawing import wording
from engine.population import Ends, Member, population

HEADS = ["name", "space", "method", "epoch", "supernet", "verdicts", "alpha's cell"]


def runs(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders that checkpoints lie in.")],
    json: Json = False,
    device: Device = "auto",
    seed: Seed = 0,
) -> None:
    """Print a row for every checkpoint and snapshot: what it is, and what alpha and measurement make of it."""
    found = population([bundled.found(folder) for folder in folders])
    if json:
        console.emit({"runs": [each.to_dict() for each in found]})
        return
    readable = [each for each in found if each.space is not None]
    parts = [
        [console.table([HEADS, *map(_row, readable)])] if readable else [],
        [f"{each.name}, {_end(ends)}" for each in readable for ends in each.ends],
        [f"{each.name}: {each.problem}" for each in found if each.problem],
    ]
    titles = "", "Where full selections by measurement lead (true CIFAR-10 accuracy):", "What cannot be read:"
    blocks = [[title, *lines] if title else lines for title, lines in zip(titles, parts, strict=True) if lines]
    console.out("\n\n".join("\n".join(lines) for lines in blocks))


def _row(each: Member) -> list[str]:
    of = f" of {each.epochs}" if each.epochs is not None and each.epochs != each.epoch else ""
    true = "no table" if each.alpha_true is None else console.percent(each.alpha_true)
    return [
        each.name,
        f"{each.space}, {wording.size(each.channels, each.cells, each.image_size)}",
        str(each.method) if each.seed is None else f"{each.method}, seed {each.seed}",
        "unknown" if each.epoch is None else f"{each.epoch}{of}",
        "-" if each.accuracy is None else f"{console.percent(each.accuracy, each.ci)} on {each.images:,} images",
        _verdicts(each),
        "alpha unknown" if each.alpha_end is None else true,
    ]


def _verdicts(each: Member) -> str:
    if each.verdicts is None:
        return "not measured"
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in each.verdicts.items())
    return f"{counts} on {each.measured_on:,} images"


def _end(ends: Ends) -> str:
    count = len(ends.genotypes)
    how = f"{ends.words}, {ends.images or 0:,} images of {ends.data}, {wording.several(count, 'order')}"
    if ends.median is None:
        return f"{how}: no table"
    between = "" if len(ends.true) == 1 else f" ({ends.true[0]:.2f} to {ends.true[-1]:.2f})"
    return f"{how}: {ends.median:.2f} %{between}"
