"""Files that the original programs wrote: equal alphas, equal logits, the same genotype."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from engine import magnitude_genotype, parse_genotype
from engine.checkpoint.folder import Checkpoint, load
from engine.checkpoint.importers import import_checkpoint, save_import
from engine.errors import BadInput
from engine.selecting.tuning import Tuner
from engine.spaces import search_space
from engine.spaces.declared import read

ORIGINALS = Path(__file__).parents[2] / "files" / "originals"
IMAGES = torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(5))
BESIDE = {
    "fairdarts": {"alphas": "fairdarts-checkpoint.pth.tar"},
    "quark0-weights-3l": {"alphas": "quark0-weights-3l-list.pt"},
    "confopt-nb201-edge": {"betas": "confopt-nb201-edge.pth"},
    "darts-pt-201-s4": {"space": "nas-bench-201-s4"},
}
"""What is said besides, where the file does not."""
NAMES = sorted(path.name.removesuffix(".expected.json") for path in ORIGINALS.glob("*.expected.json"))
MIXED = {"drnas": "dirichlet", "fairdarts": "sigmoid", "autodl-gdas": "sampled", "autodl-enas": "sampled"}


def original(name: str) -> Path:
    return next(path for path in sorted(ORIGINALS.glob(f"{name}.p*")) if path.suffix in (".pt", ".pth", ".tar"))


def opened(name: str, **said: Any) -> Checkpoint:
    for option in ("alphas", "betas"):
        if (ORIGINALS / f"{name}-{option}.pt").exists():
            said.setdefault(option, f"{name}-{option}.pt")
    said = BESIDE.get(name, {}) | said
    files = {key: ORIGINALS / value if key in ("alphas", "betas") else value for key, value in said.items()}
    return import_checkpoint(original(name), **files)


def difference(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float((found - expected).abs().max() / expected.abs().max())


@pytest.mark.parametrize("name", NAMES)
def test_an_original_file_opens_as_what_it_is(name: str) -> None:
    expected, said = (
        load_file(ORIGINALS / f"{name}.expected.safetensors"),
        json.loads((ORIGINALS / f"{name}.expected.json").read_text()),
    )
    found = opened(name)
    assert found.space.name == said["space"]
    assert found.start.alphas.mixing == next((MIXED[key] for key in MIXED if name.startswith(key)), "softmax")
    assert all(found.alphas[cell].equal(expected[f"alphas.{cell}"]) for cell in found.space.cells)
    weights = found.start.weights()
    if name == "darts-pt-201-s4":  # its noise is drawn anew at every look
        return
    assert difference(found.supernet(IMAGES, weights, "batch"), expected.get("logits_mean", expected["logits"])) < 1e-5
    if "logits_eval" in expected and "logits_mean" not in expected:
        assert found.meta.get("statistics", True)
        assert difference(found.supernet(IMAGES, weights, "running"), expected["logits_eval"]) < 1e-5
    if name == "pt.darts":  # it names its genotype by raw alphas, across edges
        assert any("compares edges by raw alphas" in note for note in found.meta["notes"])
    elif said["genotype"]:
        text = str(magnitude_genotype(found.space, found.start.alphas))
        assert text == said["genotype"] or parse_genotype(text) == parse_genotype(said["genotype"])


@pytest.mark.parametrize("name", ["drnas201-dirichlet", "confopt-nb201-edge", "pc-darts", "darts-pt-201-simple"])
def test_what_was_opened_is_kept_whole(tmp_path: Path, name: str) -> None:
    found = opened(name)
    save_import(found, tmp_path / "kept")
    kept = load(tmp_path / "kept")
    assert (kept.start, kept.meta["notes"], kept.space) == (found.start, found.meta["notes"], found.space)
    assert kept.digest == found.digest and kept.meta["epochs"] == found.meta["epochs"]
    logits = found.supernet(IMAGES, found.start.weights(), "batch")
    assert difference(kept.supernet(IMAGES, kept.start.weights(), "batch"), logits) < 1e-6


def test_mixing_is_as_told() -> None:
    expected = load_file(ORIGINALS / "drnas201-dirichlet.expected.safetensors")
    mean = opened("drnas201-dirichlet")
    assert difference(mean.start.weights()["cell"], expected["mean"]) < 1e-6
    assert any("Dirichlet" in note and "--mixing softmax" in note for note in mean.meta["notes"])
    told = opened("drnas201-dirichlet", mixing="softmax")
    assert "mixing" not in told.meta and told.digest != mean.digest
    assert not any("Dirichlet" in note for note in told.meta["notes"])
    assert difference(told.supernet(IMAGES, told.start.weights(), "batch"), expected["logits"]) < 1e-5
    with pytest.raises(BadInput, match="use one of: softmax, dirichlet, sigmoid, sampled"):
        opened("drnas201-dirichlet", mixing="hard")


def test_edge_strengths_count_where_they_were_learned_or_named() -> None:
    plain = opened("confopt-nb201")
    assert plain.start.alphas.betas is None
    assert any("are left out" in note and "--betas" in note for note in plain.meta["notes"])
    named = opened("confopt-nb201-edge")
    assert named.start.alphas.betas is not None and any("betas) from" in note for note in named.meta["notes"])
    without = import_checkpoint(original("pc-darts"), alphas=ORIGINALS / "pc-darts-alphas.pt")
    assert without.start.alphas.betas is None and without.supernet.part == 4
    with pytest.raises(BadInput, match="no edge strengths were found"):
        opened("pc-darts", betas="pc-darts.pt")
    with pytest.raises(BadInput, match=r"pc-darts-betas\.pt: betas of space nas-bench-201"):
        opened("confopt-nb201", betas="pc-darts-betas.pt")


def test_edge_strengths_that_the_optimiser_held_count(tmp_path: Path) -> None:
    content = torch.load(original("confopt-nb201"), weights_only=False)
    content["arch_optimizer"]["state"][1] = {"exp_avg": torch.ones(6), "exp_avg_sq": torch.ones(6)}
    torch.save(content, tmp_path / "model.pth")
    found = import_checkpoint(tmp_path / "model.pth")
    assert found.start.alphas.betas == (tuple(content["model"]["model.beta_parameters"].tolist()),)
    assert any("learned beside the alphas" in note for note in found.meta["notes"])


def test_what_a_file_says_of_its_search_is_heard() -> None:
    gdas = opened("autodl-gdas").meta
    assert (gdas["data"], gdas["image_size"], gdas["classes"]) == ("imagenet16-120", 16, 120)
    assert gdas["split"] is None and gdas["normalisation"]["mean"][0] == pytest.approx(122.68 / 255)
    assert gdas["statistics"] is False and any("GDAS held one sampled operation" in note for note in gdas["notes"])
    generic = opened("autodl-generic").meta
    assert generic["data"] == "cifar10" and not any("trained on" in note for note in generic["notes"])
    enas = opened("autodl-enas")
    assert any("controller" in note for note in enas.meta["notes"]) and not enas.start.alphas.known
    assert opened("robust-s2-es").meta["epochs"] is None
    assert opened("darts-pt-201-simple").meta["epochs"] == 20


@pytest.mark.parametrize("first", ["", "ema."])
def test_a_second_copy_of_the_supernet_is_left_out_with_a_note(tmp_path: Path, first: str) -> None:
    state = torch.load(original("darts-pt-201-s2"), weights_only=True)["state_dict"]
    second = "ema." if first == "" else ""
    copies = {first + name: value for name, value in state.items()}
    copies |= {second + name: value + 1 for name, value in state.items() if "num_batches" not in name}
    torch.save({"model": copies}, tmp_path / "a.pt")
    found = import_checkpoint(tmp_path / "a.pt")
    assert found.supernet.classifier.weight.equal(state["classifier.weight"])
    assert any("further supernets in the same state were left out" in note for note in found.meta["notes"])


def test_a_file_of_alphas_alone_is_named_as_one() -> None:
    for name in ("fairdarts-checkpoint.pth.tar", "quark0-weights-3l-list.pt", "sgas-alphas.pt"):
        with pytest.raises(BadInput, match="is a file with alphas alone"):
            import_checkpoint(ORIGINALS / name)


def test_leftovers_are_left_out_with_a_note() -> None:
    assert any("324 total_ops and total_params" in note for note in opened("confopt-nb201").meta["notes"])


def test_a_begun_selection_of_nas_bench_201_goes_on() -> None:
    found = opened("darts-pt-201-begun")
    assert (found.start.operation("cell", 0), found.start.operation("cell", 2)) == ("nor_conv_3x3", "none")
    assert found.start.steps_done == 2


def test_spaces_whose_files_look_alike_are_asked_for() -> None:
    found = import_checkpoint(original("darts-pt-201-s4"))
    assert found.space.name == "nas-bench-201-s2"
    assert any("nas-bench-201-s4 and nas-bench-201-s10 look the same (--space)" in note for note in found.meta["notes"])


def test_a_later_stage_of_p_darts_opens_with_its_operations_declared(tmp_path: Path) -> None:
    path = ORIGINALS / "p-darts-2.pt"
    with pytest.raises(BadInput, match=r"layout is that of P-DARTS.*declare them edge by edge"):
        import_checkpoint(path)
    names = search_space("darts-none").operations("normal", 0)
    torch.manual_seed(0)
    kept = [[names[column] for column in sorted(torch.randperm(8)[:5].tolist())] for _ in range(14)]
    table = f"inputs = 2\nnodes = 6\nkeep = 2\noperations = {json.dumps(kept)}"
    (tmp_path / "stage.toml").write_text(
        f'name = "stage-2"\n[cells.normal]\n{table}\n[cells.reduce]\n{table}\nstride = 2\n[skeleton]\nlike = "darts"\n'
    )
    found = import_checkpoint(path, space=str(tmp_path / "stage.toml"))
    assert found.space == read(tmp_path / "stage.toml") and found.alphas["normal"].shape == (14, 5)


@pytest.mark.parametrize("size", [32, 16])
def test_the_image_size_is_asked_or_said(size: int) -> None:
    found = opened("confopt-nb201", image_size=size)
    assert found.meta["image_size"] == size and not any("--image-size" in note for note in found.meta["notes"])
    assert any("taken as 32 pixels (--image-size)" in note for note in opened("confopt-nb201").meta["notes"])
    with pytest.raises(BadInput, match="stem of images of 32 or 16 pixels, not 224"):
        opened("confopt-nb201", image_size=224)


@pytest.mark.parametrize("before", ["module.", "_orig_mod.", "model.net.", "module._orig_mod.module.", "a.b.c."])
@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "net", "search_model", "shared_cnn", None])
def test_a_supernet_is_found_wherever_it_lies(tmp_path: Path, before: str, key: str | None) -> None:
    content = torch.load(original("darts-pt-201-s2"), weights_only=True)
    state = {before + name: value for name, value in content["state_dict"].items()}
    state |= {f"{before}criterion.weight": torch.ones(10), f"{before}cells.0.total_ops": torch.zeros(1)}
    torch.save(state if key is None else {"epoch": 3, "best": {"deep": {key: state}}}, tmp_path / "a.pt")
    found = import_checkpoint(tmp_path / "a.pt")
    expected = opened("darts-pt-201-s2")
    assert all(value.equal(found.supernet.state_dict()[name]) for name, value in expected.supernet.state_dict().items())
    assert any("1 the loss function's" in note for note in found.meta["notes"])


@pytest.mark.parametrize("name", ["drnas201-dirichlet", "fairdarts"])
def test_tuning_goes_on_with_the_mixing_of_the_search(name: str) -> None:
    found = opened(name, image_size=16)
    tuner = Tuner(found)
    assert tuner.selection(()).alphas.mixing == found.start.alphas.mixing != "softmax"
    mixed = tuner.method.mix("measure", torch.Generator()).weights
    expected = found.start.weights()
    assert all(torch.allclose(mixed[cell].detach(), expected[cell], atol=1e-6) for cell in found.space.cells)
