"""Train from scratch: the discrete network of a genotype, trained by a process of its own that outlives page and app.

launch      start `python -m engine retrain`, or go on with a run that was stopped
stop        ask it politely to stop; its last finished epoch is kept
find        the latest run of a genotype
Run         what a run's folder says, and whether its process lives
small       settings that finish in minutes on a processor
estimate    seconds that settings take, roughly

One run at a time on this machine. Nothing here imports torch: the page only follows the run's folder.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.library import catalog
from app.library.image_sets import image_sets
from app.work.threads import threads
from engine.errors import BadInput
from engine.network.retrain.recipe import Recipe
from engine.runs import files
from engine.runs.folder import PLAN, STATUS
from engine.selection.genotype import Family, Genotype

MOST_KEPT = 100
"""Runs in the folder from which on none is started: everybody who reaches the app can fill the disk."""
SMALL: dict[Family, dict[str, Any]] = {
    "darts": {"epochs": 10, "channels": 8, "layers": 5, "image_size": 16},
    "nas-bench-201": {"epochs": 10, "channels": 16, "layers": 1, "image_size": 16},
}
CURRENT = "current.json"

_started: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Run:
    """status: the run's last word, {} before the first. problem: why it ended, for the visitor."""

    path: Path
    recipe: Recipe
    status: Mapping[str, Any]
    running: bool
    problem: str | None = None

    @property
    def done(self) -> bool:
        return self.status.get("status") == "done"


def folder() -> Path:
    """Where runs lie: `retrain` in the folder that SUPERNET_RUNS names, else in runs/; it may be absent."""
    return Path(os.environ.get(catalog.RUNS) or catalog.ROOT / "runs").expanduser().absolute() / "retrain"


def small(genotype: Genotype) -> Recipe:
    """Settings that finish in minutes on a processor."""
    return Recipe(genotype=str(genotype), **SMALL[genotype.family])


def estimate(recipe: Recipe, cores: int) -> float:
    """Seconds for all epochs, within a factor of two or so: measured on one core of a server of 2021."""
    bench = recipe.genotype.startswith("|")
    # Narrow networks wait for memory, and take time by width; wide ones for arithmetic.
    rate = 0.17 if bench else 0.12 + 0.3 * (recipe.channels / 36) ** 3
    per_thousand = rate * recipe.channels * recipe.layers * (recipe.image_size / 32) ** 2
    known = (each.images[1] for each in image_sets().values() if each.spec == recipe.data and each.images)
    return per_thousand * next(known, 50_000) / 1000 * recipe.epochs / cores


# The process


def launch(recipe: Recipe) -> Run:
    """Start this run, or go on where it stopped. Raises BadInput, in words for the visitor, while another one runs."""
    root = folder()
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.unwritable(root, error) from None
    path = root / _name(recipe)
    with files.locked(root):
        current = _current()
        if current is not None and current.running:
            raise BadInput("another network is being trained on this machine; stop it, or wait until it has finished")
        if not path.exists() and sum(each.is_dir() for each in root.iterdir()) >= MOST_KEPT:
            raise BadInput(f"{MOST_KEPT} runs are kept already; delete some in {root}")
        try:
            process = _spawn(recipe, path)
            record = {"pid": process.pid, "name": path.name, "plan": recipe.plan()}
            files.replace(root / CURRENT, json.dumps(record).encode())
        except OSError as error:
            raise files.unwritable(root, error) from None
    return _read(path, recipe)


def _spawn(recipe: Recipe, path: Path) -> subprocess.Popen[bytes]:
    cores = threads()
    words = [sys.executable, "-m", "engine", "retrain", *arguments(recipe), "--out", str(path), "--resume"]
    environment = {**os.environ, "OMP_NUM_THREADS": str(cores), "MKL_NUM_THREADS": str(cores)}
    with _log(path).open("wb") as log:
        process = subprocess.Popen(
            [*words, "--threads", str(cores)],
            cwd=catalog.ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # the app's own Ctrl-C does not reach it
        )
    _started[process.pid] = process
    return process


def arguments(recipe: Recipe) -> list[str]:
    """The command line's words for a recipe, after `retrain`."""
    names = ("data", "epochs", "channels", "layers", "image_size", "batch_size", "lr", "drop_path", "cutout", "seed")
    options = [word for name in names for word in (f"--{name.replace('_', '-')}", str(getattr(recipe, name)))]
    return [recipe.genotype, *options, "--auxiliary" if recipe.auxiliary else "--no-auxiliary"]


def stop(run: Run) -> None:
    """Ask a running process to stop: it does so within a step, and its last finished epoch is kept."""
    record = _record()
    if record is not None and record["name"] == run.path.name and _alive(record["pid"], run.path):
        os.kill(record["pid"], signal.SIGTERM)


def find(genotype: Genotype) -> Run | None:
    """The run of this genotype that was heard of last, running or not; None without one."""
    text = str(genotype)
    current = _current()
    if current is not None and (current.running or current.problem) and current.recipe.genotype == text:
        return current
    recipes = [(path.parent, _recipe(_json(path))) for path in sorted(folder().glob(f"*/{PLAN}"), key=_age)]
    found = [_read(path, recipe) for path, recipe in recipes if recipe is not None and recipe.genotype == text]
    return found[-1] if found else None


def _name(recipe: Recipe) -> str:
    return hashlib.sha256(json.dumps(recipe.plan(), sort_keys=True).encode()).hexdigest()[:12]


def _log(path: Path) -> Path:
    return path.with_suffix(".log")


def _record() -> dict[str, Any] | None:
    record = _json(folder() / CURRENT)
    return record if record is not None and {"pid", "name", "plan"} <= record.keys() else None


def _current() -> Run | None:
    """The run that was launched last."""
    record = _record()
    recipe = _recipe(record["plan"]) if record is not None else None
    return None if record is None or recipe is None else _read(folder() / record["name"], recipe)


def _recipe(plan: Mapping[str, Any] | None) -> Recipe | None:
    """The settings that a plan holds; None for one of another command or another version."""
    try:
        return Recipe(**{name: value for name, value in (plan or {}).items() if name != "command"})
    except (BadInput, TypeError):
        return None


def _read(path: Path, recipe: Recipe) -> Run:
    record = _record()
    # Asked first: what a process said before it ended is on the disk by then.
    running = record is not None and record["name"] == path.name and _alive(record["pid"], path)
    status = _json(path / STATUS) or {}
    failed = status.get("status") not in ("done", "interrupted") and not running
    return Run(path, recipe, status, running, _problem(path) if failed else None)


def _problem(path: Path) -> str | None:
    """The line in which the command said what is wrong."""
    try:
        lines = _log(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return next((line.removeprefix("error: ") for line in reversed(lines) if line.startswith("error: ")), None)


def _alive(pid: int, path: Path) -> bool:
    """Whether this process is still the one that trains into `path`: numbers are given out again."""
    child = _started.get(pid)
    if child is not None and child.poll() is not None:
        del _started[pid]
        return False
    command = Path(f"/proc/{pid}/cmdline")
    try:
        if Path("/proc/self/cmdline").exists():
            words = command.read_bytes().decode(errors="replace").replace("\0", " ")
        else:
            words = subprocess.run(
                ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True
            ).stdout
    except OSError:
        return False
    return "-m engine retrain" in words and str(path) in words


def _json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _age(path: Path) -> float:
    try:
        return max(file.stat().st_mtime for file in (path, path.with_name(STATUS)) if file.exists())
    except (OSError, ValueError):
        return 0.0
