"""`spaces`: the search spaces, their edges and operations."""

from typing import Any

from engine.cli import console
from engine.cli.options import Device, Json, Seed
from engine.spaces import SPACES, SearchSpace, search_space


def spaces(json: Json = False, device: Device = "auto", seed: Seed = 0) -> None:
    """List the search spaces, their edges and operations."""
    found = [search_space(name) for name in SPACES]
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
    edges = space.edges(space.cells[0])
    same = len({space.operations(cell, edge) for cell in space.cells for edge in edges}) == 1
    lines = [f"{space.name}: cell types {', '.join(space.cells)}; {len(edges)} edges each, {space.steps} decisions"]
    if same:
        lines.append(f"  operations  {', '.join(space.operations(space.cells[0], 0))}")
        pairs = (f"{edge.index}: {edge.source}->{edge.target}" for edge in edges)
        lines.append(f"  edges       {', '.join(pairs)}")
        return "\n".join(lines)
    rows = [["  edge", *space.cells]]
    for edge in edges:
        offers = [", ".join(space.operations(cell, edge)) for cell in space.cells]
        rows.append([f"  {edge.index}: {edge.source}->{edge.target}", *offers])
    return "\n".join([*lines, console.table(rows)])
