"""What a measurement rests on beside the supernet and the selection. Free of torch.

Settings         every option of a measurement, described once
Kind             what is measured: an edge, a node's inputs, or the supernet's accuracy alone
PREVIEW_IMAGES   how many images a first-order estimate takes where nothing else is said
rule             in words, by which rule the best operation was found; is_papers: whether it is the paper's
RECORDED         the settings that stand beside a result, because no field of the result holds them

Options of commands, keys of requests, stored headers and the reproducing command are derived from the fields here: a
new option of measurements is a field, and the place in `engine.scoring` that goes by it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from engine.data.identity import SPEC
from engine.errors import BadInput
from engine.fields import check, defaults, seed_setting, setting
from engine.results import BnMode, Criterion, EdgeScores

Kind = Literal["edge", "node", "accuracy"]

PREVIEW_IMAGES = 256
"""More make it slower and no better: the error is that of the first order. On NAS-Bench-201 they take a second."""

IRRELEVANT: Mapping[Kind, tuple[str, ...]] = {"edge": (), "node": ("rescale",), "accuracy": ("rescale", "criterion")}
"""Settings that change nothing about a measurement of this kind."""


def read_images(text: str) -> int | None:
    """None for all. Raises BadInput for anything but `all` and whole numbers from 1 on."""
    if text == "all":
        return None
    try:
        images = int(text)
    except ValueError:
        images = 0
    if images < 1:
        raise BadInput(f"--images must be a whole number of at least 1, or all; not {text[:40]!r}")
    return images


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a measurement rests on. Raises BadInput for values that cannot be measured with.

    images: how many of the scoring images (None: all). until_sure: stop an edge once its best operation is, with this
    probability, the one that all search images would name; `images` then bounds the attempt. published: new
    augmentation and order for every mask. seed: of augmentation and order; it never picks the images.
    """

    data: str = setting("bundled", SPEC, metavar="SPEC")
    images: int | None = setting(
        1024, "Images to measure on.", unit="images", least=1, metavar="N|all", none="all", read=read_images
    )
    batch_size: int = setting(64, "Images in one group of batch statistics.", unit="images")
    bn: BnMode = setting("batch", "Statistics of batch normalisation.")
    criterion: Criterion = setting("accuracy", "What the best operation loses most of.")
    until_sure: float | None = setting(
        None,
        "Stop each edge once its best operation is, with probability P, the one that all search images would name; at "
        "the latest after --images (all by default).",
        unit="probability",
        above=0,
        below=1,
        metavar="P",
    )
    augment: bool = setting(False, "Crop and flip the images, alike for every mask.")
    rescale: bool = setting(False, "Let the weights of a masked edge sum to 1.")
    published: bool = setting(
        False, "As the published code: all images, new augmentation and order for every mask, no intervals."
    )
    seed: int = seed_setting()

    def __post_init__(self) -> None:
        if self.until_sure is not None and not 0 < self.until_sure < 1:
            raise BadInput(f"until-sure is a probability between 0 and 1, not {self.until_sure}; try 0.95")
        check(self)
        fewest = 2 if self.bn == "batch" else 1
        if self.batch_size < fewest:
            why = ", as batch statistics need them; or use bn running" if self.batch_size == 1 else ""
            raise BadInput(f"batch size must be at least {fewest}{why}; not {self.batch_size}")
        if self.until_sure is not None and self.criterion == "loss":
            raise BadInput("until-sure compares accuracies; use it with criterion accuracy")
        if self.until_sure is not None and self.published:
            raise BadInput("until-sure needs paired drops, which published has not; use one of the two")

    @classmethod
    def asked(cls, **given: Any) -> "Settings":
        """Settings of which only some are said: published and until-sure mean all images unless these are said."""
        if "images" not in given and (given.get("published") or given.get("until_sure") is not None):
            given["images"] = None
        return cls(**given)

    def relevant(self, kind: Kind) -> "Settings":
        """The same with everything at its default that changes nothing about a measurement of this kind."""
        nothing = IRRELEVANT[kind] if self.augment or self.published else (*IRRELEVANT[kind], "seed")
        usual = defaults(Settings)
        return replace(self, **{name: usual[name] for name in nothing})

    @classmethod
    def stored(cls, header: Mapping[str, Any]) -> "Settings":
        """The settings in a stored header, which may hold more; a setting younger than it had its default."""
        return cls(**{each.name: header[each.name] for each in fields(cls) if each.name in header})

    def header(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        return asdict(self)


RULE = "plain mask, accuracy"
"""The paper's own, with batch statistics of 64 images each (section 4)."""


def is_papers(header: Mapping[str, Any]) -> bool:
    """Whether the best operation was found by the paper's rule, as its authors' code does it or as is usual here."""
    return rule(header) in (RULE, f"{RULE}, as published")


def rule(header: Mapping[str, Any]) -> str:
    """By which rule the best operation was found: the mask and the criterion, and whatever else is not as usual.

    header: of a measurement or of a full selection, whose own settings count too."""
    asked, usual = Settings.stored(header), Settings()
    words = [f"{'rescaled' if asked.rescale else 'plain'} mask", asked.criterion]
    words += ["as published"] if asked.published else []
    words += ["augmented"] if asked.augment else []
    words += ["running statistics"] if asked.bn == "running" else []
    words += [f"batches of {asked.batch_size}"] if asked.bn == "batch" and asked.batch_size != usual.batch_size else []
    words += [] if asked.until_sure is None else [f"until {asked.until_sure:g} sure"]
    words += [] if header.get("allow_none", True) else ["never none"]
    words += ["discarded inputs stay away"] if header.get("cumulative") else []
    return ", ".join(words)


RECORDED = tuple(each.name for each in fields(Settings) if each.name not in EdgeScores.__dataclass_fields__)
