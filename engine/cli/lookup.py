"""`lookup`: what is known about a NAS-Bench-201 cell."""

from typing import Annotated

import typer

from engine.cli import console, truth
from engine.cli.options import Device, Json, Seed, located

TWINS_SHOWN = 8


def lookup(
    architecture: Annotated[
        str,
        typer.Argument(
            metavar="ARCHITECTURE",
            help="A cell such as '|none~0|+|...|+|...|', its index, six numbers, or a file that holds one.",
        ),
    ],
    with_truth: truth.Show = False,
    truth_data: truth.Dataset = truth.DEFAULT,
    json: Json = False,
    device: Device = "auto",
    seed: Seed = 0,
) -> None:
    """Print the true accuracies and the rank of a NAS-Bench-201 cell."""
    from engine import nasbench201
    from engine.selection.genotype_file import read_genotype

    found = nasbench201.lookup(read_genotype(located(architecture), console.note))
    against = truth.everywhere(truth_data) if with_truth else None
    if json:
        console.emit({**found.to_dict(), **({"truth": against} if against else {})})
        return
    rows = [["data set", "test accuracy", f"rank of {nasbench201.CELLS:,}", "better than"]]
    for name in nasbench201.DATASETS:
        accuracy = console.percent(getattr(found, name))
        rows.append([name, accuracy, f"{found.rank[name]:,}", f"{found.percentile[name]:.1f} % of all cells"])
    twins = [f"  {text}" for text in found.isomorphic[:TWINS_SHOWN]]
    if len(found.isomorphic) > TWINS_SHOWN:
        twins.append(f"  and {len(found.isomorphic) - TWINS_SHOWN} more; --json lists them all")
    console.out(
        "\n".join(
            [
                f"{found.architecture}  (cell {found.index})",
                "",
                console.table(rows),
                "",
                f"{len(found.isomorphic)} other cells compute the same function{':' if twins else ''}",
                *twins,
                *(["", truth.text(against, truth.operations_of(found.architecture))] if against else []),
            ]
        )
    )
