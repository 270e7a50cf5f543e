"""The machine that a pickle is a program for, on plain values alone: nothing that a file names is imported or called.

Machine   stack, memo and place of one pickle
Word      an instruction

A pickle is a program for a stack machine. Here its words for "find this name" give a stand-in with the name, "call it"
gives what our own builder of that name makes of the arguments or else a stand-in with them, and "set its state" only
notes the state (`inert`). So the worst that a file can ask for is memory: steps and lengths are bounded.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.pickles.inert import PLAIN, Build, Inert, TooMany, Unfinished, safe_key

MOST_STEPS = 3_000_000
"""Instructions of a pickle; the search file of a large supernet takes one tenth."""
MOST_COMPOSED = 10_000
"""Keys that are tuples."""
LONGEST_LINE = 1 << 20

Word = Callable[["Machine"], None]


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

    def run(self, words: Sequence[Word | None]) -> Any:
        """The value of the pickle. words: what each byte does, None for the one that ends it. Raises Refused, and any
        other exception for damage."""
        content = self.content
        for _ in range(MOST_STEPS):
            word = words[content[self.at]]
            self.at += 1
            if word is None:
                return self.stack.pop()
            word(self)
        raise TooMany(f"more than {MOST_STEPS:,} instructions")

    # What the words share

    def take(self, count: int) -> bytes:
        found = self.content[self.at : self.at + count]
        if count < 0 or len(found) != count:
            raise ValueError(f"{count} bytes are announced and fewer are there")
        self.at += count
        return found

    def number(self, size: int, signed: bool = False) -> int:
        return int.from_bytes(self.take(size), "little", signed=signed)

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
            entries[safe_key(key)] = value

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
