"""How programs spell the names of `importers.names`.

shared       tensors under the names that all programs share
Shared       what it returns

pt.darts counts edges by node (`dag.1.2`: the third edge into the second inner node) and has `none` as its last
operation.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import BadInput

if TYPE_CHECKING:
    from torch import Tensor

CELLS = ("cells", "_cells")
"""What programs call the list of cells."""
SPELLINGS: tuple[tuple[str, str], ...] = (
    (r"^_(stem|cells)\.", r"\1."),  # AutoDL-Projects, NATS-algos
    (r"^linear\.", "classifier."),  # pt.darts
    (r"\.(cell_ops|m_ops)\.", "._ops."),  # P-DARTS
    (r"\.m_ops\.", "._ops."),
    (r"(\._ops\.\d+\.)ops\.", r"\1_ops."),  # confopt
    (r"(\.edges\.\d<-\d\.)ops\.", r"\1"),
    (r"\.conv\.(weight|bias)$", r".\1"),
    (r"(\._ops\.\d+\._ops\.\d+\.)op\.1\.(running_\w+)$", r"\g<1>1.\2"),  # pools of confopt and DrNAS
)
"""One after the other: pattern and what stands for it in the shared names."""
BY_NODE = re.compile(r"\.(dag|preproc\d)\.")
NODE_BY_NODE = re.compile(r"cells\.(\d+)\.dag\.(\d)\.(\d)\._ops\.(\d)\.(.*)")
OPERATIONS = 8
"""Candidates of an edge in pt.darts."""
SHIFTED = 4
"""Layers between the two halves of a separable convolution."""

LEFTOVERS = {
    "total_ops and total_params": re.compile(r"(.*\.)?total_(ops|params)"),
    "num_batches_tracked": re.compile(r"(.*\.)?num_batches_tracked"),
    "the loss function's": re.compile(r"(.*\.)?_?(criterion|loss|loss_fn|criterion_\w+)\..*"),
}
"""Tensors that carry no weights of the network: of counters of operations, of BatchNorm, of the loss."""


@dataclass(frozen=True, eq=False)
class Shared:
    """state: by shared names. duplicates: tensors stored under two names. leftovers: kind -> how many were left out.
    layout: "pools-within" (DrNAS, confopt), "stages" (P-DARTS) or "by-node" (pt.darts) where names tell."""

    state: "dict[str, Tensor]"
    duplicates: int
    leftovers: Mapping[str, int]
    layouts: frozenset[str]


def shared(file: str, tensors: "Mapping[str, Tensor]") -> Shared:
    """Raises BadInput for one weight with two values."""
    state: dict[str, Tensor] = {}
    duplicates, leftovers = 0, dict.fromkeys(LEFTOVERS, 0)
    for name, tensor in tensors.items():
        kind = next((kind for kind, key in LEFTOVERS.items() if key.fullmatch(name)), None)
        if kind is not None:
            leftovers[kind] += 1
            continue
        spelled = _by_node(name, tensors) if BY_NODE.search(name) else _spelled(name)
        if spelled in state:
            duplicates += 1
            if not state[spelled].equal(tensor):
                raise BadInput(f"{file} holds two different tensors for {spelled}; save the model again")
        state[spelled] = tensor
    return Shared(
        state, duplicates, {kind: count for kind, count in leftovers.items() if count}, frozenset(_layouts(tensors))
    )


def _layouts(tensors: "Mapping[str, Tensor]") -> set[str]:
    found = set()
    for name in tensors:
        if ".dag." in name:
            found.add("by-node")
        elif ".m_ops." in name:
            found.add("stages")
        elif re.search(r"\._ops\.\d+\._ops\.\d+\.op\.1\.running_", name):
            found.add("pools-within")
    return found


def _spelled(name: str) -> str:
    for pattern, plain in SPELLINGS:
        name = re.sub(pattern, plain, name)
    return name


def _by_node(name: str, tensors: "Mapping[str, Tensor]") -> str:
    """A name of pt.darts."""
    if match := re.fullmatch(r"cells\.(\d+)\.preproc(\d)\.(.*)", name):
        inner = re.sub(r"^conv([12])", r"conv_\1", re.sub(r"^net\.", "op.", match[3]))
        return f"cells.{match[1]}.preprocess{match[2]}.{inner}"
    match = NODE_BY_NODE.fullmatch(name)
    if match is None:
        return name
    cell, node, source, column, inner = match[1], int(match[2]), int(match[3]), int(match[4]), match[5]
    edge = node * (node + 3) // 2 + source
    if halves := re.fullmatch(r"net\.([01])\.net\.(\d)\.(.*)", inner):
        inner = f"op.{int(halves[2]) + SHIFTED * int(halves[1])}.{halves[3]}"
    elif inner.startswith("net."):
        inner = inner.replace("net.", "op.", 1)
    elif inner.startswith("bn.") and name.removesuffix(inner) + "conv1.weight" not in tensors:
        inner = inner.replace("bn.", "1.", 1)  # a pool's; that of a halved skip stays
    else:
        inner = re.sub(r"^conv([12])", r"conv_\1", inner)
    return f"cells.{cell}._ops.{edge}._ops.{(column + 1) % OPERATIONS}.{inner}"
