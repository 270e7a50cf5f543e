"""What the search programs of the field call the tensors of a supernet.

foreign_names   our name -> theirs, of every tensor of a supernet

DARTS and what descends from it: `cells.3._ops.12._ops.4.op.1.weight` is cell 3, edge 12, operation column 4.
NAS-Bench-201: `cells.3.edges.2<-1.3.op.1.weight` is cell 3, the edge from node 1 to 2, operation column 3.
"""

from engine.spaces import SearchSpace
from engine.supernet.supernet import Cell, Supernet

REDUCE = {"conv1": "conv_1", "conv2": "conv_2", "bn": "bn"}
RELU_CONV_BN = {"conv": "op.1", "bn": "op.2"}
SEPARABLE = {
    "depthwise1": "op.1",
    "pointwise1": "op.2",
    "bn1": "op.3",
    "depthwise2": "op.5",
    "pointwise2": "op.6",
    "bn2": "op.7",
}
DILATED = {"depthwise": "op.1", "pointwise": "op.2", "bn": "op.3"}
POOL = {"bn": "1"}
OPERATION = {
    "skip_connect": {f"reduce.{ours}": theirs for ours, theirs in REDUCE.items()},
    "max_pool_3x3": POOL,
    "avg_pool_3x3": POOL,
    "sep_conv_3x3": SEPARABLE,
    "sep_conv_5x5": SEPARABLE,
    "dil_conv_3x3": DILATED,
    "dil_conv_5x5": DILATED,
    "nor_conv_1x1": RELU_CONV_BN,
    "nor_conv_3x3": RELU_CONV_BN,
}
"""Parts of an operation: ours -> theirs. Those of an operation of one's own have the same names there and here."""
STEM = {"conv": "stem.0", "bn": "stem.1"} | {
    "conv0": "stem0.0",
    "bn0": "stem0.1",
    "conv1": "stem0.3",
    "bn1": "stem0.4",
    "conv2": "stem1.1",
    "bn2": "stem1.2",
}
"""Of small images, and of large ones."""
RESIDUAL = {"shortcut": "downsample.1"} | {
    f"{conv}.{ours}": f"{conv}.{theirs}" for conv in ("conv_a", "conv_b") for ours, theirs in RELU_CONV_BN.items()
}


def foreign_names(supernet: Supernet) -> dict[str, str]:
    """Our name -> theirs, in the order of the state_dict."""
    return {name: _foreign(supernet, name) for name in supernet.state_dict()}


def _foreign(supernet: Supernet, name: str) -> str:
    match name.split("."):
        case ["stem", part, leaf]:
            return f"{STEM[part]}.{leaf}"
        case ["tail", leaf]:
            return f"lastact.0.{leaf}"
        case ["blocks", block, "edges", edge, operation, *part, leaf]:
            cell = supernet.blocks[int(block)]
            assert isinstance(cell, Cell)
            place = _edge(supernet.space, cell.cell, int(edge), operation)
            return f"cells.{block}.{place}.{OPERATION.get(operation, {}).get('.'.join(part), '.'.join(part))}.{leaf}"
        case ["blocks", block, "block", *part, leaf]:
            return f"cells.{block}.{RESIDUAL['.'.join(part)]}.{leaf}"
        case ["blocks", block, preprocess, part, leaf]:
            plain = "conv" in dict(getattr(supernet.blocks[int(block)], preprocess).named_children())
            return f"cells.{block}.{preprocess}.{(RELU_CONV_BN if plain else REDUCE)[part]}.{leaf}"
    return name  # the classifier


def _edge(space: SearchSpace, cell: str, index: int, operation: str) -> str:
    column = space.operation_index(cell, index, operation)
    if space.skeleton.prepares:
        return f"_ops.{index}._ops.{column}"
    edge = space.edge(cell, index)
    return f"edges.{edge.target}<-{edge.source}.{column}"
