"""Fields of frozen settings, each described once: words, unit and range.

setting       a dataclass field with its description
About         that description
seed_setting  the field of a seed
described     the descriptions of a dataclass's settings, by name
check         refuse values that their fields do not allow

Whatever lists settings goes by these: options of commands (`engine.cli.options.options_from`), checks, keys, help.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from engine.errors import BadInput, one_of

_KEY = "about"
LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class About:
    """help: a sentence for people. unit: of the number, if it has one. least and most: its range, both included;
    above: what it must exceed; below: what it must stay under. metavar: the value in the usage line. none: the word
    that stands for None on the command line. read: makes the value from its word, where the type does not say it.
    """

    help: str
    unit: str = ""
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    metavar: str | None = None
    none: str | None = None
    read: Callable[[str], object] | None = None


def setting(
    default: Any = MISSING,
    help: str = "",
    *,
    unit: str = "",
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    below: float | None = None,
    metavar: str | None = None,
    none: str | None = None,
    read: Callable[[str], object] | None = None,
) -> Any:
    """A dataclass field with this default (or none: it must be given), described as `About` says."""
    about = About(help, unit, least, most, above, below, metavar, none, read)
    return field(default=default, metadata={_KEY: about})


def seed_setting(help: str = "Of every random draw but which images are scored.") -> Any:
    """The field of a seed, 0 unless it is said."""
    return setting(0, help, least=0, most=LARGEST_SEED)


def described(settings: type) -> dict[str, About]:
    """The descriptions of a dataclass's settings, in order. Fields without one are not for people to set."""
    return {each.name: each.metadata[_KEY] for each in fields(settings) if _KEY in each.metadata}


def defaults(settings: type) -> dict[str, Any]:
    """The default of every described setting that has one."""
    known = described(settings)
    return {each.name: each.default for each in fields(settings) if each.name in known and each.default is not MISSING}


def check(settings: object) -> None:
    """Raises BadInput for a value outside of its field's range or names. Call it in `__post_init__`."""
    hints = _hints(type(settings))
    for name, about in described(type(settings)).items():
        value, words = getattr(settings, name), name.replace("_", " ")
        choices = _choices(hints[name])
        if choices and value is not None and value not in choices:
            raise one_of(words, value, choices)
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, int | float) and not isinstance(number, bool) and not _allows(about, number):
                also = f", or {about.none}" if about.none else ""
                raise BadInput(f"{words} must be {_range(about)}{also}; not {number}")


_hints: Callable[[type], Mapping[str, Any]] = cache(get_type_hints)


def _choices(kind: Any) -> tuple[object, ...]:
    """The names that a type like Literal["a", "b"] | None allows."""
    parts = (kind, *get_args(kind))
    return next((get_args(part) for part in parts if get_origin(part) is Literal), ())


def _allows(about: About, value: float) -> bool:
    low = -math.inf if about.least is None else about.least
    high = math.inf if about.most is None else about.most
    above = about.above is None or value > about.above
    below = about.below is None or value < about.below
    return math.isfinite(value) and low <= value <= high and above and below


def _range(about: About) -> str:
    limits = (
        ("at least", about.least),
        ("greater than", about.above),
        ("at most", about.most),
        ("less than", about.below),
    )
    return " and ".join(f"{words} {limit}" for words, limit in limits if limit is not None) or "a finite number"
