"""The address bar of one session: telling Back, Forward and links from what the app wrote itself. Without Streamlit.

Address        what the address said and what was last written to it
ECHO_SECONDS   how long a browser may report an old address
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

ECHO_SECONDS = 1.0
"""Until a browser has received an address, it still reports the one before; hardly anybody goes back as quickly."""


@dataclass
class Address:
    """The address bar of one session, as far as the keys go that somebody writes into it (`url.KEYS`).

    Everything is texts by key, without those at their default.

    Two habits of Streamlit shape it. A change of the page drops our keys from the address, and such a bare address
    stays behind in the browser's history. And every message that changes the address is an entry in that history,
    which can set several keys but delete none: a key that was written stays, empty at its default.
    """

    page: str | None = None
    run: str | None = None
    written: dict[str, str] = field(default_factory=dict)
    arrivals: dict[str, list[dict[str, str]]] = field(default_factory=dict)  # by page, what it was entered with
    of_other_runs: dict[str, dict[str, str]] = field(default_factory=dict)  # by run
    sent: dict[str, str] = field(default_factory=dict)  # our keys as they should be in the address by now
    before: dict[str, str] | None = None  # what they were before, until the browser shows that it has received them
    sent_at: float = 0.0

    def news(self, shown: Mapping[str, str], page: str, run: str, now: float) -> dict[str, str] | None:
        """What the address says, if the visitor has moved in it; None where it is what was written, or its echo.

        shown: our keys in the address. now: seconds, from any clock that never goes back. The first line that holds:

        | the address                                     | what happened                              | news          |
        |-------------------------------------------------|--------------------------------------------|---------------|
        | is the session's first                          | a link was opened                          | what it means |
        | means what was last written                     | nothing, or the page was changed           | none          |
        | is that before the last, sent a moment ago      | the browser has not received it yet        | none          |
        | means what was written when another run was on  | the run was changed, the rest of it is old | none          |
        | is any other                                    | Back, Forward, or a link                   | what it means |

        An address with keys means what they say; what a bare one means, see `_bare`.
        """
        is_first = self.page is None
        if page != self.page:
            self._arrive(page, bare=not shown)
        meant = {key: text for key, text in shown.items() if text} if shown else self._bare()
        if run != self.run:
            if self.run is not None:
                self.of_other_runs[self.run] = self.written
            self.of_other_runs.pop(run, None)
            self.run = run
        if is_first:
            self.sent = dict(shown)
        if shown == self.sent:
            self.before = None
        is_echo = shown == self.before and now - self.sent_at < ECHO_SECONDS
        # A change of run leaves an address behind in which the new run stands beside the other's decisions.
        is_of_other_run = bool(meant) and meant in self.of_other_runs.values()
        if not is_first and (meant == self.written or is_echo or is_of_other_run):
            return None
        return meant

    def _arrive(self, page: str, *, bare: bool) -> None:
        self.page = page
        arrivals = self.arrivals.setdefault(page, [] if bare else [{}])
        if bare and self.written not in arrivals:
            arrivals.append(self.written)

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
        if self.written in arrivals:
            return self.written
        return {} if {} in arrivals else arrivals[-1]

    def write(self, shown: Mapping[str, str], wanted: dict[str, str], now: float) -> dict[str, str]:
        """The keys to set so that the address says `wanted`; {} for none."""
        target = dict.fromkeys(shown, "") | wanted
        if target != shown:
            self.before, self.sent_at = dict(shown), now
        # What the browser shows may be older than what was sent to it, so that it has to be sent again.
        changes = target if target != shown or shown != self.sent else {}
        self.written, self.sent = wanted, target
        return changes
