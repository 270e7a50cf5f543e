"""Settings of lab "signals". Free of torch.

Settings   what it measures with
"""

from dataclasses import dataclass
from typing import Literal

from engine.analysis.settings import LabSettings
from engine.fields import setting
from engine.results import TruthKind


@dataclass(frozen=True, kw_only=True)
class Settings(LabSettings):
    """images: of each of the disjoint image sets. signals: names with commas between them. plugin: signals of one's
    own, a module or .py file with SIGNALS; nothing but this setting makes it be imported."""

    images: int = setting(512, "Images of every image set.", unit="images", least=2, most=1_000_000)
    sets: int = setting(2, "Disjoint image sets: how far a signal agrees with itself.", unit="sets", least=1, most=16)
    signals: str = setting("all", "Which signals, with commas between them.", metavar="NAME,...|all")
    truth: TruthKind = setting("mean", "An operation is worth the mean or the best accuracy of the cells with it.")
    dataset: Literal["cifar10", "cifar100", "imagenet16_120"] = setting("cifar10", "Whose true accuracies.")
    plugin: str | None = setting(
        None, "Signals of your own: a module or .py file with SIGNALS.", metavar="MODULE|FILE", none="none"
    )
