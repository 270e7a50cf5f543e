"""Settings of a lab: each described once, read from text, checked. Free of torch.

LabSettings     what every lab has that measures on images; `scoring` makes the settings of a measurement of it
read_settings   a lab's settings with some changed, by name and as text
as_words        settings as KEY=VALUE, those at their default left out
"""

import difflib
import types
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from engine.data.identity import SPEC
from engine.errors import BadInput, one_of
from engine.fields import check, described, seed_setting, setting
from engine.results import BnMode
from engine.results.verdicts import FEWEST_BATCHES
from engine.scoring.settings import Settings as Scoring

WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, kw_only=True)
class LabSettings:
    """What every lab measures with. Raises BadInput for values out of range, and for too few images for an interval."""

    data: str = setting("bundled", SPEC, metavar="SPEC")
    images: int = setting(512, "Images to measure on.", unit="images", least=2, most=1_000_000)
    batch_size: int = setting(64, "Images in one group of batch statistics.", unit="images", least=2, most=65_536)
    bn: BnMode = setting("batch", "Statistics of batch normalisation.")
    seed: int = seed_setting()

    def __post_init__(self) -> None:
        check(self)
        fewest = FEWEST_BATCHES * self.batch_size
        if self.images < fewest:
            raise BadInput(
                f"{self.images} images in batches of {self.batch_size} are too few for an interval; "
                f"give at least {fewest}, or a smaller batch_size"
            )

    def scoring(self, **more: Any) -> Scoring:
        """Settings of a measurement on these images."""
        return Scoring(data=self.data, images=self.images, batch_size=self.batch_size, bn=self.bn, **more)


S = TypeVar("S", bound=LabSettings)


def read_settings(kind: type[S], lab: str, changes: Mapping[str, str]) -> S:
    """A lab's settings with these changed; text is read as the field's type.

    Raises BadInput for a name that the lab does not have, naming the nearest, and for values of another type.
    """
    hints, known = get_type_hints(kind), list(described(kind))
    read: dict[str, Any] = {}
    for name, value in changes.items():
        plain = name.strip().replace("-", "_")
        if plain not in known:
            near = difflib.get_close_matches(plain, known, 1)
            meant = f"did you mean {near[0]}? " if near else ""
            raise BadInput(f"{lab} has no setting {name!r}; {meant}it has {', '.join(known)}")
        read[plain] = _read(plain, hints[plain], value.strip())
    return kind(**read)


def as_words(settings: LabSettings) -> tuple[str, ...]:
    """e.g. ("images=1024",): what `--set` makes these settings of."""
    changed = [(each.name, getattr(settings, each.name), each.default) for each in fields(settings)]
    return tuple(f"{name}={_word(value)}" for name, value, default in changed if value != default)


def _word(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _read(name: str, kind: Any, text: str) -> Any:
    words = name.replace("_", " ")
    if get_origin(kind) in (Union, types.UnionType):
        if text in ("", "none"):
            return None
        kind = next(part for part in get_args(kind) if part is not types.NoneType)
    if get_origin(kind) is Literal:
        if text not in get_args(kind):
            raise one_of(words, text, get_args(kind))
        return text
    try:
        if kind is bool:
            return WORDS[text.lower()]
        return kind(text)
    except (ValueError, KeyError):
        wanted = {bool: "yes or no", int: "a whole number", float: "a number"}[kind]
        raise BadInput(f"{words} must be {wanted}, not {text!r}") from None
