"""The instructions of a pickle, carried out on plain values alone: nothing that a file names is imported or called.

Machine      reads one pickle of protocol 0 to 5
Inert        stands in for an object of any class, and keeps the plain values it was built from
Unfinished   a value that is complete only after its state has been read
Refused      the file asks for what no data needs, such as running a command

A pickle is a program for a stack machine. Here its words for "find this name" give an `Inert` with the name, "call it"
gives what our own builder of that name makes of the arguments or else an `Inert` with them, and "set its state" only
notes the state. So the worst that a file can ask for is memory: steps and lengths are bounded.
"""

import re
import struct
from collections.abc import Callable, Mapping
from typing import Any

MOST_STEPS = 4_000_000
"""Instructions of a pickle; the search file of a large supernet takes one tenth."""
LARGEST_KEY = 1 << 60
"""Above it integers may share one hash, and a mapping of a million of them would take hours."""
MOST_COMPOSED = 10_000
"""Keys that are tuples."""
LONGEST_LINE = 1 << 20
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
_MARK = object()


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
        made[_key(pair[0])] = pair[1]
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


def _key(value: Any, depth: int = 0) -> Any:
    """A key that is safe to put into a mapping."""
    if isinstance(value, tuple):
        if depth > 2 or len(value) > 16:
            raise ValueError("a key is a tuple within tuples")
        for each in value:
            _key(each, depth + 1)
    elif isinstance(value, int) and abs(value) >= LARGEST_KEY:
        raise ValueError("a key is a number of more than 60 bits")
    return value


class Machine:
    """Reads the pickle that begins at `at`; afterwards `at` is where it ended.

    builders: by full name of class or function, what makes our value from the arguments. persistent: what stands for
    a thing that is stored beside the pickle, from its mark.
    """

    def __init__(
        self,
        content: bytes,
        at: int = 0,
        builders: Mapping[str, Build] = PLAIN,
        persistent: Callable[[Any], Any] = lambda mark: Inert("persistent", (mark,)),
    ) -> None:
        self.content, self.at, self.builders, self.persistent = content, at, builders, persistent
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.composed = 0

    def run(self) -> Any:
        """The value of the pickle. Raises Refused, and any other exception for damage."""
        content, words = self.content, _WORDS
        for _ in range(MOST_STEPS):
            word = words[content[self.at]]
            self.at += 1
            if word is None:
                return self.stack.pop()
            word(self)
        raise ValueError(f"more than {MOST_STEPS:,} instructions")

    # What the words share

    def take(self, count: int) -> bytes:
        found = self.content[self.at : self.at + count]
        if count < 0 or len(found) != count:
            raise ValueError(f"{count} bytes are announced and fewer are there")
        self.at += count
        return found

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def raw_line(self) -> bytes:
        end = self.content.index(b"\n", self.at, self.at + LONGEST_LINE)
        found = self.content[self.at : end]
        self.at = end + 1
        return found

    def line(self) -> str:
        return self.raw_line().decode("utf-8", "surrogateescape")

    def since_mark(self) -> list[Any]:
        start = self.marks.pop()
        found = self.stack[start:]
        del self.stack[start:]
        return found

    def find(self, module: str, name: str) -> Inert:
        full = f"{module}.{name}"
        if RUNNING.fullmatch(module) or full in OPENING or (module in BUILTINS and name in DOING):
            raise Refused(full)
        return Inert(full)

    def call(self, what: Any, args: Any) -> Any:
        args = tuple(args) if isinstance(args, tuple | list) else ()
        if isinstance(what, Inert) and what.args is None:
            if what.name in RECONSTRUCTORS and len(args) == 3 and isinstance(args[0], Inert):
                return _reconstructed(*args)
            build = self.builders.get(what.name)
            return Inert(what.name, args) if build is None else build(*args)
        return Inert("object", args)

    def put(self, key: int) -> None:
        value = self.memo[key] = self.stack[-1]
        if isinstance(value, Unfinished):
            value.keys.append(key)

    def set_items(self, target: Any, pairs: list[Any]) -> None:
        entries = target.entries if isinstance(target, Inert) else target
        if not isinstance(entries, dict):
            raise ValueError("entries for what is no mapping")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if isinstance(key, tuple):
                self.composed += 1
                if self.composed > MOST_COMPOSED:
                    raise ValueError("too many keys that are tuples")
            elif isinstance(key, list | dict):
                key = Inert("unhashable")
            entries[_key(key)] = value

    def append(self, target: Any, values: list[Any]) -> None:
        items = target.items if isinstance(target, Inert) else target
        if not isinstance(items, list):
            raise ValueError("items for what is no list")
        items.extend(values)

    def build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, Unfinished):
            made = target.finished(state)
            for key in target.keys:
                self.memo[key] = made
            self.stack[-1] = made
        elif isinstance(target, Inert):
            target.state = state


def _words() -> list[Any]:
    """What each byte does. None ends the pickle."""
    words: list[Any] = [_unknown] * 256
    for letter, word in _TABLE.items():
        words[ord(letter)] = word
    return words


def _unknown(machine: Machine) -> None:
    raise ValueError(f"no instruction {machine.content[machine.at - 1]:#04x}")


def _push(value: Callable[[Machine], Any]) -> Callable[[Machine], None]:
    return lambda machine: machine.stack.append(value(machine))


def _mark(machine: Machine) -> None:
    machine.marks.append(len(machine.stack))


def _integer(machine: Machine) -> Any:
    text = machine.line()
    return {"00": False, "01": True}[text] if text in ("00", "01") else int(text)


def _text(form: str) -> Callable[[Machine], None]:
    return _push(lambda machine: machine.take(machine.number(form)).decode("utf-8", "surrogatepass"))


def _old_text(form: str) -> Callable[[Machine], None]:
    return _push(lambda machine: machine.take(machine.number(form)).decode("latin-1"))


def _raw(form: str) -> Callable[[Machine], None]:
    return _push(lambda machine: machine.take(machine.number(form)))


def _quoted(machine: Machine) -> str:
    text = machine.raw_line()
    if len(text) < 2 or text[:1] != text[-1:] or text[:1] not in (b"'", b'"'):
        raise ValueError("a text without quotes")
    return text[1:-1].decode("unicode_escape")


def _big(form: str) -> Callable[[Machine], None]:
    return _push(lambda machine: int.from_bytes(machine.take(machine.number(form)), "little", signed=True))


def _tuple(count: int) -> Callable[[Machine], None]:
    def word(machine: Machine) -> None:
        found = tuple(machine.stack[-count:])
        if len(found) < count:
            raise ValueError("too few values")
        machine.stack[-count:] = [found]

    return word


def _get(form: str | None) -> Callable[[Machine], None]:
    return _push(lambda machine: machine.memo[machine.number(form) if form else int(machine.line())])


def _put(form: str | None) -> Callable[[Machine], None]:
    return lambda machine: machine.put(machine.number(form) if form else int(machine.line()))


def _call(machine: Machine) -> None:
    args = machine.stack.pop()
    machine.stack[-1] = machine.call(machine.stack[-1], args)


def _call_named(machine: Machine) -> None:
    machine.stack.pop()  # arguments by name: no class of data has them
    _call(machine)


def _instance(machine: Machine) -> None:
    found = machine.find(machine.line(), machine.line())
    machine.stack.append(machine.call(found, tuple(machine.since_mark())))


def _object(machine: Machine) -> None:
    what, *args = machine.since_mark()
    machine.stack.append(machine.call(what, tuple(args)))


def _found(machine: Machine) -> Any:
    name, module = machine.stack.pop(), machine.stack.pop()
    if not (isinstance(name, str) and isinstance(module, str)):
        raise ValueError("a name that is no text")
    return machine.find(module, name)


def _set_item(machine: Machine) -> None:
    pair = machine.stack[-2:]
    del machine.stack[-2:]
    machine.set_items(machine.stack[-1], pair)


def _set_items(machine: Machine) -> None:
    pairs = machine.since_mark()
    machine.set_items(machine.stack[-1], pairs)


def _appends(machine: Machine) -> None:
    values = machine.since_mark()
    machine.append(machine.stack[-1], values)


def _append(machine: Machine) -> None:
    value = machine.stack.pop()
    machine.append(machine.stack[-1], [value])


def _mapping(machine: Machine) -> Any:
    pairs, made = machine.since_mark(), dict[Any, Any]()
    machine.set_items(made, pairs)
    return made


def _pop(machine: Machine) -> None:
    if machine.marks and machine.marks[-1] == len(machine.stack):
        machine.marks.pop()
    else:
        machine.stack.pop()


def _pop_mark(machine: Machine) -> None:
    machine.since_mark()


def _frame(machine: Machine) -> None:
    machine.take(8)  # a length that only helps to read ahead


_TABLE: dict[str, Callable[[Machine], None] | None] = {
    ".": None,
    "\x80": lambda machine: None if machine.number("<B") <= 5 else _unknown(machine),
    "\x95": _frame,
    "(": _mark,
    "0": _pop,
    "1": _pop_mark,
    "2": _push(lambda machine: machine.stack[-1]),
    "N": _push(lambda _: None),
    "\x88": _push(lambda _: True),
    "\x89": _push(lambda _: False),
    "I": _push(_integer),
    "L": _push(lambda machine: int(machine.line().rstrip("L"))),
    "F": _push(lambda machine: float(machine.line())),
    "J": _push(lambda machine: machine.number("<i")),
    "K": _push(lambda machine: machine.number("<B")),
    "M": _push(lambda machine: machine.number("<H")),
    "G": _push(lambda machine: machine.number(">d")),
    "\x8a": _big("<B"),
    "\x8b": _big("<i"),
    "S": _push(_quoted),
    "T": _old_text("<i"),
    "U": _old_text("<B"),
    "V": _push(lambda machine: machine.raw_line().decode("raw_unicode_escape")),
    "X": _text("<I"),
    "\x8c": _text("<B"),
    "\x8d": _text("<Q"),
    "B": _raw("<I"),
    "C": _raw("<B"),
    "\x8e": _raw("<Q"),
    "\x96": _raw("<Q"),
    ")": _push(lambda _: ()),
    "t": _push(lambda machine: tuple(machine.since_mark())),
    "\x85": _tuple(1),
    "\x86": _tuple(2),
    "\x87": _tuple(3),
    "]": _push(lambda _: []),
    "l": _push(lambda machine: machine.since_mark()),
    "a": _append,
    "e": _appends,
    "}": _push(lambda _: {}),
    "d": _push(_mapping),
    "s": _set_item,
    "u": _set_items,
    "\x8f": _push(lambda _: []),
    "\x90": _appends,
    "\x91": _push(lambda machine: tuple(machine.since_mark())),
    "g": _get(None),
    "h": _get("<B"),
    "j": _get("<I"),
    "p": _put(None),
    "q": _put("<B"),
    "r": _put("<I"),
    "\x94": lambda machine: machine.put(len(machine.memo)),
    "c": _push(lambda machine: machine.find(machine.line(), machine.line())),
    "\x93": _push(_found),
    "R": _call,
    "\x81": _call,
    "\x92": _call_named,
    "i": _instance,
    "o": _object,
    "b": lambda machine: machine.build(),
    "P": _push(lambda machine: machine.persistent(machine.line())),
    "Q": _push(lambda machine: machine.persistent(machine.stack.pop())),
}
_WORDS = _words()
