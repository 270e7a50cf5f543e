"""`estimate`: what a training will take on this machine, in time and memory."""

import typer

from engine.cli import console
from engine.cli.options import DataDir, Device, Download, Json, Threads, options_from, pick_device
from engine.cli.train import DEFAULTS, NAMED, Changes, read_recipe
from engine.drawing.wording import duration, several
from engine.training.recipe import Recipe
from engine.training.settings import MethodSettings


@options_from(
    Recipe, defaults=DEFAULTS, make=read_recipe, also={**dict.fromkeys(NAMED, MethodSettings), "changes": Changes}
)
def estimate(
    context: typer.Context,
    *,
    recipe: Recipe,
    data_dir: DataDir = None,
    download: Download = False,
    threads: Threads = None,
    json: Json = False,
    device: Device = "auto",
) -> None:
    """Take a few steps of a training and say how long all of it will take, and how much memory. Nothing is written."""
    recipe.check_trains_alphas()

    import torch

    from engine.data.load import open_data
    from engine.training.estimate import estimate as measure

    where = pick_device(device)
    if threads is not None:
        torch.set_num_threads(threads)
    found = measure(recipe, open_data(recipe.data, recipe.image_size, data_dir=data_dir, download=download), where)
    if json:
        console.emit(found.to_dict())
        return
    memory = "" if found.memory is None else f", {found.memory / 1e9:.1f} GB of memory"
    console.out(
        f"about {duration(found.seconds)} for {recipe.epochs:,} epochs, up to "
        f"{duration(found.per_epoch)} each{memory}\n"
        f"{found.timed} steps were taken on {found.device} with {several(found.threads, 'thread')}: "
        f"{found.per_step:.2f} s a step, {found.steps:,} steps an epoch"
    )
