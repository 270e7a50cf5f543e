"""A selection as JSON text, before its alphas are held against a search space.

Written          what stands beside the alphas
write, read      the text, and its parts
FORMAT_VERSION   of the text
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from engine.checked import checked
from engine.errors import BadInput
from engine.selection.alphas import Alphas
from engine.selection.decisions import Decision
from engine.selection.mixing import Mixing
from engine.spaces import SearchSpace, described

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Written:
    """What `Selection.to_json` writes beside the alphas, which are checked against the space."""

    format_version: int
    space: str
    dtype: Literal["float32", "float64"]
    decisions: tuple[Any, ...]
    declaration: Any = None
    mixing: Mixing = "softmax"


def write(space: SearchSpace, alphas: Alphas, decisions: Sequence[Decision]) -> str:
    """One JSON object; floats survive the round trip exactly."""
    return json.dumps(
        {
            "format_version": FORMAT_VERSION,
            **described(space),
            "dtype": alphas.dtype,
            **({} if alphas.mixing == "softmax" else {"mixing": alphas.mixing}),
            "alphas": dict(alphas),
            "betas": None if alphas.betas is None else dict(zip(space.cells, alphas.betas, strict=True)),
            "decisions": [asdict(decision) for decision in decisions],
        }
    )


def read(text: str) -> tuple[dict[str, Any], Written]:
    """The whole object, and what is checked of it. Raises BadInput for other text, and another version."""
    try:
        data = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        raise BadInput("a selection must be the JSON text that Selection.to_json writes") from None
    version = data.get("format_version", FORMAT_VERSION) if isinstance(data, dict) else FORMAT_VERSION
    if version != FORMAT_VERSION:
        raise BadInput(f"selection format {version!r} is unknown; this version reads {FORMAT_VERSION}")
    try:
        if not isinstance(data, dict):
            raise BadInput("it is no object with named values")
        return data, checked(Written, {each.name: data[each.name] for each in fields(Written) if each.name in data})
    except BadInput as problem:
        raise BadInput(f"not a selection: {problem}; export it again") from None
