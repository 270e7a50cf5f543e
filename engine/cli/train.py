"""`train`: train a supernet into a folder, or one for each of several seeds; resumable after every epoch."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.checkpoint.format import META
from engine.cli import console
from engine.cli.info import describe, summary
from engine.cli.options import DataDir, Device, Download, Json, Threads, check_writable, options_from, pick_device
from engine.errors import BadInput
from engine.runs import files
from engine.runs.folder import PLAN
from engine.runs.many import Workers, many
from engine.runs.many import workers as read_workers
from engine.runs.turns import turn
from engine.training.job import TrainingJob
from engine.training.methods import method_type, settings_for
from engine.training.recipe import Recipe
from engine.training.settings import MethodSettings

SUMMARY = "seeds.json"
NAMED = ("alpha_lr", "lr", "batch_size", "fresh_batches")
"""Settings of the method that have an option of their own beside --set."""
DEFAULTS = {"cells": "8; 5 in NAS-Bench-201"} | dict.fromkeys(NAMED, "as published")
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Any setting of the method; once for each.  [default: as published]"
    ),
]


def read_recipe(*, space: str, method: str = Recipe.method, changes: Sequence[str] = (), **given: Any) -> Recipe:
    chosen = {name: given.pop(name) for name in NAMED if name in given} | read_pairs(changes)
    return Recipe(space=space, method=method, settings=settings_for(method, space, chosen), **given)


@options_from(
    Recipe, defaults=DEFAULTS, make=read_recipe, also={**dict.fromkeys(NAMED, MethodSettings), "changes": Changes}
)
def train(
    context: typer.Context,
    *,
    recipe: Recipe,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The run's folder; a checkpoint after every epoch.")],
    data_dir: DataDir = None,
    download: Download = False,
    seeds: Annotated[
        str | None,
        typer.Option(metavar="0,1,2", help="Train one supernet for each seed, in DIR/seed-N, and sum them up."),
    ] = None,
    workers: Annotated[
        str, typer.Option(metavar="N|ray", help="How many of the --seeds train at a time, or ray: on a Ray cluster.")
    ] = "1",
    snapshots: Annotated[int, typer.Option(min=0, help="Also keep every Nth epoch; 0 keeps none.")] = 0,
    threads: Threads = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last finished epoch.")] = False,
    turns: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Wait until no earlier run whose turns are kept in DIR trains on this device."
        ),
    ] = None,
    json: Json = False,
    device: Device = "auto",
) -> None:
    """Train a supernet and its alphas. Ctrl-C stops; --resume goes on to the identical result.

    A file named pause in the run's folder ends it after the running epoch.
    """
    at_once, numbers = read_workers(workers), None if seeds is None else read_seeds(seeds)
    if at_once != 1 and numbers is None:
        raise BadInput("--workers shares out the runs of --seeds; leave it out, or add --seeds")
    check_writable(out)
    jobs = _jobs(TrainingJob(recipe, out, device, snapshots, data_dir, download), numbers, resume)
    try:
        with console.interruptible(), nullcontext() if turns is None else turn(turns, device, out):
            _train_all(jobs, resume or numbers is not None, at_once, threads)
    except KeyboardInterrupt:
        kept = "; ".join(_kept(job.folder) for job in jobs)
        console.note(f"interrupted; {kept}. Go on with: {console.again(context.obj)}")
        raise typer.Exit(130) from None

    import engine

    if numbers is not None:
        _tell_seeds(out, numbers, [describe(engine.load(job.folder)) for job in jobs], json)
        return
    found = describe(engine.load(out))
    if json:
        console.emit(found)
    else:
        console.out(f"{summary(found)}\n\nsaved in {out}")


def _train_all(jobs: Sequence[TrainingJob], resume: bool, at_once: Workers, threads: int | None) -> None:
    """The runs, where it is known whether they can be made at all."""
    import torch

    from engine.spaces import search_space
    from engine.training.loop import Diverged

    recipe = jobs[0].recipe
    with torch.device("meta"):  # the checks of a supernet's size without its memory
        method_type(recipe.method).build(recipe, search_space(recipe.space), classes=10)
    device = pick_device(jobs[0].device)
    jobs = [replace(job, device=device) for job in jobs]
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        if at_once == 1:
            for job in jobs:
                _train(job, resume)
        else:
            with console.Progress("%") as bar:
                many(jobs, at_once, threads=threads, report=lambda found: bar.show(*console.together(found, "seeds")))
    except Diverged as problem:
        state = "; ".join(_kept(job.folder) for job in jobs)
        raise console.Failure(f"{problem}; {state}; train again with an --lr below {recipe.settings.lr:g}") from None


def _train(job: TrainingJob, resume: bool) -> None:
    """One run, with a bar and a line for every epoch."""
    from engine.data.load import open_data
    from engine.training.loop import train as run

    recipe = job.recipe
    data = open_data(recipe.data, recipe.image_size, data_dir=job.data_dir, download=job.download)
    with console.Progress("step") as bar:
        run(
            recipe,
            job.folder,
            resume_run=resume,
            device=job.device,
            snapshots=job.snapshots,
            data=data,
            report=lambda at: bar.show(
                at.epoch * at.steps + at.step, at.epochs * at.steps, f"epoch {at.epoch + 1}/{at.epochs}"
            ),
            epoch_done=lambda line: console.note(_epoch(line)),
        )


def _jobs(job: TrainingJob, seeds: Sequence[int] | None, resume: bool) -> list[TrainingJob]:
    """The one run, or one for each seed. A folder that holds one run is not turned into several."""
    if seeds is None:
        return [job]
    out = job.folder
    if (out / PLAN).exists() or (out / META).exists():
        raise BadInput(f"{out} holds a single run; choose another --out for --seeds")
    if out.is_dir() and any(out.iterdir()) and not resume:
        raise BadInput(f"{out} is not empty; add --resume to go on with the runs in it, or choose another --out")
    return [replace(job, recipe=replace(job.recipe, seed=seed), folder=out / f"seed-{seed}") for seed in seeds]


def read_seeds(text: str) -> tuple[int, ...]:
    """The seeds in "0,1,2". Raises BadInput for anything else and for one that stands there twice."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) < 2**32 for part in parts) or len(set(parts)) != len(parts):
        raise BadInput(f"--seeds takes different whole numbers, as 0,1,2, not {text[:40]!r}")
    return tuple(map(int, parts))


def _tell_seeds(out: Path, seeds: Sequence[int], runs: list[dict[str, Any]], json: bool) -> None:
    """The runs of several seeds side by side, and in seeds.json."""
    accuracies = [run["accuracy"] for run in runs]
    genotypes = [run["history"][-1]["magnitude"] for run in runs]
    spread = {"lowest": min(accuracies), "mean": sum(accuracies) / len(runs), "highest": max(accuracies)}
    found = {
        "out": str(out),
        **{key: runs[0][key] for key in ("space", "method", "epochs")},
        "seeds": list(seeds),
        "folders": [str(out / f"seed-{seed}") for seed in seeds],
        "accuracies": accuracies,
        "accuracy": spread,
        "magnitude": genotypes,
    }
    files.write(out / SUMMARY, console.as_json(found))
    if json:
        console.emit(found)
        return
    rows = [["seed", "accuracy", "magnitude gives"]]
    rows += [
        [str(seed), console.percent(accuracy), genotype]
        for seed, accuracy, genotype in zip(seeds, accuracies, genotypes, strict=True)
    ]
    low, mean, high = (console.percent(spread[name]) for name in ("lowest", "mean", "highest"))
    console.out(f"{console.table(rows)}\n\naccuracy: {low} to {high}, mean {mean}\n\nsaved in {out / SUMMARY}")


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


def _kept(out: Path) -> str:
    saved = _saved_epochs(out)
    return f"epoch {saved} is saved in {out}" if saved else f"no epoch was finished in {out}"
