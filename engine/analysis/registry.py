"""All labs by name; the module of a lab is loaded when it is asked for. Free of torch.

names   of all labs, in the order in which they are listed
find    one of them
"""

import difflib
from importlib import import_module
from typing import Any

from engine.analysis.lab import Lab
from engine.errors import BadInput

_HOMES = {
    "signals": "engine.analysis.signals.lab",
    "strength": "engine.analysis.strength.lab",
    "optimal-alpha": "engine.analysis.optimal_alpha",
    "unrolled": "engine.analysis.unrolled",
    "skip-minus-conv": "engine.analysis.skip_minus_conv",
    "snapshots": "engine.analysis.snapshots.lab",
    "ablations": "engine.analysis.ablations",
    "depth": "engine.analysis.depth",
}


def names() -> tuple[str, ...]:
    return tuple(_HOMES)


def find(name: str) -> Lab[Any, Any]:
    """Raises BadInput for an unknown lab, naming the nearest."""
    plain = name.strip().lower().replace("_", "-")
    if plain not in _HOMES:
        near = difflib.get_close_matches(plain, _HOMES, 2, 0.4)
        meant = f"did you mean {' or '.join(near)}? " if near else ""
        raise BadInput(f"there is no lab {name!r}; {meant}there are: {', '.join(_HOMES)}")
    lab: Lab[Any, Any] = import_module(_HOMES[plain]).LAB
    return lab
