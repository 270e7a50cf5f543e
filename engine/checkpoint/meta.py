"""meta.json: what a checkpoint says about itself, and JSON in which every number is finite.

CHECKS     what meta.json must hold
check      parse and check one
parse      the JSON object in a file
from_json, to_json   JSON without NaN and infinity
damaged    the sentence for a file that cannot be parsed
"""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import BadInput
from engine.spaces import recorded
from engine.spaces.image_sizes import is_image_size

FORMAT = 1
RESTORE = "restore the folder from a copy, or train it again"


def _whole(low: int, high: float = math.inf) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _text_or_null(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _triple(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(type(number) in (int, float) for number in value)


def _normalisation(value: Any) -> bool:
    triples = isinstance(value, dict) and _triple(value.get("mean")) and _triple(value.get("std"))
    return triples and min(value["std"]) > 0


CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "space": (lambda value: isinstance(value, str) and value != "", "the name of a search space"),
    "method": (lambda value: isinstance(value, str) and value != "", "the name of a training method"),
    "channels": (_whole(2, 4096), "a whole number from 2 to 4096"),
    "cells": (_whole(1, 200), "a whole number from 1 to 200"),
    "classes": (_whole(2, 1_000_000), "a whole number from 2 to 1000000"),
    "image_size": (lambda value: type(value) is int and is_image_size(value), "16, 32, 64, 96, ..., 224, ..."),
    "epochs": (_whole(0), "a whole number of at least 0"),
    "data": (_text_or_null, "a data SPEC or null"),
    "split": (_text_or_null, "a split's id or null"),
    "normalisation": (_normalisation, "three numbers each as mean and std, with std above 0"),
    "seed": (lambda value: value is None or _whole(0)(value), "a whole number of at least 0, or null"),
    "hyperparameters": (_object, "an object"),
    "accuracies": (_object, "an object"),
    "parameters": (_whole(1), "a whole number of at least 1"),
    "versions": (_object, "an object"),
    "digest": (lambda value: isinstance(value, str) and len(value) == 64, "64 hexadecimal digits"),
    "sha256": (_object, "an object with the checksums of the other files"),
}
"""What meta.json must hold besides format_version: key -> (test, the same in words). Further keys are free."""


def check(path: Path, content: bytes) -> dict[str, Any]:
    """What a meta.json says. Raises BadInput unless every key of `CHECKS` is there and in range."""
    meta = parse(path, content)
    if meta.get("format_version") != FORMAT:
        given = meta.get("format_version")
        raise BadInput(f"{path} has format version {given!r} and this program reads {FORMAT}; use the one it came from")
    for key, (test, words) in CHECKS.items():
        if key not in meta:
            raise BadInput(f"{path} lacks {key!r} ({words}); {RESTORE}")
        if not test(meta[key]):
            raise BadInput(f"{path}: {key!r} must be {words}, not {_short(meta[key])}; {RESTORE}")
    try:
        recorded(meta["space"], meta.get("declaration"))
    except BadInput as error:
        raise BadInput(f"{path}: {error}; {RESTORE}") from None
    names = meta.get("class_names", [""] * meta["classes"])
    if not isinstance(names, list) or len(names) != meta["classes"] or not all(isinstance(name, str) for name in names):
        raise BadInput(f"{path}: 'class_names' must be {meta['classes']} names; {RESTORE}")
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
    reason = " ".join(str(error).split()) or type(error).__name__
    return BadInput(f"{path} is damaged or cut off ({_short(reason, 120)}); {RESTORE}")


def _short(value: Any, length: int = 60) -> str:
    text = value if isinstance(value, str) and length > 60 else repr(value)
    return text if len(text) <= length else f"{text[: length - 3]}..."
