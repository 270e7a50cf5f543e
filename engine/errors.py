"""The one error a user is meant to read.

BadInput   something the caller gave is wrong; the message names what, and how to put it right
"""


class BadInput(ValueError):
    """Input that cannot be used. The message is one line, says what is wrong and names the fix."""


def one_of(what: str, given: object, known: object) -> BadInput:
    """The error for an unknown name: says what was given and lists what exists."""
    return BadInput(f"unknown {what} {given!r}; use one of: {', '.join(map(str, known))}")  # type: ignore[call-overload]
