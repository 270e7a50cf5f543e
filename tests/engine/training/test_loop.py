"""Supernet training: what a step does, and that stopping, resuming and failing lose nothing."""

import dataclasses
import itertools
import json

import numpy as np
import pytest
import torch

import engine
from engine.data.feed import MemoryFeed
from engine.data.load import Images, load_data
from engine.errors import BadInput
from engine.runs.folder import read_events
from engine.runs.status import read_status
from engine.training import loop, method
from engine.training.feeds import feed
from engine.training.loop import Diverged, train
from engine.training.method import learning_rate
from engine.training.methods import settings_for
from engine.training.recipe import Recipe
from tests.engine.kills import Killed, dying, moments

SMALL = dict(space="nas-bench-201", method="darts", channels=4, cells=1, image_size=16)


@pytest.fixture(scope="module")
def data():
    """The bundled sample cut to 160 images a half."""
    full = load_data("bundled")

    def cut(images: Images) -> Images:
        return Images(images.pixels[:160], images.labels[:160])

    return dataclasses.replace(full, train=cut(full.train), search=cut(full.search))


def alphas(run: loop.Training) -> torch.Tensor:
    return run.method.parameters["alpha.cell"]


def tensors(directory) -> dict[str, torch.Tensor]:
    loaded = engine.load(directory)
    return {**loaded.supernet.state_dict(), **loaded.alphas, **{f"history {k}": v for k, v in loaded.history.items()}}


@pytest.mark.parametrize(("space", "method"), [("nas-bench-201", "darts"), ("s4", "darts"), ("s1", "fixed-alpha")])
def test_a_resumed_run_is_identical_to_an_uninterrupted_one(tmp_path, data, space, method):
    recipe = Recipe(
        **{**SMALL, "space": space, "method": method, "cells": None if space == "nas-bench-201" else 3}, epochs=2
    )
    train(recipe, tmp_path / "whole", data=data)

    class Stop(Exception):
        pass

    def stop(line):
        raise Stop

    with pytest.raises(Stop):
        train(recipe, tmp_path / "parts", data=data, epoch_done=stop)
    assert engine.load(tmp_path / "parts").meta["epochs"] == 1
    train(recipe, tmp_path / "parts", data=data, resume_run=True)
    whole, parts = tensors(tmp_path / "whole"), tensors(tmp_path / "parts")
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_a_finished_run_resumes_to_itself_and_an_absent_one_starts(tmp_path, data):
    recipe = Recipe(**SMALL, epochs=1)
    train(recipe, tmp_path / "run", data=data, resume_run=True)
    before = (tmp_path / "run" / "weights.safetensors").read_bytes()
    train(recipe, tmp_path / "run", data=data, resume_run=True)
    assert (tmp_path / "run" / "weights.safetensors").read_bytes() == before


def test_a_run_is_not_overwritten_nor_continued_with_other_settings(tmp_path, data):
    train(Recipe(**SMALL, epochs=1), tmp_path / "run", data=data)
    with pytest.raises(BadInput, match="--resume"):
        train(Recipe(**SMALL, epochs=1), tmp_path / "run", data=data)
    with pytest.raises(BadInput, match="alpha_lr"):
        train(
            Recipe(**SMALL, epochs=1, settings=settings_for("darts", "nas-bench-201", {"alpha_lr": 0.1})),
            tmp_path / "run",
            data=data,
            resume_run=True,
        )
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"")
    with pytest.raises(BadInput, match="not empty"):
        train(Recipe(**SMALL, epochs=1), tmp_path / "photos", data=data)


def test_a_run_of_a_program_with_one_setting_less_is_resumed_with_that_settings_default(tmp_path, data):
    train(Recipe(**SMALL, epochs=1), tmp_path / "run", data=data)
    meta = json.loads((tmp_path / "run" / "meta.json").read_text())
    del meta["hyperparameters"]["clip"]
    meta["hyperparameters"]["epochs"] = 2  # as if the run had been stopped after its first epoch
    (tmp_path / "run" / "meta.json").write_text(json.dumps(meta))
    (tmp_path / "run" / "plan.json").unlink()  # older runs have none
    with pytest.raises(BadInput, match=r"clip 5.0 \(now 1.0\)"):
        other = settings_for("darts", "nas-bench-201", {"clip": 1.0})
        train(Recipe(**SMALL, epochs=2, settings=other), tmp_path / "run", data=data, resume_run=True)
    whole = Recipe(**SMALL, epochs=2)
    assert whole.difference(meta["hyperparameters"]) is None
    assert train(whole, tmp_path / "run", data=data, resume_run=True).epoch == 2


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_epoch(tmp_path, data, monkeypatch):
    monkeypatch.setattr(method, "learning_rate", lambda settings, epoch, epochs: 0.01 if epoch == 0 else 1e30)
    with pytest.raises(Diverged, match="epoch 2"):
        train(Recipe(**SMALL, epochs=3), tmp_path / "run", data=data)
    kept = engine.load(tmp_path / "run")
    assert kept.meta["epochs"] == 1 and len(kept.log) == 1


def test_fixed_alpha_leaves_alphas_at_their_start_and_darts_moves_them(tmp_path, data):
    fixed = train(Recipe(**{**SMALL, "method": "fixed-alpha"}, epochs=1), tmp_path / "fixed", data=data)
    moved = train(Recipe(**SMALL, epochs=1), tmp_path / "darts", data=data)
    fresh = loop.start(Recipe(**SMALL, epochs=1), 10, torch.device("cpu"))
    assert torch.equal(alphas(fixed), alphas(fresh))
    assert alphas(fresh).abs().max() < 0.01
    assert not torch.equal(alphas(moved), alphas(fresh))


def test_the_alpha_step_moves_no_weight_and_the_weight_step_no_alpha(data):
    run = loop.start(Recipe(**SMALL, epochs=1), 10, torch.device("cpu"))
    images = torch.randn(8, 3, 16, 16)
    batch = (images, torch.arange(8))
    supernet = run.method.supernet
    weights = {name: value.clone() for name, value in supernet.named_parameters()}
    alpha = alphas(run).clone()
    run.method.alpha_step(batch, batch)
    assert all(torch.equal(value, weights[name]) for name, value in supernet.named_parameters())
    assert all(parameter.grad is None for parameter in supernet.parameters())
    moved = alphas(run).detach().clone()
    assert not torch.equal(moved, alpha)
    run.method.weight_step(batch)
    assert torch.equal(alphas(run).detach(), moved)
    changed = [name for name, value in supernet.named_parameters() if not torch.equal(value, weights[name])]
    assert len(changed) == len(weights)


@pytest.mark.parametrize(("epoch", "lr"), [(0, 0.025), (1, 0.024976), (10, 0.022708), (25, 0.013), (49, 0.001024)])
def test_the_learning_rate_follows_the_published_cosine(epoch, lr):
    assert learning_rate(Recipe(**SMALL, epochs=50).settings, epoch, 50) == pytest.approx(lr, abs=1e-6)


def test_each_epoch_is_a_partition_of_the_half_unless_fresh_batches_are_asked_for(data):
    half = MemoryFeed(Images(data.train.pixels[:20], torch.arange(20)), data.normalisation, 32, "cpu")
    draws = [labels for _, labels in itertools.islice(feed(half, 7, 0, 0, 0), 3)]
    assert sorted(torch.cat(draws).tolist()) == list(range(20))
    drawn = feed(half, 7, 0, 0, 0, fresh=True)
    fresh = [labels for _, labels in itertools.islice(drawn, 3)]
    assert [len(index) for index in fresh] == [7, 7, 7]
    assert len(set(torch.cat(fresh).tolist())) < 21


def test_snapshots_are_checkpoints_of_their_epoch(tmp_path, data):
    train(Recipe(**SMALL, epochs=2), tmp_path / "run", data=data, snapshots=1)
    first = engine.load(tmp_path / "run" / "snapshots" / "epoch-001")
    final = engine.load(tmp_path / "run")
    assert first.meta["epochs"] == 1 and first.history["cell"].shape == (1, 6, 5)
    assert torch.equal(first.history["cell"][0], final.history["cell"][0])


def test_the_log_holds_accuracies_with_images_and_interval(tmp_path, data):
    train(Recipe(**SMALL, epochs=1), tmp_path / "run", data=data)
    (line,) = [json.loads(row) for row in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert line["epoch"] == 1 and line["train_loss"] > 0
    for bn in ("batch", "running"):
        found = line["search"][bn]
        assert found["images"] == 160 and 0 <= found["accuracy"] <= 100
    low, high = line["search"]["running"]["ci"]
    assert low <= line["search"]["running"]["accuracy"] <= high
    assert np.isfinite(line["train_accuracy"])


@pytest.mark.parametrize("settings", [dict(method="magic"), dict(epochs=0), dict(image_size=24), dict(space="s9")])
def test_recipes_that_cannot_run_are_refused(settings):
    with pytest.raises(BadInput):
        Recipe(**{**SMALL, "epochs": 1, **settings})


def test_who_looks_on_sees_how_far_a_run_is_and_nobody_trains_beside_it(tmp_path, data):
    seen = []

    def look(line):
        seen.append(line["epoch"])
        with pytest.raises(BadInput, match="in use by process"):
            train(Recipe(**SMALL, epochs=2), tmp_path / "run", data=data, resume_run=True)
        if line["epoch"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(Recipe(**SMALL, epochs=2), tmp_path / "run", data=data, epoch_done=look)
    status = read_status(tmp_path / "run")
    assert (status.state, status.done, status.total, status.unit) == ("interrupted", 2, 2, "epochs")
    assert [event["epoch"] for event in read_events(tmp_path / "run")] == seen == [1, 2]
    assert read_events(tmp_path / "run")[1].items() >= engine.load(tmp_path / "run").log[1].items()
    train(Recipe(**SMALL, epochs=2), tmp_path / "run", data=data, resume_run=True)
    assert read_status(tmp_path / "run").state == "done" and not (tmp_path / "run" / "lock").exists()


@pytest.mark.slow
def test_a_run_killed_at_any_moment_goes_on_to_the_identical_result(tmp_path, data):
    recipe = Recipe(**SMALL, epochs=2)
    count = moments(lambda: train(recipe, tmp_path / "whole", data=data))
    whole = tensors(tmp_path / "whole")
    for moment in range(0, count, 23):
        place = tmp_path / str(moment)
        with pytest.raises(Killed), dying(moment):
            train(recipe, place, data=data)
        train(recipe, place, data=data, resume_run=True)
        found = tensors(place)
        assert all(torch.equal(found[name], whole[name]) for name in whole)
        assert [event["epoch"] for event in read_events(place)] == [1, 2]
        assert not list(place.glob(".*"))
