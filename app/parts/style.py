"""How things look and how numbers are worded: one table, used by every figure, component and page.

OperationStyle, OPERATIONS, operation, colour, ink, Roles, roles, THEMES   see engine.drawing.palette
VERDICT, number, count, points, interval, with_interval, percent, weight, provenance, device_name, bn, subscripts, plain
                                                                           see engine.drawing.wording
chip                                                                       an operation's code on its colour, as HTML

What the engine exports is drawn and worded alike, so the tables lie there.
"""

from engine.drawing.palette import (
    OPERATIONS,
    THEMES,
    OperationStyle,
    Roles,
    Theme,
    colour,
    contrast,
    ink,
    luminance,
    operation,
    roles,
)
from engine.drawing.wording import (
    VERDICT,
    VerdictText,
    bn,
    count,
    device_name,
    interval,
    number,
    percent,
    plain,
    points,
    provenance,
    subscripts,
    weight,
    with_interval,
)

__all__ = [
    "OPERATIONS",
    "THEMES",
    "VERDICT",
    "OperationStyle",
    "Roles",
    "Theme",
    "VerdictText",
    "bn",
    "chip",
    "colour",
    "contrast",
    "count",
    "device_name",
    "ink",
    "interval",
    "luminance",
    "number",
    "operation",
    "percent",
    "plain",
    "points",
    "provenance",
    "roles",
    "subscripts",
    "weight",
    "with_interval",
]


def chip(name: str) -> str:
    """An operation's two-letter code on its colour, as HTML that follows the page's theme."""
    look = operation(name)
    ground, letters = (
        f"light-dark({light}, {dark})"
        for light, dark in (
            (look.light, look.dark),
            (ink(name, "light"), ink(name, "dark")),
        )
    )
    return f"<span class='chip' style='background:{ground};color:{letters}'>{look.code}</span>"
