"""What the instructions of a pickle do, for protocols 0 to 5.

WORDS   by byte; None for the one that ends a pickle
"""

import struct
from collections.abc import Callable
from typing import Any

from engine.pickles.inert import called, named
from engine.pickles.machine import Machine


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


def _text(size: int) -> Callable[[Machine], None]:
    return _push(lambda machine: machine.take(machine.number(size)).decode("utf-8", "surrogatepass"))


def _old_text(size: int, signed: bool = False) -> Callable[[Machine], None]:
    return _push(lambda machine: machine.take(machine.number(size, signed)).decode("latin-1"))


def _raw(size: int) -> Callable[[Machine], None]:
    return _push(lambda machine: machine.take(machine.number(size)))


def _quoted(machine: Machine) -> str:
    text = machine.raw_line()
    if len(text) < 2 or text[:1] != text[-1:] or text[:1] not in (b"'", b'"'):
        raise ValueError("a text without quotes")
    return text[1:-1].decode("unicode_escape")


def _big(size: int, signed: bool = False) -> Callable[[Machine], None]:
    return _push(lambda machine: int.from_bytes(machine.take(machine.number(size, signed)), "little", signed=True))


def _tuple(count: int) -> Callable[[Machine], None]:
    def word(machine: Machine) -> None:
        found = tuple(machine.stack[-count:])
        if len(found) < count:
            raise ValueError("too few values")
        machine.stack[-count:] = [found]

    return word


def _get(size: int) -> Callable[[Machine], None]:
    return _push(lambda machine: machine.memo[machine.number(size) if size else int(machine.line())])


def _put(size: int) -> Callable[[Machine], None]:
    return lambda machine: machine.put(machine.number(size) if size else int(machine.line()))


def _call(machine: Machine) -> None:
    args = machine.stack.pop()
    machine.stack[-1] = called(machine.stack[-1], args, machine.builders)


def _call_named(machine: Machine) -> None:
    machine.stack.pop()  # arguments by name: no class of data has them
    _call(machine)


def _instance(machine: Machine) -> None:
    found = named(machine.line(), machine.line())
    machine.stack.append(called(found, machine.since_mark(), machine.builders))


def _object(machine: Machine) -> None:
    what, *args = machine.since_mark()
    machine.stack.append(called(what, args, machine.builders))


def _found(machine: Machine) -> Any:
    name, module = machine.stack.pop(), machine.stack.pop()
    if not (isinstance(name, str) and isinstance(module, str)):
        raise ValueError("a name that is no text")
    return named(module, name)


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


def _byte(machine: Machine) -> None:
    machine.stack.append(machine.content[machine.at])
    machine.at += 1


def _put_byte(machine: Machine) -> None:
    machine.put(machine.content[machine.at])
    machine.at += 1


def _frame(machine: Machine) -> None:
    machine.take(8)  # a length that only helps to read ahead


_TABLE: dict[str, Callable[[Machine], None] | None] = {
    ".": None,
    "\x80": lambda machine: None if machine.number(1) <= 5 else _unknown(machine),
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
    "J": _push(lambda machine: machine.number(4, signed=True)),
    "K": _byte,
    "M": _push(lambda machine: machine.number(2)),
    "G": _push(lambda machine: struct.unpack(">d", machine.take(8))[0]),
    "\x8a": _big(1),
    "\x8b": _big(4, True),
    "S": _push(_quoted),
    "T": _old_text(4, True),
    "U": _old_text(1),
    "V": _push(lambda machine: machine.raw_line().decode("raw_unicode_escape")),
    "X": _text(4),
    "\x8c": _text(1),
    "\x8d": _text(8),
    "B": _raw(4),
    "C": _raw(1),
    "\x8e": _raw(8),
    "\x96": _raw(8),
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
    "g": _get(0),
    "h": _get(1),
    "j": _get(4),
    "p": _put(0),
    "q": _put_byte,
    "r": _put(4),
    "\x94": lambda machine: machine.put(len(machine.memo)),
    "c": _push(lambda machine: named(machine.line(), machine.line())),
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
WORDS = _words()
