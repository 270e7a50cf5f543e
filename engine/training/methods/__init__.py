"""Training methods, one file each: darts.py is the method `darts`, fixed_alpha.py is `fixed-alpha`.

names            of all methods; free of torch
settings_type    the Settings class in a method's file
method_type      the Method class in it
settings_for     a method's published settings in a space, with some changed
about            what people are told of a method, from its file's docstring; free of torch

A method is added by adding its file: a frozen `Settings(MethodSettings)` and a class `Method` on top of
`engine.training.method.Method`. Its docstring has three paragraphs: a title with the source in parentheses, two
sentences of what it does and why, and its equation.
"""

import ast
import inspect
import pkgutil
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.errors import one_of
from engine.spaces import search_space
from engine.training.settings import MethodSettings, Value, read_settings

if TYPE_CHECKING:
    from engine.training.method import Method


def names() -> tuple[str, ...]:
    """All methods, by the names of the files in this folder."""
    return tuple(sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__)))


class About(NamedTuple):
    """What people are told of a method. title: its name and source; text: two sentences; equation: in plain letters.
    Text and equation are empty where the docstring has none."""

    title: str
    text: str
    equation: str


def about(method: str) -> About:
    """Read from the method's file, which is not run. Raises BadInput for an unknown method."""
    if method not in names():
        raise one_of("method", method, names())
    stem = method.replace("-", "_")
    finder = next(module.module_finder for module in pkgutil.iter_modules(__path__) if module.name == stem)
    source = finder.find_spec(stem, None).loader.get_source(stem)  # type: ignore[union-attr]
    paragraphs = inspect.cleandoc(ast.get_docstring(ast.parse(source)) or "").split("\n\n")
    title, text, equation = (" ".join(each.split()) for each in (*paragraphs, "", "", "")[:3])
    return About(title, text, equation)


def settings_type(method: str) -> type[MethodSettings]:
    """Raises BadInput for an unknown method."""
    return _module(method).Settings


def method_type(method: str) -> "type[Method]":
    """Raises BadInput for an unknown method."""
    return _module(method).Method


def settings_for(method: str, space: str, changes: Mapping[str, str | Value] | None = None) -> MethodSettings:
    """The published settings of a method in a space, with `changes` by name.

    Raises BadInput for an unknown method or space, an unknown setting (naming the nearest) and a value out of range.
    """
    return read_settings(settings_type(method), method, search_space(space), changes or {})


def _module(method: str) -> Any:
    if method not in names():
        raise one_of("method", method, names())
    return import_module(f"{__name__}.{method.replace('-', '_')}")
