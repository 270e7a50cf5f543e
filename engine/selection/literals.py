"""Python's literals in texts, read without evaluation.

value_of    the plain value that a piece of syntax stands for
fields_of   the arguments of a call, by name
parsed      a text as syntax, quotes mended as people's tools leave them
NoLiteral   raised for what is no plain value
Damaged     raised for what is no Python
"""

import ast
import re
from collections.abc import Iterator
from typing import Any

from engine.errors import BadInput

MOST_RANGE = 1000
_FIELDS = ("normal", "normal_concat", "reduce", "reduce_concat")


class NoLiteral(BadInput):
    """What looked like a genotype is a line of a program."""


class Damaged(BadInput):
    """What should be a literal is none."""


def parsed(text: str) -> ast.expr:
    """A piece of Python; quotes as people's tools leave them are mended."""
    problem: Exception | None = None
    for mended in _mended(text):
        try:
            return ast.parse(mended, mode="eval").body
        except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError) as error:
            problem = problem or error
    reason = getattr(problem, "msg", None) or "too deep"
    line = getattr(problem, "lineno", None)
    raise Damaged(f"the genotype is damaged: {reason}" + (f" (line {line} of it)" if line and line > 1 else ""))


def _mended(text: str) -> Iterator[str]:
    yield text
    straight = text.translate(str.maketrans("‘’‚′“”„″\u00a0", "''''\"\"\"\" "))
    straight = straight.replace("&#39;", "'").replace("&quot;", '"')
    straight = straight.replace("\\n", " ").replace("\\'", "'").replace('\\"', '"')
    yield straight
    yield straight.replace("''", "'").replace('""', '"')  # as quoted in YAML and CSV


def fields_of(text: str) -> dict[str, Any]:
    """Arguments of a call, given as its brackets with what is in them. Those without a name go by what they hold."""
    call = parsed(f"_{text}")
    if not isinstance(call, ast.Call) or any(field.arg is None for field in call.keywords):
        raise NoLiteral("the genotype is no list of fields but a line of a program, and nothing in it is run")
    fields = {str(field.arg): value_of(field.value) for field in call.keywords}
    if len(fields) < len(call.keywords):
        raise Damaged("the genotype is damaged: it names a field twice")
    given = [value_of(value) for value in call.args]
    lists = [value for value in given if not _is_joined(value)]
    for names, values in (
        (_FIELDS[::2], lists),
        (_FIELDS[1::2], [value for value in given if _is_joined(value)]),
    ):
        for name, value in zip(names, values, strict=False):
            fields.setdefault(name, value)
    return fields


def _is_joined(value: Any) -> bool:
    return isinstance(value, range) or (isinstance(value, list | tuple) and all(type(node) is int for node in value))


def value_of(node: ast.expr) -> Any:
    """A literal: numbers, texts, lists, tuples, sets, dictionaries, ranges. Raises NoLiteral for anything else."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.List(elts=items):
            return [value_of(item) for item in items]
        case ast.Tuple(elts=items):
            return tuple(value_of(item) for item in items)
        case ast.Set(elts=items):
            return [value_of(item) for item in items]
        case ast.Dict(keys=keys, values=values) if all(keys):
            read = [value_of(key) for key in keys if key is not None]
            if all(isinstance(key, str | int) for key in read):
                return dict(zip(read, map(value_of, values), strict=True))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.Call(func=function, args=arguments, keywords=[]) if arguments:
            return _called(
                ast.unparse(function).rpartition(".")[2], [value_of(argument) for argument in arguments], node
            )
    raise NoLiteral(_no_value(node))


def _called(name: str, arguments: list[Any], node: ast.expr) -> Any:
    """The few calls that stand for plain values: ranges, lists, and numbers as NumPy prints them."""
    first = arguments[0]
    if (
        name == "range"
        and len(arguments) <= 3
        and all(type(each) is int for each in arguments)
        and arguments[2:] != [0]
    ):
        span = range(*arguments)
        if max(abs(each) for each in arguments) <= MOST_RANGE:
            return span
        raise BadInput(f"{ast.unparse(node)[:60]} is no list of a cell's nodes")
    if name in ("list", "tuple", "set", "sorted") and len(arguments) == 1 and isinstance(first, range | list | tuple):
        return list(first)
    if re.fullmatch(r"u?int\d*|float\d*|str_?|tensor|array", name) and isinstance(first, int | float | str):
        return first
    raise NoLiteral(_no_value(node))


def _no_value(node: ast.expr) -> str:
    shown = ast.unparse(node)[:60]
    return f"the genotype holds {shown!r}, which is no plain value, and nothing in a text is evaluated"
