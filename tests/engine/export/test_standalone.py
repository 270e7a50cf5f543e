"""Definitions with everything that they need, from the texts of their files."""

from pathlib import Path

import pytest

from engine.errors import BadInput
from engine.export.standalone import Collection, Place

FILES = {
    "alone_shapes.py": """
import math
from dataclasses import dataclass as data
from alone_units import scale

FACTOR = 2

@data
class Square:
    side: float

    def area(self):
        return scale(self.side) * FACTOR + helper() + math.pi

def helper():
    return Unused.__name__ if False else 0

class Unused:
    pass
""",
    "alone_units.py": """
def scale(value):
    return value ** 2

HALF = 0.5
TABLE = {'a': lambda: HALF, 'b': lambda: scale(1)}
""",
    "alone_other.py": """
from alone_units import scale as renamed

def scale(value):
    return value

use = lambda: renamed(1)
""",
}


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collection:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = Collection()
    for name in FILES:
        found.follow(name.removesuffix(".py"))
    return found


def run(texts: Collection) -> dict:
    names: dict = {"__name__": "alone"}
    exec("\n".join([texts.import_lines(), *texts.definitions]), names)
    return names


def test_what_a_definition_needs_comes_before_it_and_imports_remain(texts: Collection) -> None:
    texts.add(Place("alone_shapes", "Square"))
    assert texts.import_lines() == "from dataclasses import dataclass as data\nimport math"
    assert [text.split("(")[0].split(":")[0] for text in texts.definitions][-1].startswith("@data")
    assert run(texts)["Square"](3).area() == pytest.approx(18 + 3.14159265)
    texts.add(Place("alone_shapes", "Square"))
    assert len([text for text in texts.definitions if "class Square" in text]) == 1


def test_an_entry_of_a_table_brings_only_what_it_needs(texts: Collection) -> None:
    place = Place("alone_units", "TABLE")
    assert texts.is_table(place) and not texts.is_table(Place("alone_units", "HALF"))
    assert texts.entry(place, "a") == "lambda: HALF"
    assert texts.definitions == ["HALF = 0.5"]
    with pytest.raises(BadInput, match=r"alone_units.TABLE has no entry c; add it"):
        texts.entry(place, "c")


def test_two_things_of_one_name_are_refused(texts: Collection) -> None:
    texts.add(Place("alone_units", "scale"))
    with pytest.raises(BadInput, match="alone_units and alone_other both define scale"):
        texts.add(Place("alone_other", "scale"))


def test_what_has_no_source_under_its_name_says_so(texts: Collection) -> None:
    with pytest.raises(BadInput, match="alone_other uses alone_units under the name renamed"):
        texts.add(Place("alone_other", "use"))
    with pytest.raises(BadInput, match="alone_units has no missing at its top level"):
        texts.add(Place("alone_units", "missing"))
    with pytest.raises(BadInput, match="the source of math is not here"):
        Collection().add(Place("math", "sqrt"))
