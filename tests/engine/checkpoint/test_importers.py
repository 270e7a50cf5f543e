"""Files of other programs: every format against its own model, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import engine
from engine.checkpoint.importers import import_checkpoint, save_import
from engine.errors import BadInput
from engine.selection.selection import Selection
from engine.spaces import search_space
from tests.engine.foreign import IMAGES, alphas_of, bench_net, darts_net, logits, saved

BENCH = search_space("nas-bench-201")
S2 = search_space("s2")
CASES = {
    **{f"darts-pt-{name}": ("darts-pt", name, {}) for name in ("darts", "darts-none", "s1", "s2", "s3", "s4")},
    "darts-pt-201": ("darts-pt", "nas-bench-201", {}),
    "drnas": ("drnas", "nas-bench-201", {}),
    "robustdarts": ("robustdarts", "s3", {}),
    "autodl": ("autodl", "nas-bench-201", {"bias": True}),
    "autodl-untracked": ("autodl", "nas-bench-201", {"bias": True, "tracked": False}),
    "confopt-darts": ("confopt", "darts-none", {"confopt": True}),
    "confopt-201": ("confopt", "nas-bench-201", {"confopt": True, "bias": True, "tracked": False}),
    "weights": ("weights", "s2", {}),
}


def build(space, **kit: bool):
    return bench_net(**kit) if space == BENCH else darts_net(space, **kit)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(content, name: str = "checkpoint_50.pth.tar", **how) -> Path:
        torch.save(content, tmp_path / name, **how)
        return tmp_path / name

    return write


def close(found: torch.Tensor, expected: torch.Tensor) -> None:
    assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()


@pytest.mark.parametrize("case", CASES)
def test_an_imported_supernet_answers_as_the_original(write, tmp_path: Path, case: str) -> None:
    kind, name, kit = CASES[case]
    space = search_space(name)
    net, alphas = build(space, **kit), alphas_of(space)
    path = write(saved(kind, net, alphas))
    found = import_checkpoint(path)
    assert (found.space, found.meta["source"]["format"]) == (space, kind)
    if kind == "weights":
        assert "no alphas" in " ".join(found.meta["notes"]) and found.meta["epochs"] is None
        alphas = {cell: torch.zeros(space.shape(cell)) for cell in space.cells}
    elif kind != "robustdarts":
        assert found.meta["epochs"] == 50
    assert all(found.alphas[cell].equal(rows) for cell, rows in alphas.items())
    assert found.start.alphas.mixing == ("dirichlet" if kind == "drnas" else "softmax")
    weights = Selection(found.space, found.alphas).weights()
    expected = logits(net, alphas, "batch")
    close(found.supernet(IMAGES, weights, "batch"), expected)
    if kit.get("tracked", True):
        close(found.supernet(IMAGES, weights, "running"), logits(net, alphas, "running"))
    else:
        assert "batch statistics only" in " ".join(found.meta["notes"])
    save_import(found, tmp_path / "out")
    kept = engine.load(tmp_path / "out")
    assert (kept.digest, kept.meta["notes"], kept.start) == (found.digest, found.meta["notes"], found.start)
    close(kept.supernet(IMAGES, weights, "batch"), expected)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["checkpoint_50.pth.tar", "out"]


@pytest.mark.parametrize("name", ["darts", "s1", "s2", "s3", "s4"])
def test_a_space_may_be_named_and_a_wrong_one_is_told(write, name: str) -> None:
    space = search_space(name)
    path = write(saved("darts-pt", darts_net(space), alphas_of(space)))
    assert import_checkpoint(path, space=name).space == space
    wrong = "s4" if name == "s2" else "s2"
    with pytest.raises(BadInput, match=rf"does not fit space {wrong}.*it fits space {name}"):
        import_checkpoint(path, space=wrong)
    with pytest.raises(BadInput, match="use one of: darts"):
        import_checkpoint(path, space="nas-bench-201")


def test_the_older_form_of_files_and_plain_wrappers(write) -> None:
    content = saved("darts-pt", darts_net(S2), alphas_of(S2))
    content["state_dict"] = {f"module.{name}": value for name, value in content["state_dict"].items()}
    path = write(content, _use_new_zipfile_serialization=False)
    assert engine.load(path).space == S2


def test_sizes_are_those_of_the_file(write) -> None:
    found = import_checkpoint(write(saved("darts-pt", darts_net(S2, c=6, layers=5, classes=100), alphas_of(S2))))
    assert [found.meta[key] for key in ("channels", "cells", "classes", "data")] == [6, 5, 100, "cifar100"]
    found = import_checkpoint(write(saved("darts-pt", bench_net(c=2, n=2), alphas_of(BENCH))))
    assert [found.meta[key] for key in ("channels", "cells", "classes", "data")] == [2, 2, 10, "cifar10"]


def test_the_data_set_is_as_told(write) -> None:
    path = write(saved("darts-pt", bench_net(), alphas_of(BENCH)))
    told = import_checkpoint(path, dataset="svhn").meta
    assert (told["data"], told["split"], told["normalisation"]["mean"][0]) == ("svhn", "svhn-halves", 0.4377)
    assert not any("trained on" in note for note in told["notes"])
    assumed = import_checkpoint(path).meta
    assert assumed["split"] == "cifar10-halves" and any("taken as cifar10" in note for note in assumed["notes"])
    with pytest.raises(BadInput, match="10 classes apart and cifar100 has 100"):
        import_checkpoint(path, dataset="cifar100")
    with pytest.raises(BadInput, match="use one of: cifar10"):
        import_checkpoint(path, dataset="mnist")
    other = import_checkpoint(write(saved("darts-pt", bench_net(classes=7), alphas_of(BENCH)))).meta
    assert other["data"] is None and any("unknown data set" in note for note in other["notes"])


def test_tensors_saved_on_a_gpu_load_without_one(write) -> None:
    # The device is a word in the file: of the same length, it can be exchanged in place.
    content = saved("darts-pt", darts_net(S2), alphas_of(S2))
    path = write(content, _use_new_zipfile_serialization=False)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0"))
    assert data.count(b"X\x03\x00\x00\x00cpu") > 0
    assert import_checkpoint(path).space == S2


# Alphas from elsewhere


def test_alphas_from_a_second_file(write, tmp_path: Path) -> None:
    path, alphas = write(saved("weights", darts_net(S2), {})), alphas_of(S2)
    lists = {cell: rows.tolist() for cell, rows in alphas.items()}
    (tmp_path / "a.json").write_text(json.dumps(lists))
    torch.save([alphas["normal"], alphas["reduce"]], tmp_path / "a.pt")
    save_file({f"alphas_{cell}": rows for cell, rows in alphas.items()}, tmp_path / "a.safetensors")
    (tmp_path / "selection.json").write_text(Selection(S2, alphas).to_json())
    for name in ("a.json", "a.pt", "a.safetensors", "selection.json"):
        found = import_checkpoint(path, alphas=tmp_path / name)
        assert all(found.alphas[cell].equal(rows) for cell, rows in alphas.items()), name
        assert any(name in note for note in found.meta["notes"])


def test_printed_mixing_weights_become_alphas(write, tmp_path: Path) -> None:
    path, alphas = write(saved("weights", darts_net(S2), {})), alphas_of(S2)
    printed = {cell: [[round(v, 4) for v in row] for row in rows.softmax(-1).tolist()] for cell, rows in alphas.items()}
    (tmp_path / "a.json").write_text(json.dumps(printed))
    found = import_checkpoint(path, alphas=tmp_path / "a.json")
    assert torch.allclose(found.alphas["reduce"].softmax(-1), alphas["reduce"].softmax(-1), atol=1e-3)
    assert "mixing weights" in " ".join(found.meta["notes"])


@pytest.mark.parametrize(
    ("alphas", "said"),
    [
        ({"normal": [[1.0, 2.0]] * 14}, "alphas of normal alone"),
        ({"normal": [[1.0] * 3] * 14, "reduce": [[1.0] * 3] * 14}, r"shape \(14, 2\)"),
        ({"normal": [[1.0], [1.0, 2.0]], "reduce": []}, "equal length"),
        ({"normal": "no", "reduce": "no"}, "normal holds no numbers"),
        ({"rows": 3}, "holds entries named rows"),
    ],
)
def test_alphas_that_do_not_fit_are_told(write, tmp_path: Path, alphas, said: str) -> None:
    (tmp_path / "a.json").write_text(json.dumps(alphas))
    with pytest.raises(BadInput, match=rf"a\.json.*{said}"):
        import_checkpoint(write(saved("weights", darts_net(S2), {})), alphas=tmp_path / "a.json")


def test_safetensors_and_json(tmp_path: Path) -> None:
    net, alphas = bench_net(), alphas_of(BENCH)
    tensors = {**net.state_dict(), "alpha": alphas["cell"]}
    save_file(tensors, tmp_path / "one.safetensors")
    lists = {name: value.tolist() for name, value in tensors.items()}
    (tmp_path / "one.json").write_text(json.dumps({"state_dict": lists, "epoch": 3}))
    for name in ("one.safetensors", "one.json"):
        found = import_checkpoint(tmp_path / name)
        assert found.alphas["cell"].equal(alphas["cell"])
        close(found.supernet(IMAGES, Selection(BENCH, alphas).weights(), "running"), logits(net, alphas, "running"))
    assert found.meta["epochs"] == 3


# A selection that has begun


def selecting(space, alphas) -> dict:
    """A darts-pt file of the selection phase: all normal edges decided, node 4 too; two reduction edges decided."""
    content = saved("darts-pt", darts_net(space), alphas)
    shape = space.shape("normal")
    rows = {"normal": torch.eye(shape[1])[torch.arange(14) % shape[1]], "reduce": torch.zeros(shape)}
    rows["normal"][[5, 7]] = 0  # node 4 keeps 6 and 8
    rows["reduce"][[0, 12], [1, 0]] = 1
    flags = {"normal": torch.zeros(14, dtype=torch.bool), "reduce": torch.ones(14, dtype=torch.bool)}
    flags["reduce"][[0, 12]] = False
    return content | {
        "epoch": 70,
        "nid2eids": {0: [2, 3, 4], 1: [5, 6, 7, 8], 2: [9, 10, 11, 12, 13]},
        "nid2selected_eids": {"normal": {0: [], 1: [6, 8], 2: []}, "reduce": {0: [], 1: [], 2: []}},
        "candidate_flags": flags,
        "candidate_flags_edge": {"normal": torch.tensor([True, False, True]), "reduce": torch.ones(3).bool()},
        "proj_weights": rows,
    }


def test_a_selection_goes_on_where_it_stood(write, tmp_path: Path) -> None:
    alphas = alphas_of(S2)
    content = selecting(S2, alphas)
    found = import_checkpoint(write(content))
    selection = found.start
    assert selection.steps_done == 14 + 2 + 1
    assert selection.operation("normal", 3) == "sep_conv_3x3" and selection.kept("normal", 4) == (6, 8)
    assert selection.operation("reduce", 0) == "sep_conv_3x3" and selection.operation("reduce", 12) == "skip_connect"
    assert "edges 5 (normal), 7 (normal)" in " ".join(found.meta["notes"])
    weights = selection.weights()
    assert weights["normal"].equal(content["proj_weights"]["normal"])
    expected = alphas["reduce"].softmax(-1)
    expected[[0, 12]] = content["proj_weights"]["reduce"][[0, 12]]
    assert torch.allclose(weights["reduce"], expected)
    save_import(found, tmp_path / "out")
    assert engine.load(tmp_path / "out").start == selection


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nid2selected_eids": {"normal": {1: [2, 3]}, "reduce": {}}}, "not legal"),
        ({"candidate_flags": {"normal": torch.ones(3)}}, "form that is not known"),
        ({"candidate_flags_edge": None}, "form that is not known"),
    ],
)
def test_a_selection_of_another_form_is_refused(write, change: dict, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        import_checkpoint(write(selecting(S2, alphas_of(S2)) | change))


# What does not fit


def test_differences_are_listed(write) -> None:
    content = saved("darts-pt", darts_net(S2), alphas_of(S2))
    state = content["state_dict"]
    del state["cells.0._ops.3._ops.1.op.2.weight"]
    state["cells.0._ops.0._ops.1.op.1.weight"] = torch.zeros(4, 1, 5, 5)
    state |= {f"cells.0.extra.{i}": torch.zeros(1) for i in range(4)}
    with pytest.raises(BadInput) as caught:
        import_checkpoint(write(content), space="s2")
    said = str(caught.value)
    assert "424 of its 426 tensors match" in said
    assert "1 missing: cells.0._ops.3._ops.1.op.2.weight (4, 4, 1, 1)" in said
    assert "4 unexpected: cells.0.extra.0 (1,), cells.0.extra.1 (1,), cells.0.extra.2 (1,), ..." in said
    assert "1 of the wrong shape: cells.0._ops.0._ops.1.op.1.weight (4, 1, 5, 5) instead of (4, 1, 3, 3)" in said
    assert "\n" not in said


@pytest.mark.parametrize("lost", ["stem.1.bias", "cells.0._ops.3._ops.1.op.3.running_var", "classifier.weight"])
def test_one_tensor_too_few_is_named(write, lost: str) -> None:
    content = saved("darts-pt", darts_net(S2), alphas_of(S2))
    del content["state_dict"][lost]
    with pytest.raises(BadInput, match=lost):
        import_checkpoint(write(content))


def test_numbers_that_are_none_are_refused(write) -> None:
    content = saved("darts-pt", darts_net(S2), alphas_of(S2))
    content["state_dict"]["stem.0.weight"][0, 0, 0, 0] = float("nan")
    with pytest.raises(BadInput, match=r"stem\.0\.weight.*NaN"):
        import_checkpoint(write(content))
    content["state_dict"]["stem.0.weight"] = torch.zeros(12, 3, 3, 3)
    content["state_dict"]["stem.1.running_var"] = -torch.ones(12)
    with pytest.raises(BadInput, match="negative variance"):
        import_checkpoint(write(content))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cells.0._ops.0._ops.1.op.1.lora_A", "low-rank adapters"),
        ("auxiliary_head.classifier.weight", "auxiliary head, which no supernet has"),
        ("cells.2._ops.0.aux_skip.weight", "auxiliary skip"),
    ],
)
def test_other_networks_are_told_apart(write, name: str, said: str) -> None:
    content = saved(
        "confopt", darts_net(search_space("darts-none"), confopt=True), alphas_of(search_space("darts-none"))
    )
    content["model"][f"model.{name}"] = torch.zeros(2, 2)
    with pytest.raises(BadInput, match=said):
        import_checkpoint(write(content))


def reason(write, state: dict) -> str:
    with pytest.raises(BadInput) as caught:
        import_checkpoint(write({"state_dict": state, "alpha": []}))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_share_of_channels_that_fits_no_supernet_is_named(write) -> None:
    state = darts_net(S2, c=6).state_dict()
    mixed = {
        name: value[:4, :4] if ".op.2.weight" in name else value for name, value in state.items() if "._ops." in name
    }
    said = reason(write, state | mixed)
    assert "mixes 4 of 6 channels" in said and "partial channels, k = 1.5" in said


def test_affine_batchnorm_is_named(write) -> None:
    state = darts_net(S2).state_dict()
    scales = {
        name.replace("running_mean", "weight"): value
        for name, value in state.items()
        if "._ops." in name and "running_mean" in name
    }
    said = reason(write, state | scales)
    assert "BatchNorm with scales of its own (affine)" in said and "save the whole supernet" not in said


def test_another_cell_layout_is_named(write) -> None:
    state = darts_net(S2).state_dict()
    more = {name.replace("_ops.13.", "_ops.14."): value for name, value in state.items() if "_ops.13." in name}
    assert "edges such as 14 beside the 14 of DARTS; declare the space" in reason(write, state | more)


def test_an_auxiliary_head_and_one_architecture_are_told_apart(write) -> None:
    state = darts_net(S2).state_dict()
    assert "has an auxiliary head, which no supernet has" in reason(
        write, state | {"auxiliary_head.classifier.weight": torch.zeros(2, 2)}
    )
    single = {name.replace("._ops.1.op", ".op"): value for name, value in state.items() if "._ops.0.conv" not in name}
    single = {name: value for name, value in single.items() if "._ops.0._ops." not in name}
    single = {name: value for name, value in single.items() if name.count("._ops.") < 2}
    said = reason(write, single | {"auxiliary_head.features.2.weight": torch.zeros(2, 2, 1, 1)})
    assert "network of one architecture, with an auxiliary head" in said


def test_cells_of_an_unknown_layout_are_no_network_of_one_architecture(write) -> None:
    said = reason(write, {"stem.0.weight": torch.zeros(4, 3, 3, 3), "cells.0.mystery.weight": torch.zeros(3)})
    assert "layout that is not known here (cells.0.mystery.weight)" in said and "one architecture" not in said


def test_what_is_more_than_a_supernet_is_no_reason_to_save_it_again(write) -> None:
    said = reason(write, darts_net(S2).state_dict() | {"cells.0.extra": torch.zeros(3)})
    assert "426 of its 426 tensors match" in said and "leave out what is unexpected" in said
    assert "save the whole supernet" not in said


def test_a_whole_model_that_was_saved_as_an_object_opens(tmp_path: Path) -> None:
    net = darts_net(S2)
    torch.save({"model": net, "alpha": list(alphas_of(S2).values()), "epoch": 2}, tmp_path / "model.pt")
    found = import_checkpoint(tmp_path / "model.pt")
    weights = found.start.weights()
    close(found.supernet(IMAGES, weights, "running"), logits(net, alphas_of(S2), "running"))
    assert found.meta["epochs"] == 2


def test_running_statistics_that_are_not_there_are_refused(write, tmp_path: Path, cli) -> None:
    path = write(saved("autodl", bench_net(bias=True, tracked=False), alphas_of(BENCH)))
    assert cli("import", path, "--out", tmp_path / "out")[0] == 0
    asked = ("score", tmp_path / "out", "--cell", "cell", "--edge", 0, "--images", 64)
    code, _, said = cli(*asked, "--bn", "running")
    assert code == 2 and "no running BatchNorm statistics; measure with --bn batch" in said
    assert cli(*asked)[0] == 0


def test_the_command_asks_what_a_file_does_not_say(write, tmp_path: Path, cli) -> None:
    path = write(saved("drnas", bench_net(classes=120), alphas_of(BENCH)))
    code, said, _ = cli("import", path, "--out", tmp_path / "a", "--dataset", "imagenet16-120", "--mixing", "softmax")
    assert code == 0 and "16 px images" in said and "softmax of alpha" in said
    code, said, _ = cli("import", path, "--out", tmp_path / "b", "--image-size", 32, "--json")
    kept = json.loads(said)
    assert (kept["mixing"], kept["image_size"], kept["dataset"]) == ("dirichlet", 32, "imagenet16-120")
    betas = tmp_path / "betas.json"
    betas.write_text(json.dumps({"betas": {"cell": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]}}))
    assert cli("import", path, "--out", tmp_path / "c", "--betas", betas)[0] == 0
    assert engine.load(tmp_path / "c").start.alphas.betas == ((0.0, 1.0, 2.0, 3.0, 4.0, 5.0),)
    code, said, _ = cli("info", tmp_path / "c")
    assert code == 0 and "edge strengths (betas) from betas.json count" in said
    assert "magnitude now gives" in said and "mean of the Dirichlet distribution" in said
    code, _, said = cli("import", path, "--out", tmp_path / "d", "--mixing", "hard")
    assert code == 2 and "use one of: softmax" in said


def test_info_says_what_is_unknown_and_what_has_begun(write, tmp_path: Path, cli) -> None:
    content = selecting(S2, alphas_of(S2))
    del content["epoch"]
    assert cli("import", write(content), "--out", tmp_path / "out")[0] == 0
    code, said, _ = cli("info", tmp_path / "out")
    assert code == 0 and "an unknown number of epochs on cifar10" in said and "seed unknown" in said
    assert "17 of 34 are taken: the selection has begun" in said and "note" in said
    assert "Genotype(normal=" in said.split("magnitude now gives")[1]
    found = json.loads(cli("info", tmp_path / "out", "--json")[1])
    assert (found["epochs"], found["decisions"], found["steps"]) == (None, 17, 34)


def test_two_values_for_one_weight_are_refused(write) -> None:
    space = search_space("darts-none")
    content = saved("confopt", darts_net(space, confopt=True), alphas_of(space))
    name = next(name for name in content["model"] if name.endswith(".conv.weight"))
    content["model"][name] = content["model"][name] + 1
    with pytest.raises(BadInput, match="two different tensors"):
        import_checkpoint(write(content))


def test_a_single_network_is_no_supernet(write) -> None:
    state = {"stem.0.weight": torch.zeros(12, 3, 3, 3), "cells.0._ops.0.op.1.weight": torch.zeros(4, 1, 3, 3)}
    with pytest.raises(BadInput, match="one architecture"):
        import_checkpoint(write(state))
    with pytest.raises(BadInput, match=r"no supernet was found.*found were fc"):
        import_checkpoint(write({"fc": torch.zeros(3)}))
    with pytest.raises(BadInput, match="alphas alone"):
        import_checkpoint(write({"normal": torch.zeros(14, 2), "reduce": torch.zeros(14, 2)}))


def test_nothing_is_overwritten(write, tmp_path: Path) -> None:
    found = import_checkpoint(write(saved("darts-pt", darts_net(S2), alphas_of(S2))))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(BadInput, match="overwrites nothing"):
        save_import(found, tmp_path / "out")
    with pytest.raises(BadInput, match="overwrites nothing"):
        save_import(found, tmp_path / "out" / "mine.txt")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]
