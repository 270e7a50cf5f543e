"""A selection as JSON text, before its alphas are held against a search space.

Written          what stands beside the alphas
read             the parts of the text
FORMAT_VERSION   of the text
"""

import json
from dataclasses import dataclass, fields
from typing import Any, Literal

from engine.checked import checked
from engine.errors import BadInput
from engine.selection.mixing import Mixing

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
