"""`train`: train a supernet into a folder, resumable after every epoch."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli import console
from engine.cli.info import describe, summary
from engine.cli.options import Data, DataDir, Device, Download, ImageSize, Json, Seed, check_writable, pick_device
from engine.errors import BadInput
from engine.fields import described
from engine.spaces import SPACES
from engine.training.methods import method_type, names, settings_for
from engine.training.recipe import Recipe
from engine.training.settings import MethodSettings

HELP = {name: about.help for name, about in described(MethodSettings).items()}


def train(
    context: typer.Context,
    space: Annotated[str, typer.Option(metavar="S", help=f"Search space: {', '.join(SPACES)}, or a .toml file.")],
    epochs: Annotated[int, typer.Option(min=1, max=10_000)],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The run's folder; a checkpoint after every epoch.")],
    method: Annotated[str, typer.Option(metavar="M", help=f"One of {', '.join(names())}.")] = "darts",
    data: Data = "bundled",
    data_dir: DataDir = None,
    download: Download = False,
    channels: Annotated[int, typer.Option(min=2, max=1024, help="Channels of the first stage.")] = Recipe.channels,
    cells: Annotated[
        int | None,
        typer.Option(min=1, max=100, help="Cells in all; per stage in NAS-Bench-201.  [default: 8; 5]"),
    ] = None,
    image_size: ImageSize = Recipe.image_size,
    alpha_lr: Annotated[float | None, typer.Option(help=HELP["alpha_lr"])] = None,
    lr: Annotated[float | None, typer.Option(help=HELP["lr"])] = None,
    batch_size: Annotated[int | None, typer.Option(help=HELP["batch_size"])] = None,
    fresh_batches: Annotated[bool, typer.Option("--fresh-batches", help=HELP["fresh_batches"])] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Any setting of the method; once for each.  [default: as published]"
        ),
    ] = None,
    snapshots: Annotated[int, typer.Option(min=0, help="Also keep every Nth epoch; 0 keeps none.")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, max=1024, help="CPU threads.  [default: all cores]")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last finished epoch.")] = False,
    json: Json = False,
    device: Device = "auto",
    seed: Seed = 0,
) -> None:
    """Train a supernet and its alphas. Ctrl-C stops; --resume goes on to the identical result."""
    named = {"alpha_lr": alpha_lr, "lr": lr, "batch_size": batch_size, "fresh_batches": fresh_batches or None}
    chosen = named | read_pairs(settings or ())
    recipe = Recipe(
        space=space,
        method=method,
        epochs=epochs,
        data=data,
        channels=channels,
        cells=cells,
        image_size=image_size,
        seed=seed,
        settings=settings_for(method, space, {name: value for name, value in chosen.items() if value is not None}),
    )
    check_writable(out)

    import torch

    import engine
    from engine.data.load import open_data
    from engine.training.loop import Diverged
    from engine.training.loop import train as run

    with torch.device("meta"):  # the checks of a supernet's size without its memory
        method_type(recipe.method).build(recipe, engine.search_space(recipe.space), classes=10)
    where = pick_device(device)
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        images = open_data(data, image_size, data_dir=data_dir, download=download)
        with console.interruptible(), console.Progress("step") as bar:
            run(
                recipe,
                out,
                resume_run=resume,
                device=where,
                snapshots=snapshots,
                data=images,
                report=lambda at: bar.show(
                    at.epoch * at.steps + at.step, at.epochs * at.steps, f"epoch {at.epoch + 1}/{at.epochs}"
                ),
                epoch_done=lambda line: console.note(_epoch(line)),
            )
    except KeyboardInterrupt:
        console.note(_interrupted(out, context.obj))
        raise typer.Exit(130) from None
    except Diverged as problem:
        kept = _saved_epochs(out)
        state = f"epoch {kept} is kept in {out}" if kept else "no epoch was finished"
        raise console.Failure(f"{problem}; {state}; train again with an --lr below {recipe.settings.lr:g}") from None
    found = describe(engine.load(out))
    if json:
        console.emit(found)
    else:
        console.out(f"{summary(found)}\n\nsaved in {out}")


def read_pairs(settings: Sequence[str]) -> dict[str, str]:
    """What stands behind each --set. Raises BadInput for what is no KEY=VALUE."""
    pairs = [text.partition("=") for text in settings]
    for key, sign, value in pairs:
        if not (key and sign and value):
            raise BadInput(f"--set takes KEY=VALUE, such as lr=0.05, not {key + sign + value!r}")
    return {key.replace("-", "_"): value for key, _, value in pairs}


def _epoch(line: dict[str, Any]) -> str:
    search = line["search"]["batch"]
    accuracy = console.percent(search["accuracy"], search["ci"])
    return (
        f"epoch {line['epoch']}: loss {line['train_loss']:.4f}, training accuracy {line['train_accuracy']:.2f} %, "
        f"search accuracy {accuracy} ({search['images']:,} images, batch statistics), {line['seconds']:.0f} s"
    )


def _saved_epochs(out: Path) -> int:
    """Finished epochs that the folder holds."""
    from engine.checkpoint.folder import read_summary

    try:
        return read_summary(out).meta["epochs"]
    except BadInput:
        return 0


def _interrupted(out: Path, argv: list[str]) -> str:
    saved = _saved_epochs(out)
    again = shlex.join(["python", "-m", "engine", *argv, *([] if "--resume" in argv else ["--resume"])])
    state = f"epoch {saved} is saved in {out}" if saved else "no epoch was finished yet"
    return f"interrupted; {state}. Go on with: {again}"
