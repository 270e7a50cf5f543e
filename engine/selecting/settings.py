"""What a selection run can be asked for, without torch: names, and how much tuning there is between decisions.

STRATEGIES, ORDERS       who decides, and in which order of the edges
Tuning                   how much, in epochs or in batches, and at which learning rate
NONE, QUICK, PUBLISHED   no tuning; 50 batches at 0.01; 5 epochs at 0.0025, as the authors tune
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from engine.errors import BadInput

Strategy = Literal["magnitude", "perturbation", "pt-mag", "random"]
"""magnitude: alpha decides, without tuning. perturbation: the largest drop decides. pt-mag: as perturbation, tuning
included, but alpha decides (Wang et al. 2021, section 6.2). random: a draw, the control."""
OrderName = Literal["random", "index", "disagreement"]
"""random: as the official code draws it from a seed. disagreement: by the difference between alpha's choice and the
best operation, measured at the start, the largest first."""
Unit = Literal["epochs", "batches"]

STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
ORDERS: tuple[OrderName, ...] = get_args(OrderName)


@dataclass(frozen=True)
class Tuning:
    """`amount` epochs or batches after every decision (after every pair of decisions where there are two cell types).

    Raises BadInput for a negative amount or a learning rate that is none.
    """

    unit: Unit = "epochs"
    amount: int = 5
    lr: float = 0.0025

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise BadInput(f"tuning {self.unit} must be 0 or more, not {self.amount}")
        if not 0 < self.lr < math.inf:
            raise BadInput(f"the learning rate of tuning must be greater than 0, not {self.lr}; try 0.0025")

    def __str__(self) -> str:
        if not self.amount:
            return "no tuning"
        unit = self.unit if self.amount > 1 else {"epochs": "epoch", "batches": "batch"}[self.unit]
        return f"{self.amount} {unit} at {self.lr:g}"


NONE = Tuning("epochs", 0)
QUICK = Tuning("batches", 50, 0.01)
PUBLISHED = Tuning("epochs", 5, 0.0025)
