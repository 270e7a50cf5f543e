"""Pieces of HTML that more than one part of the page shows.

chip   an operation's code on its colour
"""

from engine.drawing.palette import ink, operation


def chip(name: str) -> str:
    """An operation's two-letter code on its colour, as HTML that follows the page's theme."""
    look = operation(name)
    ground = f"light-dark({look.light}, {look.dark})"
    letters = f"light-dark({ink(name, 'light')}, {ink(name, 'dark')})"
    return f"<span class='chip' style='background:{ground};color:{letters}'>{look.code}</span>"
