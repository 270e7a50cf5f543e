"""Alphas in foreign files.

find_alphas   the alphas that a file or a state_dict holds, by cell type
read_alphas   the alphas of a file of their own
NAMES         what tensors of alphas are called in a state_dict
"""

from collections.abc import Mapping
from typing import Any

from engine.checkpoint.importers.reading import Foreign
from engine.errors import BadInput

BY_CELL = {
    "normal": ("alphas_normal", "alphas.normal", "alpha.normal", "alpha_normal"),
    "reduce": ("alphas_reduce", "alphas.reduce", "alpha.reduce", "alpha_reduce"),
    "cell": ("alphas.cell", "alpha.cell", "_arch_parameters", "arch_parameters"),
}
TOGETHER = ("alpha", "alphas", "_arch_parameters", "arch_parameters")
"""Where all alphas are one value: a list by cell type, a mapping, or the one tensor of NAS-Bench-201."""
NAMES = frozenset(name for names in BY_CELL.values() for name in names) | set(TOGETHER)
LISTED = {1: ("cell",), 2: ("normal", "reduce")}


def find_alphas(content: Mapping[Any, Any]) -> dict[str, Any] | None:
    """Raw alphas by cell type as they are stored, unchecked; None where there are none."""
    for key in TOGETHER:
        value = content.get(key)
        if isinstance(value, Mapping) and value:
            return find_alphas(value) or {str(cell): rows for cell, rows in value.items()}
        if isinstance(value, list | tuple) and len(value) in LISTED:
            return dict(zip(LISTED[len(value)], value, strict=True))
    found = {}
    for cell, names in BY_CELL.items():
        value = next((content[name] for name in (*names, cell) if name in content), None)
        if value is not None:
            found[cell] = value
    if not found and getattr(content.get("alpha"), "ndim", 0) == 2:
        found["cell"] = content["alpha"]
    return found or None


def read_alphas(file: Foreign) -> tuple[dict[str, Any], str]:
    """The alphas in a file of their own, and a sentence about them.

    Rows that each add up to 1 can only be mixing weights after softmax, as the search programs print them; their
    logarithms give the same mixing weights. Raises BadInput where there are none.
    """
    import torch

    found = find_alphas(file.content)
    if found is None:
        raise BadInput(f'{file.name} holds no alphas; give {{"normal": rows, "reduce": rows}}, or {{"cell": rows}}')
    try:
        tensors = {cell: torch.as_tensor(rows).detach().double() for cell, rows in found.items()}
    except (ValueError, TypeError, RuntimeError) as error:
        raise BadInput(f"{file.name}: alphas must be rows of numbers of equal length ({error})") from None
    rows = torch.cat([tensor.flatten(0, -2) for tensor in tensors.values()]) if _same_width(tensors) else None
    if (
        rows is not None
        and bool((rows >= 0).all())
        and torch.allclose(rows.sum(-1), torch.ones(()).double(), atol=0.02)
    ):
        logarithms = {cell: tensor.clamp_min(1e-6).log() for cell, tensor in tensors.items()}
        return logarithms, f"alphas from {file.name}: its rows add up to 1, so they were taken as mixing weights"
    return tensors, f"alphas from {file.name}"


def _same_width(tensors: Mapping[str, Any]) -> bool:
    return all(tensor.ndim == 2 for tensor in tensors.values()) and len({t.shape[1] for t in tensors.values()}) == 1
