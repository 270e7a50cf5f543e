"""Supernet Explorer's engine: load or train supernets, measure masked operations, decide, decode.

Names are loaded when first used, so that `import engine` costs nothing: spaces, results, selections and the
NAS-Bench-201 table never import torch.
"""

from importlib import import_module
from typing import Any

from engine.results import shown

# Imported here, not on demand: loading the module of the same name would otherwise put itself in the function's place.
from engine.spaces import search_space as search_space

__version__ = "0.1.0"


def _painter() -> shown.Painter:
    from engine import notebook

    return notebook


# Results lie on floors below what draws them; this package has none, so it says who does.
shown.painted_by(_painter)

_HOME = {
    "BadInput": "errors",
    "SearchSpace": "spaces",
    "Edge": "spaces",
    "CellSpec": "spaces",
    "OperationSpec": "spaces",
    "SPACES": "spaces",
    "Selection": "selection",
    "Genotype": "selection",
    "magnitude_genotype": "selection",
    "parse_genotype": "selection",
    "Supernet": "supernet",
    "Network": "network",
    "wrap": "supernet.scorable",
    "Checkpoint": "checkpoint",
    "load": "checkpoint",
    "import_checkpoint": "checkpoint.importers",
    "scoring_batches": "data",
    "score_edge": "scoring.scores",
    "stream_edge_scores": "scoring.scores",
    "score_inputs": "scoring.scores",
    "measure": "scoring.scores",
}
_MODULES = {"nasbench201": "nasbench201", "results": "results", "strategies": "selecting.strategies"}
__all__ = sorted((*_HOME, *_MODULES, "search_space"))


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"engine.{_MODULES[name]}")
    if name not in _HOME:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    value = getattr(import_module(f"engine.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
