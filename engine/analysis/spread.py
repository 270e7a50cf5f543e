"""Means and rank correlations with their 95 % intervals, and how labs word them. Free of torch.

mean_interval      of a mean, by Student's t
rank_correlation   of pairs, with its interval (Fisher's z)
number, signed     a number as text, with a real minus sign
within             an interval as text
told               whether an interval leaves 0 out, in words
"""

import math
from collections.abc import Sequence
from statistics import fmean

import numpy as np

from engine.results import Interval
from engine.scoring.intervals import student_interval
from engine.scoring.truth import spearman

FEWEST = 6
"""Pairs below which no interval of a rank correlation is given."""


def mean_interval(values: Sequence[float], low: float = -math.inf, high: float = math.inf) -> Interval | None:
    """None for fewer than three values. low, high: what a value can be."""
    if len(values) < 3:
        return None
    ends = student_interval(fmean(values), float(np.var(values, ddof=1)), len(values))
    return max(low, ends[0]), min(high, ends[1])


def rank_correlation(pairs: Sequence[tuple[float, float]]) -> tuple[float, Interval | None] | None:
    """None of fewer than three pairs. The interval is None for fewer than FEWEST, and for ranks that are equal."""
    if len(pairs) < 3:
        return None
    found = spearman([one for one, _ in pairs], [other for _, other in pairs])
    if len(pairs) < FEWEST or abs(found) > 1 - 1e-9:
        return found, None
    reach = 1.96 * math.sqrt(1.06 / (len(pairs) - 3))
    return found, (math.tanh(math.atanh(found) - reach), math.tanh(math.atanh(found) + reach))


def number(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}".replace("-", "−")


def signed(value: float, digits: int = 2) -> str:
    return f"{value:+.{digits}f}".replace("-", "−")


def within(ci: Interval | None, digits: int = 2, sign: bool = False) -> str:
    """e.g. " [1.20, 3.40]", with the space before it; nothing where there is none."""
    word = signed if sign else number
    return "" if ci is None else f" [{word(ci[0], digits)}, {word(ci[1], digits)}]"


def told(ci: Interval | None) -> str:
    return "not told apart from 0" if ci is None or ci[0] <= 0 <= ci[1] else "told apart from 0"
