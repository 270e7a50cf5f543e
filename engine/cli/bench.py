"""`bench`: how fast the engine is beside plain code, on this machine."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli import console
from engine.cli.options import Device, Json, Threads, pick_device
from engine.drawing import wording
from engine.errors import BadInput

HEADER = ("", "engine", "as written", "channels_last", "of the limit", "convolutions alone", "as long as")


def bench(
    *,
    rounds: Annotated[int, typer.Option(help="Times that every side does every piece of work.", metavar="N")] = 5,
    only: Annotated[
        str | None,
        typer.Option(help="Of the work only forward, edge, sweep or step.", metavar="KIND", show_default=False),
    ] = None,
    threads: Threads = None,
    out: Annotated[
        Path | None, typer.Option(help="Also write the JSON object to this file.", metavar="FILE", show_default=False)
    ] = None,
    json: Json = False,
    device: Device = "auto",
) -> None:
    """Time the engine beside plain code: as written, and as written with channels last. Half an hour."""
    if rounds < 1:
        raise BadInput(f"--rounds must be at least 1, not {rounds}")

    import torch

    import engine
    from engine.bench.timing import Timings, compare, machine, peak
    from engine.bench.work import CASES, KINDS
    from engine.runs.files import write

    cases = [case for case in CASES if only in (None, case.kind)]
    if not cases:
        raise BadInput(f"--only must be one of {', '.join(KINDS)}, not {only!r}")
    where, count = pick_device(device), threads or torch.get_num_threads()
    about = machine(count, where)
    found: list[Timings] = []
    result: dict[str, Any] = {
        "machine": about,
        "engine": engine.__version__,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "timings": [],
        "peak": None,
    }
    edges = [case for case in cases if case.kind == "edge"]
    with console.Progress("case") as bar:
        for number, case in enumerate(cases):
            found.append(compare(case, rounds, count, where))
            result["timings"].append(found[-1].to_dict())
            if case in edges[:1] and where == "cpu":
                result["peak"] = {"title": case.title, "bytes": peak(case, count)}
            if out is not None:
                write(out, console.as_json(result) + "\n")  # what is interrupted has its first cases
            bar.show(number + 1, len(cases), "bench")
    if json:
        console.emit(result)
        return
    console.out(f"{about['device']}, {wording.several(count, 'thread')}, {rounds} rounds\n")
    rows = [
        (
            each.title,
            f"{each.engine:.3f} s",
            f"{each.against_written:.2f}x",
            f"{each.against_channels_last:.2f}x",
            "" if each.fraction is None else f"{each.fraction:.2f}",
            "" if each.convolutions is None else f"{each.convolutions:.3f} s",
            "" if each.passes is None else f"{each.passes:.1f} passes",
        )
        for each in found
    ]
    console.out(console.table([HEADER, *rows]))
