"""What a measured lead is worth: intervals that hold over rivals and looks, and the verdicts they allow.

student_quantile   how many standard errors a 95 % interval reaches, also where several are read at once
widened            a plain interval as the one that holds over several comparisons
apart              an interval of a difference of which only both ends' intervals are known
rival              whom the leader of an edge is compared with
of_edge, of_inputs the verdicts

The leader is picked by looking, among up to eight operations, and people look again on more images. So the interval
behind a verdict holds for all that may be read at once: the leader's K - 1 rivals (multiple comparisons with the best,
Hsu 1984, Annals of Statistics 12) at four looks, by Bonferroni's inequality (Dunn 1961, JASA 56). Bars keep the plain
95 % interval. Everything here goes from numbers to numbers, so stored measurements are judged as new ones are.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

Interval = tuple[float, float]
Verdict = Literal["agree", "disagree", "too_close", "indistinct"]
InputsVerdict = Literal["separated", "too_close", "indistinct"]

CONFIDENCE = 0.95
LOOKS = 4
"""How often people look at an edge: on 512, 1,024, 4,096 and all images."""
FEWEST_BATCHES = 5
"""Values below which there is no interval of batch means."""


@lru_cache
def student_quantile(freedom: int, comparisons: int = 1) -> float:
    """Two-sided quantile of Student's t: all of so many intervals hold at once with 95 % (Bonferroni)."""
    from scipy.special import stdtrit  # pages read results long before they judge any

    return float(stdtrit(freedom, 1 - (1 - CONFIDENCE) / (2 * comparisons)))


def widened(ci: Interval | None, values: int, comparisons: int) -> Interval | None:
    """A plain 95 % Student interval of so many values as one of several that hold at once."""
    if ci is None or values < 2:
        return None
    middle, reach = (ci[0] + ci[1]) / 2, (ci[1] - ci[0]) / 2
    reach *= student_quantile(values - 1, comparisons) / student_quantile(values - 1)
    return middle - reach, middle + reach


def apart(one: Interval | None, other: Interval | None) -> Interval | None:
    """An interval of one minus other, paired in a way that is not known: it is at least as wide as the paired one.

    The standard deviation of a difference is at most the sum of both (Cauchy and Schwarz), so the reaches add up.
    """
    return None if one is None or other is None else (one[0] - other[1], one[1] - other[0])


def holds_zero(ci: Interval | None) -> bool:
    """Whether there is an interval and zero lies in it."""
    return ci is not None and ci[0] <= 0 <= ci[1]


def lies_above(ci: Interval | None) -> bool:
    """Whether there is an interval and all of it is above zero."""
    return ci is not None and ci[0] > 0


def rival(best: int, by_alpha: int | None, worth: Sequence[float]) -> int | None:
    """Whom an edge's leader is compared with: alpha's choice, or the runner-up where the leader is that or alpha is
    unknown. None without any other operation; ties go to the lower column."""
    if by_alpha is not None and by_alpha != best:
        return by_alpha
    others = [column for column in range(len(worth)) if column != best]
    return max(others, key=worth.__getitem__, default=None)


def of_edge(alphas: bool | None, lead_ci: Interval | None, effects: Sequence[Interval | None]) -> Verdict | None:
    """The verdict on an edge.

    alphas: whether the leader is alpha's choice; None where alpha is unknown, which is no opinion to agree with.
    lead_ci: the simultaneous interval of its lead over its rival. effects: plain intervals of the drops, those of
    operations that add nothing left out.
    """
    if alphas is None:
        return None
    if all(map(holds_zero, effects)):
        return "indistinct"
    if alphas:
        return "agree"
    return "disagree" if lies_above(lead_ci) else "too_close"


def of_inputs(lead_ci: Interval | None, effects: Sequence[Interval | None]) -> InputsVerdict:
    """The verdict on a node's inputs: whether those that are kept are told apart from those that are not."""
    if all(map(holds_zero, effects)):
        return "indistinct"
    return "separated" if lies_above(lead_ci) else "too_close"
