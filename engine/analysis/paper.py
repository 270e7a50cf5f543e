"""Numbers of Wang et al. 2021 that several labs stand beside: true CIFAR-10 accuracies on NAS-Bench-201, table 4.

of_method   what a supernet of this method ends with, by alpha and by measurement
LINK        the paper
"""

from typing import NamedTuple

LINK = "https://arxiv.org/abs/2108.04392"
FIXED = "fixed-alpha"


class Ends(NamedTuple):
    """In percent; None where the paper has no number."""

    alpha: float | None
    measured: float | None


def of_method(method: str) -> Ends:
    """measured: five epochs of tuning after every decision."""
    return {"darts": Ends(54.30, 88.11), FIXED: Ends(None, 93.80)}.get(method, Ends(None, None))
