"""Sweeps: the same numbers as single measurements, with everything they rest on."""

import json

import pytest
import torch

import engine
from engine.cli import main
from engine.errors import BadInput
from engine.results import EdgeScores, InputScores
from engine.scoring.paths import decide_at_once, path
from engine.scoring.scorer import Scorer
from engine.scoring.settings import Settings
from engine.scoring.sweep import sweep, undecided
from tests.engine.small_runs import SMALL, write_photos


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return str(write_photos(tmp_path_factory.mktemp("photos")))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory, photos):
    out = tmp_path_factory.mktemp("runs") / "s2"
    options = ["--space", "s2", "--epochs", "1", "--data", photos, "--out", str(out), *SMALL, "--cells", "3"]
    assert main(["train", *options]) == 0
    return engine.load(out)


def scorer(checkpoint, photos, **settings) -> Scorer:
    return Scorer.of(checkpoint, Settings(data=photos, **settings))


def test_a_sweep_holds_what_single_measurements_give_and_survives_json(checkpoint, photos):
    taken = scorer(checkpoint, photos, images=32, batch_size=16)
    found = json.loads(json.dumps(sweep(taken, checkpoint.start, checkpoint.digest), allow_nan=False))
    batches = engine.scoring_batches(photos, images=32, batch_size=16, checkpoint=checkpoint)
    for row in (found["edges"][0], found["edges"][-1]):
        scores = EdgeScores.from_dict(row)
        single = engine.score_edge(
            checkpoint.supernet, checkpoint.start, cell=scores.cell, edge=scores.edge, batches=batches
        )
        assert scores.operations == single.operations and scores.best == single.best
    node = InputScores.from_dict(found["inputs"][2])
    single = engine.score_inputs(checkpoint.supernet, checkpoint.start, cell=node.cell, node=node.node, batches=batches)
    assert node.candidates == single.candidates and node.keep == single.keep


def test_a_sweep_says_what_it_rests_on(checkpoint, photos):
    found = sweep(
        scorer(checkpoint, photos, images=None, batch_size=40, bn="running", criterion="loss"),
        checkpoint.start,
        checkpoint.digest,
    )
    assert found["digest"] == checkpoint.digest and found["device"] == "cpu"
    assert found["settings"]["images"] == 80 and found["settings"]["split"] == checkpoint.meta["split"]
    assert found["settings"]["bn"] == "running" and found["settings"]["criterion"] == "loss"
    assert found["date"].endswith("+00:00") and found["versions"]["torch"] == torch.__version__
    assert len(found["edges"]) == 28 and len(found["inputs"]) == 6


def test_progress_counts_every_edge_and_node_up_to_the_last(checkpoint, photos):
    shares = []
    sweep(scorer(checkpoint, photos, images=8, batch_size=8), checkpoint.start, checkpoint.digest, shares.append)
    assert shares == sorted(shares) and shares[-1] == 34


def test_decided_edges_and_nodes_are_left_out(checkpoint):
    selection = engine.Selection(checkpoint.space, checkpoint.alphas).alpha_path()
    assert undecided(selection) == ()
    (left,) = undecided(selection.undo())
    assert left.is_node


def test_every_published_mask_has_a_seed_of_its_own(checkpoint, photos):
    taken = scorer(checkpoint, photos, images=None, batch_size=20, published=True)
    places = [("normal", 0, 0), ("normal", 0, 1), ("normal", 1, 3), ("reduce", 0, 0)]
    firsts = [taken._draw(checkpoint.start, *place)(k)[0][0] for place in places for k in (0, 1)]
    assert all(not torch.equal(a, b) for i, a in enumerate(firsts) for b in firsts[:i])
    assert torch.equal(taken._draw(checkpoint.start, "normal", 0, 0)(1)[0][0], firsts[1])


def test_until_sure_is_about_all_search_images_and_images_bounds_the_attempt(checkpoint, photos):
    taken = scorer(checkpoint, photos, images=24, batch_size=8, until_sure=1 - 1e-12)
    scores = taken.edge(checkpoint.start, "normal", 3)
    assert scores.images == 24 and scores.separated is False
    whole = scorer(checkpoint, photos, images=None, batch_size=8, until_sure=1 - 1e-12).edge(
        checkpoint.start, "normal", 3
    )
    assert whole.images <= 80
    assert taken.inputs(checkpoint.start, "normal", 4).images == 24


@pytest.mark.parametrize(
    "settings",
    [
        {"images": 0},
        {"batch_size": 1},
        {"bn": "running", "batch_size": 0},
        {"bn": "frozen"},
        {"criterion": "f1"},
        {"until_sure": float("nan")},
        {"until_sure": 0.9, "criterion": "loss"},
        {"until_sure": 0.9, "published": True},
    ],
)
def test_settings_that_cannot_be_measured_with_are_refused(settings):
    with pytest.raises(BadInput):
        Settings(**settings)


def test_a_path_ends_at_a_cell_and_says_how_the_accuracy_went(checkpoint, photos):
    taken = scorer(checkpoint, photos, images=8, batch_size=8)
    steps = []
    found = json.loads(json.dumps(path(taken, checkpoint.start, 1, steps.append)))
    assert found["seed"] == 1 and found["images"] == 8 and len(found["accuracies"]) == 34
    assert steps == list(range(1, 35))
    scores = [(EdgeScores if "edge" in step else InputScores).from_dict(step) for step in found["steps"]]
    assert str(decide_at_once(checkpoint.start, scores).decoded()) == found["genotype"]
