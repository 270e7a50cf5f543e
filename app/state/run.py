"""What one session holds of one run, and how decisions are taken and taken back. Without Streamlit and torch.

RunState       decisions, what was undone, order, edge in focus, branches
BRANCH_NAMES   names of branches
"""

from dataclasses import dataclass, field, replace

from app.state.url import Link
from engine.selection.decisions import Decision, OperationDecision

BRANCH_NAMES = tuple("ABCDEFGH")
"""As many branches as a visitor can have of a run."""


@dataclass
class RunState:
    """One run in one session.

    link: the one home of what stands: decisions with their tuning, order, edge in focus; selection and address follow
    from it. by: who took a decision ("α", "measured", "you"). undone: decisions taken back, the next to redo last.
    skipped: edges put off, as (cell type, edge). picked: an operation chosen but not decided,
    picked_inputs: the same of a node, as cell type, node and edges. playing: who decides in
    auto-play, since `played` (seconds of a clock that never goes back). preset: the tuning that follows the next
    decision, a letter of `app.work.tuned.PRESETS`. looking: how many of the decisions are looked at, without taking
    back the others. branches: the lines of decisions that were left, by name. changed: since the address was written.
    """

    link: Link = field(default_factory=Link)
    undone: list[Decision] = field(default_factory=list)
    by: dict[Decision, str] = field(default_factory=dict)
    skipped: list[tuple[str, int]] = field(default_factory=list)
    picked: OperationDecision | None = None
    picked_inputs: tuple[str, int, tuple[int, ...]] | None = None
    playing: str | None = None
    played: float = 0.0
    preset: str = "n"
    looking: int | None = None
    branch: str = BRANCH_NAMES[0]
    branches: dict[str, Link] = field(default_factory=dict)
    changed: bool = False

    @property
    def is_past(self) -> bool:
        """Whether an earlier moment is looked at: nothing can be decided there."""
        return self.looking is not None and self.looking < len(self.link.decisions)

    @property
    def shown(self) -> tuple[Decision, ...]:
        """The decisions up to the moment that is looked at; all of them where that is now."""
        return self.link.decisions[: self.looking] if self.is_past else self.link.decisions

    def adopt(self, link: Link) -> None:
        """Take the address's word; decisions that Back took away can be redone, Forward takes them from there."""
        before, after = self.link.decisions, link.decisions
        if before[: len(after)] == after:
            self.undone.extend(reversed(before[len(after) :]))
        else:
            forward = list(reversed(after[len(before) :]))
            if after[: len(before)] == before and self.undone[-len(forward) :] == forward:
                del self.undone[-len(forward) :]
            else:
                self.undone.clear()
        self.link = link
        self.playing = self.looking = None
        if link.tune:
            self.preset = link.tune[-1]

    # Decisions

    def take(self, decision: Decision, by: str, *, is_last: bool) -> None:
        """Take a decision that is legal now. by: who takes it. is_last: whether the selection is complete then."""
        taken, number = self.link.decisions, len(self.link.decisions)
        # Nothing is left to be measured after the last decision.
        letters = self.link.tune[:number].ljust(number, "n") + ("n" if is_last else self.preset)
        self.undone.clear()
        self.by[decision] = by
        self._move((*taken, decision), letters.rstrip("n"))

    def undo(self) -> None:
        """Take back the last decision, if there is one; its tuning is remembered."""
        if taken := self.link.decisions:
            self.undone.append(taken[-1])
            self._move(taken[:-1], self.link.tune)

    def redo(self) -> None:
        """Take the decision that was undone last, if there is one."""
        if self.undone:
            self._move((*self.link.decisions, self.undone.pop()), self.link.tune)

    def reset(self) -> None:
        """Back to no decision; order and seed stay, and redo leads forward again."""
        self.undone.extend(reversed(self.link.decisions))
        self.skipped.clear()
        self._move((), self.link.tune)

    def skip(self, cell: str, edge: int) -> None:
        """Put an edge off until all others are decided."""
        if (cell, edge) in self.skipped:
            self.skipped.remove((cell, edge))
        self.skipped.append((cell, edge))
        self.focus(None)

    def _move(self, decisions: tuple[Decision, ...], tune: str) -> None:
        self._change(replace(self.link, decisions=decisions, tune=tune, edge=None))

    # What is looked at

    def focus(self, edge: str | None) -> None:
        """Select an edge, as a link names it, or none."""
        self._change(replace(self.link, edge=edge))

    def set_order(self, order: str, seed: int) -> None:
        """Decide in another order from now on."""
        self.skipped.clear()
        self._change(replace(self.link, order=order, seed=seed, edge=None))

    def look(self, number: int | None) -> None:
        """Look at the moment after so many decisions; None: at now."""
        self.looking = number
        self.focus(None)

    # Branches

    def branch_off(self) -> None:
        """Go on from the moment looked at in a new branch; the line so far stays under its name."""
        kept = self.shown
        self.branches[self.branch] = self.link
        self.branch = next(name for name in BRANCH_NAMES if name not in self.branches)
        self._go(replace(self.link, decisions=kept, tune=self.link.tune[: len(kept)].rstrip("n"), edge=None))

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
        self.link, self.changed = link, True
