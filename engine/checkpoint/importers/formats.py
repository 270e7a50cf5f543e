"""Which program a file is from, and what in it the weights, the alphas and the circumstances of the search are.

recognise   a foreign file as the state of a supernet, its tensors under the names of `importers.names`
Found       what it returns

What tells programs apart, wherever in the file their supernet lies (`importers.states`):

    autodl        `search_model` or `shared_cnn`, or the names `_stem` and `_cells`
    confopt       operations under `ops`
    robustdarts   "alphas_normal" and "alphas_reduce" beside the state
    drnas         `_arch_parameters` within the state (NAS-Bench-201); pools under `_ops.K.op` (DARTS)
    fairdarts     histories of alphas by operation
    p-darts       operations under `cell_ops` and `m_ops`
    pt.darts      operations under `dag`
    darts-pt      a state beside "alpha", or with more beside it
    weights       a bare state_dict, as DARTS, PC-DARTS, SGAS and SmoothDARTS save it
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.checkpoint.importers.alpha_forms import tables_in
from engine.checkpoint.importers.alphas import NAMES, find_alphas
from engine.checkpoint.importers.circumstances import betas_of, data_set, epochs, mixing_of
from engine.checkpoint.importers.reading import Foreign
from engine.checkpoint.importers.spelling import OPERATIONS, shared
from engine.checkpoint.importers.states import State, fields, find_state, values
from engine.errors import BadInput
from engine.selection.mixing import Mixing

if TYPE_CHECKING:
    from torch import Tensor

BETAS = re.compile(r"betas_(normal|reduce)|beta_parameters")
BESIDE = re.compile(r"multihead_attention\..*|controller\..*|alphas?_(normal|reduce)\.\d+")
"""Tensors of the search that are no weights of the supernet."""
STATES = ("network_states", "arch", "architecture")
"""Where alphas lie with other things of the search."""
BY_NODE = re.compile(r"alphas?_(normal|reduce)\.(\d+)")
FOREIGN_PARTS = {
    "lora_": "low-rank adapters; merge them into the weights before saving",
    ".dan.": "operations of confopt beside the candidates; save after its adaptation to the plain supernet",
    ".aux_skip.": "auxiliary skip connections; save after their removal",
}
"""What is in names of networks that compute something else than a supernet here."""


@dataclass(frozen=True, eq=False)
class Found:
    """The state of a supernet. state: names as in `importers.names`; alphas, betas: by cell type, or None; mixing: as
    the program is known to mix; epochs: None where the file does not say; dataset: one of `origins.CLASSES` or None;
    turned: its alphas have `none` in the last column, and the supernet has it in the first; mixed: notes on mixing, for
    where nobody says how it was."""

    format: str
    state: "dict[str, Tensor]"
    alphas: dict[str, Any] | None
    betas: dict[str, Any] | None
    mixing: Mixing
    epochs: int | None
    dataset: str | None
    selection: Mapping[str, Any] | None
    turned: bool
    mixed: tuple[str, ...]
    notes: tuple[str, ...]


def recognise(file: Foreign) -> Found:
    """Raises BadInput for a file without the weights of a supernet, and for networks that are something else."""
    found = find_state(file)
    if found is None:
        raise BadInput(_no_supernet(file))
    for part, what in FOREIGN_PARTS.items():
        if any(part in name for name in found.tensors):
            raise BadInput(f"{file.name} holds {what}")
    weights = {name: each for name, each in found.tensors.items() if not _is_beside(name)}
    names = shared(file.name, weights)
    kind = _format(found, file.content, names.layouts)
    arguments = values(file.content)
    controlled = any(name.startswith("controller.") for name in found.tensors) or "controller" in file.content
    alphas = None if controlled else _alphas(file.content, found.tensors)
    turned = kind == "pt.darts"
    notes = []
    if turned:
        notes.append(
            "pt.darts compares edges by raw alphas, and here they are compared by mixing weights (as in DARTS)"
        )
    if controlled:
        notes.append("architectures were sampled by a controller (ENAS), which is left out: there are no alphas")
    betas, said = betas_of(file.content, found.tensors)
    mixing, about = mixing_of(kind, file.content, arguments, controlled)
    notes += said
    if any(name.startswith("multihead_attention.") for name in found.tensors):
        notes.append(
            "attention over alphas is left out: confopt stores it always; if the search used it, it mixed by other "
            "alphas than these"
        )
    if found.copies:
        notes.append(f"further supernets in the same state were left out: {', '.join(found.copies)[:80]}")
    if names.leftovers:
        what = ", ".join(f"{count} {kind}" for kind, count in names.leftovers.items())
        notes.append(f"left out, as they carry no weights: {what}")
    if names.duplicates:
        notes.append(f"{names.duplicates} tensors were stored under two names, with equal numbers")
    finished = epochs(file.content)
    if finished is None:
        notes.append("no number of epochs was found in the file")
    return Found(
        format=kind,
        state=names.state,
        alphas=alphas,
        betas=betas,
        mixing=mixing,
        epochs=finished,
        dataset=data_set(arguments),
        selection=file.content if "proj_weights" in file.content and "candidate_flags" in file.content else None,
        turned=turned,
        mixed=tuple(about),
        notes=tuple(notes),
    )


def turned(alphas: Mapping[str, Any]) -> dict[str, Any]:
    """Alphas [E, K] by cell type with the last column in the first place, where there are as many as pt.darts has."""
    import torch

    tables = {cell: torch.as_tensor(rows) for cell, rows in alphas.items()}
    return {
        cell: rows.roll(1, -1) if rows.ndim == 2 and rows.shape[1] == OPERATIONS else rows
        for cell, rows in tables.items()
    }


def _is_beside(name: str) -> bool:
    return name in NAMES or bool(BETAS.fullmatch(name) or BESIDE.fullmatch(name))


def _alphas(content: Mapping[Any, Any], tensors: "Mapping[str, Tensor]") -> dict[str, Any] | None:
    inside = [fields(content.get(key)) for key in STATES]
    places = (content, *inside, tensors)
    return next((found for place in places if (found := find_alphas(place))), None) or _by_node(tensors)


def _by_node(tensors: "Mapping[str, Tensor]") -> dict[str, Any] | None:
    """Alphas that lie one table a node, in one table a cell type."""
    import torch

    nodes: dict[str, dict[int, Tensor]] = {}
    for name, tensor in tensors.items():
        if match := BY_NODE.fullmatch(name):
            nodes.setdefault(match[1], {})[int(match[2])] = tensor
    if len(nodes) < 2 or any(table.ndim != 2 for tables in nodes.values() for table in tables.values()):
        return None
    return {cell: torch.cat([table for _, table in sorted(tables.items())]) for cell, tables in nodes.items()}


def _format(found: State, content: Mapping[Any, Any], layouts: frozenset[str]) -> str:
    names = found.tensors
    if (
        "search_model" in found.place
        or "shared_cnn" in found.place
        or any(name.startswith("_cells.") for name in names)
    ):
        return "autodl"
    if any(".ops." in name for name in names):
        return "confopt"
    if "by-node" in layouts:
        return "pt.darts"
    if "stages" in layouts:
        return "p-darts"
    if any(str(key).endswith("alphas_normal_history") for part in (content, *_inside(content)) for key in part):
        return "fairdarts"
    if "_arch_parameters" in names or "pools-within" in layouts:
        return "drnas"
    if not found.place:
        return "weights"
    return "robustdarts" if "alphas_normal" in content else "darts-pt"


def _inside(content: Mapping[Any, Any]) -> list[Mapping[Any, Any]]:
    return [value for value in content.values() if isinstance(value, Mapping)]


def _no_supernet(file: Foreign) -> str:
    if find_alphas(file.content) or tables_in(file.content):
        return (
            f"{file.name} is a file with alphas alone; give the file with the weights, and this one as its second file"
        )
    held = [
        f"{key} ({len(value)} values)" if isinstance(value, Mapping) else str(key)
        for key, value in file.content.items()
    ]
    shown = ", ".join([each[:40] for each in held][:5]) or "nothing"
    return (
        f"no supernet was found in {file.name}, which would have names like cells.0._ops.0 or cells.0.edges.1<-0; "
        f"found were {shown}; give the file of the search, or a checkpoint's folder"
    )
