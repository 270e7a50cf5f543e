"""Everything that a GPU is asked when one is at hand, in one command: `make gpu-check`.

    python -m tests.benchmarks.gpu_check --data FOLDER --out OUT [--minutes 8] [--device cuda]

1. parity.json: scores of an edge of every space, and steps of every method, beside the same on the CPU
2. bench.json: `engine bench` on the device
3. run.tar: NAS-Bench-201 at full size (C 16, 5 cells a stage, 32 pixels), trained with DARTS for as many epochs as fit,
   with the optimizer's state, so that another session goes on from there

What fails is written down and the rest goes on; the exit code is then 1.
"""

import argparse
import json
import signal
import subprocess
import sys
import tarfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from engine.errors import BadInput
from engine.scoring.scores import score_edge
from engine.selection.selection import Selection
from engine.spaces import SPACES, search_space
from engine.supernet import Supernet
from engine.training import methods
from engine.training.recipe import Recipe

BATCH, PIXELS = 32, 32
STEPS = 3
BENCH_SECONDS = 150


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", required=True, help="images to train on, as `engine train` takes them")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--device", default="cuda")
    asked, options = parser.parse_known_args()  # all others are for `engine train`
    until = time.monotonic() + 60 * asked.minutes
    asked.out.mkdir(parents=True, exist_ok=True)
    # TF32 is for those who ask for it: here the two devices are compared
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    found = parity(asked.device)
    (asked.out / "parity.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    bench = ["bench", "--rounds", "3", "--device", asked.device, "--out", str(asked.out / "bench.json")]
    codes = [command(bench, min(BENCH_SECONDS, until - time.monotonic()))]
    size = ["--channels", "16", "--cells", "5", "--image-size", "32", "--epochs", "50", "--snapshots", "10"]
    train = ["train", "--space", "nas-bench-201", "--method", "darts", "--data", asked.data, *size, *options]
    run = asked.out / "run"
    codes.append(command([*train, "--device", asked.device, "--resume", "--out", str(run)], until - time.monotonic()))
    if run.is_dir():
        with tarfile.open(asked.out / "run.tar", "w") as archive:
            archive.add(run, "run")
    return int(any(codes) or any("error" in each or not each["agrees"] for each in found.values()))


def command(arguments: list[str], seconds: float) -> int:
    """Run the engine for so long at most. A training that is stopped keeps its last whole epoch: that is no failure."""
    process = subprocess.Popen([sys.executable, "-m", "engine", *arguments])
    try:
        return process.wait(max(1.0, seconds))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
        return 0


def parity(device: str) -> dict[str, dict[str, Any]]:
    """What every space and method gives on the device, beside the CPU."""
    found = {}
    checks: list[tuple[str, Callable[[], dict[str, Any]]]] = [
        *((f"score {name}", lambda name=name: scores(name, device)) for name in SPACES),
        *((f"train {name}", lambda name=name: steps(name, device)) for name in methods.names()),
    ]
    for name, check in checks:
        try:
            found[name] = check()
        except Exception as error:  # the report is what a session with a GPU brings home
            found[name] = {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc(limit=4)}
        print(name, found[name], flush=True)
    return found


def scores(name: str, device: str) -> dict[str, Any]:
    """An edge of a space scored on both devices: images that are counted differently under any mask, and losses."""
    torch.manual_seed(0)
    space = search_space(name)
    cell = space.cells[-1]
    net = Supernet(space, channels=8, cells=max(space.skeleton.fewest, 3)).to(memory_format=torch.channels_last)
    selection = Selection(space, {each: torch.randn(space.shape(each)) for each in space.cells})
    draw = torch.Generator().manual_seed(1)
    pictures = torch.randn(BATCH, 3, PIXELS, PIXELS, generator=draw)
    batches = [(pictures, torch.randint(10, (BATCH,), generator=draw))]
    here = score_edge(net, selection, cell=cell, edge=1, batches=batches)
    there = score_edge(net.to(device), selection, cell=cell, edge=1, batches=batches)
    pairs = list(zip(here.operations, there.operations, strict=True))
    images = max(abs(one.masked_accuracy - other.masked_accuracy) for one, other in pairs) * BATCH / 100
    losses = max(abs(one.masked_loss - other.masked_loss) for one, other in pairs)
    noisy = "noise" in space.operations(cell, 1)  # drawn on the device, so another draw
    return {"images": images, "loss": losses, "agrees": noisy or (images <= 1 and losses < 1e-3)}


def steps(name: str, device: str) -> dict[str, Any]:
    """Some steps of a method on both devices, which computes in bf16 on CUDA: losses, and the seconds of the last."""
    losses: dict[str, list[float]] = {}
    seconds = 0.0
    for where in ("cpu", device):
        torch.manual_seed(0)
        recipe = Recipe(space="nas-bench-201", method=name, epochs=10, channels=8, cells=1)
        kind = methods.method_type(name)
        space = search_space(recipe.space)
        net = kind.build(recipe, space, 10).to(where).to(memory_format=torch.channels_last).train()
        parameters = {
            key: value.to(where) for key, value in kind.initial(space, torch.Generator().manual_seed(2)).items()
        }
        method = kind(recipe, net, parameters)
        method.begin(9)
        draw = torch.Generator().manual_seed(3)
        batch = torch.randn(BATCH, 3, PIXELS, PIXELS, generator=draw), torch.randint(10, (BATCH,), generator=draw)
        there = batch[0].to(where).contiguous(memory_format=torch.channels_last), batch[1].to(where)
        losses[where] = []
        for step in range(STEPS):
            method.number, method.path = step, (9, step)
            began = time.perf_counter()
            losses[where].append(float(method.step(there, there if method.searches else None).loss))
            seconds = time.perf_counter() - began
    difference = max(abs(one - other) for one, other in zip(losses["cpu"], losses[device], strict=True))
    return {"losses": losses, "difference": difference, "seconds": seconds, "agrees": difference < 0.05}


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BadInput as error:
        sys.exit(str(error))
