"""Text as people have it: UTF-8 with or without a byte order mark, and UTF-16, which PowerShell writes.

decoded    bytes as text
read_text  the text in a file
"""

import codecs
from pathlib import Path

from engine.errors import BadInput

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is the first half of this one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BEGINNING = 200
"""Bytes that show whether a file without a mark is UTF-16: nearly every other one is zero, and no other is."""


def decoded(content: bytes, errors: str = "strict") -> str:
    """Bytes as text, without a byte order mark, line ends as `\\n`. errors: as of `bytes.decode`.

    Raises UnicodeDecodeError (a ValueError) for what is no text.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _lines(content[len(mark) :].decode(encoding, errors))
    beginning = content[: _BEGINNING & ~1]
    if len(content) % 2 == 0 and len(beginning) > 1 and b"\0" in beginning:
        for encoding, zeros, letters in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
            if beginning[zeros::2].count(0) * 10 >= len(beginning) * 4 and all(beginning[letters::2]):
                return _lines(content.decode(encoding, errors))
    return _lines(content.decode("utf-8", errors))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_text(path: Path, most: int, what: str) -> str:
    """The text in a file of at most `most` bytes.

    what: what the file should be, for messages. Raises BadInput, naming the file, for one that is larger or no text;
    OSError where it cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise BadInput(f"{path} is too large for {what}; give a smaller file")
    try:
        return decoded(content)
    except UnicodeDecodeError:
        raise BadInput(f"{path} is no text (neither UTF-8 nor UTF-16); give {what}") from None
