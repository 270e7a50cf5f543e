"""What is kept in memory.

Kept           values by key, bounded by bytes; what was not used for longest goes first
keep_freed     let the C library keep the memory of freed tensors for the next ones
"""

import ctypes
import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import RLock
from typing import Generic, TypeVar

V = TypeVar("V")

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)


def keep_freed(most: int = 256 << 20) -> None:
    """Let the C library hold up to `most` freed bytes back for the next tensors, where it is glibc.

    Features of some megabytes are made and freed hundreds of times in a pass. Unless told, glibc hands such memory back
    to the system and asks for it again each time, which costs more than most of what is computed in it.
    """
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(_MMAP_THRESHOLD, 32 << 20)  # the largest it takes
        library.mallopt(_TRIM_THRESHOLD, most)


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
