"""Settings of a training method: published values, each with its meaning, range and source. Free of torch.

MethodSettings   what every method has; a method's own Settings adds to it, field by field as `engine.fields.setting`
read_settings    Settings with some values changed, by name and as text or number

Values are whole numbers, numbers, yes or no, or pairs of numbers.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, get_type_hints

from engine.errors import BadInput
from engine.fields import check, described, setting
from engine.spaces import SearchSpace

Value = int | float | bool | Sequence[float]
WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, kw_only=True)
class MethodSettings:
    """What every method trains with; defaults as in DARTS and DARTS-PT. Raises BadInput for values out of range."""

    batch_size: int = setting(64, "Images in a batch of either half (DARTS).", unit="images", least=2, most=65_536)
    lr: float = setting(0.025, "First learning rate of the weights; a cosine leads to min_lr (DARTS).", above=0)
    min_lr: float = setting(0.001, "Learning rate at the end of the cosine (DARTS).", least=0)
    momentum: float = setting(0.9, "Momentum of SGD on the weights (DARTS).", least=0, below=1)
    nesterov: bool = setting(False, "Nesterov's form of that momentum (GDAS).")
    weight_decay: float = setting(3e-4, "L2 penalty of the weights (DARTS).", least=0)
    clip: float = setting(5.0, "Largest norm of the gradient over all weights (DARTS).", above=0)
    alpha_lr: float = setting(3e-4, "Learning rate of Adam on the alphas (DARTS).", above=0)
    alpha_betas: tuple[float, float] = setting((0.5, 0.999), "Decay rates of that Adam (DARTS).", least=0, below=1)
    alpha_weight_decay: float = setting(1e-3, "L2 penalty of the alphas, coupled (DARTS).", least=0)
    alpha_from: int = setting(0, "Epochs of the weights alone before the alphas are trained.", unit="epochs", least=0)
    fresh_batches: bool = setting(False, "Draw every batch anew instead of going through each half (DARTS-PT).")

    def __post_init__(self) -> None:
        check(self)
        if self.nesterov and not self.momentum:
            raise BadInput("nesterov is a form of momentum, and momentum is 0; set momentum above 0 or nesterov to no")

    @classmethod
    def for_space(cls, space: SearchSpace) -> Self:
        """The published settings in a space; a method overrides this where they differ by space, and raises BadInput
        for a space that it does not apply to."""
        return cls()


def read_settings(
    kind: type[MethodSettings], method: str, space: SearchSpace, changes: Mapping[str, str | Value]
) -> MethodSettings:
    """The published settings of a method in a space with these changed. Text is read as the field's type.

    Raises BadInput for a name that the method does not have, naming the nearest, and for values of another type.
    """
    types = get_type_hints(kind)
    known = list(described(kind))
    read: dict[str, Any] = {}
    for name, value in changes.items():
        plain = name.strip().replace("-", "_")
        if plain not in known:
            near = difflib.get_close_matches(plain, known, 1)
            meant = f"did you mean {near[0]}? " if near else ""
            raise BadInput(f"{method} has no setting {name!r}; {meant}it has {', '.join(known)}")
        read[plain] = _read(plain, types[plain], value)
    return replace(kind.for_space(space), **read)


def _read(name: str, kind: Any, value: str | Value) -> Any:
    try:
        if kind is bool:
            return WORDS[value.lower()] if isinstance(value, str) else bool(value)
        if kind is int:
            return int(value) if isinstance(value, str) else value
        if kind is float:
            return float(value) if isinstance(value, int | str) else value
        first, second = value.split(",") if isinstance(value, str) else value  # type: ignore[misc]
        return float(first), float(second)
    except (ValueError, TypeError, KeyError):
        words = {bool: "true or false", int: "a whole number", float: "a number"}.get(kind, "two numbers as 0.5,0.999")
        raise BadInput(f"{name.replace('_', ' ')} must be {words}, not {value!r}") from None
