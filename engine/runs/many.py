"""Many runs: one after the other, in processes of this machine, or on a Ray cluster.

many      do all jobs; their results in order
Job       what can be done there: a frozen value with the folder of a run
workers   the number of workers in a command's words: "4", or "ray"

A job goes on from what its folder holds. So one whose worker was killed is simply done again, by another worker, and
whoever looks on reads the folders: nothing but results and errors comes back from a worker.
"""

import importlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

from engine.errors import BadInput
from engine.runs.status import Status, read_status

R = TypeVar("R", covariant=True)
Workers = int | Literal["ray"]
Report = Callable[[Sequence[Status | None]], None]

ATTEMPTS = 3
"""How often a job is begun whose worker is killed: memory that does not suffice will not the fourth time."""
LOOK = 0.5
"""Seconds between two looks at the workers and their folders."""


class Job(Protocol[R]):
    """A picklable value; equal values give equal results. `run` does the job or goes on with it, and gives the result.

    folder: the run's. Workers work in the caller's working directory, so that relative paths mean the same to them.
    """

    @property
    def folder(self) -> Path: ...

    def run(self) -> R: ...


def workers(text: str) -> Workers:
    """The number of workers that a command was given. Raises BadInput for anything but a number from 1 on, or ray."""
    if text == "ray":
        return "ray"
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise BadInput(f"--workers is a number from 1 to 1024, or ray, not {text!r}")
    return int(text)


def many(
    jobs: Sequence[Job[R]],
    workers: Workers = 1,
    *,
    threads: int | None = None,
    report: Report = lambda statuses: None,
) -> list[R]:
    """Do all jobs and give their results in order.

    workers: 1: here, one after the other; N: so many processes at a time; "ray": on the cluster that RAY_ADDRESS names,
    or on this machine's cores. threads: CPU threads of all workers of this machine together, None for its cores; they
    are divided among the workers. report: told now and then how every job stands, in the jobs' order.

    Raises what a job raised, once the other workers have stopped; they can be gone on with. Raises BadInput where Ray
    is asked for and is not installed.
    """
    if workers == "ray":
        return _on_ray(jobs, report)
    if workers == 1 or len(jobs) < 2:
        results = []
        for job in jobs:
            results.append(job.run())
            report([read_status(each.folder) for each in jobs])
        return results
    count = min(workers, len(jobs))
    return _in_processes(jobs, count, max(1, (threads or _cores()) // count), report)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Worker(NamedTuple):
    """A process that does one job after the other; jobs go through the pipe, (result, error) comes back."""

    process: multiprocessing.process.BaseProcess
    pipe: Connection


def _in_processes(jobs: Sequence[Job[R]], count: int, threads: int, report: Report) -> list[R]:
    waiting, begun = list(range(len(jobs))), dict.fromkeys(range(len(jobs)), 0)
    idle: list[_Worker] = []
    busy: dict[int, _Worker] = {}
    results: dict[int, R] = {}
    try:
        while waiting or busy:
            while waiting and len(busy) < count:
                number = waiting.pop(0)
                begun[number] += 1
                busy[number] = idle.pop() if idle else _start(threads)
                with suppress(OSError):  # it was killed while it was idle, which is seen below
                    busy[number].pipe.send(jobs[number])
            multiprocessing.connection.wait([worker.pipe for worker in busy.values()], LOOK)
            for number, worker in list(busy.items()):
                if not worker.pipe.poll():
                    continue
                del busy[number]
                try:
                    result, error = worker.pipe.recv()
                except (EOFError, OSError):  # it was killed before it could answer
                    worker.process.join()
                    if begun[number] == ATTEMPTS:
                        raise RuntimeError(
                            f"the worker of {jobs[number].folder} was killed {ATTEMPTS} times (exit code "
                            f"{worker.process.exitcode}); is there enough memory?"
                        ) from None
                    waiting.insert(0, number)
                    continue
                idle.append(worker)
                if error is not None:
                    raise error
                results[number] = result
            report([read_status(job.folder) for job in jobs])
    finally:
        for worker in (*idle, *busy.values()):
            worker.process.terminate()
        for worker in (*idle, *busy.values()):
            worker.process.join()
    return [results[number] for number in range(len(jobs))]


def _start(threads: int) -> _Worker:
    context = multiprocessing.get_context("spawn")  # a forked torch cannot use its threads
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(threads, os.getcwd(), theirs), daemon=False)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _work(threads: int, place: str, pipe: Connection) -> None:
    """In a worker: do the jobs that come, until it is stopped."""
    os.chdir(place)
    _take(threads)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a polite end: the folder says "interrupted"
    try:
        while True:
            job = pipe.recv()
            try:
                pipe.send((job.run(), None))
            except BrokenPipeError:
                return
            except Exception as error:
                pipe.send((None, error))
    except EOFError:  # nobody is there to give any
        return
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _on_ray(jobs: Sequence[Job[R]], report: Report) -> list[R]:
    try:
        ray = importlib.import_module("ray")
    except ImportError:
        raise BadInput(
            "Ray is not installed; pip install -r requirements-cluster.txt, or give --workers a number"
        ) from None
    began = not ray.is_initialized()
    if began:
        ray.init(include_dashboard=False, log_to_driver=False)
    waiting: list[Any] = []
    try:
        task = ray.remote(max_retries=ATTEMPTS - 1, num_cpus=1)(_on_worker)
        answers = [task.remote(job, os.getcwd()) for job in jobs]
        waiting = list(answers)
        while waiting:
            finished, waiting = ray.wait(waiting, num_returns=1, timeout=LOOK)
            report([read_status(job.folder) for job in jobs])
            for answer in finished:
                _result(ray, answer)
        return [_result(ray, answer) for answer in answers]
    finally:
        for answer in waiting:  # what is done is left alone: Ray can die of a cancellation that meets its answer
            with suppress(Exception):
                ray.cancel(answer)
        if began:
            ray.shutdown()


def _on_worker(job: Job[R], place: str) -> R:
    os.chdir(place)
    _take(1)
    return job.run()


def _take(threads: int) -> None:
    """Let torch use so many threads here, whether it has been imported or not."""
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(threads)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)


def _result(ray: Any, answer: Any) -> Any:
    try:
        return ray.get(answer)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
