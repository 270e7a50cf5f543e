"""Fine-tuning after decisions as a run of its own, in a folder that a killed one goes on from.

tune   tune a supernet after decisions; the folder is the tuned checkpoint in the end

While it goes on, state/ holds the supernet as it is after the last finished pass (an epoch, or all batches at once).
"""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from engine.checkpoint import folder as store
from engine.checkpoint.folder import Checkpoint
from engine.errors import BadInput
from engine.runs.folder import RunFolder
from engine.selecting.job import tuning_plan
from engine.selecting.settings import Tuning
from engine.selecting.tuning import Tuner
from engine.selection.selection import Selection

STATE = "state"


def tune(
    checkpoint: Checkpoint,
    selection: Selection,
    tuning: Tuning,
    out: Path,
    *,
    data: str = "bundled",
    seed: int = 0,
    resume: bool = False,
    device: str = "cpu",
    data_dir: str | Path | None = None,
    download: bool = False,
    report: Callable[[float, int], None] = lambda done, total: None,
) -> Checkpoint:
    """Tune a checkpoint's supernet after a selection's decisions into `out`; a finished run is read back.

    A checkpoint that is a tuned one itself is gone on with, its optimizers included. report: told how many passes are
    done, the running one in part, of how many.

    Raises BadInput for a folder that holds something else, for tuning of nothing, and for data that does not fit;
    Diverged when the loss is not finite. Whatever ends it before, the folder holds the last finished pass.
    """
    if not tuning.amount:
        raise BadInput("tuning needs at least one epoch or batch; give --tune-epochs or --tune-batches")
    asked = tuning_plan(checkpoint.digest, selection.decisions, tuning, data, seed)
    threads = torch.get_num_threads()
    with RunFolder(out, asked, {"seed": 0}, resume=resume, threads=threads) as folder:
        if store.exists(folder.path):
            return store.load(folder.path)
        state = folder.path / STATE
        kept = replace(store.load(state), digest=checkpoint.digest) if store.exists(state) else None
        tuner = Tuner(
            kept or checkpoint,
            data=data,
            seed=seed,
            resumed="tuned" in (kept or checkpoint).meta,
            device=device,
            data_dir=data_dir,
            download=download,
        )
        batches = tuning.amount if tuning.unit == "batches" else None
        total = 1 if batches is not None else tuning.amount
        steps = batches or tuner.batches_per_epoch
        before = checkpoint.meta.get("tuned", {}).get("passes", 0)

        def tell(done: float) -> None:
            folder.tell(done, total, "passes", "tuning")
            report(done, total)

        for number in range(tuner.passes - before, total):
            tuner.tune(
                tuner.selection(selection.decisions),
                batches,
                tuning.lr,
                lambda step, number=number: tell(number + step / steps),  # type: ignore[misc]
            )
            if number + 1 < total:
                tuner.save(state)
            folder.append({"pass": number + 1})
        tuner.save(folder.path)
        shutil.rmtree(state, ignore_errors=True)
    return store.load(folder.path)
