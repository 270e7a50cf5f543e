"""Work timed side by side: every side in a process of its own, all of them in turn.

Timings   what each side took for one case
compare   time the sides of a case
machine   what it was timed on
peak      memory that scoring takes
product   how fast a matrix product runs, which nothing here can exceed
Convolutions   what the convolutions of a forward pass take by themselves, which no pass built of them can undercut

A process of its own because the engine tells the C library how to keep memory, which would make plain code faster too.
In turn, so that whatever else the machine does falls on all of them, but for training steps, which take gigabytes.
"""

import multiprocessing
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from engine.bench.plain import PlainSupernet
from engine.bench.work import Case, Side, images, prepared, supernet
from engine.results.plain import Plain

SIDES: tuple[Side, ...] = ("engine", "as written", "channels_last")


@dataclass(frozen=True)
class Timings(Plain):
    """Seconds are medians over the rounds; ratios are medians of each round's own. fraction: of the rate of a matrix
    product of the same process, that multiplications and additions of the plain forward pass reach; convolutions:
    seconds that those of the engine's pass take by themselves; None for other work. passes: of a sweep, how many
    forward passes as written it takes as long as; there the plain sides' seconds are those of one such pass, and their
    ratios suppose one for every pair of edge and operation. logits: largest difference from the plain forward pass as
    written, and different: predictions that differ, in percent.
    """

    title: str
    kind: str
    engine: float
    as_written: float
    channels_last: float
    against_written: float
    against_channels_last: float
    rounds: int
    fraction: float | None = None
    convolutions: float | None = None
    passes: float | None = None
    logits: float | None = None
    different: float | None = None


def compare(case: Case, rounds: int, threads: int, device: str) -> Timings:
    """Time all sides of a case, each `rounds` times, after one that does not count. Raises MemoryError where the memory
    does not suffice: a training step takes so much that each side then works alone."""
    if case.kind == "step":
        rows: list[list[float]] = []
        for side in SIDES:
            with _side(case, side, threads, device) as ask:
                ask("once")
                rows.append([float(ask("time")) for _ in range(rounds)])
        took = [dict(zip(SIDES, row, strict=True)) for row in zip(*rows, strict=True)]
    else:
        with _sides(case, threads, device) as sides:
            first = {side: ask("once") for side, ask in sides.items() if (case.kind, side) != ("sweep", "engine")}
            took = [{side: float(ask("time")) for side, ask in sides.items()} for _ in range(rounds)]
            rate = sides["engine"]("rate")
            alone = float(sides["engine"]("convolutions")) if case.kind == "forward" else None
    middle = {side: statistics.median(each[side] for each in took) for side in SIDES}

    times = case.pairs if case.kind == "sweep" else 1

    def ratio(side: Side) -> float:
        return statistics.median(times * each[side] / each["engine"] for each in took)

    found = Timings(
        case.title,
        case.kind,
        middle["engine"],
        middle["as written"],
        middle["channels_last"],
        ratio("as written"),
        ratio("channels_last"),
        rounds,
    )
    if case.kind == "sweep":
        return replace(found, passes=times / found.against_written)
    if case.kind != "forward":
        return found
    ours, plain = first["engine"], first["as written"]
    return replace(
        found,
        fraction=operations(case) / rate / middle["engine"],
        convolutions=alone,
        logits=float((ours - plain).abs().max()),
        different=100 * float((ours.argmax(1) != plain.argmax(1)).float().mean()),
    )


def operations(case: Case) -> int:
    """Multiplications and additions of a forward pass, as torch counts them in convolutions and products."""
    net, alphas = supernet(case)
    plain, (pictures, _) = PlainSupernet(net), images(case)
    counter = FlopCounterMode(display=False)
    with torch.inference_mode(), counter:
        plain(pictures, {cell: alpha.softmax(-1) for cell, alpha in alphas.items()})
    return counter.get_total_flops()


def product(device: str, size: int = 1024, times: int = 10) -> float:
    """Multiplications and additions a second in a product of two matrices."""
    one = torch.randn(size, size, device=device)
    seconds = []
    for _ in range(times):
        seconds.append(_seconds(lambda: one @ one, device))
    return 2 * size**3 / statistics.median(seconds[times // 3 :])


class Convolutions(TorchDispatchMode):
    """Does every convolution three times more and adds up the fastest of each: with its input in the cache, and nothing
    between it and the next."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self.device, self.seconds = device, 0.0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if "conv" in str(func):  # conv2d in inference mode, else convolution
            self.seconds += min(_seconds(lambda: func(*args, **(kwargs or {})), self.device) for _ in range(3))
        return out


def peak(case: Case, threads: int) -> int:
    """Bytes that a process takes at most which scores an edge and does nothing else."""
    with _side(case, "engine", threads, "cpu") as ask:
        ask("once")
        return int(ask("peak"))


def machine(threads: int, device: str) -> dict[str, Any]:
    """What the timings were taken on."""
    return {
        "device": torch.cuda.get_device_name() if device != "cpu" else _processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "torch": str(torch.__version__),
        "python": platform.python_version(),
        "system": platform.system(),
    }


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


Ask = Callable[[str], Any]


@contextmanager
def _sides(case: Case, threads: int, device: str, which: Sequence[Side] = SIDES) -> Iterator[dict[Side, Ask]]:
    if not which:
        yield {}
        return
    with _side(case, which[0], threads, device) as ask, _sides(case, threads, device, which[1:]) as others:
        yield {which[0]: ask, **others}


@contextmanager
def _side(case: Case, side: Side, threads: int, device: str) -> Iterator[Ask]:
    """A process that does the work of one side when it is asked to."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, case, side, threads, device), daemon=True)
    process.start()
    there.close()

    def ask(what: str) -> Any:
        try:
            here.send(what)
            return here.recv()
        except (EOFError, ConnectionError):
            raise MemoryError(f"out of memory, it seems: the process that did the work ({side}) has ended") from None

    try:
        yield ask
    finally:
        here.close()
        process.join(10)
        process.terminate()


def _serve(pipe: Connection, case: Case, side: Side, threads: int, device: str) -> None:
    torch.set_num_threads(threads)
    work = prepared(case, side, device)
    while True:
        try:
            asked = pipe.recv()
        except EOFError:
            return
        if asked == "time":
            pipe.send(_seconds(work, device))
        elif asked == "rate":
            pipe.send(product(device))
        elif asked == "convolutions":
            with Convolutions(device) as alone:
                work()
            pipe.send(alone.seconds)
        elif asked == "peak":
            pipe.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
        else:
            found = work()
            pipe.send(found.float().cpu().clone() if isinstance(found, torch.Tensor) else None)


def _seconds(work: Callable[[], object], device: str) -> float:
    began = time.perf_counter()
    work()
    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter() - began
