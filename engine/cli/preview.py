"""`score --preview`: first-order estimates of the whole matrix, from one pass.

Preview   the option
show      estimate and print
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli import console, images
from engine.cli.options import pick_device, read_selection
from engine.errors import BadInput
from engine.scoring.settings import PREVIEW_IMAGES, Settings

Preview = Annotated[
    bool,
    typer.Option(
        "--preview", help="Estimate every undecided edge from one gradient: a rough guess of where to measure first."
    ),
]

ALLOWED = (
    "checkpoint",
    "first_order",
    "selection",
    "data",
    "data_dir",
    "download",
    "images",
    "batch_size",
    "bn",
    "seed",
)
ALSO = ("threads", "json", "device")
"""Options that go with --preview, and those that every command has."""
OTHER_NAMES = {"every": "--all", "with_truth": "--truth"}
"""Options that are not called like their parameters."""


def show(
    context: typer.Context,
    checkpoint: Path,
    settings: Settings,
    *,
    selection: Path | None,
    data_dir: Path | None,
    download: bool,
    threads: int | None,
    device: str,
    json: bool,
) -> None:
    """Raises BadInput for options that ask for a measurement."""
    said = [option for option in _said(context) if option not in (*ALLOWED, *ALSO)]
    if said:
        words = ", ".join(OTHER_NAMES.get(name, f"--{name.replace('_', '-')}") for name in said)
        raise BadInput(f"--preview estimates every edge from one pass and measures nothing; leave out {words}")

    import torch

    import engine
    from engine.scoring.preview import preview
    from engine.scoring.scorer import ScoringImages

    where = pick_device(device)
    if threads is not None:
        torch.set_num_threads(threads)
    loaded = engine.load(checkpoint)
    decided = loaded.start if selection is None else read_selection(selection, loaded)
    images.asked(context, settings.data, loaded)
    images.tell(settings.data, loaded, data_dir, download)
    loaded.supernet.to(where)
    if "images" not in _said(context):
        settings = replace(settings, images=PREVIEW_IMAGES)
    taken = ScoringImages.of(loaded, settings, data_dir=data_dir, download=download)
    with console.Progress("img") as bar:
        estimates = preview(
            loaded.supernet,
            decided,
            taken.batches,
            settings.bn,
            lambda share: bar.show(round(share * taken.count), taken.count, "all edges"),
        )
    found = estimates.to_dict() | {"data": settings.data, "split": taken.split}
    if taken.warning is not None:
        found["warning"] = taken.warning
    if json:
        console.emit(found)
    else:
        console.out(_text(found))


def _said(context: typer.Context) -> list[str]:
    """The options that were said."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return [name for name, source in sources.items() if source is not None and not source.name.startswith("DEFAULT")]


def _text(found: dict[str, Any]) -> str:
    rows = [["cell", "edge", "operation", "estimated loss rise"]]
    for edge in found["edges"]:
        place = [edge["cell"], f"{edge['edge']}: {edge['source']}->{edge['target']}"]
        for row in sorted(edge["operations"], key=lambda each: -each["rise"]):
            rows.append([*place, row["name"], f"{row['rise']:+.4f}"])
            place = ["", ""]
    statistics = f"{found['bn']} statistics" + (f" over {found['batch_size']}" if found["bn"] == "batch" else "")
    images = f"{found['images']:,} images of {found['data']}"
    return (
        f"{images}, {statistics}, on {found['device']}, loss {found['loss']:.4f}\n\n"
        f"{console.table(rows)}\n\n"
        "First-order estimates from one gradient: a rough guess of where to measure first. On bundled supernets their\n"
        "rank correlation with the measured rise was 0.2 to 0.4. They are no scores and give no verdict."
    )
