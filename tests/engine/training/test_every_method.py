"""What holds for every method: it trains, loses nothing when stopped, is scored and tuned, and says what it is."""

import dataclasses

import pytest
import torch

import engine
from engine.cli import main
from engine.data.load import Images, load_data
from engine.errors import BadInput
from engine.selecting.tuning import Tuner
from engine.training.loop import train
from engine.training.methods import about, names, settings_for
from engine.training.recipe import Recipe
from tests.engine.kills import Killed, dying, moments

SOON: dict[str, dict[str, object]] = {
    "darts": {"drop_path": 0.3},
    "pc-darts": {"alpha_from": 0},
    "sgas": {"first_decision": 0, "decide_every": 1, "criterion": 2, "by_drop": 1},
}
"""Settings under which a method does within two epochs what it otherwise begins later."""


def small(method: str, space: str = "nas-bench-201", epochs: int = 2) -> Recipe:
    changes = {"batch_size": 12, **SOON.get(method, {})}
    if method == "darts" and space == "nas-bench-201":
        changes["early_stop"] = True  # its Hessian is quick where there are 30 alphas
    settings = settings_for(method, space, changes)
    cells = 1 if space == "nas-bench-201" else 3
    return Recipe(space=space, method=method, epochs=epochs, channels=8, cells=cells, image_size=16, settings=settings)


@pytest.fixture(scope="module")
def data():
    """The bundled sample cut to 24 images a half."""
    full = load_data("bundled")

    def cut(images: Images) -> Images:
        return Images(images.pixels[:24], images.labels[:24])

    return dataclasses.replace(full, train=cut(full.train), search=cut(full.search))


def everything(directory) -> dict[str, torch.Tensor]:
    loaded, state = engine.load(directory), engine.checkpoint.load_optimizer(directory)
    return {
        **loaded.supernet.state_dict(),
        **{f"history {cell}": rows for cell, rows in loaded.history.items()},
        **{f"beta {cell}": rows for cell, rows in loaded.beta_history.items()},
        **{f"state {name}": torch.as_tensor(value) for name, value in state.items()},
    }


def assert_same(one, other) -> None:
    found, expected = everything(one), everything(other)
    assert found.keys() == expected.keys()
    assert [name for name in found if not torch.equal(found[name], expected[name])] == []
    assert engine.load(one).start == engine.load(other).start


class Stop(Exception):
    pass


def stop(line):
    raise Stop


@pytest.mark.slow
@pytest.mark.parametrize("method", names())
@pytest.mark.parametrize("space", ["nas-bench-201", "s3"])
def test_it_is_resumed_to_the_identical_result_scored_and_tuned(tmp_path, data, method, space):
    recipe = small(method, space)
    train(recipe, tmp_path / "whole", data=data)
    with pytest.raises(Stop):
        train(recipe, tmp_path / "parts", data=data, epoch_done=stop)
    train(recipe, tmp_path / "parts", data=data, resume_run=True)
    assert_same(tmp_path / "parts", tmp_path / "whole")

    run = engine.load(tmp_path / "whole")
    assert run.meta["epochs"] == 2 and run.meta["method"] == method
    cell, edge = next((cell, edge) for cell in run.space.cells for edge in run.start.undecided_edges(cell))
    batches = engine.scoring_batches("bundled", images=8, batch_size=8, checkpoint=run)
    scores = engine.score_edge(run.supernet, run.start, cell=cell, edge=edge, batches=batches)
    tuner = Tuner(run)
    tuner.tune(run.start.discretize(cell, edge, scores.operations[-1].name), batches=1)
    assert torch.isfinite(tuner.supernet.classifier.weight).all()
    assert not torch.equal(tuner.supernet.classifier.weight, run.supernet.classifier.weight)


@pytest.mark.slow
@pytest.mark.parametrize("method", names())
def test_a_killed_run_goes_on_to_the_identical_result(tmp_path, data, method):
    recipe = small(method)
    count = moments(lambda: train(recipe, tmp_path / "whole", data=data))
    for moment in (count // 3, 2 * count // 3, count - 2):
        place = tmp_path / str(moment)
        with pytest.raises(Killed), dying(moment):
            train(recipe, place, data=data)
        train(recipe, place, data=data, resume_run=True)
        assert_same(place, tmp_path / "whole")


@pytest.mark.parametrize("method", names())
def test_people_are_told_what_it_does_where_it_is_from_and_its_equation(method):
    title, text, equation = about(method)
    assert title.endswith(").") and "20" in title
    assert text.count(". ") == 1 and text.endswith(".") and 100 < len(text) < 500
    assert ("=" in equation or "←" in equation) and not equation.endswith(".")


def test_the_reference_of_the_command_line_lists_it(root):
    text = (root / "engine" / "cli" / "README.md").read_text(encoding="utf-8")
    table = [line for line in text.splitlines() if line.startswith("| `")]
    assert [name for name in names() if not any(f"`{name}`" in line for line in table)] == []


def test_a_method_that_is_not_there_tells_which_are():
    with pytest.raises(BadInput, match="fixed-alpha"):
        about("dart")


def test_the_alphas_wait_for_the_weights_where_it_is_asked(tmp_path, data):
    settings = settings_for("darts", "nas-bench-201", {"batch_size": 12, "alpha_from": 1})
    train(dataclasses.replace(small("darts"), settings=settings), tmp_path / "run", data=data)
    history = engine.load(tmp_path / "run").history["cell"]
    assert history[0].abs().max() < 0.01 and not torch.equal(history[0], history[1])
    with pytest.raises(BadInput, match="nesterov"):
        settings_for("darts", "nas-bench-201", {"nesterov": True, "momentum": 0.0})


def test_the_command_line_trains_a_method_with_its_own_settings(tmp_path, capsys):
    small = ["--space", "nas-bench-201", "--epochs", "1", "--channels", "4", "--cells", "1", "--out", str(tmp_path)]
    assert main(["train", *small, "--method", "sdarts-rs", "--set", "epsilo=1"]) == 2
    assert "did you mean epsilon?" in capsys.readouterr().err
