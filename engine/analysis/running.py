"""A lab run in a folder that a killed one goes on from; or without a folder.

analyse   run a lab on a checkpoint, to its document
RESULT, TABLE   the files that a finished run leaves
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from engine.analysis.document import Document, made
from engine.analysis.lab import Lab, Report
from engine.analysis.settings import LabSettings
from engine.analysis.tables import as_csv
from engine.checkpoint.folder import Checkpoint, read_summary
from engine.errors import BadInput
from engine.runs.folder import RunFolder, now
from engine.selection.selection import Selection

RESULT, TABLE = "result.json", "table.csv"
KEEP = 5.0
"""Seconds of measuring after which what is known is kept."""


def analyse(
    checkpoint: Checkpoint,
    lab: Lab[Any, Any],
    settings: LabSettings,
    out: Path | None = None,
    *,
    selection: Selection | None = None,
    resume: bool = False,
    data_dir: str | Path | None = None,
    download: bool = False,
    warning: str | None = None,
    report: Report = lambda share, label: None,
) -> Document:
    """The document; in a folder also as RESULT and TABLE. A finished run is read back, one that was stopped goes on.

    warning: what is to be said about the images. Raises BadInput for a checkpoint that the lab does not apply to, for
    what it cannot measure, and for a folder that holds something else.
    """
    lab.check(read_summary(checkpoint.path))
    start = checkpoint.start if selection is None else selection
    decisions = tuple(asdict(decision) for decision in start.decisions)
    asked = {
        "command": "analyse",
        "experiment": lab.name,
        "checkpoint": checkpoint.digest,
        "decisions": [*decisions],
        "settings": asdict(settings),
    }
    with _folder(out, asked, {"settings": asdict(lab.settings())}, resume) as folder:
        kept = None if folder is None else folder.progress()
        if kept is not None and "document" in kept:
            return Document.from_dict(kept["document"])
        before = None if kept is None else lab.read(kept["result"])
        spent, began, last = (0.0 if kept is None else kept["seconds"]), time.perf_counter(), time.perf_counter()

        def tell(share: float, label: str) -> None:
            left = (time.perf_counter() - began) * (1 - share) / share if share > 0.02 else None
            if folder is not None:
                folder.tell(share, 1, "", label, left)
            report(share, label)

        numbers = None
        for numbers in lab.run(
            checkpoint, settings, tell, selection=start, before=before, data_dir=data_dir, download=download
        ):
            if folder is not None and not numbers.final and time.perf_counter() - last > KEEP:
                last = time.perf_counter()
                folder.keep({"result": numbers.to_dict(), "seconds": spent + last - began}, {"kept": lab.name})
                folder.pausing()
        if numbers is None or not numbers.final:
            raise BadInput(f"lab {lab.name} came to no result; choose other settings")
        document = made(
            lab,
            {"name": checkpoint.name, "digest": checkpoint.digest, "space": checkpoint.space.name},
            decisions,
            settings,
            numbers,
            date=now(),
            device=checkpoint.supernet.device.type,
            seconds=spent + time.perf_counter() - began,
            warning=warning,
        )
        if folder is not None:
            text = document.to_json().encode()
            files: Mapping[str, bytes] = {RESULT: text, TABLE: as_csv(lab.rows(numbers)).encode()}
            folder.keep({"document": document.to_dict()}, {"finished": lab.name}, files)
            folder.tell(1, 1, "", lab.name)
        return document


@contextmanager
def _folder(
    out: Path | None, asked: Mapping[str, Any], defaults: Mapping[str, Any], resume: bool
) -> Iterator[RunFolder | None]:
    if out is None:
        yield None
        return
    with RunFolder(out, asked, defaults, resume=resume, threads=torch.get_num_threads()) as folder:
        yield folder
