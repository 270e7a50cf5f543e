"""Genotypes in texts, as programs and people write them.

parse_genotype   the genotype in a text

A text may be a log, a file of definitions, a README, a line of one of these, JSON or YAML, and may hold several: of
definitions the first counts, of a log the last. Nothing in a text is run.
"""

import json
import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import BadInput
from engine.selection.benchmark_cells import CELLS, cell_at
from engine.selection.genotype import EXAMPLE, Genotype
from engine.selection.genotype_forms import CONNECTED, Note, OtherSpace, bench_text, genotype_of, six_numbers
from engine.selection.literals import Damaged, NoLiteral, fields_of, parsed, value_of

MOST_CHARACTERS = 20_000_000
"""A log of a long search has a few hundred thousand."""
LONGEST = 20_000
"""Characters of one genotype: some twenty times a usual one."""
MOST_TRIED = 1000
MOST_VALUES = 100_000
MOST_YAML = 300_000
"""Characters: reading YAML takes seconds for a million."""

_CALL = re.compile(r"Genotype\w{0,20}\s{0,20}\(")
_DICT = re.compile(
    r"\{\s{0,200}['\"](?:normal|reduc|arch|structure|genotype|space|recurrent|[123]<-)[^'\"]{0,20}['\"]\s{0,20}:"
)
_STAMP = re.compile(r"^\W{0,3}(?:\d{4}[-/.]\d\d[-/.]\d\d|\d\d[-/]\d\d[ -/]|\d\d:\d\d:\d\d)", re.MULTILINE)
_YAML = re.compile(r"^[ \t]*-?[ \t]*(?:normal|reduc|arch|structure|genotype|space)\w*[ \t]*:", re.MULTILINE)
_BROKEN_CELL = re.compile(r"\|\s*\w+\s*~\s*\d")
_STAMPS_OF_A_LOG = 3


class _CutOff(BadInput):
    """The text ends before the genotype does."""


@dataclass(frozen=True)
class _Place:
    """Where a text may hold a genotype. name: of the variable that it is assigned to, or "". prefix: of its line."""

    kind: str
    start: int
    end: int
    name: str
    prefix: str

    @property
    def is_comment(self) -> bool:
        return self.prefix.lstrip().startswith("#")


def parse_genotype(text: str, note: Note = lambda line: None) -> Genotype:
    """Read the genotype in a text.

    Forms: `Genotype(normal=...)` of any program, with names or by position, pairs in a row or by node, with weights or
    targets beside them; a NAS-Bench-201 string, six numbers for its edges, or its index; dictionaries, JSON and YAML.
    Anything may stand before and after. Nothing is evaluated.
    note: told what was assumed, and which of several genotypes was read.
    Raises BadInput for a text without one, and for one that is damaged, of another space or cannot be built.
    """
    if not isinstance(text, str) or len(text) > MOST_CHARACTERS:
        raise BadInput(f"a genotype is a text of at most {MOST_CHARACTERS:,} characters")
    text = text.lstrip("\ufeff").strip()
    if re.fullmatch(r"\d{1,6}", text):
        return _numbered(text, note)
    values = _as_json(text)
    if isinstance(values, dict | list):
        found = _inside(values, note)
        if found is not None:
            return found
    places = [] if isinstance(values, dict | list) else list(_places(text))
    if places:
        return _chosen(text, places, note)
    if isinstance(values, str) and values.strip() != text:
        return parse_genotype(values, note)
    found = None if isinstance(values, dict | list) else _from_literal(text, note) or _from_yaml(text, note)
    if found is None:
        raise _none_found(text, values)
    return found


def _numbered(text: str, note: Note) -> Genotype:
    """A NAS-Bench-201 cell by its index, or by six digits for its edges."""
    if len(text) == 6:
        return six_numbers([int(digit) for digit in text], note)
    if int(text) >= CELLS:
        raise BadInput(f"there is no cell {text} in NAS-Bench-201; indices are 0 to {CELLS - 1:,}")
    return cell_at(int(text))


# Several in one text


def _places(text: str) -> Iterator[_Place]:
    """Everything that may be a genotype, in the order of the text."""
    found = [(match.start(), match.end() - 1, "call") for match in _CALL.finditer(text)]
    found += [(match.start(), match.start(), "dict") for match in _DICT.finditer(text)]
    found += [(match.start(), match.end(), "cell") for match in CONNECTED.finditer(text)]
    covered = 0
    for start, opening, kind in sorted(found):
        line = text[max(text.rfind("\n", 0, start) + 1, start - 300) : start]
        if start < covered or re.search(r"\b(?:class|def)\s+\w*$", line):
            continue
        yield _Place(kind, start, opening, *_named(line))
        if kind == "cell":
            covered = opening


def _named(line: str) -> tuple[str, str]:
    """What a line assigns to, and what stands before that: "2018-06-27 genotype = genotypes." ends with genotype."""
    before = _without_word(line, "_.")
    assigned = before.rstrip()
    if not assigned.endswith(("=", ":")):
        return "", before
    assigned = assigned[:-1].rstrip().rstrip("'\"")
    before = _without_word(assigned, "_.-")
    return assigned[len(before) :], before


def _without_word(line: str, also: str) -> str:
    end = len(line)
    while end and (line[end - 1].isalnum() or line[end - 1] in also):
        end -= 1
    return line[:end]


def _chosen(text: str, places: list[_Place], note: Note) -> Genotype:
    """The genotype that counts: of a log the last, else the first that is of a space here."""
    shown = [place for place in places if not place.is_comment] or places
    log = len(shown) > 1 and _is_log(text, shown)
    refused: list[str] = []
    problem: BadInput | None = None
    for place in (shown[::-1] if log else shown)[:MOST_TRIED]:
        try:
            found = _read(text, place, note)
        except (NoLiteral, _CutOff) as error:
            # A line of a program beside the genotypes, and in a log that is still written the last line.
            if isinstance(error, _CutOff) and not log:
                raise
            problem = problem or error
            continue
        except OtherSpace as error:
            if log or len(shown) == 1:
                raise
            refused.append(place.name or f"number {1 + shown.index(place)}")
            problem = error if not isinstance(problem, OtherSpace) else problem
            continue
        if len(shown) > 1:
            _say(place, shown, log, refused, note)
        return found
    assert problem is not None
    raise problem


def _say(place: _Place, shown: list[_Place], log: bool, refused: list[str], note: Note) -> None:
    others = len(shown) - 1
    if log:
        note(f"the text is a log with {others + 1} genotypes: the last was read")
        return
    what = f"the first, {place.name}," if place.name else "the first"
    if refused:
        names = ", ".join(refused[:5])
        what = f"{place.name or 'one of them'}, the first that is of a space here ({names} before it not),"
    note(f"the text holds {others + 1} genotypes: {what} was read")


def _is_log(text: str, places: list[_Place]) -> bool:
    """Whether a program printed one genotype after the other: lines with times, epochs, or one name again and again."""
    names = Counter(place.name for place in places if place.name)
    if any(number > 1 for number in names.values()) or any(_STAMP.match(place.prefix) for place in places):
        return True
    if sum("epoch" in place.prefix.lower() for place in places) > 1:
        return True
    return sum(1 for _, _ in zip(range(_STAMPS_OF_A_LOG), _STAMP.finditer(text), strict=False)) == _STAMPS_OF_A_LOG


def _read(text: str, place: _Place, note: Note) -> Genotype:
    if place.kind == "cell":
        return bench_text(text[place.start : place.end])
    opening = text[place.end : place.end + LONGEST]
    end = _closing(opening)
    if end is None:
        raise _CutOff("the genotype is cut off: the text ends, or goes on elsewhere, before its last bracket closes")
    if place.kind == "call":
        values: Any = fields_of(opening[:end])
    else:
        values = _as_json(opening[:end])
        values = value_of(parsed(opening[:end])) if values is None else values
    found = genotype_of(values, note)
    if found is None and place.kind == "dict":
        found = _inside(values, note)
    if found is None:
        fields = " ".join(", ".join(map(str, values)).split()) if isinstance(values, Mapping) else ""
        raise OtherSpace(f"its fields are {fields[:100] or 'none'}, and a genotype here has normal and reduce")
    return found


def _closing(text: str) -> int | None:
    """Where the bracket closes that the text begins with; None if it does not. Brackets in comments do not count."""
    depth = 0
    for match in re.finditer(r"[()\[\]{}]|(?<!&)#[^\n]*", text):
        if match[0] in "([{":
            depth += 1
        elif match[0] in ")]}":
            depth -= 1
            if depth == 0:
                return match.end()
    return None


# Documents


def _as_json(text: str) -> Any:
    if not text.startswith(("{", "[", '"')):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _from_literal(text: str, note: Note) -> Genotype | None:
    """A list that is the whole text, as Python writes it, with or without a name before."""
    text = re.sub(r"^[A-Za-z_]\w{0,60}\s*[=:]\s*", "", text[:LONGEST])
    if not text.startswith(("[", "(", "{")):
        return None
    try:
        values = value_of(parsed(text))
    except (NoLiteral, Damaged, RecursionError):
        return None
    return _inside(values, note)


def _from_yaml(text: str, note: Note) -> Genotype | None:
    if len(text) > MOST_YAML or not _YAML.search(text):
        return None
    from engine.selection.plain_yaml import read_yaml

    return _inside(read_yaml(text), note)


def _inside(values: Any, note: Note) -> Genotype | None:
    """The first genotype in nested values, from the outside in."""
    waiting, seen, number = deque([values]), set[int](), 0
    while waiting and number < MOST_VALUES:
        value = waiting.popleft()
        number += 1
        if isinstance(value, str):
            value = value[:LONGEST]
            if places := list(_places(value)):
                return _chosen(value, places, note)
        if not isinstance(value, Mapping | list | tuple) or id(value) in seen:
            continue
        seen.add(id(value))
        found = genotype_of(value, note)
        if found is not None:
            return found
        waiting += value.values() if isinstance(value, Mapping) else value
    return None


def _none_found(text: str, values: Any) -> BadInput:
    if not text:
        return BadInput("the text is empty; give a genotype")
    if _BROKEN_CELL.search(text):
        return BadInput(f"the NAS-Bench-201 cell is cut off or damaged; a whole one is {EXAMPLE}")
    if isinstance(values, dict):
        names = " ".join(", ".join(map(str, values)).split())[:100] or "none"
        return BadInput(f"there is no genotype in this JSON; its keys are {names}, and normal and reduce are not there")
    if text.startswith("{") and values is None:
        return BadInput("the text begins like JSON, but is no valid JSON and holds no genotype; copy it whole")
    begins = " ".join(text[:60].split())
    return BadInput(
        f"there is no genotype in this text, which begins {begins!r}; give Genotype(normal=[...], ...), or a "
        f"NAS-Bench-201 cell such as {EXAMPLE}"
    )
