"""What a selection document says besides, where a student hands it in.

HandIn   who hands it in, which decisions were given, and answers to the questions of lessons
Answer   one of these
tidy     a name as it is kept and shown
"""

from dataclasses import dataclass

LONGEST_NAME = 60
"""Characters of a name."""
LONGEST = 500
"""Characters of an answer, and how many answers there can be."""


@dataclass(frozen=True)
class Answer:
    """step: lesson and step, "masking/sum". said: what was answered; is_right: whether that was right, as the app that
    asked knew it."""

    step: str
    said: str
    is_right: bool

    def __post_init__(self) -> None:
        if max(len(self.step), len(self.said)) > LONGEST:
            raise ValueError(f"an answer has at most {LONGEST} characters")


@dataclass(frozen=True)
class HandIn:
    """name: as the student typed it. given: the decisions that came with a link, by number from 0: the student took
    all others. answers: in the order of the questions."""

    name: str
    given: tuple[int, ...] = ()
    answers: tuple[Answer, ...] = ()

    def __post_init__(self) -> None:
        if len(self.answers) > LONGEST:
            raise ValueError(f"there are at most {LONGEST} answers")


def tidy(name: str) -> str:
    """In one line, without signs that cannot be seen (some of them turn the letters around), and not too long."""
    words = "".join(sign for sign in name if sign.isprintable() or sign.isspace()).split()
    return " ".join(words)[:LONGEST_NAME].rstrip()
