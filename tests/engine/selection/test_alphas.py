import pickle

import numpy as np
import pytest
import torch

from engine.errors import BadInput
from engine.selection.alphas import Alphas
from engine.selection.selection import Selection
from engine.spaces import search_space

S2 = search_space("s2")
NB = search_space("nas-bench-201")


def table(seed: int = 0, space: str = "s2") -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    found = search_space(space)
    return {cell: random.normal(size=found.shape(cell)) for cell in found.cells}


def test_tensors_arrays_and_lists_read_alike() -> None:
    arrays = table()
    read = Alphas.read(S2, arrays)
    assert read == Alphas.read(S2, {cell: torch.tensor(rows, requires_grad=True) for cell, rows in arrays.items()})
    assert read == Alphas.read(S2, read) == pickle.loads(pickle.dumps(read))
    listed = Alphas.read(S2, {cell: rows.tolist() for cell, rows in arrays.items()})
    assert listed.rows == read.rows and (listed.dtype, read.dtype) == ("float32", "float64")
    assert {cell: np.array(rows).tolist() for cell, rows in read.items()} == {c: r.tolist() for c, r in arrays.items()}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_narrow_tensors_keep_their_values(dtype: torch.dtype) -> None:
    tensors = {cell: torch.tensor(rows).to(dtype) for cell, rows in table().items()}
    read = Alphas.read(S2, tensors)
    assert read.dtype == "float32"
    assert all(torch.equal(torch.tensor(read[cell]).to(dtype), tensors[cell]) for cell in S2.cells)


def test_what_was_read_does_not_follow_the_source() -> None:
    arrays = table()
    read = Alphas.read(S2, arrays)
    before = read["normal"][0]
    arrays["normal"][0] = 7
    assert read["normal"][0] == before


@pytest.mark.parametrize(
    ("alphas", "fix"),
    [
        (None, "map the cell types normal, reduce to numbers; given: NoneType"),
        ([[0.0, 0.0]] * 14, "map the cell types normal, reduce"),
        ({"normal": np.zeros((14, 2))}, "map the cell types normal, reduce to numbers; given: 'normal'"),
        ({"cell": np.zeros((6, 5))}, "given: 'cell'"),
        (table() | {"extra": np.zeros((14, 2))}, "given: 'normal', 'reduce', 'extra'"),
        (
            table() | {"reduce": np.zeros((14, 7))},
            r"alphas\['reduce'\] of s2 must be numbers of shape \(14, 2\).*\(14, 7\)",
        ),
        (table() | {"reduce": np.zeros((6, 5))}, r"shape \(14, 2\)"),
        (table() | {"reduce": 3.0}, r"shape \(14, 2\)"),
        (table() | {"reduce": None}, r"shape \(14, 2\)"),
        (table() | {"reduce": [[0.0, 0.0]] * 13 + [[0.0]]}, r"shape \(14, 2\).*differ in length"),
        (table() | {"reduce": [["0", "1"]] * 14}, r"shape \(14, 2\)"),
        (table() | {"reduce": [[10**400, 0]] * 14}, r"shape \(14, 2\)"),
        (table() | {"reduce": [[True, False]] * 14}, r"shape \(14, 2\)"),
        (
            table() | {"reduce": np.full((14, 2), np.nan)},
            r"finite numbers of shape \(14, 2\).*NaN or infinity.*\[0, 0\]",
        ),
        (table() | {"reduce": torch.tensor([[0.0, 0.0]] * 13 + [[0.0, torch.inf]])}, r"at \[13, 1\]"),
        ({cell: [[1e300, 0.0]] * 14 for cell in S2.cells}, "NaN or infinity"),
    ],
)
def test_unusable_alphas_are_refused_naming_the_shape(alphas: object, fix: str) -> None:
    with pytest.raises(BadInput, match=fix) as caught:
        Alphas.read(S2, alphas)
    assert "\n" not in str(caught.value)


def test_betas_are_checked_like_alphas() -> None:
    with pytest.raises(BadInput, match=r"betas\['normal'\] of s2 must be numbers of shape \(14,\)"):
        Alphas.read(S2, table(), betas={"normal": [0.0] * 13, "reduce": [0.0] * 14})
    with pytest.raises(BadInput, match="betas of space s2 map the cell types"):
        Alphas.read(S2, table(), betas=[0.0] * 14)


def test_strengths_are_a_distribution_over_the_inputs_of_every_node() -> None:
    random = np.random.default_rng(1)
    betas = {cell: random.normal(size=14) for cell in S2.cells}
    strengths = Alphas.read(S2, table(), betas).strengths("reduce")
    for node, first, last in ((2, 0, 2), (3, 2, 5), (4, 5, 9), (5, 9, 14)):
        expected = torch.tensor(betas["reduce"][first:last]).softmax(0)
        np.testing.assert_allclose(strengths[first:last], expected, err_msg=f"node {node}")
    assert Alphas.read(S2, table()).strengths("normal").tolist() == [1.0] * 14
    assert Alphas.read(NB, table(space="nas-bench-201"), {"cell": [3.0] * 6}).strengths("cell") == pytest.approx(
        [1, 1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3]
    )


def test_alphas_that_are_all_equal_on_an_edge_are_no_opinion() -> None:
    rows = np.zeros((14, 2))
    rows[:6, 1] = 1e-6
    read = Alphas.read(S2, {"normal": rows, "reduce": rows[:, ::-1] + 3})
    assert [read.best("normal", edge) for edge in (5, 6)] == ["sep_conv_3x3", None]
    assert [read.best("reduce", edge) for edge in (0, 13)] == ["skip_connect", None]
    assert read.unknown("normal") == tuple(range(6, 14)) and not read.known
    assert read.inputs("normal", 3) == (2, 3) and read.inputs("normal", 4) is None
    assert read.strongest("normal", 4) == (5, 6)
    assert Alphas.read(S2, table()).known


def test_extreme_alphas_still_have_a_choice() -> None:
    rows = np.zeros((14, 2))
    rows[:, 1] = 1e308
    rows[:, 0] = -1e308
    read = Alphas.read(S2, {"normal": rows, "reduce": -rows})
    assert read.best("normal", 4) == "sep_conv_3x3" and read.best("reduce", 4) == "skip_connect"
    assert read.inputs("normal", 5) == (9, 10)


def test_alphas_mix_as_their_search_did() -> None:
    rows = np.array([[0.5, -1.0], [-3.0, 2.0]] * 7)
    softmax = Alphas.read(S2, {"normal": rows, "reduce": rows})
    fair = Alphas.read(S2, {"normal": rows, "reduce": rows}, mixing="sigmoid")
    drawn = Alphas.read(S2, {"normal": rows, "reduce": rows}, mixing="dirichlet")
    assert softmax.weights("normal")[0] == pytest.approx(torch.tensor(rows[0]).softmax(-1).numpy())
    assert fair.weights("normal") == pytest.approx(torch.tensor(rows).sigmoid().numpy())
    concentrations = torch.nn.functional.elu(torch.tensor(rows)) + 1
    assert drawn.weights("normal") == pytest.approx((concentrations / concentrations.sum(-1, keepdim=True)).numpy())
    assert Selection(S2, fair).weights()["reduce"].numpy() == pytest.approx(fair.weights("reduce"), abs=1e-6)
    assert Selection(S2, drawn).weights()["reduce"].numpy() == pytest.approx(drawn.weights("reduce"), abs=1e-6)
    # DrNAS compares edges by the softmax.
    assert drawn.strongest("normal", 3) == softmax.strongest("normal", 3)


@pytest.mark.parametrize("mixing", ["softmax", "dirichlet", "sigmoid", "sampled"])
def test_a_selection_keeps_its_mixing(mixing: str) -> None:
    selection = Selection(S2, table(), mixing=mixing).discretize("normal", 0, "sep_conv_3x3")
    kept = Selection.from_json(selection.to_json())
    assert kept == selection and kept.alphas.mixing == mixing
    assert ("mixing" in selection.to_json()) == (mixing != "softmax")


def test_far_alphas_mix_to_finite_weights() -> None:
    rows = np.array([[-800.0, -900.0], [900.0, -900.0]] * 7)
    for mixing in ("softmax", "dirichlet", "sigmoid"):
        weights = Alphas.read(S2, {"normal": rows, "reduce": rows}, mixing=mixing).weights("normal")
        assert np.isfinite(weights).all() and weights.min() >= 0
