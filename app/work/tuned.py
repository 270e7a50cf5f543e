"""Tuned weights: what a visitor's fine-tuning makes of a supernet, kept on the disk by content. Needs no torch to look.

Preset, PRESETS   how a supernet can be tuned after a decision: none, quick, published
stage             the checkpoint that a decided and tuned selection is measured on
Stage             that checkpoint's summary, and whether its tuning is there
tune              make the missing stages, one after the other, in the worker
tune_outside      make them in processes, which outlive the page and hold up nobody
takes_long        which of the two is right
rate, note        how long a batch took, and what another process says of it
seconds           how long tuning takes, as far as known

Tuning is a function of the supernet, the decisions and the presets, so equal links share their stages and undo finds
the weights as they were. A supernet that others look at is never touched.
"""

import hashlib
import math
import os
import shutil
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, cast

from app.library import catalog
from app.library.image_sets import BUNDLED, FOLDER, ImageSet
from app.work import processes
from app.work.job import Job
from app.work.threads import process_threads, threads
from engine.checkpoint.format import META, Summary, read_summary
from engine.data.identity import content_id
from engine.errors import BadInput
from engine.runs import files
from engine.selecting.job import tuning_plan
from engine.selecting.settings import Tuning, Unit
from engine.selection.decisions import Decision

KEPT = 64
"""Stages kept on the disk: a few megabytes each. The ones not used for longest go first."""
LONG = 15.0
"""Seconds of tuning from which on a process does it: it takes about five to begin."""
MOST_QUICK = 50
"""Batches up to which tuning counts as quick where no time is known."""
BATCH = 64
"""Images in a batch of tuning, for its time only: the supernet's own recipe decides."""
STEP_PASSES = 6 * 64
"""A batch of both halves costs about as much as so many images through the supernet."""


class Preset(NamedTuple):
    """letter: in a link. unit, amount, lr: as in `engine.tuning.Tuning`."""

    letter: str
    label: str
    unit: Unit
    amount: int
    lr: float

    def batches(self, per_epoch: int) -> int:
        """How many batches that is."""
        return self.amount * (per_epoch if self.unit == "epochs" else 1)


PRESETS = {
    "n": Preset("n", "none", "epochs", 0, 0.0025),
    "q": Preset("q", "quick", "batches", 50, 0.01),
    "p": Preset("p", "published", "epochs", 5, 0.0025),
}


class Stage(NamedTuple):
    """summary: the supernet to measure on, tuned as far as it is there. missing: whether tuning is asked for that is
    not on this machine (any more)."""

    summary: Summary
    missing: bool


def stage(base: Summary, decisions: Sequence[Decision], letters: str, data: str = BUNDLED) -> Stage:
    """The supernet after these decisions, each followed by the tuning on `data` that its letter says.

    Where a stage is missing, the latest one before it stands in.
    """
    wanted = _tuned_steps(decisions, letters)
    for number in reversed(wanted):
        folder = _folder(base, decisions[: number + 1], letters, data)
        if (folder / META).is_file():
            return Stage(_read(folder), number != wanted[-1])
    return Stage(base, bool(wanted))


def tune(
    base: Summary,
    decisions: Sequence[Decision],
    letters: str,
    report: Callable[[int, int], None],
    data: str = BUNDLED,
) -> None:
    """Make every stage on the way that is missing. report: told how many batches are done, of how many.

    Raises BadInput where the data does not fit, the weights diverge or the folder cannot be written, and whatever
    `report` raises.
    """
    import torch

    import engine
    from engine.selecting.tuning import Tuner
    from engine.training.loop import Diverged

    torch.set_num_threads(threads())
    missing = [number for number, _ in _missing(base, decisions, letters, data)]
    done = 0
    for number in missing:
        taken = decisions[: number + 1]
        before = stage(base, decisions[:number], letters, data).summary
        preset = PRESETS[letters[number]]
        device = "cuda" if torch.cuda.is_available() else "cpu"
        tuner = Tuner(engine.load(before.path), data=data, data_dir=FOLDER, resumed=before is not base, device=device)
        sizes = {each: PRESETS[letters[each]].batches(tuner.batches_per_epoch) for each in missing}
        began, first, total = time.perf_counter(), done, sum(sizes.values())

        try:
            if preset.unit == "batches":
                tuner.tune(tuner.selection(tuple(taken)), preset.amount, preset.lr, _from(first, total, report))
            else:
                for epoch in range(preset.amount):
                    so_far = _from(first + epoch * tuner.batches_per_epoch, total, report)
                    tuner.tune(tuner.selection(tuple(taken)), None, preset.lr, so_far)
        except Diverged:
            raise BadInput("tuning diverged: the loss is no longer finite; undo the last decision") from None
        done = first + sizes[number]
        _rates[base.digest] = (time.perf_counter() - began) / sizes[number]
        tuner.save(_folder(base, taken, letters, data))
    _prune({_folder(base, decisions[: number + 1], letters, data) for number in _tuned_steps(decisions, letters)})


def takes_long(base: Summary, decisions: Sequence[Decision], letters: str, images: ImageSet) -> bool:
    """Whether the missing stages are made by processes: where they hold up the others who measure for longer than a
    process needs to begin. Of a supernet that nothing was timed on, more than the quick preset does is long."""
    missing = [letters[number] for number, _ in _missing(base, decisions, letters, images.spec)]
    times = [seconds(base, letter, images) for letter in missing]
    if None not in times:
        return sum(time or 0.0 for time in times) > LONG
    return any(PRESETS[letter].unit == "epochs" or PRESETS[letter].amount > MOST_QUICK for letter in missing)


def tune_outside(base: Summary, decisions: Sequence[Decision], letters: str, job: Job, data: str = BUNDLED) -> None:
    """As `tune`, each stage by a process of the command line, which is joined if it is at work already.

    job: told how far it is. When its visitors leave it the process stops, and what it finished is gone on with later;
    when the app stops the process goes on.
    """
    missing = _missing(base, decisions, letters, data)
    for done, (number, folder) in enumerate(missing):
        if not processes.running(folder):
            _launch(base, decisions[: number + 1], letters, data, folder)

        def report(share: float, done: int = done) -> None:
            job.progress(round(100 * (done + share)), 100 * len(missing), "%")

        processes.follow(folder, job, report)
    _prune({_folder(base, decisions[: number + 1], letters, data) for number in _tuned_steps(decisions, letters)})


def _launch(base: Summary, decisions: Sequence[Decision], letters: str, data: str, folder: Path) -> None:
    preset = PRESETS[letters[len(decisions) - 1]]
    before = stage(base, decisions[:-1], letters, data).summary
    begun = folder / "begun.json"
    files.write(begun, before.start.with_decisions(decisions).to_json())
    words = ["tune", str(before.path), "--selection", str(begun), f"--tune-{preset.unit}", str(preset.amount)]
    words += ["--tune-lr", str(preset.lr), "--data", data, "--data-dir", str(FOLDER)]
    tuning = Tuning(cast(Unit, preset.unit), preset.amount, preset.lr)
    processes.launch(words, folder, process_threads(), tuning_plan(before.digest, decisions, tuning, data))


def _missing(base: Summary, decisions: Sequence[Decision], letters: str, data: str) -> list[tuple[int, Path]]:
    """The decisions after which tuning is missing, and its folders."""
    steps = [
        (number, _folder(base, decisions[: number + 1], letters, data)) for number in _tuned_steps(decisions, letters)
    ]
    return [(number, folder) for number, folder in steps if not (folder / META).is_file()]


def _from(start: int, total: int, report: Callable[[int, int], None]) -> Callable[[int], None]:
    """A report of steps as one of steps since the beginning."""
    return lambda step: report(start + step, total)


def seconds(base: Summary, letter: str, images: ImageSet) -> float | None:
    """How long one tuning takes: by the last one here, else by the stored sweep's timing; None if unknown."""
    preset = PRESETS[letter]
    if preset.unit == "epochs" and preset.amount and images.images is None:
        return None
    per_epoch = math.ceil(images.images[0] / BATCH) if images.images else 0
    rows = (base.scores or {}).get("edges", [])
    passes = sum(row["images"] * (1 + len(row["operations"])) for row in rows)
    stored = STEP_PASSES * sum(row["seconds"] for row in rows) / passes if passes else None
    rate = _rates.get(base.digest, stored)
    return None if rate is None else rate * preset.batches(per_epoch)


def rate(base: Summary) -> float | None:
    """Seconds that a batch of this process's last tuning of a supernet took; None where there was none."""
    return _rates.get(base.digest)


def note(base: Summary, seconds: float | None) -> None:
    """Remember how long a batch of tuning took in another process."""
    if seconds is not None:
        _rates[base.digest] = seconds


_rates: dict[str, float] = {}  # seconds per batch of this process's last tuning, by digest


def _tuned_steps(decisions: Sequence[Decision], letters: str) -> list[int]:
    return [number for number, letter in enumerate(letters[: len(decisions)]) if letter != "n"]


def root() -> Path:
    """Where stages are kept: `tuned` in the folder of runs."""
    return catalog.imported().parent / "tuned"


def _folder(base: Summary, decisions: Sequence[Decision], letters: str, data: str) -> Path:
    text = repr(
        (base.digest, content_id(data, FOLDER), *zip(decisions, letters.ljust(len(decisions), "n"), strict=False))
    )
    return root() / hashlib.sha256(text.encode()).hexdigest()[:24]


def _read(folder: Path) -> Summary:
    with suppress(OSError):  # on a disk that cannot be written nothing is pruned either
        os.utime(folder)  # the pruning goes by when a stage was used last
    return _summary(folder, (folder / META).stat().st_mtime_ns)


@lru_cache(maxsize=128)
def _summary(folder: Path, stamp: int) -> Summary:
    return read_summary(folder)


def _prune(in_use: Collection[Path]) -> None:
    """Take away the stages that were not used for longest, but none of these."""
    stages = sorted(root().glob("*/"), key=_last_used, reverse=True)
    for folder in stages[KEPT:]:
        if folder not in in_use:
            shutil.rmtree(folder, ignore_errors=True)


def _last_used(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:  # it is just being taken away
        return 0.0
