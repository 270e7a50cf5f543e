"""YAML as plain values.

read_yaml   mappings, lists, texts and numbers; objects of Python in it become what they were made of, and none is made
"""

from typing import Any

import yaml

from engine.errors import BadInput


class _Plain(yaml.SafeLoader):
    """The safe reader, which also takes tuples and objects of Python for the plain values in them."""


def _plain(loader: _Plain, kind: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        items = loader.construct_sequence(node, deep=True)
        span = kind.endswith("range") and all(type(item) is int and abs(item) < 1000 for item in items)
        return list(range(*items)) if span and 1 <= len(items) <= 3 and items[2:] != [0] else items
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_scalar(node)


_Plain.add_multi_constructor("tag:yaml.org,2002:python/", _plain)


def read_yaml(text: str) -> Any:
    """Raises BadInput for text that is no YAML."""
    try:
        return yaml.load(text, Loader=_Plain)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise BadInput(f"the text is neither JSON nor YAML{where}; copy it whole") from None
