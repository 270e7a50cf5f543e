"""Supernets in training: each by a process of its own that outlives page and app. Their folders are checkpoints.

launch     start `python -m engine train`, or go on with a run that was stopped
trainings  all runs, the one that was heard of last at the end
discard    take a run away
history    what its finished epochs have logged
folder     where they lie: every page can open them
PRESETS    settings to begin with
"""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from app.library import catalog
from app.work import command_runs
from engine.errors import BadInput
from engine.runs import files
from engine.runs.folder import read_events
from engine.training.methods import settings_for
from engine.training.recipe import Recipe

MOST_KEPT = 100
MOST_WAITING = 8
KEEP_EVERY = 5
"""Every so many epochs the weights are kept too, so that they can be measured later."""
PRESETS: dict[str, dict[str, Any]] = {
    "Minutes": {"epochs": 3, "channels": 4, "cells": 1, "image_size": 16},
    "Laptop": {"epochs": 30, "channels": 8, "cells": 5, "image_size": 16},
    "Paper": {"epochs": 50, "channels": 16, "cells": 5, "image_size": 32},
}
"""Of NAS-Bench-201; in the DARTS family `of_family` gives the number of cells."""
OF_FAMILY = {"Minutes": 3, "Laptop": 8, "Paper": 8}

Training = command_runs.Run[Recipe]


def launch(name: str, recipe: Recipe) -> Training:
    """Start this run, or go on where it stopped, when the runs before it have ended. Raises BadInput, in words for the
    visitor, where many wait and where a run of other settings goes by the name."""
    path = catalog.trained() / name
    before = next((run for run in trainings() if run.name == name), None)
    if before is not None and before.recipe.plan() != recipe.plan():
        raise BadInput(f"a run named {name} with other settings is there already; give this one another name")
    words = ["train", *arguments(recipe), "--snapshots", str(KEEP_EVERY)]
    command_runs.begin(path, words, recipe.plan(), _read, most=MOST_KEPT, what="supernet", waiting=MOST_WAITING)
    return next(run for run in trainings() if run.path == path)


def arguments(recipe: Recipe) -> list[str]:
    """The command line's words for a recipe, after `train`; settings of the method where they are not as published."""
    names = ("space", "method", "data", "epochs", "channels", "cells", "image_size", "seed")
    words = [word for name in names for word in (f"--{name.replace('_', '-')}", str(getattr(recipe, name)))]
    usual = settings_for(recipe.method, recipe.space)
    for each in fields(usual):
        value = getattr(recipe.settings, each.name)
        if value != getattr(usual, each.name):
            text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
            words += ["--set", f"{each.name}={text}"]
    return words


def trainings() -> Iterator[Training]:
    """All runs, the one that was heard of last at the end."""
    return command_runs.runs(catalog.trained(), _read)


def discard(run: Training) -> None:
    """Take a run away for good. Raises BadInput while it is trained."""
    if run.running:
        raise BadInput(f"{run.name} is being trained; stop it first")
    gone = run.path.with_name(f".{run.name}.gone")
    try:
        run.path.rename(gone)
    except OSError as error:
        raise files.unwritable(run.path, error) from None
    shutil.rmtree(gone, ignore_errors=True)


def history(run: Training) -> list[dict[str, Any]]:
    """The log lines of its finished epochs."""
    return [line for line in read_events(run.path) if "epoch" in line]


def _read(settings: Mapping[str, Any]) -> Recipe:
    """A plan's settings: the recipe's own, and those of its method."""
    own = {each.name for each in fields(Recipe)} - {"settings"}
    chosen: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()
    }
    of_method = {name: value for name, value in chosen.items() if name not in own}
    recipe = {name: value for name, value in chosen.items() if name in own}
    return Recipe(settings=settings_for(recipe["method"], recipe["space"], of_method), **recipe)
