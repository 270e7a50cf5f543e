"""The plain values that stand for a genotype: dictionaries, lists of pairs, rows of numbers.

genotype_of   the genotype that values stand for; None where they are something else
OtherSpace    it is a genotype, of a space that is not here
bench_cell    a NAS-Bench-201 cell from (operation, source) pairs, node by node
CONNECTED     text of such a cell: `|operation~source|+|...|`

What programs write: pairs in one list or node by node; with a weight behind (GDAS), or with the target node before or
behind the source (FairDARTS, aw_nas); the nodes that a cell joins, or not. Six numbers stand for a NAS-Bench-201 cell.
"""

import re
import reprlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.errors import BadInput
from engine.selection.genotype import Genotype, Pair
from engine.spaces import NAS_BENCH_201_OPERATIONS, recorded, search_space

Note = Callable[[str], None]

CELLS = {
    "normal": ("normal", "normal_0", "normal_cell", "normal_gene"),
    "reduce": ("reduce", "reduction", "reduce_1", "reduce_cell", "reduction_cell", "reduce_gene"),
}
"""Names under which programs keep the cell types of a DARTS genotype."""
ARCHITECTURE = ("architecture", "arch", "arch_str", "structure")
CONNECTED = re.compile(r"\|(?:\s*\w+\s*~\s*\d+\s*\|)+(?:\s*\+\s*\|(?:\s*\w+\s*~\s*\d+\s*\|)+)*")
GRAPH = frozenset({"edge_conv", "mr_conv", "gat", "semi_gcn", "gin", "sage", "rel_sage", "gcn"})
NASNET = frozenset({"sep_conv_7x7", "conv_7x1_1x7", "conv_1x1____", "conv_3x1_1x3"})
_EDGE = re.compile(r"\s*(\d)\s*<-\s*(\d)\s*")
_JOINED = [2, 3, 4, 5]


class OtherSpace(BadInput):
    """A genotype of a search space that is not here."""


def genotype_of(data: Any, note: Note) -> Genotype | None:
    """The genotype that plain values stand for; None where they have no form of one.

    note: told what was assumed. Raises BadInput for a genotype that cannot be built, OtherSpace for one of a space that
    is not here.
    """
    if isinstance(data, Mapping):
        return _from_mapping(data, note)
    if isinstance(data, list | tuple):
        return _from_list(data, note)
    return None


def _from_mapping(data: Mapping[Any, Any], note: Note) -> Genotype | None:
    if "recurrent" in data:
        raise OtherSpace("it is a recurrent cell (RNN, of DARTS on text), and the spaces here are of images")
    if "node_edge_dict" in data:
        raise OtherSpace("it is a cell of TransNAS-Bench-101 (node_edge_dict), a space that is not here")
    if "ops" in data and {"matrix", "adjacency", "module_adjacency"} & set(data):
        raise OtherSpace("it is a cell of NAS-Bench-101 (a matrix and its operations), a space that is not here")
    if "space" in data and isinstance(data.get("cells"), Mapping):
        return _of_space(data)
    found = {cell: next((name for name in names if name in data), None) for cell, names in CELLS.items()}
    if all(found.values()):
        return _darts({cell: (str(name), data[name]) for cell, name in found.items()}, data, note)
    text = next((data[key] for key in ARCHITECTURE if isinstance(data.get(key), str)), None)
    if text is not None and (match := CONNECTED.search(text)):
        return bench_text(match[0])
    edges = {match: value for key, value in data.items() if isinstance(key, str) and (match := _EDGE.fullmatch(key))}
    if edges:
        return bench_cell([(value, int(match[2]), int(match[1])) for match, value in edges.items()])
    if any(found.values()) and any(isinstance(data[name], list | tuple) for name in found.values() if name):
        raise _one_cell(data, next(name for name in found.values() if name))
    return None


def _names(data: Mapping[Any, Any]) -> str:
    return " ".join(", ".join(map(str, data)).split())[:100]


def _one_cell(data: Mapping[Any, Any], name: str) -> BadInput:
    pairs = data[name]
    operations = {each[0] for each in pairs if isinstance(each, list | tuple) and each and isinstance(each[0], str)}
    if graph := sorted(operations & GRAPH):
        return OtherSpace(
            f"it is a cell of graph convolutions (GCN, as SGAS searches them): operation {graph[0]} is in no space here"
        )
    lacking = "reduce" if name in CELLS["normal"] else "normal"
    return OtherSpace(
        f"it has no {lacking} cell (its fields are {_names(data)}), and the DARTS spaces here have normal and reduce"
    )


# DARTS


def _darts(given: Mapping[str, tuple[str, Any]], data: Mapping[Any, Any], note: Note) -> Genotype:
    cells = {}
    for cell, (_, value) in given.items():
        if not isinstance(value, list | tuple) or not value:
            shown = "empty" if isinstance(value, list | tuple) else reprlib.repr(value)
            raise BadInput(f"{cell} is {shown}, where a DARTS cell has eight (operation, source) pairs")
        cells[cell] = _pairs(cell, value)
        _check_space(cell, cells[cell])
    for cell, (name, _) in given.items():
        _check_joined(cell, data.get(f"{name}_concat", data.get(f"{cell}_concat")), note)
    return Genotype(cells)


def _pairs(cell: str, value: Sequence[Any]) -> list[Pair]:
    """(operation, source) pairs, node by node, whatever stands beside them."""
    grouped = all(isinstance(each, list | tuple) and each and isinstance(each[0], list | tuple) for each in value)
    entries = [entry for node in value for entry in node] if grouped else list(value)
    for entry in entries:
        if isinstance(entry, str):
            raise OtherSpace(
                f"{cell} lists operations without their sources ({reprlib.repr(entry)}), as other spaces do"
            )
        if not isinstance(entry, list | tuple) or len(entry) not in (2, 3):
            raise BadInput(f"{cell} holds {reprlib.repr(entry)}, which is no (operation, source) pair")
    edges = [entry[1:] for entry in entries if len(entry) == 3]
    if len(edges) == len(entries) and all(_is_edge(edge) for edge in edges):
        entries = sorted(entries, key=lambda entry: max(entry[1:]))
        nodes = [max(entry[1:]) for entry in entries]
        _check_nodes(cell, {node: nodes.count(node) for node in (*_JOINED, *nodes)})
        return [(entry[0], min(entry[1:])) for entry in entries]
    if grouped:
        _check_nodes(cell, {node: len(group) for node, group in enumerate(value, 2)})
    return [(entry[0], entry[1]) for entry in entries]


def _is_edge(edge: Sequence[Any]) -> bool:
    """Two numbers of nodes, one of them the target: a source lies before its target, and targets begin at 2."""
    return all(type(node) is int for node in edge) and max(edge) >= 2 and 0 <= min(edge) < max(edge)


def _check_nodes(cell: str, numbers: Mapping[int, int]) -> None:
    if set(numbers) != set(_JOINED):
        _check_space(cell, [("", 0)] * sum(numbers.values()))
    for node, number in numbers.items():
        if number != 2:
            raise OtherSpace(
                f"{cell}, node {node} has {number} input{'s' * (number != 1)}, and in the DARTS spaces here it keeps 2"
            )


def _check_space(cell: str, pairs: Sequence[Pair]) -> None:
    """Raises OtherSpace for cells that are known to be of a space that is not here."""
    names = {name for name, _ in pairs if isinstance(name, str)}
    if graph := sorted(names & GRAPH):
        raise OtherSpace(
            f"it is a cell of graph convolutions (GCN, as SGAS searches them): operation {graph[0]} is in no space here"
        )
    if names & NASNET or len(pairs) == 10:
        known = sorted(names & NASNET)
        shown = f"operation {known[0]} is in no space here" if known else f"{cell} has 5 inner nodes, and those here 4"
        raise OtherSpace(f"it is a cell of the NASNet space (NASNet, AmoebaNet, PNASNet, ENAS): {shown}")
    if len(pairs) != 8 and len(pairs) % 2 == 0:
        raise OtherSpace(
            f"{cell} has {len(pairs)} pairs, two for each of {len(pairs) // 2} inner node{'s' * (len(pairs) > 2)}, and "
            "cells of the DARTS spaces here have 4 inner nodes"
        )


def _check_joined(cell: str, joined: Any, note: Note) -> None:
    if joined is None:
        note(f"the text does not say which nodes the {cell} cell joins; taken as 2 to 5, as in the spaces here")
        return
    listed = list(joined) if isinstance(joined, range | list | tuple | set | frozenset) else None
    if listed is None or not all(type(node) is int for node in listed):
        raise BadInput(f"{cell}_concat is {reprlib.repr(joined)}, and no list of nodes")
    if listed != _JOINED:
        shown = ", ".join(map(str, listed[:10])) or "none"
        raise OtherSpace(f"{cell}_concat joins the nodes {shown}, and a cell of the DARTS spaces here joins 2, 3, 4, 5")


def _of_space(data: Mapping[Any, Any]) -> Genotype:
    """Of a declared space, as `Genotype.to_dict` has it."""
    space = recorded(data["space"], data.get("declaration"))
    cells = data["cells"]
    if not all(
        isinstance(edges, list) and all(isinstance(edge, list) and len(edge) == 3 for edge in edges)
        for edges in cells.values()
    ):
        raise BadInput("cells of a genotype map cell types to [operation, source, target] lists")
    genotype = Genotype({cell: [edge[:2] for edge in edges] for cell, edges in cells.items()}, space)
    if any([list(edge) for edge in genotype.edges(cell)] != cells[cell] for cell in cells):
        raise BadInput("a genotype lists its edges by target, as many for every node as it keeps")
    return genotype


# NAS-Bench-201


def bench_text(text: str) -> Genotype:
    """A cell as `|operation~source|+|...|`, with spaces and in any order of a node's edges."""
    nodes = [re.findall(r"(\w+)\s*~\s*(\d+)", node) for node in text.split("+")]
    return bench_cell([(name, int(source), target) for target, node in enumerate(nodes, 1) for name, source in node])


def bench_cell(edges: Sequence[tuple[Any, int, int]]) -> Genotype:
    """A cell from (operation, source, target) edges in any order. Raises BadInput that says what differs."""
    space = search_space("nas-bench-201")
    most = max((target for *_, target in edges), default=0)
    if most != 3:
        raise OtherSpace(
            f"the cell has {most} node{'s' * (most != 1)} after its input, and a cell of nas-bench-201 has 3"
        )
    ordered = sorted(edges, key=lambda edge: (edge[2], edge[1]))
    for node in (1, 2, 3):
        sources = [source for _, source, target in ordered if target == node]
        if sources != list(range(node)):
            shown = ", ".join(map(str, sources)) or "none"
            wanted = ", ".join(map(str, range(node)))
            raise BadInput(f"node {node} of the cell has the sources {shown}, and in nas-bench-201 it has {wanted}")
    return Genotype({"cell": [(name, source) for name, source, _ in ordered]}, space)


def _from_list(data: Sequence[Any], note: Note) -> Genotype | None:
    if len(data) == 6 and all(isinstance(each, str) for each in data):
        if set(data) & set(NAS_BENCH_201_OPERATIONS):
            return bench_cell([(name, *edge) for name, edge in zip(data, _edges(), strict=True)])
    elif len(data) == 6 and all(type(each) is int for each in data):
        return six_numbers(data, note)
    elif [len(node) if isinstance(node, list | tuple) else 0 for node in data] == [1, 2, 3]:
        pairs = [(pair, target) for target, node in enumerate(data, 1) for pair in node]
        if all(isinstance(pair, list | tuple) and len(pair) == 2 and type(pair[1]) is int for pair, _ in pairs):
            return bench_cell([(pair[0], pair[1], target) for pair, target in pairs])
    return None


def _edges() -> list[tuple[int, int]]:
    return [(edge.source, edge.target) for edge in search_space("nas-bench-201").edges("cell")]


NASLIB_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
NASLIB_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))


def six_numbers(numbers: Sequence[int], note: Note) -> Genotype:
    """A cell from the index of the operation on every edge, both counted as everywhere here.

    Another count is in use, that of NASLib; the note says which cell it would be there.
    """
    most = len(NAS_BENCH_201_OPERATIONS) - 1
    if wrong := [number for number in numbers if not 0 <= number <= most]:
        raise BadInput(f"the number {wrong[0]} stands for no operation of nas-bench-201, which are 0 to {most}")
    found = bench_cell([(NAS_BENCH_201_OPERATIONS[k], *edge) for k, edge in zip(numbers, _edges(), strict=True)])
    there = bench_cell([(NASLIB_OPERATIONS[k], *edge) for k, edge in zip(numbers, NASLIB_EDGES, strict=True)])
    names = ", ".join(f"{k} {name}" for k, name in enumerate(NAS_BENCH_201_OPERATIONS))
    note(
        f"six numbers were read as operations ({names}) of the edges by target, then source"
        + ("" if there == found else f"; as NASLib counts they would be {there}")
    )
    return found
