"""`score`: masked evaluation of one edge, or of every edge and every node's inputs."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cli import console, images, preview, score_text, truth
from engine.cli.options import (
    CheckpointFolder,
    DataDir,
    Decided,
    Device,
    Download,
    Json,
    Threads,
    check_writable,
    options_from,
    pick_device,
    read_selection,
)
from engine.errors import BadInput
from engine.runs.many import Workers, many
from engine.runs.many import workers as read_workers
from engine.scoring.settings import Settings

if TYPE_CHECKING:
    from engine.scoring.job import MeasuringJob
    from engine.scoring.scorer import Scorer
    from engine.scoring.sweep import Target
    from engine.selection.selection import Selection

MOST_ORDERS = 1000


@options_from(Settings, make=Settings.asked)
def score(
    context: typer.Context,
    *,
    checkpoint: CheckpointFolder,
    cell: Annotated[str | None, typer.Option(help="Cell type of the edge.")] = None,
    edge: Annotated[int | None, typer.Option(help="Index of the edge.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every undecided edge, and the inputs of every node.")] = False,
    store: Annotated[
        bool, typer.Option("--store", help="With --all: also keep the scores in the checkpoint's scores.json.")
    ] = False,
    orders: Annotated[
        int, typer.Option(metavar="N", help="With --all: also follow the measured path in the edge orders 0 to N-1.")
    ] = 0,
    selection: Decided = None,
    first_order: preview.Preview = False,
    with_truth: truth.Show = False,
    truth_data: truth.Dataset = truth.DEFAULT,
    settings: Settings,
    data_dir: DataDir = None,
    download: Download = False,
    workers: Annotated[
        str,
        typer.Option(metavar="N|ray", help="With --all: how many measure at a time, or ray: on a Ray cluster."),
    ] = "1",
    threads: Threads = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="With --all: what is measured is kept there, and the same command goes on."),
    ] = None,
    json: Json = False,
    device: Device = "auto",
) -> None:
    """Mask every operation of an edge in turn and print what each is worth."""
    if first_order:
        preview.show(
            context,
            checkpoint,
            settings,
            selection=selection,
            data_dir=data_dir,
            download=download,
            threads=threads,
            device=device,
            json=json,
        )
        return
    _check_target(cell, edge, every, store, selection)
    if not 0 <= orders <= MOST_ORDERS or (orders and not every):
        raise BadInput(f"--orders goes with --all and is a number from 0 to {MOST_ORDERS}, not {orders}")
    if orders and (settings.published or settings.until_sure is not None):
        raise BadInput("--orders measures with fixed images; use it without --published and --until-sure")
    at_once = read_workers(workers)
    if not every and (at_once != 1 or out is not None):
        raise BadInput("--workers and --out are about the edges of --all; leave them out, or add --all")
    if store:
        check_writable(checkpoint)
    if out is not None:
        check_writable(out)

    import torch

    import engine
    from engine.checkpoint.folder import write_scores
    from engine.scoring.job import MeasuringJob
    from engine.scoring.scorer import Scorer
    from engine.scoring.sweep import sweep, undecided

    where = pick_device(device)
    if threads is not None:
        torch.set_num_threads(threads)
    loaded = engine.load(checkpoint)
    decided = loaded.start if selection is None else read_selection(selection, loaded)
    worth = truth.of(decided, truth_data) if with_truth else ()
    if cell is not None and edge is not None and decided.is_decided(cell, edge):
        raise BadInput(f"edge {edge} ({cell}) is decided in {selection or checkpoint}; choose another edge, or --all")
    images.asked(context, settings.data, loaded)
    images.tell(settings.data, loaded, data_dir, download)
    loaded.supernet.to(where)
    scorer = Scorer.of(loaded, settings, data_dir=data_dir, download=download)
    for remark in loaded.meta.get("notes", ()):
        console.note(f"note: {remark}")
    with console.Progress("img") as bar:
        if every:
            show = _reporter(bar, scorer, "all edges", len(undecided(decided)))
            if at_once == 1 and out is None:
                found = sweep(scorer, decided, loaded.digest, show)
            else:
                job = partial(
                    MeasuringJob,
                    checkpoint=checkpoint,
                    digest=loaded.digest,
                    selection=decided.to_json(),
                    settings=settings,
                    device=where,
                    data_dir=data_dir,
                    download=download,
                )
                by = partial(_together, job, at_once, threads, out, show)
                found = sweep(scorer, decided, loaded.digest, by=by)
        else:
            assert cell is not None and edge is not None  # or `_check_target` would have refused
            label = f"{cell}, edge {edge}"
            found = scorer.record(scorer.edge(decided, cell, edge, _reporter(bar, scorer, label, 1)))
    if orders:
        found["paths"] = _paths(scorer, decided, orders)
    if store:
        write_scores(checkpoint, found)
        console.note(f"stored in {checkpoint / 'scores.json'}")
    text = "" if json else score_text.sweep_text(found) if every else score_text.edge_text(found, decided.space)
    if with_truth:
        against = truth.beside(worth, truth_data, found["edges"] if every else [found])
        text = f"{text}\n\n{truth.text(against)}"
        found = {**found, "truth": against}
    if json:
        console.emit(found)
    else:
        console.out(f"{score_text.setting(scorer)}\n\n{text}")


def _together(
    job: "Callable[[Target, Path], MeasuringJob]",
    at_once: Workers,
    threads: int | None,
    out: Path | None,
    show: Callable[[float], None],
    targets: "Sequence[Target]",
) -> list[dict[str, Any]]:
    """The scores of all targets by several workers, kept in `out`; without one they are kept until all are there."""
    # Machines of a cluster work in the same folder, if anywhere.
    shared = "." if at_once == "ray" else None
    try:
        with console.interruptible(), nullcontext(out) if out else TemporaryDirectory(dir=shared) as place:
            jobs = [job(target, Path(place) / str(target)) for target in targets]
            return many(
                jobs,
                at_once,
                threads=threads,
                report=lambda statuses: show(sum(status.share for status in statuses if status)),
            )
    except KeyboardInterrupt:
        kept = f"what is measured is kept in {out}; the same command goes on" if out else "with --out it can go on"
        console.note(f"interrupted; {kept}")
        raise typer.Exit(130) from None


def _paths(scorer: "Scorer", selection: "Selection", orders: int) -> list[dict[str, Any]]:
    """The measured paths in the edge orders 0 to orders-1, with a bar over all their decisions. Of orders that are one
    in what is left to decide, the first."""
    from engine.scoring.paths import path
    from engine.selection.orders import distinct

    steps, numbers = selection.space.steps - selection.steps_done, distinct(selection, orders)
    if len(numbers) < orders:
        console.note(
            f"of {orders} edge orders {len(numbers)} differ in what is left to decide; the others are left out"
        )
    with console.Progress("decision") as bar:
        found = []
        for place, order in enumerate(numbers):
            label, before = f"measured path, order {order}", place * steps
            report = partial(_show, bar, len(numbers) * steps, label, before)
            found.append(path(scorer, selection, order, report))
        return found


def _show(bar: console.Progress, total: int, label: str, before: int, done: float) -> None:
    bar.show(before + round(done), total, label)


def _check_target(cell: str | None, edge: int | None, every: bool, store: bool, selection: Path | None) -> None:
    if every and (cell is not None or edge is not None):
        raise BadInput("--all scores every edge; leave out --cell and --edge, or leave out --all")
    if not every and (cell is None or edge is None):
        raise BadInput("say which edge to score: --cell and --edge, or --all")
    if store and (not every or selection is not None):
        raise BadInput("--store keeps the scores of the undecided supernet; use it with --all and without --selection")


def _reporter(bar: console.Progress, scorer: "Scorer", label: str, targets: int) -> Callable[[float], None]:
    """Turns finished edges and nodes (a fraction) into images on the bar."""
    return lambda done: bar.show(round(done * scorer.images.count), targets * scorer.images.count, label)
