"""Methods are files: found by name, with settings of their own, and free to draw, decide, penalise and remember."""

import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import engine
from engine.cli import main
from engine.data.load import Images, load_data
from engine.errors import BadInput
from engine.selecting.tuning import Tuner
from engine.training import methods
from engine.training.loop import train
from engine.training.methods import names, settings_for
from engine.training.recipe import Recipe

MADE_UP = '''
"""A method that uses all that the contract offers: strengths, drawn weights, a penalty, decisions, a memory."""

from dataclasses import dataclass

import torch

from engine.fields import setting
from engine.selection.decisions import OperationDecision
from engine.selection.mixing import mixing_weights
from engine.training.method import Method as Base
from engine.training.method import Mixed
from engine.training.settings import MethodSettings


@dataclass(frozen=True, kw_only=True)
class Settings(MethodSettings):
    heat: float = setting(2.0, "Temperature in the first epoch.", above=0)
    grows: int = setting(8, "Images by which a batch grows with every decision.", unit="images", least=0)

    @classmethod
    def for_space(cls, space):
        return cls(batch_size=40, heat=3.0 if space.name == "nas-bench-201" else 2.0)


class Method(Base):
    settings: Settings

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.seen = torch.zeros(2)  # epochs begun, weights drawn

    @classmethod
    def initial(cls, space, draw):
        betas = {f"beta.{cell}": torch.zeros(space.shape(cell)[0]) for cell in space.cells}
        return {**super().initial(space, draw), **betas, "bias": torch.ones(1)}

    @property
    def batch_size(self):
        return self.settings.batch_size + self.settings.grows * len(self.decisions)

    def begin(self, epoch):
        super().begin(epoch)
        self.heat = 1.0 if epoch is None else self.settings.heat / (1 + epoch)
        self.seen[0] += 1

    def mix(self, purpose, draw):
        if purpose == "measure":
            return super().mix(purpose, draw)
        self.seen[1] += 1
        weights, live = {}, {}
        for cell, alpha in self.of("alpha").items():
            noise = -torch.empty_like(alpha).exponential_(generator=draw).log()
            soft = mixing_weights((alpha * self.parameters["bias"] + noise) / self.heat)
            chosen = soft.argmax(-1, keepdim=True)
            hard = torch.zeros_like(soft).scatter(-1, chosen, 1.0)
            weights[cell] = hard + soft - soft.detach()
        mixed = self.held(weights, self.of("beta"))
        # Only what was drawn is computed; a decided row is what it is.
        live = {cell: (rows.detach() != 0).tolist() for cell, rows in mixed.weights.items()}
        return Mixed(mixed.weights, live)

    def extra_loss(self):
        return 0.1 * sum((alpha**2).sum() for alpha in self.of("alpha").values())

    def decide(self, epoch, search):
        cell = self.space.cells[0]
        edge = self.selection.undecided_edges(cell)[0]
        return (OperationDecision(cell, edge, self.selection.best_by_alpha(cell, edge)),)

    def stop(self, epoch, search):
        return bool(next(search)[0].isnan().any()) or epoch == 2

    def state(self):
        return {**super().state(), "seen": self.seen}

    def load(self, state):
        super().load(state)
        self.seen = state["seen"].clone()
'''


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The method `made-up`, in a file of a folder that methods are also looked for in."""
    folder = tmp_path_factory.mktemp("methods")
    (folder / "made_up.py").write_text(MADE_UP)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(methods, "__path__", [*methods.__path__, str(folder)])
        yield "made-up"
    sys.modules.pop("engine.training.methods.made_up", None)


@pytest.fixture(scope="module")
def data():
    """The bundled sample cut to 80 images a half."""
    full = load_data("bundled")

    def cut(images: Images) -> Images:
        return Images(images.pixels[:80], images.labels[:80])

    return dataclasses.replace(full, train=cut(full.train), search=cut(full.search))


@pytest.fixture(scope="module")
def recipe(made_up) -> Recipe:
    return Recipe(space="nas-bench-201", method=made_up, epochs=5, channels=4, cells=1, image_size=16)


@pytest.fixture(scope="module")
def whole(recipe, data, tmp_path_factory) -> Path:
    """A run of that method that was never interrupted."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    train(recipe, out, data=data)
    return out


def everything(directory: Path) -> dict[str, torch.Tensor]:
    loaded = engine.load(directory)
    state = engine.checkpoint.load_optimizer(directory)
    return {
        **loaded.supernet.state_dict(),
        **{f"history {cell}": rows for cell, rows in loaded.history.items()},
        **{f"beta {cell}": rows for cell, rows in loaded.beta_history.items()},
        **{f"state {name}": value for name, value in state.items()},
    }


def test_methods_are_the_files_in_their_folder(made_up):
    assert {"darts", "fixed-alpha", "made-up"} < set(names()) and list(names()) == sorted(names())
    assert settings_for(made_up, "nas-bench-201").heat == 3.0 and settings_for(made_up, "s2").heat == 2.0


def test_a_run_of_ones_own_method_learns_decides_and_stops_as_it_says(whole):
    run = engine.load(whole)
    assert run.meta["epochs"] == 3 and run.log[-1]["stopped"]
    assert run.start.steps_done == 3 and run.start.alphas.betas is not None
    assert [line["decisions"][0]["edge"] for line in run.log] == [0, 1, 2]
    assert run.meta["hyperparameters"]["heat"] == 3.0
    state = everything(whole)
    assert state["state seen"][0] == 3 and state["state parameters/bias"] != 1
    assert state["beta cell"].shape == (3, 6) and state["beta cell"].any()


def test_a_run_of_ones_own_method_is_resumed_to_the_identical_result(tmp_path, recipe, data, whole):
    class Stop(Exception):
        pass

    def stop(line):
        raise Stop

    for _ in range(2):
        with pytest.raises(Stop):
            train(recipe, tmp_path / "parts", data=data, resume_run=True, epoch_done=stop)
    train(recipe, tmp_path / "parts", data=data, resume_run=True)
    once, parts = everything(whole), everything(tmp_path / "parts")
    assert once.keys() == parts.keys()
    assert all(torch.equal(once[name], parts[name]) for name in once)
    assert engine.load(whole).start == engine.load(tmp_path / "parts").start


def test_what_ones_own_method_trained_is_scored_where_training_left_it(whole):
    run = engine.load(whole)
    batches = engine.scoring_batches("bundled", images=64, batch_size=32, checkpoint=run)
    scores = engine.score_edge(run.supernet, run.start, cell="cell", edge=4, batches=batches)
    assert [each.weight for each in scores.operations] == pytest.approx(run.start.weights()["cell"][4].tolist())
    assert sum(each.weight for each in scores.operations) < 0.99  # edges into node 3 are as strong as betas say


def test_tuning_goes_on_by_the_rule_of_ones_own_method(whole):
    run = engine.load(whole)
    tuner = Tuner(run)
    assert tuner.method.batch_size == 40 + 3 * 8 and tuner.method.seen[0] == 3
    tuner.tune(tuner.selection(run.start.decisions), batches=1)
    assert tuner.method.heat == 1.0 and tuner.selection(()).alphas.betas != run.start.alphas.betas


def test_a_selection_goes_on_from_the_decisions_of_the_training(whole, tmp_path):
    out = tmp_path / "selected"
    options = ["--images", "32", "--batch-size", "32", "--tune-epochs", "0", "--device", "cpu"]
    assert main(["select", str(whole), "--strategy", "perturbation", "--out", str(out), *options]) == 0
    found = json.loads((out / "selection.json").read_text())
    assert [decision["edge"] for decision in found["decisions"][:3]] == [0, 1, 2] and len(found["decisions"]) == 6


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"alpha-rl": "0.1"}, "darts has no setting 'alpha-rl'; did you mean alpha_lr? it has batch_size, lr"),
        ({"quux": "1"}, "darts has no setting 'quux'; it has batch_size"),
        ({"batch_size": "4.5"}, "batch size must be a whole number, not '4.5'"),
        ({"fresh_batches": "maybe"}, "fresh batches must be true or false, not 'maybe'"),
        ({"alpha_betas": "0.5"}, "alpha betas must be two numbers as 0.5,0.999, not '0.5'"),
        ({"alpha_betas": (0.5, 1.5)}, "alpha betas must be at least 0 and less than 1; not 1.5"),
        ({"lr": "nan"}, "lr must be greater than 0; not nan"),
        ({"alpha_lr": -1.0}, "alpha lr must be greater than 0; not -1.0"),
        ({"batch_size": 1}, "batch size must be at least 2 and at most 65536; not 1"),
    ],
)
def test_settings_that_do_not_exist_or_cannot_be_are_refused_by_name(changes, said):
    with pytest.raises(BadInput) as caught:
        settings_for("darts", "s2", changes)
    assert str(caught.value).startswith(said)


def test_text_is_read_as_the_type_of_its_setting():
    found = settings_for("darts", "s2", {"alpha-betas": "0.4,0.9", "fresh_batches": "yes", "lr": "1e-2", "clip": 3})
    assert (found.alpha_betas, found.fresh_batches, found.lr, found.clip) == ((0.4, 0.9), True, 0.01, 3)


def test_settings_of_another_method_are_refused(made_up):
    with pytest.raises(BadInput, match="another method than made-up"):
        Recipe(space="s2", method=made_up, epochs=1, settings=settings_for("darts", "s2"))
