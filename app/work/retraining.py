"""Train from scratch: the discrete network of a genotype, trained by a process of its own that outlives page and app.

launch      start `python -m engine retrain`, or go on with a run that was stopped
find        the latest run of a genotype
latest      the latest runs of several
Run         what its folder says
small       settings that finish in minutes on a processor
estimate    seconds that settings take, roughly

One run at a time on this machine. Nothing here imports torch: the page only follows the run's folder.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from app.library.image_sets import image_sets
from app.work import command_runs, processes
from engine.network.retrain.recipe import Recipe
from engine.selection.genotype import Genotype

MOST_KEPT = 100
"""Runs in the folder from which on none is started: everybody who reaches the app can fill the disk."""
SMALL: dict[str, dict[str, Any]] = {
    "darts": {"epochs": 10, "channels": 8, "layers": 5, "image_size": 16},
    "nas-bench-201": {"epochs": 10, "channels": 16, "layers": 1, "image_size": 16},
}


Run = command_runs.Run[Recipe]


def folder() -> Path:
    """Where these runs lie; it may be absent."""
    return processes.root() / "retrain"


def small(genotype: Genotype) -> Recipe:
    """Settings that finish in minutes on a processor."""
    return Recipe(genotype=str(genotype), **SMALL[genotype.space.skeleton.name])


def estimate(recipe: Recipe, cores: int) -> float:
    """Seconds for all epochs, within a factor of two or so: measured on one core of a server of 2021."""
    bench = recipe.genotype.startswith("|")
    # Narrow networks wait for memory, and take time by width; wide ones for arithmetic.
    rate = 0.17 if bench else 0.12 + 0.3 * (recipe.channels / 36) ** 3
    per_thousand = rate * recipe.channels * recipe.layers * (recipe.image_size / 32) ** 2
    known = (each.images[1] for each in image_sets().values() if each.spec == recipe.data and each.images)
    return per_thousand * next(known, 50_000) / 1000 * recipe.epochs / cores


# The process


def launch(recipe: Recipe) -> Run:
    """Start this run, or go on where it stopped. Raises BadInput, in words for the visitor, while another one runs."""
    path, words = folder() / _name(recipe), ["retrain", *arguments(recipe)]
    command_runs.begin(path, words, recipe.plan(), _read, most=MOST_KEPT, what="network")
    return next(run for run in _runs() if run.path == path)


def arguments(recipe: Recipe) -> list[str]:
    """The command line's words for a recipe, after `retrain`."""
    names = ("data", "epochs", "channels", "layers", "image_size", "batch_size", "lr", "drop_path", "cutout", "seed")
    options = [word for name in names for word in (f"--{name.replace('_', '-')}", str(getattr(recipe, name)))]
    return [recipe.genotype, *options, "--auxiliary" if recipe.auxiliary else "--no-auxiliary"]


def find(genotype: Genotype) -> Run | None:
    """The run of this genotype that was heard of last, running or not; None without one."""
    return next(iter(latest([str(genotype)])), None)


def latest(genotypes: Collection[str]) -> list[Run]:
    """The latest run of each of these genotypes that has one; the run that was heard of last at the end."""
    found: dict[str, Run] = {}
    for run in _runs():
        if run.recipe.genotype in genotypes:
            found.pop(run.recipe.genotype, None)
            found[run.recipe.genotype] = run
    return [*found.values()]


def _runs() -> Iterator[Run]:
    """All runs, the one that was heard of last at the end."""
    return command_runs.runs(folder(), _read)


def _read(settings: Mapping[str, Any]) -> Recipe:
    return Recipe(**settings)


def _name(recipe: Recipe) -> str:
    return hashlib.sha256(json.dumps(recipe.plan(), sort_keys=True).encode()).hexdigest()[:12]
