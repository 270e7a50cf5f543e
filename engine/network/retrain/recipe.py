"""Settings of a training from scratch, with the published protocol of each family as defaults. Needs no torch.

Recipe          frozen settings of one run: everything that changes its result
PROTOCOLS       family, or "imagenet" for images of 64 pixels and more -> published values
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

from engine.data.identity import SPEC
from engine.errors import BadInput
from engine.fields import check, seed_setting, setting
from engine.selection.genotype import Genotype
from engine.selection.genotype_text import parse_genotype
from engine.spaces.image_sizes import SIZES, is_streamed

# Liu et al. 2019, appendix A, as Wang et al. 2021 train their cells; Dong and Yang 2020, section 2.
PROTOCOLS: dict[str, dict[str, Any]] = {
    "darts": {
        "epochs": 600,
        "channels": 36,
        "layers": 20,
        "batch_size": 96,
        "lr": 0.025,
        "weight_decay": 3e-4,
        "nesterov": False,
        "clip": 5.0,
        "drop_path": 0.2,
        "auxiliary": True,
        "cutout": 16,
        "label_smoothing": 0.0,
        "lr_decay": 0.0,
    },
    "nas-bench-201": {
        "epochs": 200,
        "channels": 16,
        "layers": 5,
        "batch_size": 256,
        "lr": 0.1,
        "weight_decay": 5e-4,
        "nesterov": True,
        "clip": 0.0,
        "drop_path": 0.0,
        "auxiliary": False,
        "cutout": 0,
        "label_smoothing": 0.0,
        "lr_decay": 0.0,
    },
    # Liu et al. 2019, appendix A: the mobile setting, images of 224 pixels.
    "imagenet": {
        "epochs": 250,
        "channels": 48,
        "layers": 14,
        "batch_size": 128,
        "lr": 0.1,
        "weight_decay": 3e-5,
        "nesterov": False,
        "clip": 5.0,
        "drop_path": 0.0,
        "auxiliary": True,
        "cutout": 0,
        "label_smoothing": 0.1,
        "lr_decay": 0.97,
    },
}
AUXILIARY_SIZES = (32, 224)
"""Images of these sizes are as large at the second classifier as it takes them."""
AUXILIARY_WEIGHT = 0.4
MOMENTUM = 0.9

PUBLISHED: Any = None
"""Of a setting that is left out: the published value of the genotype's family takes its place."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Settings of one run; what is left out becomes the published value of the genotype's family.

    genotype: its text. layers: cells in all (DARTS family) or per stage (NAS-Bench-201). lr falls to 0 along a cosine,
    or is multiplied by lr_decay after every epoch where that is not 0. clip: largest gradient norm, 0 for none.
    drop_path: its last probability, reached linearly. cutout: side of the erased square in pixels, 0 for none.
    label_smoothing: the share of a label that all classes have in equal parts while training. At 16 pixels the square
    is half as large, and there is no auxiliary head unless asked for; from 64 pixels on the published values are those
    for ImageNet. Raises BadInput for values that cannot be used.
    """

    genotype: str = setting(help="Its text, or a file that holds one: selection.json, say.", metavar="GENOTYPE")
    epochs: int = setting(PUBLISHED, "Passes over the training images.", least=1, most=10_000)
    data: str = setting("bundled", SPEC, metavar="SPEC")
    channels: int = setting(PUBLISHED, "Of the first stage.", least=1, most=1024)
    layers: int = setting(PUBLISHED, "Cells in all; per stage in NAS-Bench-201.", least=1, most=100)
    image_size: int = setting(32, SIZES, unit="pixels")
    seed: int = seed_setting()
    batch_size: int = setting(PUBLISHED, "Images in a batch.", unit="images", least=2, most=65_536)
    lr: float = setting(PUBLISHED, "First learning rate.", above=0)
    weight_decay: float = setting(PUBLISHED, "L2 penalty of the weights.", least=0)
    nesterov: bool = setting(PUBLISHED, "Nesterov's momentum.")
    clip: float = setting(PUBLISHED, "Largest norm of the gradient; 0 for none.", least=0)
    drop_path: float = setting(PUBLISHED, "Last drop path probability.", least=0, below=1)
    auxiliary: bool = setting(PUBLISHED, "Train with a second classifier (32 and 224 pixels).")
    cutout: int = setting(PUBLISHED, "Side of the erased square.", unit="pixels", least=0)
    label_smoothing: float = setting(PUBLISHED, "Share of a label that all classes have.", least=0, below=1)
    lr_decay: float = setting(PUBLISHED, "Factor of the rate after every epoch; 0 for a cosine.", least=0, below=1)

    def __post_init__(self) -> None:
        genotype = parse_genotype(self.genotype)
        object.__setattr__(self, "genotype", str(genotype))
        large, skeleton = is_streamed(self.image_size), genotype.space.skeleton
        if large and not skeleton.prepares:
            raise BadInput(f"networks like {skeleton.name} have no protocol for large images; take 32 or 16 pixels")
        published = dict(PROTOCOLS["imagenet" if large else skeleton.name])
        if large and self.image_size not in AUXILIARY_SIZES:
            published |= {"auxiliary": False}
        if self.image_size == 16:
            published |= {"auxiliary": False, "cutout": published["cutout"] // 2}
        for name, value in published.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        self._check(genotype)

    def _check(self, genotype: Genotype) -> None:
        if not (0 < self.lr < math.inf):
            raise BadInput(f"the learning rate must be a number greater than 0, not {self.lr}")
        check(self)
        if self.drop_path and not genotype.space.skeleton.prepares:
            raise BadInput("networks of NAS-Bench-201 are trained without drop path; leave it out")
        if self.cutout > self.image_size:
            raise BadInput(f"cutout must be 0 to {self.image_size} pixels, not {self.cutout}")
        if self.auxiliary and self.image_size not in AUXILIARY_SIZES:
            raise BadInput(
                "the auxiliary head needs images of 32 pixels or of 224; add --no-auxiliary or take such a size"
            )

    def plan(self) -> dict[str, Any]:
        """Everything as plain JSON values: what a run's folder says it is."""
        return {"command": "retrain", **asdict(self)}

    def defaults(self) -> dict[str, Any]:
        """What a plan of this genotype and image size says where nothing else is asked."""
        return Recipe(genotype=self.genotype, image_size=self.image_size).plan()

    def learning_rate(self, epoch: int) -> float:
        """Of the epoch with this number from 0 on."""
        if self.lr_decay:
            return self.lr * self.lr_decay**epoch
        return self.lr * (1 + math.cos(math.pi * epoch / self.epochs)) / 2

    def drop_path_at(self, epoch: int) -> float:
        """Rises linearly and never reaches its last value."""
        return self.drop_path * epoch / self.epochs
