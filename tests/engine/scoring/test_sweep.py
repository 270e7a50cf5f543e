"""Sweeps by several workers: the numbers of one, whatever happens to the workers."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

import engine
from engine.checked import checked
from engine.cli import main
from engine.errors import BadInput
from engine.runs.many import many
from engine.scoring import job
from engine.scoring.job import MeasuringJob
from engine.scoring.scorer import Scorer, ScoringImages
from engine.scoring.settings import Settings
from engine.scoring.sweep import StoredSweep, check_scores, measure, sweep, undecided
from engine.supernet import Supernet
from tests.engine.scoring.dying import Dying
from tests.engine.small_runs import SMALL, write_photos

CHANGES = ("date", "seconds")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return str(write_photos(tmp_path_factory.mktemp("photos"), per_class=4))


@pytest.fixture(scope="module")
def run(tmp_path_factory, photos):
    out = tmp_path_factory.mktemp("runs") / "nb201"
    options = ["--space", "nas-bench-201", "--epochs", "1", "--data", photos, "--out", str(out), *SMALL]
    assert main(["train", *options]) == 0
    return out


@pytest.fixture(scope="module")
def checkpoint(run):
    return engine.load(run)


@pytest.fixture(autouse=True)
def one_thread():
    """As many as each worker has: sums over more threads differ in their last bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def plain(found):
    """Without what differs from one measurement to the next, as JSON."""
    if isinstance(found, dict):
        return {name: plain(value) for name, value in found.items() if name not in CHANGES}
    return [plain(each) for each in found] if isinstance(found, list | tuple) else found


def asked(checkpoint, photos, folder, kind=MeasuringJob, **settings) -> list[MeasuringJob]:
    """A job for every edge."""
    how = (checkpoint.path, checkpoint.digest, checkpoint.start.to_json(), Settings(data=photos, **settings))
    return [kind(target, folder / str(target), *how) for target in undecided(checkpoint.start)]


@pytest.mark.parametrize("settings", [{"images": 16}, {"images": None, "published": True, "seed": 3}])
def test_a_job_gives_the_scores_and_keeps_them_in_its_folder(checkpoint, photos, tmp_path, monkeypatch, settings):
    one = asked(checkpoint, photos, tmp_path, batch_size=8, **settings)[4]
    scorer = Scorer.of(checkpoint, one.settings)
    found = one.run()
    assert plain(found) == plain(measure(scorer, checkpoint.start, one.target))
    monkeypatch.setattr(job, "measure", None)
    assert json.loads(json.dumps(found)) == one.run()


def test_a_job_refuses_another_supernet_and_what_was_measured_otherwise(checkpoint, photos, tmp_path):
    one = asked(checkpoint, photos, tmp_path, images=8, batch_size=8)[0]
    one.run()
    with pytest.raises(BadInput, match=r"bn 'batch' \(now 'running'\)"):
        replace(one, settings=replace(one.settings, bn="running")).run()
    with pytest.raises(BadInput, match="has changed since the sweep began"):
        replace(one, digest="0" * 64).run()


def test_a_killed_workers_edges_are_measured_by_another_to_the_same_numbers(checkpoint, photos, tmp_path):
    jobs = asked(checkpoint, photos, tmp_path, images=16, batch_size=8)
    dying = asked(checkpoint, photos, tmp_path, Dying, images=16, batch_size=8)
    found = many([jobs[0], dying[1], jobs[2]], 2, threads=2)
    scorer = Scorer.of(checkpoint, jobs[0].settings)
    assert plain(found) == [plain(measure(scorer, checkpoint.start, each.target)) for each in jobs[:3]]


def test_several_workers_print_what_one_prints(cli, run, photos, tmp_path):
    words = ("score", run, "--all", "--data", photos, "--batch-size", 8, "--until-sure", 0.9, "--augment", "--json")
    code, alone, said = cli(*words)
    assert code == 0, said
    code, together, said = cli(*words, "--workers", 2, "--threads", 2, "--out", tmp_path / "kept")
    torch.set_num_threads(1)
    assert code == 0, said
    assert plain(json.loads(together)) == plain(json.loads(alone))
    assert len(list((tmp_path / "kept").iterdir())) == 6
    code, again, _ = cli(*words, "--out", tmp_path / "kept")  # nothing is left to measure
    assert code == 0 and json.loads(again)["edges"] == json.loads(together)["edges"]
    code, _, said = cli(*words, "--images", 8, "--out", tmp_path / "kept")
    assert code == 2 and "another run" in said


@pytest.mark.slow
def test_ray_gives_the_same_sweep(run, photos, tmp_path, root, checkpoint):
    """In a process of its own: Ray leaves threads behind."""
    pytest.importorskip("ray")
    code = f"""
import ray
from engine.cli import main

ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
words = ["score", {str(run)!r}, "--all", "--data", {photos!r}, "--images", "16", "--batch-size", "8"]
print("code", main([*words, "--workers", "ray", "--threads", "1", "--json"]))
ray.shutdown()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=240, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith(("{", "code"))]
    assert lines[-1:] == ["code 0"], done.stderr[-2000:]
    settings = Settings(data=photos, images=16, batch_size=8)
    expected = sweep(Scorer.of(checkpoint, settings), checkpoint.start, checkpoint.digest)
    assert plain(json.loads(lines[0])["edges"]) == json.loads(json.dumps(plain(expected["edges"])))


@pytest.mark.parametrize("name", ["nas-bench-201", "s2"])
def test_edges_of_a_sweep_share_the_supernet_without_a_mask_and_no_number_changes(name, monkeypatch):
    torch.manual_seed(0)
    space = engine.search_space(name)
    selection = engine.Selection(space, {cell: torch.randn(space.shape(cell)) for cell in space.cells})
    supernet = engine.Supernet(space, channels=4, cells=1 if name == "nas-bench-201" else 3)
    batches = [(torch.randn(4, 3, 8, 8), torch.randint(10, (4,))) for _ in range(5)]
    scorer = Scorer(supernet, Settings(data="given", batch_size=4, images=20), ScoringImages.given(batches))
    targets = [target for target in undecided(selection) if not target.is_node]
    alone = [measure(scorer, selection, target) for target in targets]
    heads, head = [], Supernet.head
    monkeypatch.setattr(Supernet, "head", lambda *given: heads.append(1) or head(*given))
    shared = sweep(scorer, selection, "digest")["edges"]
    assert plain(shared) == plain(alone)
    masks = sum(operation != "none" for cell, edge, _ in targets for operation in space.operations(cell, edge))
    nodes = sum(1 + len(space.cell(each.cell).entering(each.number)) for each in undecided(selection) if each.is_node)
    assert len(heads) == len(batches) * (1 + masks + nodes)


def test_a_stored_sweep_is_told_from_anything_else(checkpoint, photos):
    found = json.loads(
        json.dumps(sweep(Scorer.of(checkpoint, Settings(data=photos, images=8)), checkpoint.start, checkpoint.digest))
    )
    stored = checked(StoredSweep, found)
    assert len(stored.scores) == 6
    for scores in stored.scores:
        check_scores(checkpoint.space, scores)
    with pytest.raises(BadInput, match="other operations"):
        check_scores(engine.search_space("s2"), replace(stored.edges[0], cell="normal", source=0, target=2))
    for damage, says in (
        ({"edges": 3}, "edges: "),
        ({"settings": {}}, "settings.data is missing"),
        ({"settings": found["settings"] | {"bn": "frozen"}}, "unknown bn"),
        ({"date": None}, "date: "),
    ):
        with pytest.raises(BadInput, match=says):
            checked(StoredSweep, found | damage)
