"""Values kept in memory, as many as fit.

Kept   by key, bounded by bytes; what was not used for longest goes first
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import RLock
from typing import Generic, TypeVar

V = TypeVar("V")


class Kept(Generic[V]):
    """Values by key, together of at most `most` bytes; the last one asked for always stays. Safe among threads: a
    value that two of them ask for is made once."""

    def __init__(self, most: int, size: Callable[[V], int]) -> None:
        """size: bytes of a value."""
        self._most, self._size = most, size
        self._values: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self._lock = RLock()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value of a key, made if it is not here."""
        with self._lock:
            if key not in self._values:
                value = make()
                self._values[key] = value, self._size(value)
            self._values.move_to_end(key)
            while len(self._values) > 1 and self.bytes > self._most:
                self._values.popitem(last=False)
            return self._values[key][0]

    @property
    def bytes(self) -> int:
        """What the values take together."""
        return sum(size for _, size in self._values.values())

    def __len__(self) -> int:
        return len(self._values)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
