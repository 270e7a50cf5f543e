"""`select`: a full selection run, from the supernet to a genotype, and the same in several edge orders."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cli import console, images
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
from engine.runs.many import many
from engine.runs.many import workers as read_workers
from engine.scoring.settings import Settings
from engine.selecting.job import SelectionJob
from engine.selecting.settings import PUBLISHED, OrderName, Strategy, Tuning

if TYPE_CHECKING:
    from engine.selecting.plan import Plan
    from engine.selecting.record import SelectionRecord
    from engine.selecting.summary import Orders

MOST_ORDERS = 1000
SUMMARY = "orders.json"


@options_from(Settings, make=Settings.asked)
def select(
    context: typer.Context,
    *,
    checkpoint: CheckpointFolder,
    strategy: Annotated[
        Strategy,
        typer.Option(help="Who decides: alpha, the largest drop, alpha with tuning, or a draw."),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The run's folder; ends with selection.json in it.")],
    tune_epochs: Annotated[
        int | None,
        typer.Option(metavar="K", help=f"Tuning epochs between decisions; 0 for none.  [default: {PUBLISHED.amount}]"),
    ] = None,
    tune_batches: Annotated[
        int | None, typer.Option(metavar="N", help="Tune by mini-batches instead of epochs.")
    ] = None,
    tune_lr: Annotated[float, typer.Option(metavar="X", help="Constant learning rate of tuning.")] = PUBLISHED.lr,
    order: Annotated[
        OrderName | None,
        typer.Option(help="Order of the edges; random is the official code's for --seed.  [default: random]"),
    ] = None,
    orders: Annotated[
        int | None, typer.Option(metavar="N", help="Run N random orders, from --seed on, and sum them up.")
    ] = None,
    selection: Decided = None,
    settings: Settings,
    data_dir: DataDir = None,
    download: Download = False,
    no_none: Annotated[bool, typer.Option("--no-none", help="Never decide for none.")] = False,
    cumulative: Annotated[
        bool, typer.Option("--cumulative", help="A discarded input stays away while the others are measured.")
    ] = False,
    separate: Annotated[
        bool, typer.Option("--separate", help="One cell type after the other instead of side by side.")
    ] = False,
    workers: Annotated[
        str, typer.Option(metavar="N|ray", help="How many of the --orders run at a time, or ray: on a Ray cluster.")
    ] = "1",
    threads: Threads = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last finished action.")] = False,
    json: Json = False,
    device: Device = "auto",
) -> None:
    """Decide every edge, one after the other, and write where that leads."""
    if orders is not None and not 1 <= orders <= MOST_ORDERS:
        raise BadInput(f"--orders is a number from 1 to {MOST_ORDERS}, not {orders}")
    if orders is not None and order not in (None, "random"):
        raise BadInput(f"--orders runs random orders; leave out --order {order}, or --orders")
    at_once = read_workers(workers)
    if at_once != 1 and orders is None:
        raise BadInput("--workers shares out the runs of --orders; leave it out, or add --orders")
    if tune_epochs is not None and tune_batches is not None:
        raise BadInput("tune by --tune-epochs or by --tune-batches, not by both")
    if settings.published and (tune_epochs is not None or tune_batches is not None or order is not None):
        raise BadInput("--published sets tuning and order itself; leave out --tune-epochs, --tune-batches and --order")
    check_writable(out)

    import torch

    import engine
    from engine.selecting.plan import Plan
    from engine.training.loop import Diverged

    epochs = PUBLISHED.amount if tune_epochs is None else tune_epochs
    tuning = Tuning("epochs", epochs, tune_lr) if tune_batches is None else Tuning("batches", tune_batches, tune_lr)
    where = pick_device(device)
    if threads is not None:
        torch.set_num_threads(threads)
    loaded = engine.load(checkpoint)
    for remark in loaded.meta.get("notes", ()):
        console.note(f"note: {remark}")
    begun = loaded.start if selection is None else read_selection(selection, loaded)
    images.asked(context, settings.data, loaded)
    images.tell(settings.data, loaded, data_dir, download)
    plan = Plan(
        strategy=strategy,
        settings=settings,
        tuning=tuning,
        order=order or "random",
        seed=settings.seed,
        together=not separate,
        allow_none=not no_none,
        cumulative=cumulative,
        start=begun.decisions,
    )
    runs = {out: plan} if orders is None else _runs(out, plan, orders, resume)
    argv = list(context.obj or [])
    options = {"resume": resume, "device": where, "data_dir": data_dir, "download": download}
    try:
        with console.interruptible():
            if at_once == 1:
                documents = [_run(loaded, one, folder, argv, options) for folder, one in runs.items()]
            else:
                jobs = [
                    SelectionJob(checkpoint, one, folder, _command(argv), where, data_dir, download)
                    for folder, one in runs.items()
                ]
                with console.Progress("%") as bar:
                    documents = many(
                        jobs,
                        at_once,
                        threads=threads,
                        report=lambda statuses: bar.show(*console.together(statuses, "orders")),
                    )
    except KeyboardInterrupt:
        console.note(f"interrupted; what is finished is saved in {out}. Go on with: {console.again(argv)}")
        raise typer.Exit(130) from None
    except Diverged as problem:
        raise console.Failure(f"{problem} of tuning; choose a --tune-lr below {tune_lr:g}") from None
    _tell(out, documents, orders is not None, json)


def _runs(out: Path, plan: "Plan", orders: int, resume: bool) -> dict[Path, "Plan"]:
    """A run's folder and plan for every order. A folder that holds one run is not turned into several."""
    from engine.runs.folder import PLAN

    if (out / PLAN).exists():
        raise BadInput(f"{out} holds a single run; choose another --out for --orders")
    if out.is_dir() and any(out.iterdir()) and not resume:
        raise BadInput(f"{out} is not empty; add --resume to go on with the runs in it, or choose another --out")
    seeds = range(plan.seed, plan.seed + orders)
    return {
        out / f"order-{seed}": replace(plan, seed=seed, settings=replace(plan.settings, seed=seed)) for seed in seeds
    }


def _run(loaded: Any, plan: "Plan", folder: Path, argv: list[str], options: dict[str, Any]) -> "SelectionRecord":
    from engine.selecting.run import select as run

    with console.Progress("%") as bar:

        def show(at: Any) -> None:
            left = "" if at.remaining is None else f", about {_duration(at.remaining)} left"
            bar.show(round(100 * at.done / at.total), 100, f"{folder.name}: {at.label}{left}")

        return run(loaded, plan, folder, command=_command(argv), report=show, **options)


def _command(argv: list[str]) -> str:
    return shlex.join(["python", "-m", "engine", *(word for word in argv if word not in ("--resume", "--json"))])


def _tell(out: Path, documents: list["SelectionRecord"], several: bool, json: bool) -> None:
    from engine.runs import files
    from engine.selecting.run import RESULT
    from engine.selecting.summary import summarise

    found = _found(out, documents[0])
    text = _text(out, documents[0])
    if several:
        summary = summarise(documents)
        found = {"out": str(out), "strategy": documents[0].strategy, **summary.to_dict()}
        files.write(out / SUMMARY, console.as_json(found))
        # The first order's result also stands where that of a single run does.
        files.write(out / RESULT, documents[0].to_json())
        text = f"{_orders_text(summary)}\n\nsaved in {out / SUMMARY}"
    if json:
        console.emit(found)
    else:
        console.out(text)


def _found(out: Path, document: "SelectionRecord") -> dict[str, Any]:
    import json

    data = json.loads(document.to_json())
    genotype = document.selection.decoded()
    return {
        "out": str(out),
        "genotype": str(genotype),
        "notes": list(document.selection.replaced_none),
        "true": _true(str(genotype)),
        **{key: data[key] for key in ("strategy", "settings", "checkpoint", "decisions", "path", "versions")},
    }


def _true(genotype: str) -> dict[str, Any] | None:
    """NAS-Bench-201's accuracies of a cell; None for the DARTS family."""
    from engine import nasbench201

    return nasbench201.lookup(genotype).to_dict() if genotype.startswith("|") else None


def _text(out: Path, document: "SelectionRecord") -> str:
    found = _found(out, document)
    unit = document.tuning.unit if document.tuning else "epochs"
    lines = [found["genotype"], *(f"note: {note}" for note in found["notes"]), ""]
    if found["true"]:
        lines.append(_true_text(found["true"]))
    path = document.path
    lines.append(
        f"supernet accuracy along the path, {path[-1].images:,} images, {path[-1].bn} statistics: "
        f"{console.percent(path[0].accuracy, path[0].ci)} at the start, "
        f"{console.percent(path[-1].accuracy, path[-1].ci)} at the end"
    )
    rows = [["decided", f"tuned ({unit})", "accuracy"]]
    rows += [[str(point.decisions), str(point.tuned), console.percent(point.accuracy, point.ci)] for point in path]
    return "\n".join([*lines, "", console.table(rows), "", f"saved in {out / 'selection.json'}"])


def _true_text(true: dict[str, Any]) -> str:
    return f"true CIFAR-10 accuracy {true['cifar10']:.2f} %, rank {true['rank']['cifar10']:,} of 15,625"


def _orders_text(summary: "Orders") -> str:
    rows = [["order", "supernet at the end", "true CIFAR-10", "rank", "genotype"]]
    for place, seed in enumerate(summary.seeds):
        true = summary.true_accuracy[place : place + 1]
        rank = summary.rank[place : place + 1]
        rows.append(
            [
                str(seed),
                f"{summary.accuracies[place]:.2f} %",
                f"{true[0]:.2f} %" if true else "-",
                f"{rank[0]:,}" if rank else "-",
                summary.genotypes[place],
            ]
        )
    lines = [console.table(rows), ""]
    for name, spread in summary.spread.items():
        low, middle, high = spread["lowest"], spread["median"], spread["highest"]
        lines.append(f"{name} accuracy: {low:.2f} to {high:.2f} %, median {middle:.2f} %")
    for cell, edges in summary.wins.items():
        lines += ["", f"{cell}: how often an operation wins an edge"]
        for edge, wins in enumerate(edges):
            ordered = sorted(wins.items(), key=lambda item: -item[1])
            lines.append(f"  edge {edge}: {', '.join(f'{name} {count}' for name, count in ordered)}")
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
