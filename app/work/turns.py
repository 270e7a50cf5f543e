"""Whose turn it is: work of several visitors advances by turns, a step each. No Streamlit, no torch, no threads.

Turns   jobs that take turns, and which of them is next
"""

from app.work.job import Job


class Turns:
    """Every visitor has a turn in every round, whatever number of jobs he has; within a round, and among one visitor's
    jobs, the one with the least left to do goes first. A job that several watch is a turn of all of them. Work that has
    been asked to stop is let through at once, as it only has to tidy up.

    Whoever uses this from several threads holds a lock.
    """

    def __init__(self) -> None:
        self.waiting: list[Job] = []
        self.working: list[Job] = []
        self._rounds: dict[str, int] = {}  # turns had, by visitor

    def jobs(self) -> list[Job]:
        """All that have not ended, in the order in which they came."""
        return sorted((*self.waiting, *self.working), key=lambda job: job.number)

    def join(self, job: Job) -> None:
        """Let a job take turns from now on."""
        self.waiting.append(job)

    def leave(self, job: Job) -> None:
        """It needs no more turns."""
        (self.waiting if job in self.waiting else self.working).remove(job)

    def take(self) -> Job:
        """The job that is next; it has its turn until `give_back` or `leave`. There has to be one that waits."""
        present = {visitor for job in self.jobs() for visitor in job.visitors}
        now = min((count for visitor, count in self._rounds.items() if visitor in present), default=0)
        # Who has just come begins with the present round: he overtakes nobody for longer, and waits for no old turns.
        self._rounds = {visitor: self._rounds.get(visitor, now) for visitor in present}
        job = min(self.waiting, key=self._order)
        for visitor in job.visitors:
            self._rounds[visitor] += 1
        self.waiting.remove(job)
        self.working.append(job)
        return job

    def give_back(self, job: Job) -> None:
        """Its turn is over, and it waits for the next one."""
        self.working.remove(job)
        self.waiting.append(job)

    def _order(self, job: Job) -> tuple[bool, int, float, int]:
        rounds = min((self._rounds[visitor] for visitor in job.visitors), default=0)
        return not job.stopping, rounds, job.remaining or 0.0, job.number
