"""Settings of a run, compared with those of the run that a folder already holds.

difference   which settings differ, in one phrase
"""

from collections.abc import Iterator, Mapping
from typing import Any


def difference(found: Mapping[str, Any], asked: Mapping[str, Any], defaults: Mapping[str, Any]) -> str | None:
    """Which settings of a recorded run differ from what is asked now: "lr 0.025 (now 0.1)"; None when they agree.

    found, asked and defaults: plain JSON values by name; settings within settings are named "settings.bn".
    A setting that the record lacks is younger than the record: it had its default then. So a program with one more
    setting resumes the runs of the program before it. A setting that only the record has is a difference.
    """
    return ", ".join(_differing(found, asked, defaults, "")) or None


def _differing(found: Mapping[str, Any], asked: Mapping[str, Any], defaults: Any, within: str) -> Iterator[str]:
    usual = defaults if isinstance(defaults, Mapping) else {}
    for name in dict.fromkeys((*asked, *found)):
        before = found.get(name, usual.get(name))
        if name not in asked:
            yield f"{within}{name} {before!r} (not known here)"
            continue
        now = asked[name]
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            yield from _differing(before, now, usual.get(name), f"{within}{name}.")
        elif before != now:
            yield f"{within}{name} {before!r} (now {now!r})"
