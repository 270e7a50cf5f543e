"""Measurements as values that others hand out. Needs no torch until they run.

MeasuringJob   one edge or node of a selection scored, as a job for `engine.runs.many`
"""

from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import BadInput
from engine.runs.folder import RunFolder
from engine.scoring.settings import Settings
from engine.scoring.sweep import Target, measure
from engine.selection.selection import Selection

if TYPE_CHECKING:
    from engine.scoring.scorer import Scorer


@dataclass(frozen=True)
class MeasuringJob:
    """A target on the supernet in a checkpoint's folder.

    digest: the supernet's; another one is refused. selection: its JSON. folder: of this measurement alone. The other
    fields are as for `engine.scoring.scorer.Scorer.of`.
    """

    target: Target
    folder: Path
    checkpoint: Path
    digest: str
    selection: str
    settings: Settings
    device: str = "cpu"
    data_dir: Path | None = None
    download: bool = False

    def run(self) -> dict[str, Any]:
        """The scores as `Scorer.record` gives them: measured, or as the folder holds them."""
        scorer, selection = _ready(
            self.checkpoint, self.digest, self.selection, self.settings, self.device, self.data_dir, self.download
        )
        asked = {
            "command": "score",
            "checkpoint": self.digest,
            "decisions": [asdict(decision) for decision in selection.decisions],
            "target": self.target._asdict(),
        }
        with RunFolder(self.folder, asked | scorer.header(), Settings().header(), resume=True) as folder:
            kept = folder.progress()
            if kept is None:
                scores = measure(scorer, selection, self.target, lambda share: folder.tell(share, 1, "targets"))
                kept = {"scores": scores}
                folder.keep(kept, {"images": scores["images"]})
            folder.tell(1, 1, "targets")
        return kept["scores"]


@lru_cache(maxsize=1)
def _ready(
    checkpoint: Path,
    digest: str,
    selection: str,
    settings: Settings,
    device: str,
    data_dir: Path | None,
    download: bool,
) -> tuple["Scorer", Selection]:
    """The scorer and the selection, which a worker keeps for the next target of the same sweep."""
    import torch

    import engine
    from engine.scoring.scorer import Scorer

    loaded = engine.load(checkpoint)
    if loaded.digest != digest:
        raise BadInput(f"{checkpoint} has changed since the sweep began; start it again")
    loaded.supernet.to(torch.device(device))
    scorer = Scorer.of(loaded, settings, data_dir=data_dir, download=download)
    return scorer, Selection.from_json(selection, loaded.space)
