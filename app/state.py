"""What one browser session holds: ids and small lists, and how they follow the link in the address bar.

State     decisions, selected edge, order and what else belongs to one run
state     the session's state for a run
sync      adopt what Back, Forward or a link changed; write what callbacks changed
visitor   this session's id

The link is the document: the state remembers the parameters it last wrote. If the address differs from them and no
callback changed the state in this run, the address has changed by itself (Back, Forward, a link), and is adopted.
"""

import uuid
from dataclasses import dataclass, field

import streamlit as st

from app import link
from app.link import Link
from engine.decisions import Decision
from engine.selection import Selection


@dataclass
class State:
    """One run in one session. by: who took a decision ("α", "measured", "you"). redo: undone decisions, next last."""

    link: Link = field(default_factory=Link)
    redo: list[Decision] = field(default_factory=list)
    by: dict[Decision, str] = field(default_factory=dict)
    skipped: list[tuple[str, int]] = field(default_factory=list)
    playing: str | None = None
    played: float = 0.0
    written: dict[str, str] = field(default_factory=dict)
    changed: bool = False
    fresh: bool = True


def visitor() -> str:
    return st.session_state.setdefault("visitor", uuid.uuid4().hex)


def state(run: str) -> State:
    return st.session_state.setdefault("states", {}).setdefault(run, State())


def sync(run: str, start: Selection) -> State:
    """The run's state, in step with the address. `start` is the run's selection without decisions."""
    current = state(run)
    arrived = st.session_state.get("run-shown") not in (None, run)
    st.session_state["run-shown"] = run
    if arrived:
        current.changed = True  # the address still speaks of another run
    shown = {key: value for key in link.KEYS if (value := st.query_params.get(key))}
    if current.changed:
        current.changed = False
    elif shown != current.written:
        found, dropped = link.read(shown, start)
        _adopt(current, found)
        for sentence in dropped:
            st.toast(sentence, icon="⚠️")
    wanted = link.write(start.space, current.link)
    if shown != wanted:
        for key in link.KEYS:
            if key in wanted:
                st.query_params[key] = wanted[key]
            elif key in st.query_params:
                del st.query_params[key]
    current.written = wanted
    return current


def _adopt(current: State, found: Link) -> None:
    """Take the address's word; decisions that Back took away can be redone."""
    before, after = current.link.decisions, found.decisions
    if before[: len(after)] == after:
        current.redo.extend(reversed(before[len(after) :]))
    elif after[: len(before)] == before and current.redo[-1:] == [after[len(before)]]:
        del current.redo[-(len(after) - len(before)) :]
    else:
        current.redo.clear()
    current.link = found
    current.playing = None
