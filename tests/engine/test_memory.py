"""What is kept in memory is bounded by bytes, and made once."""

import threading

from engine.memory import Kept


def test_what_was_not_used_for_longest_goes_when_the_bytes_are_spent() -> None:
    kept: Kept[bytes] = Kept(10, len)
    for key in ("a", "b"):
        kept.get(key, lambda: bytes(4))
    kept.get("a", lambda: bytes(99))  # used, not made again
    kept.get("c", lambda: bytes(4))
    made: list[str] = []
    for key in ("a", "c", "b"):
        kept.get(key, lambda key=key: made.append(key) or bytes(4))  # type: ignore[misc]
    assert made == ["b"] and kept.bytes == 8 and len(kept) == 2


def test_a_value_larger_than_the_bound_is_kept_alone() -> None:
    kept: Kept[bytes] = Kept(10, len)
    kept.get("small", lambda: bytes(4))
    assert len(kept.get("large", lambda: bytes(40))) == 40 and len(kept) == 1
    kept.clear()
    assert kept.bytes == 0


def test_threads_that_ask_for_the_same_make_it_once() -> None:
    kept: Kept[bytes] = Kept(10, len)
    made: list[int] = []
    gate = threading.Event()

    def make() -> bytes:
        gate.wait(5)
        made.append(1)
        return b"x"

    threads = [threading.Thread(target=lambda: kept.get("key", make)) for _ in range(3)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert made == [1]
