"""Pieces of HTML that more than one page shows.

chip      an operation's code on its colour
picture   a finished cell
"""

from engine.drawing.finished_cell import FinishedCell
from engine.drawing.finished_svg import image
from engine.drawing.palette import Theme, ink, operation


def chip(name: str) -> str:
    """An operation's two-letter code on its colour, as HTML that follows the page's theme."""
    look = operation(name)
    ground = f"light-dark({look.light}, {look.dark})"
    letters = f"light-dark({ink(name, 'light')}, {ink(name, 'dark')})"
    return f"<span class='chip' style='background:{ground};color:{letters}'>{look.code}</span>"


def picture(cell: FinishedCell, theme: Theme, alt: str = "") -> str:
    """A finished cell with codes alone, for half a page's width; where that is too little, it scrolls.

    alt: what a screen reader says instead of the operations.
    """
    return f"<div class='finished'>{image(cell, theme, names=False, alt=alt)}</div>"
