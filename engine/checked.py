"""JSON checked against the types of frozen dataclasses.

checked   a value of a type, from plain JSON values
"""

import json
from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

from engine.errors import BadInput

T = TypeVar("T")


def checked(kind: type[T], data: object) -> T:
    """`data` as a value of `kind`: a dataclass, or any type made of them such as `tuple[Point, ...]`.

    Nothing is converted: text is no number and 1 is not true; every number must be finite. Keys that the type does not
    know are left out, unless it forbids them (`__pydantic_config__ = {"extra": "forbid"}`). Raises BadInput that says
    in one line which field is wrong and why; the caller says what to do about it.
    """
    from pydantic import ValidationError  # takes a while, and most of what is imported reads nothing

    try:
        # Strict reading of JSON makes tuples of lists; of Python values it would refuse them.
        return cast(T, _adapter(cast(Hashable, kind)).validate_json(json.dumps(data, allow_nan=False), strict=True))
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            raise BadInput(f"{place} is missing") from None
        reason = first["msg"].removeprefix("Value error, ")
        raise BadInput(f"{place}: {reason}" if place else reason) from None
    except (TypeError, ValueError, RecursionError) as problem:
        raise BadInput(" ".join(str(problem).split())) from None


@cache
def _adapter(kind: Hashable) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(cast(Any, kind))
