"""What one session holds of one run, and how decisions are taken and taken back. Without Streamlit and torch.

RunState       decisions, what was undone, order, edge in focus, branches
BRANCH_NAMES   names of branches
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from app.state.url import AUTHORS, Link, Taken
from engine.selection.decisions import Decision, OperationDecision

BRANCH_NAMES = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""As many branches as a visitor can have of a run."""
SEEN = 0.15
"""Seconds after which a page that has changed may have been seen. What comes sooner is the last click again."""
_LETTER = {name: letter for letter, name in AUTHORS.items()}


@dataclass
class RunState:
    """One run in one session.

    link: the one home of what stands: decisions with their tuning and who took them, order, edge in focus; selection
    and address follow from it. begun: the decisions that the run came with. undone: decisions taken back, the next to
    redo last. skipped: edges put off, as (cell type, edge). picked: an operation chosen but not decided, picked_inputs:
    the same of a node, as cell type, node and edges. playing: who decides in auto-play, since `played` (seconds of a
    clock that never goes back). preset: the tuning that follows the next decision, a letter of
    `app.work.tuned.PRESETS`. looking: how many of the decisions are looked at, without taking back the others.
    preselected: the edge that is shown while none is selected, by cell type and decisions; it stays when further
    measurements come in, and no link holds it. branches: the lines of decisions that were left, by name. changed: since
    the address was written; stepped: by undo (-1) or redo (1). drawn: `line` at the end of the last drawing that was
    not cut off; drawn_at: since when, in seconds of that clock.
    """

    link: Link = field(default_factory=Link)
    begun: tuple[Decision, ...] = ()
    undone: list[Taken] = field(default_factory=list)
    skipped: list[tuple[str, int]] = field(default_factory=list)
    picked: OperationDecision | None = None
    picked_inputs: tuple[str, int, tuple[int, ...]] | None = None
    playing: str | None = None
    played: float = 0.0
    preset: str = "n"
    looking: int | None = None
    preselected: dict[tuple[str, tuple[Decision, ...]], int | None] = field(default_factory=dict)
    branch: str = BRANCH_NAMES[0]
    branches: dict[str, Link] = field(default_factory=dict)
    changed: bool = False
    stepped: int = 0
    drawn: tuple[object, ...] | None = None
    drawn_at: float = 0.0

    def is_seen(self, now: float) -> bool:
        """Whether the page shows what stands, and has done so for long enough that somebody may have seen it."""
        return self.drawn == self.line and now - self.drawn_at >= SEEN

    def draw(self, now: float) -> None:
        """The page has been drawn to its end."""
        if self.drawn != self.line:
            self.drawn, self.drawn_at = self.line, now

    @property
    def line(self) -> tuple[object, ...]:
        """What has been decided and chosen so far."""
        return self.branch, self.link.decisions, self.picked, self.picked_inputs

    @property
    def by(self) -> dict[Decision, str]:
        """Who took a decision, a word of AUTHORS; those that came with a link are left out."""
        return {each.decision: AUTHORS[each.by] for each in self.link.taken if each.by != "l"}

    @property
    def is_past(self) -> bool:
        """Whether an earlier moment is looked at: nothing can be decided there."""
        return self.looking is not None and self.looking < len(self.link.decisions)

    @property
    def shown(self) -> tuple[Decision, ...]:
        """The decisions up to the moment that is looked at; all of them where that is now."""
        return self.link.decisions[: self.looking] if self.is_past else self.link.decisions

    def adopt(self, link: Link) -> None:
        """Take the address's word. Decisions that Back took away can be redone, and Forward takes them from there.

        Where the address leads to another line, that is a branch of its own, or the one in which it was left.
        """
        before, after = self.link.taken, link.taken
        old, new = self.link.decisions, link.decisions
        forward = new[len(old) :]
        if old[: len(new)] == new:
            self.undone.extend(reversed(before[len(after) :]))
        elif new[: len(old)] == old and [each.decision for each in self.undone[-len(forward) :]] == [
            *reversed(forward)
        ]:
            del self.undone[-len(forward) :]
        else:
            self.undone.clear()
            beside = None if new[: len(old)] == old else self._free
            other = next((name for name, line in self.branches.items() if line.decisions == new), beside)
            if other is not None:
                self.branches.pop(other, None)
                self.branches[self.branch] = self.link
                self.branch = other
        self.link, self.playing = link, None
        if new != old:
            self.looking = None
        if link.tune:
            self.preset = link.tune[-1]

    # Decisions

    def take(self, decision: Decision, by: str, *, is_last: bool) -> None:
        """Take a decision that is legal now. by: who takes it, a word of AUTHORS. is_last: whether the selection is
        complete then."""
        # Nothing is left to be measured after the last decision.
        taken = Taken(decision, "n" if is_last else self.preset, _LETTER[by])
        self.undone.clear()
        self._move((*self.link.taken, taken))

    def undo(self) -> None:
        """Take back the last decision, if there is one; its tuning and who took it are remembered."""
        if taken := self.link.taken:
            self.undone.append(taken[-1])
            self._move(taken[:-1])
            self.stepped = -1

    def redo(self) -> None:
        """Take the decision that was undone last, if there is one."""
        if self.undone:
            self._move((*self.link.taken, self.undone.pop()))
            self.stepped = 1

    @property
    def given(self) -> tuple[Taken, ...]:
        """Where starting over leads: to what the link's task gives, else to what the run came with."""
        return self.link.task or tuple(Taken(each, "n", "l") for each in self.begun)

    @property
    def is_at_start(self) -> bool:
        """Whether nothing has been decided but what was given."""
        return self.link.decisions == tuple(each.decision for each in self.given)

    def start_over(self) -> bool:
        """Back to the decisions that were given, or to none, in a new branch where a name is left for one; order and
        seed stay. False, and nothing is changed, where the line so far would be lost."""
        taken, given = self.link.taken, self.given
        goes_on = self.link.decisions[: len(given)] == tuple(each.decision for each in given)
        if not self.is_at_start:
            if not taken:
                self.undone.clear()
                self._move(given)
            elif self._free is not None:
                self._leave(given)
            elif goes_on:
                self.undone.extend(reversed(taken[len(given) :]))
                self._move(taken[: len(given)])
            else:
                return False
        self.skipped.clear()
        return True

    def skip(self, cell: str, edge: int) -> None:
        """Put an edge off until all others are decided."""
        if (cell, edge) in self.skipped:
            self.skipped.remove((cell, edge))
        self.skipped.append((cell, edge))
        self.focus(None)

    def _move(self, taken: Sequence[Taken]) -> None:
        self._change(self.link.having(taken))

    # What is looked at

    def focus(self, edge: str | None) -> None:
        """Select an edge, as a link names it, or none."""
        self._change(replace(self.link, edge=edge))

    def go_to_step(self, step: str) -> None:
        """Let the story of Start stand at a step, one of `url.STEPS`."""
        self._change(replace(self.link, step=step))

    def set_order(self, order: str, seed: int) -> None:
        """Decide in another order from now on."""
        self.skipped.clear()
        self._change(replace(self.link, order=order, seed=seed, edge=None))

    def look(self, number: int | None) -> None:
        """Look at the moment after so many decisions; None: at now."""
        self.looking = number
        self.focus(None)

    # Branches

    @property
    def _free(self) -> str | None:
        """A name for one more branch."""
        return next((name for name in BRANCH_NAMES if name not in (self.branch, *self.branches)), None)

    def branch_off(self) -> None:
        """Go on from the moment looked at in a new branch; the line so far stays under its name."""
        self._leave(self.link.taken[: len(self.shown)])

    def begin(self, link: Link) -> bool:
        """Go on with another line; the one so far stays as a branch, where it is not a beginning of the other. False,
        and nothing is changed, where no name is left for that."""
        old, new = self.link.decisions, link.decisions
        if new[: len(old)] != old:
            if self._free is None:
                return False
            self._leave(())
        self._go(link)
        return True

    def _leave(self, taken: Sequence[Taken]) -> None:
        assert self._free is not None
        name, self.branches[self.branch] = self._free, self.link
        self.branch = name
        self._go(self.link.having(taken))

    def switch(self, name: str) -> None:
        """Go on in another branch."""
        self.branches[self.branch] = self.link
        self.branch = name
        self._go(self.branches.pop(name))

    def _go(self, link: Link) -> None:
        self._change(link)
        self.undone.clear()
        self.playing = self.looking = None

    def _change(self, link: Link) -> None:
        self.link, self.changed, self.stepped = link, True, 0
