"""The address bar of one session: telling Back, Forward and links from what the app wrote itself. Without Streamlit.

Address        what the address said and what was last written to it
Step           a step in the browser's history that it is asked to take
ECHO_SECONDS   how long a browser may report an old address
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

ECHO_SECONDS = 1.0
"""Until a browser has received an address, it still reports the one before; hardly anybody goes back as quickly."""


STEP_SECONDS = 3.0
"""How long a browser may take for a step in its history before the address is written in the usual way."""


class Step(NamedTuple):
    """A step in the browser's history to an address with these keys; each has a name of its own.

    direction: -1 back, 1 forward, 0 for a new entry, which comes after the steps that have not been taken yet.
    """

    name: str
    direction: int
    query: dict[str, str]


@dataclass
class Address:
    """The address bar of one session, as far as the keys go that somebody writes into it (`url.KEYS`).

    Everything is texts by key, without those at their default.

    Two habits of Streamlit shape it. A change of the page drops our keys from the address, and such a bare address
    stays behind in the browser's history. And every message that changes the address is an entry in that history,
    which can set several keys but delete none: a key that was written stays, empty at its default.
    """

    page: str | None = None
    written: dict[str, str] = field(default_factory=dict)
    arrivals: dict[str, list[dict[str, str]]] = field(default_factory=dict)  # by page, what it was entered with
    is_new: bool = False  # whether the page has been entered and nothing was written since
    sent: dict[str, str] = field(default_factory=dict)  # our keys as they should be in the address by now
    before: list[dict[str, str]] = field(default_factory=list)  # what they were, until the browser shows `sent`
    sent_at: float = 0.0
    step: Step | None = None  # the last one that was asked for
    steps: bool = False  # whether the browser has not reported it yet

    def news(self, shown: Mapping[str, str], page: str, now: float, *, part: bool = False) -> dict[str, str] | None:
        """What the address says, if the visitor has moved in it; None where it is what was written, or its echo.

        shown: our keys in the address. now: seconds, from any clock that never goes back. part: whether only a part of
        the page is drawn, which happens at clicks and polls and never because the visitor has moved: then there are no
        news, however old the address that the browser reports. The first line that holds:

        | the address                                     | what happened                              | news          |
        |-------------------------------------------------|--------------------------------------------|---------------|
        | is the session's first, with our keys           | a link was opened                          | what it means |
        | is the session's first, without                 | the visitor comes, or comes back           | none          |
        | means what was last written                     | nothing, or the page was changed           | none          |
        | is one before the last, sent a moment ago       | the browser has not received it yet        | none          |
        | is any other                                    | Back, Forward, or a link                   | what it means |

        An address with keys means what they say; what a bare one means, see `_bare`.
        """
        is_first = self.page is None
        if page != self.page:
            self._arrive(page, bare=not shown)
        meant = {key: text for key, text in shown.items() if text} if shown else self._bare()
        if is_first:
            self.sent = dict(shown)
            return meant if shown else None
        if shown == self.sent:
            self.before, self.steps = [], False
        # A step in the history is reported once it is taken, so until then there is nothing else to be seen.
        is_echo = shown in self.before and (self.steps or now - self.sent_at < ECHO_SECONDS)
        return None if part or meant == self.written or is_echo else meant

    def adopt(self, shown: Mapping[str, str]) -> None:
        """The session follows what is shown: nothing of it has to be sent. Were it sent all the same, it would reach a
        browser that has gone on since, and both would go on correcting each other."""
        self.sent, self.before, self.steps = dict(shown), [], False

    def _arrive(self, page: str, *, bare: bool) -> None:
        self.is_new = bare
        self.page = page
        self.arrivals.setdefault(page, [] if bare else [{}])

    def _bare(self) -> dict[str, str]:
        """What an address without our keys means: what its page was entered with. The first line that holds:

        | last written                     | the page was once entered | what happened                  | means       |
        |----------------------------------|---------------------------|--------------------------------|-------------|
        | is what it was entered with once | with that                 | entered, or Back went there    | that        |
        | is something else                | with nothing              | Back undid what was done first | nothing     |
        | is something else                | with something only       | Back undid what was done first | the last of |
        |                                  |                           |                                | these       |

        A page entered with something was given an address with it at once, and its bare address stays in the history.
        """
        arrivals = self.arrivals[self.page or ""]
        if self.is_new or self.written in arrivals:
            return self.written
        return {} if {} in arrivals else arrivals[-1]

    def write(self, shown: Mapping[str, str], wanted: dict[str, str], now: float, direction: int = 0) -> dict[str, str]:
        """The keys to set so that the address says `wanted`; {} for none.

        direction: -1 where this is what an undo leaves and 1 for a redo: the browser is then asked for a step in its
        history (`step`), so that Back and Forward go on from there, and no key is set.
        """
        if self.is_new and wanted not in self.arrivals[self.page or ""]:
            self.arrivals[self.page or ""].append(wanted)
        self.is_new = False
        target = dict.fromkeys(shown, "") | wanted
        is_late = self.steps and now - self.sent_at > STEP_SECONDS
        if self.steps and target == self.sent and not is_late:
            return {}
        # What the browser shows may be older than what was sent to it, so that it has to be sent again.
        changes = target if target != shown or shown != self.sent else {}
        if target != shown:
            self.before, self.sent_at = [*self.before, dict(shown), self.sent], now
        self.written, self.sent = wanted, target
        self.steps = bool(changes) and (direction != 0 or self.steps) and not is_late
        if not self.steps:
            return changes
        self.step = Step(uuid.uuid4().hex, direction, target)
        return {}
