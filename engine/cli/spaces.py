"""`spaces`: the search spaces, their edges and operations."""

from typing import Annotated, Any

import typer

from engine.cli import console
from engine.cli.options import Device, Json, Seed
from engine.spaces import SPACES, SearchSpace, search_space


def spaces(
    space: Annotated[
        str | None, typer.Argument(metavar="SPACE", help="One space: its name, or the .toml file that declares it.")
    ] = None,
    json: Json = False,
    device: Device = "auto",
    seed: Seed = 0,
) -> None:
    """List the search spaces, their edges and operations."""
    found = [search_space(name) for name in (SPACES if space is None else (space,))]
    if json:
        console.emit({"spaces": [_describe(space) for space in found]})
    else:
        console.out("\n\n".join(_text(space) for space in found))


def _describe(space: SearchSpace) -> dict[str, Any]:
    return {
        "name": space.name,
        "family": space.skeleton.name,
        "steps": space.steps,
        "topology_nodes": list(space.cell(space.cells[0]).topology_nodes),
        "cells": {
            cell: [
                {
                    "edge": edge.index,
                    "source": edge.source,
                    "target": edge.target,
                    "operations": list(space.operations(cell, edge)),
                }
                for edge in space.edges(cell)
            ]
            for cell in space.cells
        },
    }


def _text(space: SearchSpace) -> str:
    edges = {cell: space.edges(cell) for cell in space.cells}
    counts = dict.fromkeys(map(len, edges.values()))
    each = " each" if len(counts) == 1 else ""
    lines = [
        f"{space.name}: cell types {', '.join(space.cells)}; {' and '.join(map(str, counts))} edges{each}, "
        f"{space.steps} decisions"
    ]
    alike = len(set(edges.values())) == 1
    if alike and len({row for cell in space.cells for row in space.cell(cell).operations}) == 1:
        lines.append(f"  operations  {', '.join(space.operations(space.cells[0], 0))}")
        pairs = (f"{edge.index}: {edge.source}->{edge.target}" for edge in edges[space.cells[0]])
        lines.append(f"  edges       {', '.join(pairs)}")
        return "\n".join(lines)
    for cells in (space.cells,) if alike else [(cell,) for cell in space.cells]:
        rows = [["  edge", *cells]]
        for edge in edges[cells[0]]:
            offers = [", ".join(space.operations(cell, edge)) for cell in cells]
            rows.append([f"  {edge.index}: {edge.source}->{edge.target}", *offers])
        lines.append(console.table(rows))
    return "\n".join(lines)
