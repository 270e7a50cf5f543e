"""meta.json: what a checkpoint says about itself, and JSON in which every number is finite.

Meta       what meta.json must hold
check      parse and check one
parse      the JSON object in a file
from_json, to_json   JSON without NaN and infinity
damaged    the sentence for a file that cannot be parsed
"""

import json
import math
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.checked import checked
from engine.errors import BadInput
from engine.fields import check as check_ranges
from engine.fields import setting
from engine.selection.mixing import Mixing
from engine.spaces import recorded
from engine.spaces.image_sizes import check_image_size

META = "meta.json"
FORMAT = 1
RESTORE = "restore the folder from a copy, or train it again"


@dataclass(frozen=True)
class Normalisation:
    """What is subtracted from the pixels of each colour, and what they are divided by (both of 0..1)."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def __post_init__(self) -> None:
        if min(self.std) <= 0:
            raise BadInput(f"std must be above 0; not {min(self.std)}")


@dataclass(frozen=True, kw_only=True)
class Meta:
    """What meta.json must hold besides format_version; further keys are free. Raises BadInput for other values.

    epochs: None where a file from elsewhere does not say. mixing: how the search mixed operations by alpha. statistics:
    whether BatchNorm kept running ones.
    """

    space: str
    method: str
    channels: int = setting(help="Of the first stage.", least=2, most=4096)
    cells: int = setting(help="In all; per stage in NAS-Bench-201.", least=1, most=200)
    classes: int = setting(help="That the supernet tells apart.", least=2, most=1_000_000)
    image_size: int = setting(help="Side of an image.", unit="pixels")
    epochs: int | None = setting(help="Finished ones.", least=0)
    data: str | None
    split: str | None
    normalisation: Normalisation
    seed: int | None = setting(help="Of the training.", least=0)
    hyperparameters: dict[str, Any]
    accuracies: dict[str, Any]
    parameters: int = setting(help="Numbers in the weights, without statistics.", least=1)
    versions: dict[str, Any]
    digest: str
    sha256: dict[str, Any]
    declaration: dict[str, Any] | None = None
    class_names: tuple[str, ...] | None = None
    partial: int = setting(1, "One in so many channels goes through the operations.", least=1, most=64)
    mixing: Mixing = "softmax"
    statistics: bool = True

    def __post_init__(self) -> None:
        check_ranges(self)
        check_image_size(self.image_size)
        recorded(self.space, self.declaration)
        if not self.method:
            raise BadInput("method must be the name of a training method")
        if len(self.digest) != 64:
            raise BadInput("digest must be 64 hexadecimal digits")
        if self.class_names is not None and len(self.class_names) != self.classes:
            raise BadInput(f"class names must be {self.classes}, not {len(self.class_names)}")


def check(path: Path, content: bytes) -> dict[str, Any]:
    """What a meta.json says. Raises BadInput, naming the key, unless it is a `Meta`."""
    meta = parse(path, content)
    if meta.get("format_version") != FORMAT:
        given = meta.get("format_version")
        raise BadInput(f"{path} has format version {given!r} and this program reads {FORMAT}; use the one it came from")
    try:
        checked(Meta, meta)
    except BadInput as error:
        raise BadInput(f"{path}: {error}; {RESTORE}") from None
    return meta


def parse(path: Path, content: bytes) -> dict[str, Any]:
    """The JSON object in a file. Raises BadInput for anything else, NaN and infinity among it."""
    try:
        value = from_json(content)
        if not isinstance(value, dict):
            raise ValueError("not an object")
    except (ValueError, RecursionError) as error:
        raise damaged(path, error) from None
    return value


def from_json(text: str | bytes) -> Any:
    """Parse JSON in which every number must be finite. Raises ValueError, RecursionError."""

    def finite(number: str) -> float:
        if not math.isfinite(value := float(number)):
            raise ValueError(f"{number} is not a finite number")
        return value

    return json.loads(text, parse_float=finite, parse_constant=finite)


def to_json(value: Any, **layout: Any) -> str:
    """JSON text. Raises BadInput for NaN and infinity."""
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False, **layout)
    except ValueError:
        raise BadInput("NaN or infinity among the numbers to be saved; train with a lower learning rate") from None


def damaged(path: Path, error: Exception) -> BadInput:
    """The sentence for a file that cannot be parsed."""
    reason = textwrap.shorten(str(error) or type(error).__name__, 120, placeholder="...")
    return BadInput(f"{path} is damaged or cut off ({reason}); {RESTORE}")
