"""JSON is what its type says, or one line says where it is not."""

import json
from dataclasses import asdict, dataclass
from typing import ClassVar, Literal

import pytest

from engine.checked import checked
from engine.errors import BadInput


@dataclass(frozen=True)
class Loaf:
    grain: Literal["rye", "wheat"]
    grams: float
    slices: tuple[int, int] | None = None


@dataclass(frozen=True)
class Shelf:
    loaves: tuple[Loaf, ...]

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not self.loaves:
            raise BadInput("the shelf is empty; bake")


def test_what_was_written_is_read() -> None:
    shelf = Shelf((Loaf("rye", 750.0, (3, 4)), Loaf("wheat", 500.0)))
    assert checked(Shelf, json.loads(json.dumps(asdict(shelf)))) == shelf
    assert checked(tuple[Loaf, ...], [{"grain": "rye", "grams": 1, "colour": "brown"}]) == (Loaf("rye", 1.0),)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"loaves": [{"grain": "rye", "grams": "750"}]}, r"loaves\.0\.grams: .*number"),
        ({"loaves": [{"grain": "rye", "grams": True}]}, r"loaves\.0\.grams: .*number"),
        ({"loaves": [{"grain": "oats", "grams": 1.0}]}, r"loaves\.0\.grain: .*'rye' or 'wheat'"),
        ({"loaves": [{"grain": "rye"}]}, r"^loaves\.0\.grams is missing$"),
        ({"loaves": [{"grain": "rye", "grams": 1.0, "slices": [1]}]}, r"loaves\.0\.slices"),
        ({"loaves": [{"grain": "rye", "grams": float("nan")}]}, "not JSON compliant"),
        ({"loaves": [], "dust": 1}, "dust: "),
        ({"loaves": []}, "^the shelf is empty; bake"),
        ([], "object"),
        (None, "object"),
        ({"loaves": {1, 2}}, "not JSON serializable"),
    ],
)
def test_anything_else_is_told_in_one_line(data: object, says: str) -> None:
    with pytest.raises(BadInput, match=says) as caught:
        checked(Shelf, data)
    assert "\n" not in str(caught.value)
