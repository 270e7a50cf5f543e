"""Results as plain JSON values.

Plain   a result that can be written and read
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Self

from engine.checked import checked


class Plain:
    """A frozen dataclass that goes through plain JSON values."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read `to_dict`; further keys do no harm. Raises BadInput for values of other types or not finite."""
        return checked(cls, dict(data))
