"""`analyse`: run one of the paper's experiments on a supernet, a lab, and say what its numbers show."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.analysis import registry
from engine.analysis.lab import Compared
from engine.analysis.settings import read_settings
from engine.cli import console, images
from engine.cli.options import (
    CheckpointFolder,
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
from engine.cli.train import read_pairs
from engine.errors import BadInput


def analyse(
    context: typer.Context,
    lab: Annotated[str, typer.Argument(metavar="LAB", help=f"The experiment: {', '.join(registry.names())}.")],
    checkpoint: CheckpointFolder,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any setting of the lab; once for each.")
    ] = None,
    selection: Decided = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The run's folder: result.json, table.csv, and how far it is.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what is measured already.")] = False,
    store: Annotated[bool, typer.Option("--store", help="Keep the result with the checkpoint, in its labs/.")] = False,
    data_dir: DataDir = None,
    download: Download = False,
    threads: Threads = None,
    json: Json = False,
    device: Device = "auto",
    seed: Seed = 0,
) -> None:
    """Run one of the paper's experiments on a supernet."""
    found = registry.find(lab)
    given = read_pairs(changes or [])
    settings = read_settings(found.settings, found.name, {"seed": str(seed), **given})
    if out is None and resume:
        raise BadInput("--resume goes on with what lies in a folder; give it with --out")
    if store and selection is not None:
        raise BadInput("--store keeps the result of the undecided supernet; use it without --selection")
    if out is not None:
        check_writable(out)

    from engine.checkpoint.folder import read_summary

    found.check(read_summary(checkpoint))

    import torch

    import engine
    from engine.analysis.running import analyse as run
    from engine.analysis.stored import write
    from engine.data.belonging import data_warning, spec_for
    from engine.data.load import open_data

    where = pick_device(device)
    if threads is not None:
        torch.set_num_threads(threads)
    loaded = engine.load(checkpoint)
    begun = None if selection is None else read_selection(selection, loaded)
    spec_for(loaded, given.get("data"))
    data = open_data(settings.data, loaded.meta["image_size"], data_dir=data_dir, download=download)
    warning = data_warning(data, loaded)
    if warning:
        console.note(f"warning: {warning}")
    images.tell_notes(data)
    loaded.supernet.to(torch.device(where))
    try:
        with console.interruptible(), console.Progress("%") as bar:
            document = run(
                loaded,
                found,
                settings,
                out,
                selection=begun,
                resume=resume,
                data_dir=data_dir,
                download=download,
                warning=warning,
                report=lambda share, label: bar.show(round(100 * share), 100, label),
            )
    except KeyboardInterrupt:
        goes_on = f"; go on with: {console.again(context.obj or [])}" if out is not None else ""
        console.note(f"interrupted{goes_on}")
        raise typer.Exit(130) from None
    if store:
        console.note(f"stored in {write(checkpoint, document)}")
    said = document.printed()
    if json:
        console.emit(said)
    else:
        console.out(_text(said, found.lines(document.numbers)))


def _text(said: Mapping[str, Any], lines: str) -> str:
    ours = [Compared(**{**each, "ci": each["ci"] and tuple(each["ci"])}) for each in said["ours"]]
    rows = [["", "paper", "here"], *([each.what, _value(each, each.paper), _value(each, each.ours)] for each in ours)]
    parts = [f"{said['claim']}\n({said['source']})", lines, console.table(rows) if ours else "", said["verdict"]]
    return "\n\n".join(part for part in parts if part)


def _value(each: Compared, value: float | None) -> str:
    if value is None:
        return "-"
    ci = f" [{each.ci[0]:.2f}, {each.ci[1]:.2f}]" if each.ci is not None and value is each.ours else ""
    return f"{value:.2f}{' %' if each.unit == '%' else f' {each.unit}' if each.unit else ''}{ci}"
