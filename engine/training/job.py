"""A training run as a job for `engine.runs.many`. Needs no torch until it runs."""

from dataclasses import dataclass
from pathlib import Path

from engine.training.recipe import Recipe


@dataclass(frozen=True)
class TrainingJob:
    """A recipe and the folder it is trained in. The other fields are as for `engine.training.loop.train`."""

    recipe: Recipe
    folder: Path
    device: str = "cpu"
    snapshots: int = 0
    data_dir: Path | None = None
    download: bool = False

    def run(self) -> int:
        """Train, or go on where the folder is; gives the number of finished epochs."""
        from engine.data.load import open_data
        from engine.training.loop import train

        recipe = self.recipe
        data = open_data(recipe.data, recipe.image_size, data_dir=self.data_dir, download=self.download)
        run = train(recipe, self.folder, resume_run=True, device=self.device, snapshots=self.snapshots, data=data)
        return run.epoch
