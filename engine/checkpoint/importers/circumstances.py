"""What a file says of the search it comes from, and what its program is known for.

epochs      finished ones
data_set    what was trained on
mixing_of   how operations were mixed
betas_of    edge strengths, where they count

Each gives nothing, or a note beside its answer, where the file does not say.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.checkpoint.importers.origins import CLASSES
from engine.checkpoint.importers.pickles import Inert
from engine.checkpoint.importers.states import fields
from engine.selection.mixing import Mixing

if TYPE_CHECKING:
    from torch import Tensor

MOST_EPOCHS = 1_000_000

BETAS = {
    "cell": ("beta_parameters", "betas.cell", "beta.cell", "betas"),
    "normal": ("betas_normal", "betas.normal", "beta.normal", "beta_normal"),
    "reduce": ("betas_reduce", "betas.reduce", "beta.reduce", "beta_reduce"),
}
SAMPLING = {"gdas": "GDAS", "setn": "SETN", "snas": "SNAS", "reinmax": "ReinMax"}
"""Searches whose forward pass holds one sampled operation of an edge."""


def epochs(content: Mapping[Any, Any]) -> int | None:
    """Finished epochs; None where the file does not say."""
    for where in (content, fields(content.get("checkpointables")), fields(content.get("state"))):
        epoch = where.get("epoch")
        if type(epoch) is int and 0 <= epoch < MOST_EPOCHS:
            return epoch
    return None


def data_set(arguments: Mapping[str, Any]) -> str | None:
    """One of CLASSES, from the arguments that a program keeps."""
    said = str(arguments.get("dataset") or arguments.get("data_set") or "").lower()
    plain = re.sub(r"[^a-z0-9]", "", said)
    return next((name for name in CLASSES if plain == re.sub(r"[^a-z0-9]", "", name)), None)


def mixing_of(
    kind: str, content: Mapping[Any, Any], arguments: Mapping[str, Any], controlled: bool
) -> tuple[Mixing, list[str]]:
    """How the search mixed, as far as its program and arguments tell."""
    said = " ".join(str(arguments.get(key, "")) for key in ("algo", "method", "sampler", "nas_name")).lower()
    known = next((name for key, name in SAMPLING.items() if re.search(rf"\b{key}\b", said)), None)
    if known or controlled:
        return "sampled", [
            f"{known or 'ENAS'} held one sampled operation of an edge at a time: its weights never saw the mix that "
            "is scored here"
        ]
    if kind == "fairdarts" or is_fair(content):
        return "sigmoid", [
            "mixed by the sigmoid of every alpha, as FairDARTS does: the weights of an edge need not sum to 1"
        ]
    if kind == "drnas":
        return "dirichlet", [
            "mixed by the mean of the Dirichlet distribution that DrNAS draws its weights from, taken for granted "
            "(--mixing softmax where its search drew none)"
        ]
    if kind == "confopt":
        return "softmax", [
            "mixed by softmax, taken for granted: confopt does not store its sampler (--mixing for another)"
        ]
    return "softmax", []


def is_fair(content: Mapping[Any, Any]) -> bool:
    """Whether a file holds FairDARTS' record of its alphas."""
    parts = (content, *(fields(value) for value in content.values() if isinstance(value, Mapping | Inert)))
    return any(str(key).endswith("alphas_normal_history") for part in parts for key in part)


def find_betas(content: Mapping[Any, Any]) -> dict[str, Any] | None:
    """Raw edge strengths by cell type as they are stored, unchecked; None where there are none."""
    for key in ("betas", "beta"):
        inside = fields(content.get(key))
        if inside:
            return find_betas(inside) or {str(cell): values for cell, values in inside.items()}
        if isinstance(content.get(key), list | tuple) and len(content[key]) == 2:
            return dict(zip(("normal", "reduce"), content[key], strict=True))
    found = {}
    for cell, names in BETAS.items():
        value = next((content[name] for name in (*names, cell) if name in content), None)
        if value is not None and not isinstance(value, Mapping | Inert | str):
            found[cell] = value
    return found or None


def betas_of(content: Mapping[Any, Any], tensors: "Mapping[str, Tensor]") -> tuple[dict[str, Any] | None, list[str]]:
    """Edge strengths of the state or beside it.

    Those that confopt stores in every file count only where the optimiser of the alphas held them too.
    """
    beside = find_betas(
        {key: value for key, value in content.items() if key in ("betas", "betas_normal", "betas_reduce")}
    )
    if beside is not None:
        return beside, ["edge strengths (betas) of the file count"]
    within = find_betas({name: value for name, value in tensors.items() if "beta" in name})
    if within is None:
        return None, []
    if _learned(content, within):
        return within, ["edge strengths (betas) of the file count: they were learned beside the alphas"]
    return None, [
        f"edge strengths ({', '.join(name for name in tensors if 'beta' in name)}) are left out: they count only where "
        "the search normalised its edges, which the file does not say; if it did, give this file as --betas too"
    ]


def _learned(content: Mapping[Any, Any], betas: Mapping[str, Any]) -> bool:
    """Whether the optimiser of the architecture has moments of the shape of the betas."""
    shapes = {tuple(getattr(values, "shape", ())) for values in betas.values()}
    for key in ("arch_optimizer", "a_optimizer"):
        for state in fields(fields(content.get(key)).get("state")).values():
            moment = fields(state).get("exp_avg")
            if tuple(getattr(moment, "shape", (0,))) in shapes:
                return True
    return False
