"""How single labs are shown: the question above the figure, the figure, and the table beside its words.

View   of one lab
of     by its name
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from app.screens.labs import ablations, depth, optimal_alpha, signals, skip_minus_conv, snapshots, strength, unrolled
from engine.drawing.palette import Theme

Save = tuple[str, str]
"""Name and format of the file that the figure's own button saves."""


class View(NamedTuple):
    """question: what the figure answers. figure: draws it from the result; table: what stands beside the words."""

    question: str
    figure: Callable[[Any, Theme, Save], None]
    table: Callable[[Any, Theme], None]


_VIEWS = {
    "signals": View("Does a signal rank the operations as the truth does?", signals.figure, signals.table_card),
    "strength": View("Which operation is strongest once it is alone?", strength.figure, strength.table),
    "snapshots": View("Where does a selection end that begins after an epoch?", snapshots.figure, snapshots.table),
    "ablations": View("Where do measured paths end under other rules?", ablations.figure, ablations.table),
    "optimal-alpha": View(
        "What should skip get beside a convolution, and what does it get?", optimal_alpha.figure, optimal_alpha.table
    ),
    "unrolled": View("What is left when layers change places?", unrolled.figure, unrolled.table),
    "skip-minus-conv": View(
        "Does skip gain weight as the supernet gets better?", skip_minus_conv.figure, skip_minus_conv.table
    ),
    "depth": View("What does α choose as supernets of several depths train?", depth.figure, depth.table),
}


def of(lab: str) -> View:
    return _VIEWS[lab]
