"""`retrain`: train a derived network from scratch and test it, resumable after every epoch."""

from pathlib import Path
from typing import Annotated, Any

import typer

from engine.checkpoint.meta import from_json
from engine.cli import console
from engine.cli.images import tell_notes
from engine.cli.options import (
    DataDir,
    Device,
    Download,
    Json,
    Threads,
    check_writable,
    located,
    options_from,
    pick_device,
)
from engine.data.belonging import differs, spec_for
from engine.errors import BadInput
from engine.network.retrain.recipe import PROTOCOLS, Recipe
from engine.selection.genotype_file import given_text, read_genotype

PROTOCOL = ("weight_decay", "nesterov", "clip", "label_smoothing", "lr_decay")
"""Settings that follow the published protocol and are no options."""


def _published(name: str) -> str:
    darts, bench, large = (f"{PROTOCOLS[family][name]:g}" for family in ("darts", "nas-bench-201", "imagenet"))
    return f"{darts}; {bench} in NAS-Bench-201; {large} from 64 pixels"


DEFAULTS = {name: _published(name) for name in ("epochs", "channels", "layers", "batch_size", "lr", "drop_path")} | {
    "auxiliary": "in the DARTS family, where possible",
    "cutout": "half an image; 0 in NAS-Bench-201 and from 64 pixels",
}


def _recipe(genotype: str, **given: Any) -> Recipe:
    genotype = located(genotype)
    found = str(read_genotype(genotype, console.note))
    spec_for({"dataset": trained_on(genotype)}, given.get("data"), f"the supernet of {genotype}")
    return Recipe(genotype=found, **given)


def trained_on(genotype: str) -> str | None:
    """The data set of the supernet that a selection in a file of this name comes from; None where nothing says so."""
    try:
        dataset = from_json(given_text(located(genotype), "a selection")[0])["checkpoint"]["dataset"]
    except (BadInput, ValueError, KeyError, TypeError, RecursionError):
        return None
    return dataset if isinstance(dataset, str) else None


@options_from(Recipe, but=PROTOCOL, defaults=DEFAULTS, make=_recipe, arguments=("genotype",))
def retrain(
    context: typer.Context,
    *,
    recipe: Recipe,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The run's folder; saved after every epoch.")],
    data_dir: DataDir = None,
    download: Download = False,
    threads: Threads = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last finished epoch.")] = False,
    json: Json = False,
    device: Device = "auto",
) -> None:
    """Train a derived network from scratch with the published protocol, or a shorter one, and test it.

    It trains on the whole training part and is tested after every epoch. Ctrl-C stops; --resume goes on to the
    identical result.
    """
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
            images = open_data(recipe.data, recipe.image_size, data_dir=data_dir, download=download, test=True)
            tell_notes(images)
            if said := differs(trained_on(context.params["genotype"]), images.name):
                console.note(f"warning: {said}")
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
        console.note(f"interrupted; {_saved(out)}. Go on with: {console.again(context.obj)}")
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
