"""A supernet for large images: trained on a streamed folder, resumed, scored and tuned."""

import json

import pytest
import torch

import engine
from engine.data.sources import IMAGENET
from engine.errors import BadInput
from engine.selecting.tuning import Tuner
from engine.training.loop import train
from engine.training.methods import settings_for
from engine.training.recipe import Recipe
from tests.engine.small_runs import write_jpegs


class Stop(Exception):
    pass


def stop(line):
    raise Stop


def recipe(folder) -> Recipe:
    settings = settings_for("darts", "s2", {"batch_size": 3})
    return Recipe(
        space="s2", method="darts", epochs=2, data=str(folder), channels=16, cells=3, image_size=64, settings=settings
    )


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return write_jpegs(tmp_path_factory.mktemp("photos"), {"cat": 8, "dog": 8})


@pytest.fixture(scope="module")
def trained(photos, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "whole"
    train(recipe(photos), out)
    return engine.load(out)


def test_a_resumed_run_is_identical_to_an_uninterrupted_one(photos, trained, tmp_path):
    with pytest.raises(Stop):
        train(recipe(photos), tmp_path / "parts", epoch_done=stop)
    train(recipe(photos), tmp_path / "parts", resume_run=True)
    assert engine.load(tmp_path / "parts").digest == trained.digest


def test_its_checkpoint_tells_size_stem_and_normalisation(trained):
    assert (trained.meta["image_size"], trained.meta["stem"], trained.meta["epochs"]) == (64, "imagenet", 2)
    assert trained.meta["normalisation"] == IMAGENET.to_json()
    assert trained.supernet.stem_kind == "imagenet" and trained.meta["train_images"] == 8


def test_a_checkpoint_says_where_its_image_size_is_none(trained):
    path = trained.path / "meta.json"
    text = path.read_text()
    path.write_text(json.dumps(json.loads(text) | {"image_size": 48}))
    with pytest.raises(BadInput, match="image size must be 16, 32, or a multiple"):
        engine.load(trained.path)
    path.write_text(json.dumps(json.loads(text) | {"image_size": 32}))
    with pytest.raises(BadInput, match="does not fit"):
        engine.load(trained.path)
    path.write_text(text)


def test_it_is_scored_on_images_that_are_read_when_they_are_taken(photos, trained):
    batches = engine.scoring_batches(str(photos), images=6, batch_size=3, checkpoint=trained)
    scores = engine.score_edge(trained.supernet, trained.start, cell="normal", edge=3, batches=batches)
    kept = engine.score_edge(trained.supernet, trained.start, cell="normal", edge=3, batches=list(batches))
    assert scores.images == 6 and scores.operations == kept.operations
    with pytest.raises(BadInput, match="train/<class>"):
        engine.scoring_batches("bundled", checkpoint=trained)


def test_it_is_tuned_on_a_copy(photos, trained):
    before = trained.supernet.classifier.weight.clone()
    tuner = Tuner(trained, data=str(photos))
    tuner.tune(trained.start.discretize("normal", 0, "skip_connect"), batches=1)
    assert tuner.batches_per_epoch == 3
    assert torch.equal(trained.supernet.classifier.weight, before)
    assert not torch.equal(tuner.supernet.classifier.weight, before)
