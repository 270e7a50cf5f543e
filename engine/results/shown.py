"""How a result shows itself to people who hold it in Python: drawn in a notebook, and as a table.

Shown        a value with `_repr_html_`, which notebooks ask for, and `to_frame`
Painter      what draws such values: `engine.notebook`
painted_by   says where the painter comes from

Pictures are made on floors above the values that they show. So the values know only that there is a painter; the
package `engine` names it, and it is loaded when the first value is shown.
"""

from collections.abc import Callable
from typing import Any, Protocol


class Painter(Protocol):
    """Draws any shown value, and puts it into a table."""

    def html(self, value: Any) -> str: ...

    def frame(self, value: Any) -> Any: ...


_find: Callable[[], Painter] | None = None


def painted_by(find: Callable[[], Painter]) -> None:
    """Take the painter from here. find: called whenever something is shown, so it may load what it returns late."""
    global _find
    _find = find


class Shown:
    """A value that draws itself in a notebook and gives a table."""

    def _repr_html_(self) -> str:
        """One HTML element with its colours and fonts in it, which changes nothing around it."""
        return _painter().html(self)

    def to_frame(self) -> Any:
        """A new `pandas.DataFrame`; what its columns are stands in `engine.notebook.rows`.

        Raises BadInput where pandas is not installed.
        """
        return _painter().frame(self)


def _painter() -> Painter:
    assert _find is not None, "the package engine says what draws its results when it is imported"
    return _find()
