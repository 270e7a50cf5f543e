"""How a training goes, as figures."""

import re

import numpy as np
import pytest

from app.figures.training_curves import curves_info, plot_curves, plot_trajectories, trajectories_info
from engine.selection.alphas import Alphas
from engine.spaces import search_space

NB201 = search_space("nas-bench-201")


def line(epoch: int) -> dict:
    found = {"accuracy": 20.0 + epoch, "loss": 2.0 - 0.1 * epoch, "ci": None, "images": 2048}
    return {"epoch": epoch, "train_accuracy": 25.0 + epoch, "train_loss": 1.9, "search": {"batch": found}}


def test_curves_hold_every_epoch_and_say_where_they_stand() -> None:
    info = curves_info([line(1), line(2)], 30)
    assert info.search_accuracy == (21.0, 22.0) and info.train_accuracy == (26.0, 27.0) and info.images == 2048
    assert info.summary == "after epoch 2 of 30: train 27.0 %, search 22.0 % on 2,048 images"
    figure = plot_curves(info, "light")
    assert [trace["y"] for trace in figure["data"]] == [[26.0, 27.0], [21.0, 22.0], [1.9, 1.9], [1.9, 1.8]]
    assert figure["layout"]["xaxis"]["range"] == [0.7, 30.3]
    texts = [note["text"] for note in figure["layout"]["annotations"]]
    assert {"train 27.0", "search 22.0", "search 1.80"} <= set(texts)


@pytest.mark.parametrize("train", [19.0, 22.0, 26.0])
def test_the_names_at_the_ends_keep_apart_and_the_higher_one_stands_above(train: float) -> None:
    figure = plot_curves(curves_info([{**line(2), "train_accuracy": train}], 30), "dark")
    notes = {note["text"]: note["yshift"] for note in figure["layout"]["annotations"] if note["yref"] == "y"}
    assert notes == {f"train {train}": 8 if train > 22 else -8, "search 22.0": -8 if train > 22 else 8}


def test_before_the_first_epoch_they_say_so() -> None:
    assert curves_info([], 30).summary == "no epoch is finished"
    assert "no epoch is finished yet" in str(plot_curves(curves_info([], 30), "dark"))
    empty = trajectories_info(NB201, "cell", [], 30)
    assert empty.summary == "no epoch is finished" and "no epoch" in str(plot_trajectories(empty, "light"))


def test_every_edge_has_its_mixing_weights_on_one_scale() -> None:
    history = np.zeros((3, 6, 5))
    history[2, :, 1] = 1.0
    info = trajectories_info(NB201, "cell", [Alphas.read(NB201, {"cell": rows}) for rows in history], 30)
    assert len(info.edges) == 6 and info.epochs == 30
    name, names, weights, best = info.edges[0]
    assert name == "input → node 1" and len(names) == 5 and len(weights) == 3 and best == "skip_connect"
    assert weights[0] == pytest.approx([0.2] * 5) and sum(weights[2]) == pytest.approx(1.0)
    assert info.summary == "after 3 epochs α prefers skip on 6 of 6 edges"
    figure = plot_trajectories(info, "dark")
    assert len(figure["data"]) == 30
    axes = [figure["layout"][key] for key in figure["layout"] if key.startswith("yaxis")]
    assert len(axes) == 6 and len({tuple(axis["range"]) for axis in axes}) == 1
    widths = {trace["line"]["width"] for trace in figure["data"]}
    assert widths == {1.5, 3}, "skip is drawn broad"


def test_edges_that_offer_other_operations_show_only_theirs() -> None:
    space = search_space("s2")
    alphas = Alphas.read(space, {cell: np.zeros((14, 2)) for cell in space.cells})
    info = trajectories_info(space, "normal", [alphas], 5)
    assert all(len(edge.operations) == len(edge.weights[0]) == 2 for edge in info.edges) and len(info.edges) == 14


def test_weights_are_those_that_the_search_mixed_by() -> None:
    rows = np.random.default_rng(0).normal(size=(6, 5))
    betas = {"cell": np.random.default_rng(1).normal(size=6)}
    for alphas in (
        Alphas.read(NB201, {"cell": rows}, mixing="dirichlet"),
        Alphas.read(NB201, {"cell": rows}, betas),
    ):
        (*_, last) = trajectories_info(NB201, "cell", [alphas], 30).edges
        assert last.weights[0] == pytest.approx(alphas.weights("cell")[5].tolist())


def test_the_operation_named_is_the_one_that_alpha_keeps() -> None:
    space = search_space("darts-none")
    rows = {cell: np.zeros(space.shape(cell)) for cell in space.cells}
    for cell in rows:
        rows[cell][:, 0], rows[cell][:, 3] = 2.0, 1.0
    info = trajectories_info(space, "normal", [Alphas.read(space, rows)], 5)
    assert space.operations("normal", 0)[0] == "none" and {edge.best for edge in info.edges} == {"skip_connect"}


@pytest.mark.parametrize(("name", "least"), [("nas-bench-201", 110), ("s2", 66)])
def test_heads_and_leaders_keep_to_their_own_column_on_a_phone(name: str, least: int) -> None:
    """least: pixels of a column where a phone gives the figure 330."""
    space = search_space(name)
    cell = space.cells[0]
    alphas = Alphas.read(space, {each: np.zeros(space.shape(each)) for each in space.cells})
    layout = plot_trajectories(trajectories_info(space, cell, [alphas], 5), "light")["layout"]
    heads = [note["text"] for note in layout["annotations"] if note["xref"] == "paper"]
    assert len(heads) == len(space.edges(cell))
    letters = [len(re.sub("<.*?>", "", head)) for head in heads]
    assert max(letters) * 6.5 <= least, "a letter of a head is at most 6.5 pixels wide"
    boxes = [layout[axis]["domain"] for axis in layout if axis.startswith("xaxis")]
    starts = sorted({left for left, _ in boxes})
    for left, right in boxes:
        beyond = [start for start in starts if start > left]
        assert not beyond or (beyond[0] - right) * 330 >= (9 if name == "nas-bench-201" else 18)
