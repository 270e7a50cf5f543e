"""What stands for the objects of a pickle: plain values, and stand-ins for all others.

Inert        stands in for an object of any class, and keeps the plain values it was built from
Unfinished   a value that is complete only after its state has been read
Refused      the file asks for what no data needs, such as running a command
TooMany      it asks for more than any supernet has
named        the stand-in for a name that a file asks for
called       what becomes of a call of one
safe_key     a key that may stand in a mapping
PLAIN        by full name of a class, what makes our value from the arguments
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

LARGEST_KEY = 1 << 60
"""Above it integers may share one hash, and a mapping of a million of them would take hours."""
RUNNING = re.compile(
    r"(os|posix|nt|subprocess|sys|shutil|socket|ctypes|importlib|runpy|pty|webbrowser|pickle|_pickle|marshal"
    r"|_posixsubprocess)(\..*)?"
)
"""Modules whose functions do things. None would be done; but a file that asks for them is nobody's data."""
BUILTINS = ("builtins", "__builtin__")
RECONSTRUCTORS = ("copyreg._reconstructor", "copy_reg._reconstructor")
OPENING = ("io.open", "_io.open", "_io.FileIO", "io.FileIO")
DOING = frozenset({"eval", "exec", "execfile", "compile", "open", "file", "__import__", "input", "breakpoint", "apply"})

Build = Callable[..., Any]


class TooMany(Exception):
    """The pickle is longer than any of a supernet. What it has too many of is the first argument."""


class Refused(Exception):
    """The file names a function that does things. The name is the first argument."""


class Inert:
    """Stands in for an object: its class by name, and what it was built from. args None: named, but never built.

    state: what was to become its attributes; items, entries: of classes that are lists or mappings.
    """

    __slots__ = ("args", "entries", "items", "name", "state")

    def __init__(self, name: str, args: tuple[Any, ...] | None = None) -> None:
        self.name, self.args = name, args
        self.state: Any = None
        self.items: list[Any] = []
        self.entries: dict[Any, Any] = {}

    def __repr__(self) -> str:
        return f"<{self.name}>"

    @property
    def fields(self) -> Mapping[Any, Any]:
        """Its attributes and entries by name."""
        found: dict[Any, Any] = {}
        for part in self.state if isinstance(self.state, tuple) else (self.state,):  # (attributes, slots)
            if isinstance(part, Mapping):
                found.update(part)
        return found | self.entries


class Unfinished:
    """A value that a pickle first makes and then gives its state. keys: under which the machine remembers it."""

    def __init__(self) -> None:
        self.keys: list[int] = []

    def finished(self, state: Any) -> Any:
        """What it is once its state is known."""
        raise NotImplementedError


def _dictionary(*args: Any) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    for pair in args[0].items() if args and isinstance(args[0], Mapping) else (args[0] if args else ()):
        made[safe_key(pair[0])] = pair[1]
    return made


def _counted(*args: Any) -> Any:
    """`range`, as in the genotypes of DARTS."""
    if args and all(type(each) is int and abs(each) < LARGEST_KEY for each in args):
        return range(*args)
    return Inert("builtins.range", args)


def _bytes(*args: Any) -> Any:
    if args and isinstance(args[0], str):
        return args[0].encode("latin-1")
    return bytes(args[0]) if args and isinstance(args[0], bytes | bytearray | list | tuple) else b""


PLAIN: dict[str, Build] = {
    "collections.OrderedDict": _dictionary,
    "collections.Counter": _dictionary,
    "collections.defaultdict": lambda *_: {},
    "torch.Size": lambda *args: tuple(args[0]) if args else (),
    "_codecs.encode": _bytes,
}
for _module in BUILTINS:
    PLAIN |= {f"{_module}.{name}": _counted for name in ("range", "xrange")}
    PLAIN |= {f"{_module}.{name}": lambda *args: list(args[0]) if args else [] for name in ("set", "list")}
    PLAIN |= {f"{_module}.{name}": lambda *args: tuple(args[0]) if args else () for name in ("frozenset", "tuple")}
    PLAIN |= {f"{_module}.dict": _dictionary, f"{_module}.bytes": _bytes, f"{_module}.bytearray": _bytes}
"""What containers become: those that are no list, tuple or mapping become the nearest of them."""


def _reconstructed(named: Inert, _: Any, value: Any) -> Inert:
    """An object of a class that extends a plain one, as protocols 0 and 1 write it."""
    made = Inert(named.name, value if isinstance(value, tuple) else ())
    if isinstance(value, list):
        made.items = value
    elif isinstance(value, dict):
        made.entries = value
    return made


def safe_key(value: Any, depth: int = 0) -> Any:
    """A key that is safe to put into a mapping."""
    if isinstance(value, tuple):
        if depth > 2 or len(value) > 16:
            raise ValueError("a key is a tuple within tuples")
        for each in value:
            safe_key(each, depth + 1)
    elif isinstance(value, int) and abs(value) >= LARGEST_KEY:
        raise ValueError("a key is a number of more than 60 bits")
    return value


def named(module: str, name: str) -> Inert:
    """The stand-in for a name. Raises Refused for one of a function that does things."""
    full = f"{module}.{name}"
    if RUNNING.fullmatch(module) or full in OPENING or (module in BUILTINS and name in DOING):
        raise Refused(full)
    return Inert(full)


def called(what: Any, args: Any, builders: Mapping[str, Build]) -> Any:
    """What stands for the result of a call: of a builder of ours, or an `Inert` with the arguments."""
    args = tuple(args) if isinstance(args, tuple | list) else ()
    if not isinstance(what, Inert) or what.args is not None:
        return Inert("object", args)
    if what.name in RECONSTRUCTORS and len(args) == 3 and isinstance(args[0], Inert):
        return _reconstructed(*args)
    build = builders.get(what.name)
    return Inert(what.name, args) if build is None else build(*args)
