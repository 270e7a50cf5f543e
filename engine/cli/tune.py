"""`tune`: fine-tune a supernet after decisions, as a full selection run does between two of them."""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli import console, images
from engine.cli.options import (
    CheckpointFolder,
    Data,
    DataDir,
    Decided,
    Device,
    Download,
    Json,
    Seed,
    Threads,
    check_writable,
    pick_device,
    read_selection,
)
from engine.errors import BadInput
from engine.selecting.settings import PUBLISHED, Tuning


def tune(
    context: typer.Context,
    checkpoint: CheckpointFolder,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The run's folder; the tuned checkpoint in the end.")],
    selection: Decided = None,
    tune_epochs: Annotated[
        int | None, typer.Option(metavar="K", help=f"Epochs.  [default: {PUBLISHED.amount}]")
    ] = None,
    tune_batches: Annotated[
        int | None, typer.Option(metavar="N", help="Tune by mini-batches instead of epochs.")
    ] = None,
    tune_lr: Annotated[float, typer.Option(metavar="X", help="Constant learning rate.")] = PUBLISHED.lr,
    data: Data = "bundled",
    data_dir: DataDir = None,
    download: Download = False,
    threads: Threads = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last finished epoch.")] = False,
    json: Json = False,
    device: Device = "auto",
    seed: Seed = 0,
) -> None:
    """Fine-tune a supernet after decisions: its weights, and the alphas of what is undecided."""
    if tune_epochs is not None and tune_batches is not None:
        raise BadInput("tune by --tune-epochs or by --tune-batches, not by both")
    epochs = PUBLISHED.amount if tune_epochs is None else tune_epochs
    tuning = Tuning("epochs", epochs, tune_lr) if tune_batches is None else Tuning("batches", tune_batches, tune_lr)
    check_writable(out)

    import torch

    import engine
    from engine.selecting.tuning_run import tune as run
    from engine.training.loop import Diverged

    where = pick_device(device)
    if threads is not None:
        torch.set_num_threads(threads)
    loaded = engine.load(checkpoint)
    begun = loaded.start if selection is None else read_selection(selection, loaded)
    images.asked(context, data, loaded)
    images.tell(data, loaded, data_dir, download)
    try:
        with console.interruptible(), console.Progress("%") as bar:
            tuned = run(
                loaded,
                begun,
                tuning,
                out,
                data=data,
                seed=seed,
                resume=resume,
                device=where,
                data_dir=data_dir,
                download=download,
                report=lambda done, total: bar.show(round(100 * done / total), 100, "tuning"),
            )
    except KeyboardInterrupt:
        console.note(f"interrupted; what is finished is saved in {out}. Go on with: {console.again(context.obj or [])}")
        raise typer.Exit(130) from None
    except Diverged as problem:
        raise console.Failure(f"{problem} of tuning; choose a --tune-lr below {tune_lr:g}") from None
    found = {
        "out": str(out),
        "from": loaded.digest,
        "digest": tuned.digest,
        "passes": tuned.meta["tuned"]["passes"],
        "unit": tuning.unit,
        "amount": tuning.amount,
        "lr": tuning.lr,
        "data": data,
        "seed": seed,
    }
    if json:
        console.emit(found)
    else:
        console.out(f"tuned after {begun.steps_done} decisions: {tuning}\n\nsaved in {out}")
