"""Many runs: here, in processes and on Ray; a killed worker's run is taken up by another."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import BadInput
from engine.runs.folder import read_events
from engine.runs.many import ATTEMPTS, many, workers
from engine.runs.status import Status, read_status
from tests.engine.runs.counting import Counting


def jobs(folder: Path, *deaths: int) -> list[Counting]:
    return [Counting(folder / str(number), deaths=count) for number, count in enumerate(deaths)]


def test_one_worker_works_here_in_order(tmp_path):
    assert many(jobs(tmp_path, 0, 0, 0)) == [[os.getpid()] * 4] * 3
    assert all(read_status(job.folder).state == "done" for job in jobs(tmp_path, 0, 0, 0))


def test_a_killed_workers_job_is_taken_up_by_another_from_its_folder(tmp_path):
    told: list[list[Status | None]] = []
    found = many(jobs(tmp_path, 0, 1, 0), 2, report=told.append)
    assert all(os.getpid() not in processes and len(processes) == 4 for processes in found)
    assert [len(set(processes)) for processes in found] == [1, 2, 1]
    assert [event["count"] for event in read_events(tmp_path / "1")] == [1, 2, 3, 4]
    assert all(len(statuses) == 3 for statuses in told)
    assert [status.state for status in told[-1] if status] == ["done"] * 3


def test_a_worker_does_one_job_after_the_other(tmp_path):
    found = many(jobs(tmp_path, 0, 0, 0, 0, 0), 2)
    assert len({process for processes in found for process in processes}) == 2


def test_relative_paths_are_the_callers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    many(jobs(Path("runs"), 0, 0), 2)
    assert sorted(each.name for each in (tmp_path / "runs").iterdir()) == ["0", "1"]


def test_a_job_whose_worker_is_killed_every_time_is_given_up(tmp_path):
    with pytest.raises(RuntimeError, match=f"killed {ATTEMPTS} times"):
        many(jobs(tmp_path, ATTEMPTS, 0), 2)


def test_what_a_job_refuses_is_raised_and_nothing_goes_on_behind(tmp_path):
    refusing = Counting(tmp_path / "refused", refuse="no such images; add some")
    with pytest.raises(BadInput, match="no such images"):
        many([refusing, *jobs(tmp_path, 0)], 2)
    assert read_status(refusing.folder).state == "failed"
    assert many([*jobs(tmp_path, 0)], 2) == [[os.getpid()] * 4] or read_status(tmp_path / "0").state == "done"


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("12", 12), ("ray", "ray")])
def test_workers_are_a_number_or_ray(text, number):
    assert workers(text) == number


@pytest.mark.parametrize("text", ["", "0", "-1", "two", "Ray", "1.5", "99999"])
def test_other_words_are_refused(text):
    with pytest.raises(BadInput, match="--workers"):
        workers(text)


def test_without_ray_the_fix_is_named(tmp_path, monkeypatch):
    def absent(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(BadInput, match=r"requirements-cluster\.txt"):
        many(jobs(tmp_path, 0), "ray")


@pytest.mark.slow
def test_two_workers_on_ray_give_the_same_and_a_killed_one_is_replaced(tmp_path, root):
    """In a process of its own: Ray leaves threads behind."""
    code = """
import sys
from pathlib import Path
import ray
from engine.errors import BadInput
from engine.runs.many import many
from tests.engine.runs.counting import Counting

folder = Path(sys.argv[1])
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
jobs = [Counting(folder / str(number), deaths=deaths) for number, deaths in enumerate((0, 1, 0))]
found = many(jobs, "ray")
print("found", [len(processes) for processes in found], [len(set(processes)) for processes in found], flush=True)
try:
    many([Counting(folder / "refused", refuse="no such images; add some")], "ray")
except BadInput as error:
    print("found", error)
ray.shutdown()
"""
    run = subprocess.run(
        [sys.executable, "-c", code, tmp_path], cwd=root, capture_output=True, text=True, timeout=240, check=False
    )
    found = [line for line in run.stdout.splitlines() if line.startswith("found")]  # Ray says things of its own
    assert found == ["found [4, 4, 4] [1, 2, 1]", "found no such images; add some"], run.stderr[-2000:]
