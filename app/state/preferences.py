"""What a visitor has chosen for all pages, kept over a reload by who the visitor is. Without Streamlit.

get, set   one choice

A link does not carry it: whoever opens one chooses anew. It lasts as long as the server.
"""

from collections import OrderedDict
from threading import Lock

MOST = 10_000
"""Visitors remembered; the one not heard of for longest is forgotten first."""

_of_visitors: OrderedDict[str, dict[str, object]] = OrderedDict()
_lock = Lock()


def get(visitor: str, choice: str) -> object:
    """None where the visitor has not chosen."""
    with _lock:
        return _of_visitors.get(visitor, {}).get(choice)


def set(visitor: str, choice: str, value: object) -> None:
    with _lock:
        _of_visitors.setdefault(visitor, {})[choice] = value
        _of_visitors.move_to_end(visitor)
        while len(_of_visitors) > MOST:
            _of_visitors.popitem(last=False)
