"""The derived network, and its training from scratch. Names are loaded when first used: settings need no torch."""

from importlib import import_module
from typing import Any

__all__ = ["Network", "count_parameters", "flops", "multiply_adds"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'engine.network' has no attribute {name!r}")
    return getattr(import_module("engine.network.network"), name)
