"""The named search spaces, as declarations.

SPACES         names of all of them, in the order they are listed to people
search_space   a space by name ("darts", alias "s5", ..., "nas-bench-201"), or as declared in a .toml file
recorded       the space that a saved file names, declared or not
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import BadInput, one_of
from engine.spaces import declared
from engine.spaces.cell import CellSpec
from engine.spaces.skeletons import SKELETONS
from engine.spaces.space import NAS_BENCH_201_OPERATIONS, SearchSpace

Operations = tuple[str, ...] | tuple[tuple[str, ...], ...]


def _darts(name: str, normal: Operations, reduce: Operations | None = None) -> SearchSpace:
    """Liu et al. 2019, section 2: two inputs, four inner nodes that keep two inputs each and are joined."""
    cells = (
        ("normal", CellSpec.of(2, 6, normal, keep=2)),
        ("reduce", CellSpec.of(2, 6, reduce or normal, keep=2, stride=2)),
    )
    return SearchSpace(name, cells, SKELETONS["darts"])


# RobustDARTS S1: the two strongest operations of each edge of a DARTS search, edge by edge.
_SHORT = {
    "sk": "skip_connect",
    "mp": "max_pool_3x3",
    "ap": "avg_pool_3x3",
    "s3": "sep_conv_3x3",
    "d3": "dil_conv_3x3",
    "d5": "dil_conv_5x5",
}
_S1_NORMAL = "sk,d3 sk,d5 sk,d5 sk,s3 sk,d3 mp,sk sk,s3 sk,s3 sk,d3 sk,s3 mp,sk sk,d3 d3,d5 d3,d5"
_S1_REDUCE = "mp,ap mp,d3 mp,ap mp,ap sk,d5 mp,ap mp,s3 sk,d3 sk,d5 mp,ap mp,ap sk,d5 sk,d5 sk,d5"


def _per_edge(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(_SHORT[code] for code in edge.split(",")) for edge in text.split())


_POOL_SKIP_CONV = (
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)

_NAMED = {
    space.name: space
    for space in (
        SearchSpace(
            "nas-bench-201",
            (("cell", CellSpec.of(1, 4, NAS_BENCH_201_OPERATIONS, output="last")),),
            SKELETONS["nas-bench-201"],
        ),
        _darts("darts", _POOL_SKIP_CONV),
        _darts("darts-none", ("none", *_POOL_SKIP_CONV)),
        _darts("s1", _per_edge(_S1_NORMAL), _per_edge(_S1_REDUCE)),
        _darts("s2", ("skip_connect", "sep_conv_3x3")),
        _darts("s3", ("none", "skip_connect", "sep_conv_3x3")),
        _darts("s4", ("noise", "sep_conv_3x3")),
    )
}
SPACES = tuple(_NAMED)
_ALIASES = {"s5": "darts"}


def search_space(name: str | Path) -> SearchSpace:
    """The space with this name, or the one declared in a .toml file (form: engine.spaces.declared).

    Naming a file imports the plug-in that it names. A declaration as JSON text, which is what `space_text` gives, is
    read too, and imports nothing. Raises BadInput, listing the known names, for any other name, and for a declaration
    that cannot be used.
    """
    text = str(name) if isinstance(name, str | Path) else ""
    if text.lstrip().startswith("{"):
        return _own_name(declared.from_json(text))
    space = _NAMED.get(_ALIASES.get(text, text))
    if space is not None:
        return space
    if text.endswith(".toml"):
        return _own_name(declared.read(Path(text).expanduser()))
    known = ", ".join((*SPACES, *_ALIASES))
    raise BadInput(
        f"unknown search space {name!r}; use one of: {known}, or the path of a declaration that ends in .toml"
    )


def recorded(name: object, declaration: object = None) -> SearchSpace:
    """The space that a saved file names: a known one, or the declaration that the file carries; imports nothing."""
    if declaration is None:
        if not isinstance(name, str) or name not in _NAMED:
            raise one_of("search space", name, SPACES)
        return _NAMED[name]
    if not isinstance(declaration, Mapping) or declaration.get("name") != name:
        raise BadInput(f"the declaration of space {name!r} does not belong to it; restore the file from a copy")
    return _own_name(declared.from_data(declaration))


def space_text(space: SearchSpace) -> str:
    """A text that `search_space` gives this space for: its name, or its declaration as JSON."""
    return declared.to_json(space) if space.declared else space.name


def _own_name(space: SearchSpace) -> SearchSpace:
    if space.name in (*SPACES, *_ALIASES):
        raise BadInput(f"a declared space cannot be called {space.name}, which is a known one; give it another name")
    return space


def described(space: SearchSpace) -> dict[str, Any]:
    """What a file that is saved says of its space: the name, and the declaration of a declared one."""
    declaration = space.declaration()
    return {"space": space.name, **({} if declaration is None else {"declaration": declaration})}
