"""`retrain`: train a derived network from scratch and test it, resumable after every epoch."""

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli import console
from engine.cli.options import Data, DataDir, Device, Download, ImageSize, Json, Seed, check_writable, pick_device
from engine.network.retrain.recipe import Recipe, read_genotype

FAMILIES = "  [default: {}; {} in NAS-Bench-201; {} from 64 pixels]"


def retrain(
    context: typer.Context,
    genotype: Annotated[
        str, typer.Argument(metavar="GENOTYPE", help="Its text, or a file that holds one: selection.json, say.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The run's folder; saved after every epoch.")],
    data: Data = "bundled",
    data_dir: DataDir = None,
    download: Download = False,
    epochs: Annotated[int | None, typer.Option(min=1, max=10_000, help=f"{FAMILIES.format(600, 200, 250)}")] = None,
    channels: Annotated[
        int | None, typer.Option(min=1, max=1024, help=f"Of the first stage.{FAMILIES.format(36, 16, 48)}")
    ] = None,
    layers: Annotated[
        int | None,
        typer.Option(min=1, max=100, help=f"Cells in all; per stage in NAS-Bench-201.{FAMILIES.format(20, 5, 14)}"),
    ] = None,
    image_size: ImageSize = Recipe.image_size,
    batch_size: Annotated[int | None, typer.Option(min=2, max=65_536, help=f"{FAMILIES.format(96, 256, 128)}")] = None,
    lr: Annotated[float | None, typer.Option(help=f"First learning rate.{FAMILIES.format(0.025, 0.1, 0.1)}")] = None,
    drop_path: Annotated[
        float | None, typer.Option(help=f"Last drop path probability.{FAMILIES.format(0.2, 'none', 0)}")
    ] = None,
    auxiliary: Annotated[
        bool | None,
        typer.Option(
            "--auxiliary/--no-auxiliary",
            help="Train with a second classifier (32 and 224 pixels).  [default: in the DARTS family, where possible]",
        ),
    ] = None,
    cutout: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=32,
            help="Side of the erased square.  [default: half an image; 0 in NAS-Bench-201 and from 64 pixels]",
        ),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, max=1024, help="CPU threads.  [default: all cores]")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last finished epoch.")] = False,
    json: Json = False,
    device: Device = "auto",
    seed: Seed = 0,
) -> None:
    """Train a derived network from scratch with the published protocol, or a shorter one, and test it.

    It trains on the whole training part and is tested after every epoch. Ctrl-C stops; --resume goes on to the
    identical result.
    """
    found = read_genotype(genotype, console.note)
    said = {
        "epochs": epochs,
        "channels": channels,
        "layers": layers,
        "batch_size": batch_size,
        "lr": lr,
        "drop_path": drop_path,
        "auxiliary": auxiliary,
        "cutout": cutout,
    }
    given: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    recipe = Recipe(genotype=str(found), data=data, image_size=image_size, seed=seed, **given)
    check_writable(out)

    import torch

    from engine.data.load import open_data
    from engine.network.retrain.training import build, train
    from engine.training.loop import Diverged

    with torch.device("meta"):  # the checks of a network's size without its memory
        build(recipe, classes=10)
    where = pick_device(device)
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        with console.interruptible(), console.Progress("step") as bar:
            images = open_data(data, image_size, data_dir=data_dir, download=download, test=True)
            _, result = train(
                recipe,
                out,
                resume_run=resume,
                device=where,
                data=images,
                report_progress=lambda at: bar.show(
                    at.epoch * at.steps + at.step, at.epochs * at.steps, f"epoch {at.epoch + 1}/{at.epochs}"
                ),
                epoch_done=lambda line: console.note(_epoch(line)),
            )
    except KeyboardInterrupt:
        console.note(f"interrupted; {_saved(out)}. Go on with: {_again(context.obj)}")
        raise typer.Exit(130) from None
    except Diverged as problem:
        fix = f"train again with an --lr below {recipe.lr:g} into another --out"
        raise console.Failure(f"{problem}; {_saved(out)}; {fix}") from None
    if json:
        console.emit(result)
    else:
        console.out(_summary(result, out))


def _epoch(line: dict[str, Any]) -> str:
    return (
        f"epoch {line['epoch']}: loss {line['train_loss']:.4f}, training accuracy {line['train_accuracy']:.2f} %, "
        f"test accuracy {_accuracy(line['test'])}, {line['seconds']:.0f} s"
    )


def _accuracy(tested: dict[str, Any]) -> str:
    accuracy = console.percent(tested["accuracy"], tested["ci"])
    return f"{accuracy} ({tested['images']:,} images, running statistics)"


def _summary(result: dict[str, Any], out: Path) -> str:
    last, best = result["last"], result["best"]
    size = f"{result['parameters']:,} parameters, {result['multiply_adds'] / 1e6:.1f} M multiply-adds an image"
    rows = [
        ("network", f"{result['channels']} channels, {result['layers']} layers, {size}"),
        ("trained on", f"{result['train_images']:,} images of {result['data']}, {result['epochs']} epochs"),
        ("test, last epoch", _accuracy(last)),
        (f"test, best epoch ({best['epoch']})", f"{_accuracy(best)}, chosen on the test images"),
    ]
    return f"{result['genotype']}\n\n{console.table(rows)}\n\nsaved in {out}"


def _saved(out: Path) -> str:
    """The finished epochs that the folder holds, in words."""
    from engine.network.retrain.folder import finished_epochs

    epochs = finished_epochs(out)
    return f"epoch {epochs} is saved in {out}" if epochs else "no epoch was finished"


def _again(argv: list[str]) -> str:
    return shlex.join(["python", "-m", "engine", *argv, *([] if "--resume" in argv else ["--resume"])])
