"""Alphas in files beside the one with the weights: logs, arrays, pickles, lists, by cell type or together."""

import io
import json
import pickle
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

import engine
from engine.checkpoint.format import read_summary
from engine.checkpoint.importers import import_checkpoint, save_import
from engine.checkpoint.importers.alphas import GivenAlphas, read_alphas
from engine.checkpoint.importers.reading import check, given, opened
from engine.errors import BadInput
from engine.selection.genotype import magnitude_genotype
from engine.selection.genotype_text import parse_genotype

ORIGINALS = Path(__file__).parents[2] / "files" / "originals"
WEIGHTS = ORIGINALS / "quark0-weights-3l.pt"
EXPECTED = load_file(ORIGINALS / "quark0-weights-3l.expected.safetensors")
NORMAL, REDUCE = EXPECTED["alphas.normal"], EXPECTED["alphas.reduce"]
BENCH = np.random.default_rng(3).normal(size=(6, 5)).astype(np.float32)


def read(*contents: bytes | str, names: tuple[str, ...] = ()) -> GivenAlphas:
    raw = [content.encode() if isinstance(content, str) else content for content in contents]
    named = [*names, *(f"file{k}" for k in range(len(names), len(raw)))]
    return read_alphas([opened(name, each, check(name, each)) for name, each in zip(named, raw, strict=True)])


def weights(rows: Any) -> np.ndarray:
    return torch.tensor(np.asarray(rows), dtype=torch.float64).softmax(-1).numpy()


def shown(table: Any, **settings: Any) -> str:
    """A matrix as torch prints it."""
    return (
        str(torch.tensor(np.asarray(table))).removesuffix(")")
        + "".join(f", {k}={v}" for k, v in settings.items())
        + ")"
    )


def npy(table: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, table)
    return file.getvalue()


def saved(value: Any) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


# What the original program left


@pytest.mark.parametrize("form", [".npz", ".pkl", "-list.pt", "-log.txt"])
def test_every_form_in_which_the_original_alphas_lie_gives_them_and_its_genotype(form: str) -> None:
    found = import_checkpoint(WEIGHTS, alphas=ORIGINALS / f"quark0-weights-3l{form}")
    said = json.loads((ORIGINALS / "quark0-weights-3l.expected.json").read_text())
    assert magnitude_genotype(found.space, found.alphas) == parse_genotype(said["genotype"])
    images = torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(5))
    logits, expected = found.supernet(images, found.start.weights(), "batch").numpy(), EXPECTED["logits"]
    exact = form != "-log.txt"
    assert np.abs(logits - expected).max() < (1e-5 if exact else 1e-3) * np.abs(expected).max()
    for cell, rows in found.alphas.items():
        if exact:
            assert np.array_equal(rows.numpy(), EXPECTED[f"alphas.{cell}"])
        assert np.abs(weights(rows) - weights(EXPECTED[f"alphas.{cell}"])).max() < 1e-4
    assert any("taken as mixing weights" in note for note in found.meta["notes"]) is not exact


def test_one_cell_type_alone_is_not_enough_and_two_files_are(tmp_path: Path) -> None:
    normal = ORIGINALS / "quark0-weights-3l-normal.npy"
    with pytest.raises(BadInput, match=r"the alphas of normal alone; give the file with those of reduce too"):
        import_checkpoint(WEIGHTS, alphas=normal)
    (tmp_path / "run3_reduce.npy").write_bytes(npy(REDUCE))
    found = import_checkpoint(WEIGHTS, alphas=[tmp_path / "run3_reduce.npy", normal])
    assert np.array_equal(found.alphas["normal"], NORMAL) and np.array_equal(found.alphas["reduce"], REDUCE)


# Forms


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"normal": NORMAL.tolist(), "reduce": REDUCE.tolist()}),
        json.dumps([NORMAL.tolist(), REDUCE.tolist()]),
        json.dumps([*NORMAL.tolist(), *REDUCE.tolist()]),
        json.dumps({"alphas": {"normal": NORMAL.tolist(), "reduce": REDUCE.tolist()}}).encode("utf-16"),
        b"\xef\xbb\xbf" + json.dumps({"alphas_normal": NORMAL.tolist(), "alphas_reduce": REDUCE.tolist()}).encode(),
        npy(np.stack([NORMAL, REDUCE])),
        npy(np.concatenate([NORMAL, REDUCE])),
        npy(np.stack([NORMAL, REDUCE], axis=-1).transpose(2, 0, 1)),
        saved(torch.tensor(np.stack([NORMAL, REDUCE]))),
        saved({"alpha": [torch.tensor(NORMAL), torch.tensor(REDUCE, requires_grad=True)]}),
        saved({"arch_parameters": [NORMAL, REDUCE]}),
        saved({"net": {"module._alphas_normal": torch.tensor(NORMAL), "module._alphas_reduce": torch.tensor(REDUCE)}}),
        saved({"alpha_normal": list(torch.tensor(NORMAL)), "alpha_reduction": list(torch.tensor(REDUCE))}),
        saved([list(torch.tensor(NORMAL).split([2, 3, 4, 5])), list(torch.tensor(REDUCE).split([2, 3, 4, 5]))]),
        saved([*torch.tensor(NORMAL).split([2, 3, 4, 5]), *torch.tensor(REDUCE).split([2, 3, 4, 5])]),
        saved({f"alpha_{cell}.{k}": rows for cell, table in (("normal", NORMAL), ("reduce", REDUCE))
               for k, rows in enumerate(torch.tensor(table).split([2, 3, 4, 5]))}),
        pickle.dumps([NORMAL, REDUCE], protocol=0),
        pickle.dumps({"args": None, "arch": {"normal": NORMAL.tolist(), "reduce": REDUCE.tolist()}}, protocol=5),
        pickle.dumps((list(NORMAL), list(REDUCE)), protocol=4),
        npy(np.array({"normal": NORMAL, "reduce": REDUCE}, dtype=object)),
    ],
)  # fmt: skip
def test_alphas_of_both_cell_types_are_found_in_every_usual_form(content: bytes | str) -> None:
    found = read(content)
    assert np.array_equal(found.final["normal"], NORMAL) and np.array_equal(found.final["reduce"], REDUCE)
    assert found.history is None and not any("mixing weights" in note for note in found.notes)


@pytest.mark.parametrize(
    "content",
    [
        npy(BENCH),
        json.dumps(BENCH.tolist()),
        saved({"arch_parameters": torch.tensor(BENCH)}),
        saved([torch.tensor(BENCH)]),
        saved(list(torch.tensor(BENCH).split([1, 2, 3]))),
        "\n".join(" ".join(f"{number:.18e}" for number in row) for row in BENCH),
    ],
)
def test_alphas_of_nas_bench_201_are_found_in_every_usual_form(content: bytes | str) -> None:
    assert np.array_equal(read(content).final["cell"].astype(np.float32), BENCH)


def test_files_without_a_word_on_their_cell_type_count_in_the_order_given() -> None:
    found = read(npy(NORMAL), npy(REDUCE), names=("first.npy", "second.npy"))
    assert np.array_equal(found.final["reduce"], REDUCE)
    assert any("first.npy as normal and second.npy as reduce" in note for note in found.notes)
    found = read(npy(NORMAL), npy(REDUCE), names=("weird.npy", "alphas_reduce.npy"))
    assert np.array_equal(found.final["normal"], NORMAL)
    with pytest.raises(BadInput, match="nothing says of which cell type"):
        read(npy(NORMAL))
    with pytest.raises(BadInput, match="hold different alphas of normal"):
        read(npy(NORMAL), npy(REDUCE), names=("a-normal.npy", "b-normal.npy"))


# Logs


def quark_log(epochs: int) -> tuple[str, list[np.ndarray]]:
    """A log in quark0's form, and the normal alphas of every epoch."""
    lines, tables = [], []
    for epoch in range(epochs):
        scale = (epoch + 1) / epochs
        stamp = f"11/26 0{epoch % 10}:58:59 PM"
        lines += [f"{stamp} epoch {epoch} lr 2.5e-02", f"{stamp} genotype = Genotype(normal=[('none', 0)], reduce=[])"]
        lines += [shown(weights(scale * table), grad_fn="<SoftmaxBackward>") for table in (NORMAL, REDUCE)]
        lines += [f"{stamp} train_acc 50.0", "confusion " + shown(np.eye(10))]
        tables.append(scale * NORMAL)
    return "\n".join(lines), tables


def test_a_whole_log_gives_the_history_of_every_printed_epoch(tmp_path: Path) -> None:
    text, tables = quark_log(7)
    found = read(text, names=("log.txt",))
    assert found.history is not None and found.history["reduce"].shape == (7, 14, 8)
    for rows, table in zip(found.history["normal"], tables, strict=True):
        assert np.abs(weights(rows) - weights(table)).max() < 1e-4
        assert np.abs(rows.mean(-1)).max() < 1e-12  # up to a constant in each row
    assert np.array_equal(found.history["normal"][-1], found.final["normal"])
    assert any("7 printings, epoch 0 to 6 of the log, are the history" in note for note in found.notes)
    (tmp_path / "log.txt").write_text(text, encoding="utf-16")
    imported = import_checkpoint(WEIGHTS, alphas=tmp_path / "log.txt")
    save_import(imported, tmp_path / "kept")
    for kept in (engine.load(tmp_path / "kept"), read_summary(tmp_path / "kept")):
        assert kept.history["normal"].shape == (7, 14, 8) and kept.start == imported.start
        assert kept.digest == imported.digest and kept.meta["epochs"] == imported.meta["epochs"]


def test_the_epoch_slider_moves_over_the_epochs_of_a_log(tmp_path: Path) -> None:
    from app.library import epochs
    from app.library.catalog import Entry

    text, tables = quark_log(7)
    (tmp_path / "log.txt").write_text(text)
    save_import(import_checkpoint(WEIGHTS, alphas=tmp_path / "log.txt"), tmp_path / "kept")
    entry = Entry("kept", tmp_path / "kept", "kept", read_summary(tmp_path / "kept"), None)
    assert epochs.count(entry) == 7
    then = epochs.at_epoch(entry, 3)
    assert then.summary is not None and not then.has_weights
    assert np.abs(weights(then.summary.start.alphas["normal"]) - weights(tables[2])).max() < 1e-4


def test_edge_strengths_that_a_log_does_not_print_are_unknown_in_its_epochs(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text(quark_log(4)[0])
    (tmp_path / "betas.json").write_text(json.dumps({"betas": {"normal": [0.1] * 14, "reduce": [0.2] * 14}}))
    found = import_checkpoint(WEIGHTS, alphas=tmp_path / "log.txt", betas=tmp_path / "betas.json")
    save_import(found, tmp_path / "kept")
    kept = read_summary(tmp_path / "kept")
    assert kept.start.alphas.betas and len(kept.history["normal"]) == 4 and len(kept.beta_history["normal"]) == 0
    assert any("edge strengths: those of its epochs are unknown" in note for note in kept.meta["notes"])


def test_alphas_of_the_file_itself_end_the_history_of_its_log(tmp_path: Path) -> None:
    content = {"state_dict": torch.load(WEIGHTS), "alpha": [torch.tensor(NORMAL), torch.tensor(REDUCE)], "epoch": 50}
    torch.save(content, tmp_path / "search.pt")
    text, _ = quark_log(5)
    (tmp_path / "log.txt").write_text(text)
    found = import_checkpoint(tmp_path / "search.pt", alphas=tmp_path / "log.txt")
    assert np.array_equal(found.alphas["normal"], NORMAL) and found.history["normal"].shape == (5, 14, 8)
    assert np.array_equal(found.history["normal"][-1], NORMAL) and found.meta["epochs"] == 50
    (tmp_path / "log.txt").write_text(text.rsplit("epoch 4", 1)[0])
    found = import_checkpoint(tmp_path / "search.pt", alphas=tmp_path / "log.txt")
    assert found.history["normal"].shape == (5, 14, 8) and np.array_equal(found.history["normal"][-1], NORMAL)
    save_import(found, tmp_path / "kept")
    assert engine.load(tmp_path / "kept").start == found.start


def test_a_log_that_breaks_off_or_was_begun_again_counts_whole_epochs_once() -> None:
    text, _ = quark_log(6)
    cut = text[: text.rindex("tensor([[", 0, text.rindex("confusion")) + 100]
    found = read(cut)
    assert found.history is not None and len(found.history["normal"]) == 5
    again = text.rsplit("epoch 4", 1)[0] + "epoch 2 resumed" + text.partition("epoch 2")[2]
    found = read(again)
    assert found.history is not None and len(found.history["normal"]) == 6


@pytest.mark.parametrize(
    "printed",
    [
        lambda normal, reduce: f"normal_alphas ---> {shown(normal)}\n\nreduce_alphas ---> {shown(reduce)}\n",
        lambda normal, reduce: f"reduce:\n{shown(reduce)}\nnormal:\n{shown(normal)}\n",
        lambda normal, reduce: f"{np.array2string(normal)}\n{np.array2string(reduce)}\n",
        lambda normal, reduce: f"2020-01-01 alphas {normal.tolist()}\n2020-01-01 alphas {reduce.tolist()}\n",
        lambda normal, reduce: shown(np.stack([normal, reduce])),
        lambda normal, reduce: "".join(
            f"# Alpha - {cell}\n" + "\n".join(str(rows) for rows in torch.tensor(table).split([2, 3, 4, 5])) + "\n"
            for cell, table in (("normal", normal), ("reduce", reduce))
        ),
        lambda normal, reduce: "".join(
            "Variable containing:\n"
            + "\n".join(" " + "  ".join(f"{number:.4f}" for number in row) for row in table)
            + "\n[torch.cuda.FloatTensor of size 14x8 (GPU 0)]\n\n"
            for table in (normal, reduce)
        ),
    ],
)
def test_alphas_are_found_however_a_program_prints_them(printed: Callable[..., str]) -> None:
    found = read(printed(weights(NORMAL), weights(REDUCE)))
    assert np.abs(weights(found.final["normal"]) - weights(NORMAL)).max() < 1e-4
    assert np.abs(weights(found.final["reduce"]) - weights(REDUCE)).max() < 1e-4


def test_raw_alphas_and_those_of_nas_bench_201_are_found_in_logs() -> None:
    found = read(f"epoch 3\n{shown(NORMAL)}\n{shown(REDUCE)}")
    assert np.abs(found.final["normal"] - NORMAL).max() < 1e-4 and found.shares == ""
    log = "\n".join(
        f"<<<--->>> The {k:03d}-050 epoch : arch-parameters :\n{shown(weights(k * BENCH))}" for k in range(4)
    )
    found = read(log)
    assert found.history is not None and found.history["cell"].shape == (4, 6, 5)
    assert np.abs(weights(found.final["cell"]) - weights(3 * BENCH)).max() < 1e-4


def test_concentrations_of_drnas_give_alphas_without_a_lost_constant() -> None:
    def concentration(rows: np.ndarray) -> np.ndarray:
        return np.where(rows < 0, np.exp(rows), rows + 1)

    text = f"alphas normal :\n{shown(weights(NORMAL))}\nalphas reduce :\n{shown(weights(REDUCE))}\n"
    text += (
        f"concentration normal:\n{shown(concentration(NORMAL))}\nconcentration reduce:\n{shown(concentration(REDUCE))}"
    )
    found = read(text)
    assert np.abs(found.final["normal"] - NORMAL).max() < 1e-3 and np.abs(found.final["reduce"] - REDUCE).max() < 1e-3


def test_weights_after_a_sigmoid_are_taken_back_where_the_search_mixed_so() -> None:
    printed = [1 / (1 + np.exp(-table.astype(np.float64))) for table in (NORMAL, REDUCE)]
    found = read(npy(np.stack(printed)))
    assert found.shares == "unit" and np.allclose(found.final["normal"], printed[0])
    assert np.allclose(found.under("sigmoid").final["normal"], NORMAL, atol=1e-5)


def test_sigmoids_in_a_log_do_not_open_as_a_softmax(tmp_path: Path) -> None:
    printed = [1 / (1 + np.exp(-table.astype(np.float64))) for table in (NORMAL, REDUCE)]
    (tmp_path / "log.txt").write_text("\n".join(map(shown, printed)))
    found = import_checkpoint(WEIGHTS, alphas=tmp_path / "log.txt")
    assert found.meta["mixing"] == "sigmoid" and any(
        "as FairDARTS does: all numbers in log.txt" in note for note in found.meta["notes"]
    )
    assert np.allclose(found.start.weights()["normal"], printed[0], atol=1e-4)
    asked = import_checkpoint(WEIGHTS, alphas=tmp_path / "log.txt", mixing="softmax")
    assert "mixing" not in asked.meta and np.allclose(asked.alphas["normal"], printed[0], atol=1e-4)


def test_alphas_may_be_given_as_text(tmp_path: Path) -> None:
    text = f"{shown(weights(NORMAL))}\n{shown(weights(REDUCE))}"
    found = read_alphas([given(text)])
    assert np.abs(weights(found.final["normal"]) - weights(NORMAL)).max() < 1e-4
    assert np.array_equal(import_checkpoint(WEIGHTS, alphas=json.dumps([NORMAL.tolist()] * 2)).alphas["reduce"], NORMAL)


# What is refused


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"epoch 3 train_acc 50\n", r"is a text without alphas: no matrices of 14 rows"),
        (saved(torch.nn.Conv2d(1, 1, 1).state_dict()), "which holds entries named weight, bias"),
        (saved({"model": torch.zeros(3)}), "which holds entries named model"),
        (pickle.dumps(7), r"one int"),
        (npy(np.array(["a", "b"])), "an array of <U1, and no numbers"),
        (npy(NORMAL)[:200], "claims an array of shape .14, 8., more than the file holds"),
        (npy(NORMAL).replace(b"(14, 8)", b"(14, 8000000000)"), "damaged|claims an array"),
    ],
)
def test_files_without_alphas_say_what_they_hold(content: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        read(content)
    assert "Inert" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_zip_of_arrays_that_unpacks_to_far_more_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("normal.npy", npy(np.zeros((14, 8), np.float32)) + bytes(200 << 20))
    with pytest.raises(BadInput, match="unpacks to over 64 MiB"):
        read(file.getvalue())


@pytest.mark.parametrize(
    "text", ["[[" * 200_000, "[[1," * 200_000, "[[" * 100_000 + "]]", "[[1 2]" * 100_000 + "]]", "epoch 1 " * 200_000]
)
def test_hostile_logs_are_read_quickly(text: str) -> None:  # fmt: skip
    start = time.process_time()
    with pytest.raises(BadInput):
        read(f"log\n{text}")
    assert time.process_time() - start < 5
