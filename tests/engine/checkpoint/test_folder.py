"""Native checkpoints: what is saved comes back, whole or not at all, and what is damaged is refused in words."""

import dataclasses
import errno
import json
import os
import pickle
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
import safetensors.numpy
import torch
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.checkpoint import folder, format
from engine.errors import BadInput
from engine.runs import files
from engine.selection.selection import Selection
from engine.spaces import search_space
from engine.supernet.supernet import Supernet
from tests.engine.golden import golden_alphas
from tests.engine.kills import Killed, dying, moments

ALWAYS = {"meta.json", "weights.safetensors", "alphas.safetensors", "log.jsonl"}


def state(epochs: int = 2, space: str = "nas-bench-201", **changes: Any) -> dict[str, Any]:
    """What a run of so many epochs saves; other epochs have other numbers everywhere."""
    where = search_space(space)
    cells = 1 if space == "nas-bench-201" else 3
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(epochs)
        supernet = Supernet(where, 2, cells, 10)
        for name, value in supernet.named_buffers():
            value.copy_(torch.rand_like(value) + 0.5 * name.endswith("running_var"))
        history = {cell: torch.randn(epochs, *where.shape(cell)) for cell in where.cells}
    meta = {
        "space": where.name,
        "method": "darts",
        "channels": 2,
        "cells": cells,
        "classes": 10,
        "class_names": [f"class {n}" for n in range(10)],
        "image_size": 16,
        "epochs": epochs,
        "data": "bundled",
        "dataset": "cifar10",
        "split": "cifar10-halves",
        "normalisation": {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.3]},
        "seed": 0,
        "hyperparameters": {"lr": 0.025},
        "accuracies": {"search": {"batch": {"accuracy": 61.5, "images": 1024}}},
    }
    saved = {
        "supernet": supernet,
        "start": Selection(where, {cell: rows[-1] for cell, rows in history.items()}),
        "history": history,
        "meta": {**meta, **changes.pop("meta", {})},
        "log": [{"epoch": n + 1, "train_loss": 2.5 - n, "note": "α\u2028β"} for n in range(epochs)],
    }
    return {**saved, **changes}


def save(directory: Path, **saved: Any) -> Path:
    folder.save(directory, **saved)
    return directory


@pytest.fixture(scope="module")
def original(tmp_path_factory) -> Path:
    return save(tmp_path_factory.mktemp("original") / "run", **state(2), optimizer={"lr": 0.1, "m": torch.ones(3)})


@pytest.fixture
def run(original, tmp_path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "run"))


def rewrite(path: Path, change) -> None:
    """Change a safetensors file's arrays in place."""
    arrays = {name: array.copy() for name, array in safetensors.numpy.load(path.read_bytes()).items()}
    change(arrays)
    path.write_bytes(safetensors.numpy.save(arrays))


def refused(path: Path, *words: str) -> str:
    """The sentence with which a checkpoint is refused, by `load` and by `read_summary`."""
    sentences = []
    for read in (folder.load, folder.read_summary):
        with pytest.raises(BadInput) as caught:
            read(path)
        sentences.append(str(caught.value))
    for sentence in sentences:
        assert "\n" not in sentence
        assert all(word in sentence for word in words), sentence
    return sentences[0]


@pytest.mark.parametrize("space", ["nas-bench-201", "s1"])
def test_what_is_saved_comes_back(tmp_path, space):
    saved = state(3, space)
    loaded = engine.load(save(tmp_path / "run", **saved))
    assert loaded.name == "run" and loaded.space is search_space(space)
    expected = saved["supernet"].state_dict()
    assert loaded.supernet.state_dict().keys() == expected.keys()
    assert all(torch.equal(value, expected[name]) for name, value in loaded.supernet.state_dict().items())
    for cell in loaded.space.cells:
        assert torch.equal(loaded.alphas[cell], saved["history"][cell][-1])
        assert torch.equal(loaded.history[cell], saved["history"][cell])
    assert loaded.start == saved["start"] and loaded.start.alphas.betas is None and loaded.beta_history == {}
    assert loaded.log == saved["log"] and loaded.scores is None
    assert saved["meta"].items() <= loaded.meta.items()
    assert loaded.meta["parameters"] == sum(p.numel() for p in saved["supernet"].parameters())
    assert {"torch", "python", "engine"} <= loaded.meta["versions"].keys()


def test_a_loaded_supernet_computes_and_is_not_for_training(original):
    loaded = engine.load(original)
    images = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    weights = loaded.start.weights()
    assert not loaded.supernet.training
    assert not any(parameter.requires_grad for parameter in loaded.supernet.parameters())
    expected = state(2)["supernet"].eval()(images, weights)
    assert torch.equal(loaded.supernet(images, weights), expected)


def test_a_summary_says_the_same_without_torch(original):
    loaded, summary = folder.load(original), folder.read_summary(original)
    for name in ("path", "name", "space", "meta", "start", "digest", "scores", "log"):
        assert getattr(summary, name) == getattr(loaded, name)
    for cell in loaded.space.cells:
        assert torch.equal(torch.tensor(summary.alphas[cell]), loaded.alphas[cell])
        assert np.array_equal(summary.history[cell], loaded.history[cell].numpy())
    code = (
        "import sys; from engine.checkpoint.folder import read_summary; read_summary(sys.argv[1]);"
        "sys.exit('torch' in sys.modules)"
    )
    root = Path(engine.__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code, original.resolve()], cwd=root, check=False).returncode == 0


def test_a_run_in_any_memory_format_and_precision_is_saved_the_same(original, tmp_path):
    saved = state(2)
    saved["supernet"] = saved["supernet"].double().to(memory_format=torch.channels_last).requires_grad_(False)
    assert engine.load(save(tmp_path / "other", **saved)).digest == engine.load(original).digest


@pytest.mark.parametrize(
    "change",
    [
        {"image_size": 32},
        {"normalisation": {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.31]}},
    ],
)
def test_the_digest_tells_apart_whatever_answers_differently(original, tmp_path, change):
    assert engine.load(save(tmp_path / "run", **state(2, meta=change))).digest != engine.load(original).digest


def test_the_digest_leaves_out_what_does_not_change_an_answer(original, tmp_path):
    other = save(tmp_path / "run", **state(2, meta={"seed": 5, "data": "elsewhere"}, log=[{}, {}]))
    assert engine.load(other).digest == engine.load(original).digest


def test_the_digest_is_what_its_description_says():
    meta = {name: name for name in format.IDENTITY} | {"seed": 0}
    arrays = {"b": np.array([[1.5, -2.0]], np.float32), "a": np.array(3.0, np.float32)}
    text = json.dumps({name: name for name in sorted(format.IDENTITY)}).encode()
    text += b"\nweights/a \n" + b"\x00\x00\x40\x40" + b"\nweights/b 1x2\n" + b"\x00\x00\xc0\x3f\x00\x00\x00\xc0"
    text += b"\nalphas/cell 1\n" + b"\x00\x00\x80\x3f"
    alphas = {"cell": np.array([1.0], np.float32)}
    assert format.digest(meta, arrays, alphas) == format.digest(meta, arrays, alphas, {}) == format.sha256(text)
    betas = {"cell": np.array([1.5, -2.0], np.float32)}
    text += b"\nbetas/cell 2\n" + b"\x00\x00\xc0\x3f\x00\x00\x00\xc0"
    assert format.digest(meta, arrays, alphas, betas) == format.sha256(text)


def test_a_new_state_replaces_all_of_the_old_one_and_nothing_else(run):
    folder.write_scores(run, {"edges": []})
    (run / "events.jsonl").write_text("{}\n")
    (run / "snapshots").mkdir()
    save(run, **state(3))
    loaded = engine.load(run)
    assert loaded.meta["epochs"] == 3 and loaded.scores is None
    assert folder.load_optimizer(run) is None
    assert set(os.listdir(run)) == {*ALWAYS, "events.jsonl", "snapshots"}


def test_extra_files_are_part_of_the_state(tmp_path):
    files_beside = {"recipe.txt": "by hand", "scores.json": '{"edges": [1]}'}
    run = save(tmp_path / "run", **state(1), extra_files=files_beside)
    assert (run / "recipe.txt").read_text() == "by hand"
    assert engine.load(run).scores == {"edges": [1]}
    for name in ("meta.json", "../outside", ".hidden"):
        with pytest.raises(ValueError, match="extra file"):
            save(tmp_path / "run", **state(1), extra_files={name: ""})


def test_an_optimizer_comes_back_with_its_scalars(tmp_path):
    shared = torch.arange(6.0).reshape(2, 3)
    optimizer = {
        "a/momentum": shared.t(),
        "b/momentum": shared,
        "step": torch.tensor(7),
        "lr": 0.5,
        "betas": [0.5, 0.9],
    }
    loaded = folder.load_optimizer(save(tmp_path / "run", **state(1), optimizer=optimizer))
    assert loaded.keys() == optimizer.keys()
    assert torch.equal(loaded["a/momentum"], shared.t()) and torch.equal(loaded["b/momentum"], shared)
    assert loaded["step"] == 7 and loaded["lr"] == 0.5 and loaded["betas"] == [0.5, 0.9]
    loaded["b/momentum"].add_(1)


def test_an_optimizer_of_another_state_is_refused(run, tmp_path):
    other = save(tmp_path / "other", **state(3), optimizer={"m": torch.ones(3)})
    shutil.copy(other / "optimizer.safetensors", run)
    with pytest.raises(BadInput, match=r"optimizer\.safetensors belongs to other weights"):
        folder.load_optimizer(run)
    (run / "optimizer.safetensors").write_bytes(b"")
    with pytest.raises(BadInput, match="damaged"):
        folder.load_optimizer(run)


def test_scores_belong_to_the_supernet_they_were_measured_on(run, tmp_path):
    folder.write_scores(run, {"edges": [], "images": 512})
    found = folder.read_summary(run)
    assert found.scores == {"edges": [], "images": 512, "digest": found.digest}
    assert engine.load(run).scores == found.scores
    with pytest.raises(BadInput, match="measure again"):
        folder.write_scores(run, {"edges": [], "digest": "0" * 64})
    with pytest.raises(BadInput, match="NaN"):
        folder.write_scores(run, {"drop": float("nan")})
    assert engine.load(run).scores == found.scores
    other = save(tmp_path / "other", **state(3))
    shutil.copy(run / "scores.json", other)
    refused(other, "scores.json", "another supernet", "measure again")


OLD, NEW = state(1), state(2)
OPTIMIZER = {"m": torch.ones(2)}


def whole(directory: Path) -> int:
    """Epochs of the state a folder holds, after checking that all of it is that state's."""
    summary = folder.read_summary(directory)
    epochs = summary.meta["epochs"]
    assert len(summary.log) == epochs == len(summary.history["cell"])
    assert (folder.load_optimizer(directory) is None) == (epochs == 2)
    assert torch.equal(torch.tensor(summary.alphas["cell"]), (OLD, NEW)[epochs - 1]["history"]["cell"][-1])
    return epochs


def test_a_save_killed_at_any_moment_leaves_the_old_state_or_the_new(tmp_path):
    template = save(tmp_path / "template", **OLD, optimizer=OPTIMIZER)
    total = moments(lambda: save(Path(shutil.copytree(template, tmp_path / "count")), **NEW))
    found = []
    for after in range(total + 1):
        directory = Path(shutil.copytree(template, tmp_path / f"{after}"))
        with suppress(Killed), dying(after):
            save(directory, **NEW)
        with mock.patch.object(files, "settle", side_effect=PermissionError(errno.EACCES, "read-only")):
            unsettled = whole(directory)
        epochs = whole(directory)
        assert epochs == unsettled
        expected = ALWAYS if epochs == 2 else {*ALWAYS, "optimizer.safetensors"}
        assert set(os.listdir(directory)) == expected
        found.append(epochs)
    assert found == sorted(found)
    assert set(found) == {1, 2}
    assert engine.load(tmp_path / "0").meta["epochs"] == 1
    assert engine.load(tmp_path / f"{total}").meta["epochs"] == 2


def test_a_first_save_killed_at_any_moment_leaves_all_or_nothing(tmp_path):
    total = moments(lambda: save(tmp_path / "count", **NEW))
    found = []
    for after in range(total + 1):
        directory = tmp_path / f"{after}"
        with suppress(Killed), dying(after):
            save(directory, **NEW)
        found.append(folder.exists(directory))
        if found[-1]:
            assert whole(directory) == 2
        else:
            assert not directory.exists() or not os.listdir(directory)
    assert found == sorted(found) and set(found) == {False, True}


def test_a_save_after_a_killed_save_leaves_no_stray_file(tmp_path):
    total = moments(lambda: save(tmp_path / "count", **OLD))
    for after in range(total):
        directory = tmp_path / f"{after}"
        with suppress(Killed), dying(after):
            save(directory, **OLD, optimizer=OPTIMIZER)
        save(directory, **NEW)
        assert set(os.listdir(directory)) == ALWAYS


def test_storing_scores_killed_at_any_moment_leaves_the_old_ones_or_the_new(run):
    total = moments(lambda: folder.write_scores(run, {"sweep": "old"}))
    found = []
    for after in range(total + 1):
        folder.write_scores(run, {"sweep": "old"})
        with suppress(Killed), dying(after):
            folder.write_scores(run, {"sweep": "new"})
        found.append(folder.read_summary(run).scores["sweep"])
        assert set(os.listdir(run)) == {*ALWAYS, "optimizer.safetensors", "scores.json"}
    assert found == sorted(found, reverse=True) and set(found) == {"old", "new"}


def test_a_reader_beside_a_writer_never_sees_a_mixture(tmp_path):
    run = save(tmp_path / "run", **OLD, optimizer=OPTIMIZER)
    stop, seen = threading.Event(), set()

    def keep_saving():
        while not stop.is_set():
            save(run, **NEW)
            save(run, **OLD, optimizer=OPTIMIZER)

    writer = threading.Thread(target=keep_saving)
    writer.start()
    try:
        for _ in range(40):
            seen.add(folder.read_summary(run).meta["epochs"])
    finally:
        stop.set()
        writer.join()
    assert seen == {1, 2}


@pytest.mark.parametrize(("code", "fix"), [(errno.ENOSPC, "free some space"), (errno.EROFS, "folder you may write to")])
def test_a_disk_that_refuses_keeps_the_old_state_and_names_the_fix(run, code, fix):
    before = engine.load(run).digest
    with mock.patch.object(os, "fsync", side_effect=OSError(code, os.strerror(code))):
        with pytest.raises(BadInput, match=fix) as caught:
            save(run, **state(3))
        assert str(run) in str(caught.value)
        with pytest.raises(BadInput, match=fix):
            folder.write_scores(run, {"edges": []})
    assert engine.load(run).digest == before
    assert set(os.listdir(run)) == {*ALWAYS, "optimizer.safetensors"}


def test_a_file_where_the_folder_should_be_is_not_overwritten(tmp_path):
    (tmp_path / "run").write_text("mine")
    with pytest.raises(BadInput, match="cannot write"):
        save(tmp_path / "run", **state(1))
    assert (tmp_path / "run").read_text() == "mine"


def _nan_weight(saved):
    next(saved["supernet"].parameters()).data.view(-1)[0] = float("nan")


def _nan_log(saved):
    saved["log"][0]["train_loss"] = float("inf")


def _short_history(saved):
    saved["history"] = {cell: rows[1:] for cell, rows in saved["history"].items()}


def _odd_history(saved):
    saved["history"] = {cell: rows[:, :-1] for cell, rows in saved["history"].items()}


def _no_split(saved):
    del saved["meta"]["split"]


def _wrong_space(saved):
    saved["meta"]["space"] = "imagenet"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_nan_weight, "holds NaN"),
        (_nan_log, "NaN or infinity"),
        (_short_history, r"history\.cell"),
        (_odd_history, r"history\.cell \(3, 5, 5\) instead of \(3, 6, 5\)"),
        (_no_split, "split is missing"),
        (_wrong_space, "nas-bench-201, darts"),
    ],
)
def test_what_could_not_be_loaded_is_not_saved(run, spoil, words):
    before, saved = engine.load(run).digest, state(3)
    spoil(saved)
    with pytest.raises(BadInput, match=words):
        save(run, **saved)
    assert engine.load(run).digest == before


def test_an_imported_checkpoint_needs_no_history_seed_or_split(tmp_path):
    saved = state(4, meta={"seed": None, "split": None, "data": None}, log=[])
    saved["history"] = None
    loaded = engine.load(save(tmp_path / "run", **saved))
    assert loaded.meta["epochs"] == 4 and loaded.history["cell"].shape == (0, 6, 5)


# Edge strengths, and decisions taken in training


def strong(space: str = "s1", epochs: int = 2) -> dict[str, Any]:
    """A run that also learned edge strengths and took decisions while it trained."""
    saved, where = state(epochs, space), search_space(space)
    betas = {cell: torch.randn(epochs, where.shape(cell)[0]) for cell in where.cells}
    alphas = {cell: rows[-1] for cell, rows in saved["history"].items()}
    start = Selection(where, alphas, {cell: rows[-1] for cell, rows in betas.items()})
    decided = start.discretize("reduce", 3, where.operations("reduce", 3)[1])
    return {**saved, "start": decided, "beta_history": betas}


def test_edge_strengths_and_decisions_come_back_and_change_the_mixing_weights(tmp_path):
    saved = strong()
    run = save(tmp_path / "run", **saved)
    loaded, summary = engine.load(run), folder.read_summary(run)
    assert loaded.start == summary.start == saved["start"]
    for cell, rows in saved["beta_history"].items():
        assert torch.equal(loaded.beta_history[cell], rows)
        assert np.array_equal(summary.beta_history[cell], rows.numpy())
    plain = engine.Selection(loaded.space, loaded.alphas).weights()
    assert not torch.equal(loaded.start.weights()["normal"], plain["normal"])
    assert loaded.start.weights()["reduce"][3].count_nonzero() == 1


def test_edge_strengths_enter_the_digest_and_decisions_do_not(tmp_path):
    saved = strong()
    whole = engine.load(save(tmp_path / "whole", **saved)).digest
    undecided = {**saved, "start": saved["start"].with_decisions()}
    assert engine.load(save(tmp_path / "undecided", **undecided)).digest == whole
    alphas = engine.Selection(saved["start"].space, dict(saved["start"].alphas))
    plain = {**saved, "start": alphas, "beta_history": None}
    assert engine.load(save(tmp_path / "plain", **plain)).digest != whole


def test_a_state_without_decisions_takes_those_of_the_state_before_away(tmp_path):
    run = save(tmp_path / "run", **strong())
    assert (run / "selection.json").is_file()
    save(run, **state(3, "s1"))
    assert engine.load(run).start.decisions == () and not (run / "selection.json").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda arrays: arrays.pop("beta.reduce"), ["1 missing", "beta.reduce (14,)"]),
        (lambda arrays: arrays["beta.normal"].fill(np.nan), ["beta.normal", "NaN"]),
        (lambda arrays: arrays["beta.normal"].fill(0.5), ["beta.normal", "last epoch of beta_history.normal"]),
    ],
)
def test_damaged_edge_strengths_are_refused(tmp_path, change, words):
    run = save(tmp_path / "run", **strong())
    rewrite(run / "alphas.safetensors", change)
    refused(run, *words)


def test_decisions_that_are_not_legal_are_refused_by_name_of_their_file(tmp_path):
    run = save(tmp_path / "run", **strong())
    (run / "selection.json").write_text(
        engine.Selection(search_space("s2"), golden_alphas(search_space("s2"))).to_json()
    )
    refused(run, "selection.json", "of space s2")


def test_a_path_that_is_no_checkpoint_is_refused_with_the_way_out(run, tmp_path):
    refused(tmp_path / "absent", "there is no checkpoint", "absent")
    refused(tmp_path, "holds no meta.json", "run")
    refused(run / "meta.json", "is a file", str(run))
    torch.save({"state_dict": {}}, tmp_path / "search.pt")
    refused(tmp_path / "search.pt", "search.pt is a file", "folder")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "holds no meta.json", "train --out")
    assert [folder.exists(path) for path in (run, tmp_path, tmp_path / "absent", run / "meta.json")] == [
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("name", sorted(ALWAYS))
def test_a_missing_file_is_named(run, name):
    (run / name).unlink()
    refused(run, name)


@pytest.mark.parametrize("name", ["meta.json", "weights.safetensors", "alphas.safetensors", "log.jsonl"])
@pytest.mark.parametrize("part", [0.0, 0.3, 0.95])
def test_a_cut_off_file_is_named(run, name, part):
    path = run / name
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    refused(run, name)


def test_nothing_is_unpickled(run):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(run / "sprung"),)

    for name in ("weights.safetensors", "alphas.safetensors"):
        content = (run / name).read_bytes()
        (run / name).write_bytes(pickle.dumps(Trap()))
        refused(run, name, "damaged")
        torch.save(Trap(), run / name)
        refused(run, name, "damaged")
        (run / name).write_bytes(content)
    assert not (run / "sprung").exists()


def test_weights_of_another_supernet_are_refused_with_names_and_shapes(run):
    def other(arrays):
        arrays["stem.conv.weight"] = np.zeros((4, 3, 3, 3), np.float32)
        arrays["surprise"] = np.zeros(2, np.float32)
        del arrays["classifier.bias"]

    rewrite(run / "weights.safetensors", other)
    refused(
        run,
        "weights.safetensors",
        "1 missing: classifier.bias (10,)",
        "1 unknown: surprise (2,)",
        "1 of another shape: stem.conv.weight (4, 3, 3, 3) instead of (2, 3, 3, 3)",
    )


def test_many_differences_are_counted(run):
    meta = json.loads((run / "meta.json").read_text())
    (run / "meta.json").write_text(json.dumps({**meta, "channels": 4}))
    sentence = refused(run, "of another shape", "stem.conv.weight (2, 3, 3, 3) instead of (4, 3, 3, 3)", ", ...")
    assert len(sentence) < 600


def _set(name, value):
    def change(arrays):
        arrays[name].flat[3] = value

    return change


def _retype(name, dtype):
    return lambda arrays: arrays.update({name: arrays[name].astype(dtype)})


def _rename(arrays):
    arrays["final.normal"] = arrays.pop("final.cell")


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("weights", _set("stem.conv.weight", np.nan), ["stem.conv.weight (2, 3, 3, 3)", "NaN"]),
        ("weights", _set("tail.running_var", -1), ["tail.running_var", "negative variance"]),
        ("weights", _set("stem.conv.weight", 0.125), ["not the file", "restore"]),
        ("weights", _retype("stem.conv.weight", np.float64), ["stem.conv.weight", "float64", "float32"]),
        ("alphas", _set("final.cell", np.nan), ["final.cell", "NaN", "[0, 3]"]),
        ("alphas", _set("history.cell", np.inf), ["history.cell", "infinity", "[0, 0, 3]"]),
        ("alphas", _set("history.cell", 0.125), ["not the file", "restore"]),
        ("alphas", _set("final.cell", 0.125), ["last epoch of history.cell"]),
        ("alphas", _retype("final.cell", np.float16), ["final.cell", "float16"]),
        ("alphas", _rename, ["final.cell (6, 5)", "final.normal (6, 5)", "nas-bench-201"]),
        ("alphas", lambda arrays: arrays.clear(), ["2 missing", "history.cell (2, 6, 5)"]),
    ],
)
def test_changed_numbers_are_refused_in_words(run, name, change, words):
    rewrite(run / f"{name}.safetensors", change)
    refused(run, f"{name}.safetensors", *words)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format_version", 2),
        ("format_version", None),
        ("space", "s9"),
        ("space", ["darts"]),
        ("method", ""),
        ("channels", 0),
        ("channels", 2.0),
        ("channels", True),
        ("channels", 10**9),
        ("cells", -1),
        ("cells", 10**9),
        ("classes", "10"),
        ("image_size", 24),
        ("epochs", -1),
        ("epochs", 3),
        ("data", 5),
        ("split", 5),
        ("normalisation", None),
        ("normalisation", {"mean": [0, 0, 0]}),
        ("normalisation", {"mean": [0, 0, 0], "std": [1, 0, 1]}),
        ("normalisation", {"mean": [0, 0], "std": [1, 1, 1]}),
        ("seed", -1),
        ("hyperparameters", []),
        ("parameters", 5),
        ("digest", "abc"),
        ("digest", "0" * 64),
        ("sha256", {}),
        ("class_names", ["cat"]),
    ],
)
def test_settings_out_of_range_are_named(run, key, value):
    meta = json.loads((run / "meta.json").read_text())
    (run / "meta.json").write_text(json.dumps({**meta, key: value}))
    refused(run, "meta.json" if key != "sha256" else "weights.safetensors")
    del meta[key]
    (run / "meta.json").write_text(json.dumps(meta))
    if key != "class_names":
        refused(run, "meta.json", key.replace("_", " ") if key == "format_version" else key)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_json_numbers_are_finite(run, number):
    text = (run / "meta.json").read_text()
    (run / "meta.json").write_text(text.replace("0.025", number))
    refused(run, "meta.json", number)
    (run / "meta.json").write_text(text)
    (run / "log.jsonl").write_text(f'{{"epoch": 1, "loss": {number}}}\n')
    refused(run, "log.jsonl", number)


@pytest.mark.parametrize("text", ["[]", "7", "[" * 100_000, "\ufeff{}", '{"epoch": 1}\n{"epoch": 2}\n{"epoch": 3}\n'])
def test_a_log_that_is_none_is_refused(run, text):
    (run / "log.jsonl").write_text(text)
    refused(run, "log.jsonl")


@given(data=st.data())
def test_no_flipped_bit_goes_unnoticed(original, data):
    path = original / data.draw(st.sampled_from(["weights.safetensors", "alphas.safetensors"]))
    content = path.read_bytes()
    # Half of the flips hit the header: it is small and the most fragile part.
    last = data.draw(st.sampled_from([min(400, len(content)), len(content)])) - 1
    place, bit = data.draw(st.integers(0, last)), data.draw(st.integers(0, 7))
    flipped = bytearray(content)
    flipped[place] ^= 1 << bit
    path.write_bytes(flipped)
    try:
        with pytest.raises(BadInput, match=path.name):
            folder.read_summary(original)
    finally:
        path.write_bytes(content)


@given(data=st.data())
def test_any_change_to_the_settings_is_refused_or_harmless(original, data):
    path = original / "meta.json"
    content = path.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))
    path.write_bytes(content[:place] + data.draw(st.binary(max_size=2)) + content[place + 1 :])
    expected = json.loads(content)
    try:
        with suppress(BadInput):
            found = folder.read_summary(original)
            assert found.digest == expected["digest"]
            assert {name: found.meta[name] for name in format.IDENTITY} == {n: expected[n] for n in format.IDENTITY}
    finally:
        path.write_bytes(content)


def test_a_checkpoint_is_a_value(original):
    with pytest.raises(dataclasses.FrozenInstanceError):
        engine.load(original).name = "other"
