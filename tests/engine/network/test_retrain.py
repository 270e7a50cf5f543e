"""Training from scratch: the published protocols, and that stopping, killing, resuming and failing lose nothing."""

import dataclasses
import json
import math

import pytest
import torch

from engine.data.augment import cutout
from engine.data.load import Images, load_data
from engine.errors import BadInput
from engine.network.network import Network
from engine.network.retrain import training
from engine.network.retrain.folder import OPTIMIZER, WEIGHTS, finished_epochs
from engine.network.retrain.recipe import Recipe
from engine.network.retrain.training import train
from engine.selection.genotype import Genotype
from engine.selection.genotype_file import read_genotype
from engine.selection.genotype_text import parse_genotype
from engine.selection.selection import Selection
from engine.training.loop import Diverged
from tests.engine.kills import Killed, dying, moments
from tests.engine.published_networks import DARTS_PT, genotype
from tests.engine.small_runs import write_jpegs

S5 = str(genotype(*next(row for row in DARTS_PT if row[0] == "darts_pt_s5_0")[1:3]))
NOISY = str(
    Genotype({cell: [(n, s) for n in ("noise", "skip_connect") * 2 for s in (0, 1)] for cell in ("normal", "reduce")})
)
BENCH = "|none~0|+|skip_connect~0|nor_conv_1x1~1|+|avg_pool_3x3~0|nor_conv_3x3~1|skip_connect~2|"
SMALL = dict(channels=4, layers=3, image_size=16, batch_size=40)
CASES = {
    "darts": dict(SMALL, genotype=S5),
    "noise": dict(SMALL, genotype=NOISY),
    "nas-bench-201": dict(SMALL, genotype=BENCH, layers=1),
}


@pytest.fixture(scope="module")
def data():
    """The bundled sample cut to 60 images a half and 50 to test."""
    full = load_data("bundled", test=True)

    def cut(images: Images, size: int) -> Images:
        return Images(images.pixels[:size], images.labels[:size])

    return dataclasses.replace(full, train=cut(full.train, 60), search=cut(full.search, 60), test=cut(full.test, 50))


class Stop(Exception):
    pass


def stop(line):
    raise Stop


def tensors(directory) -> dict[str, bytes]:
    return {name: (directory / name).read_bytes() for name in (WEIGHTS, OPTIMIZER)}


def untimed(line: dict) -> dict:
    return {key: value for key, value in line.items() if key not in ("seconds", "time")}


def events(directory) -> list[dict]:
    return [untimed(json.loads(line)) for line in (directory / "events.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("case", CASES)
def test_a_resumed_run_is_identical_to_an_uninterrupted_one(tmp_path, data, case):
    recipe = Recipe(**CASES[case], epochs=3)
    whole, _ = train(recipe, tmp_path / "whole", data=data)
    for _ in range(2):
        torch.rand(1)  # what else draws does not matter
        with pytest.raises(Stop):
            train(recipe, tmp_path / "parts", data=data, resume_run=True, epoch_done=stop)
    parts, _ = train(recipe, tmp_path / "parts", data=data, resume_run=True)
    assert tensors(tmp_path / "whole") == tensors(tmp_path / "parts")
    assert list(map(untimed, whole.log)) == list(map(untimed, parts.log)) == events(tmp_path / "parts")


LARGE = dict(genotype=S5, channels=16, layers=3, image_size=64, batch_size=4)


def test_a_run_on_streamed_images_is_resumed_to_the_identical_result(tmp_path):
    write_jpegs(tmp_path / "photos", {"cat": 4, "dog": 5})
    write_jpegs(tmp_path / "photos", {"cat": 2, "dog": 1}, part="val")
    recipe = Recipe(**LARGE, data=str(tmp_path / "photos"), epochs=2)
    whole, report = train(recipe, tmp_path / "whole")
    with pytest.raises(Stop):
        train(recipe, tmp_path / "parts", epoch_done=stop)
    parts, _ = train(recipe, tmp_path / "parts", resume_run=True)
    assert tensors(tmp_path / "whole") == tensors(tmp_path / "parts")
    assert list(map(untimed, whole.log)) == list(map(untimed, parts.log))
    assert [line["lr"] for line in whole.log] == [0.1, pytest.approx(0.097)]
    assert (report["train_images"], report["last"]["images"]) == (9, 3)
    assert (report["label_smoothing"], report["auxiliary"], report["image_size"]) == (0.1, False, 64)


def test_streamed_images_without_a_test_part_are_refused(tmp_path):
    write_jpegs(tmp_path / "photos", {"cat": 2, "dog": 2})
    with pytest.raises(BadInput, match="no test part"):
        train(Recipe(**LARGE, data=str(tmp_path / "photos"), epochs=1), tmp_path / "run")


def test_a_run_from_before_label_smoothing_goes_on(tmp_path, data):
    recipe = Recipe(**CASES["darts"], epochs=2)
    with pytest.raises(Stop):
        train(recipe, tmp_path / "run", data=data, epoch_done=stop)
    path = tmp_path / "run" / "plan.json"
    plan = json.loads(path.read_text())
    del plan["label_smoothing"], plan["lr_decay"]
    path.write_text(json.dumps(plan))
    assert train(recipe, tmp_path / "run", data=data, resume_run=True)[0].epoch == 2


@pytest.mark.slow
def test_a_run_killed_at_any_moment_goes_on_to_the_identical_result(tmp_path, data):
    recipe = Recipe(**CASES["nas-bench-201"], epochs=2)
    count = moments(lambda: train(recipe, tmp_path / "whole", data=data))
    for moment in range(0, count, 7):
        place = tmp_path / str(moment)
        with pytest.raises(Killed), dying(moment):
            train(recipe, place, data=data)
        train(recipe, place, data=data, resume_run=True)
        assert tensors(place) == tensors(tmp_path / "whole")
        assert [event["epoch"] for event in events(place)] == [1, 2]
        assert not list(place.glob(".*"))


@pytest.mark.parametrize("left", [0, 20])
def test_an_event_cut_off_by_a_kill_is_written_again(tmp_path, data, left):
    recipe = Recipe(**CASES["darts"], epochs=2)
    with pytest.raises(Stop):
        train(recipe, tmp_path / "run", data=data, epoch_done=stop)
    path = tmp_path / "run" / "events.jsonl"
    path.write_text(path.read_text()[:left])
    train(recipe, tmp_path / "run", data=data, resume_run=True)
    assert [event["epoch"] for event in events(tmp_path / "run")] == [1, 2]


def test_a_finished_run_resumes_to_itself_and_an_absent_one_starts(tmp_path, data):
    recipe = Recipe(**CASES["darts"], epochs=1)
    _, first = train(recipe, tmp_path / "run", data=data, resume_run=True)
    before = tensors(tmp_path / "run")
    _, again = train(recipe, tmp_path / "run", data=data, resume_run=True)
    assert tensors(tmp_path / "run") == before and first == again


def test_a_run_is_not_overwritten_nor_continued_with_other_settings(tmp_path, data):
    small = CASES["darts"]
    train(Recipe(**small, epochs=1), tmp_path / "run", data=data)
    with pytest.raises(BadInput, match="--resume"):
        train(Recipe(**small, epochs=1), tmp_path / "run", data=data)
    with pytest.raises(BadInput, match="lr"):
        train(Recipe(**small, epochs=1, lr=0.1), tmp_path / "run", data=data, resume_run=True)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"")
    with pytest.raises(BadInput, match="not empty"):
        train(Recipe(**small, epochs=1), tmp_path / "photos", data=data, resume_run=True)


@pytest.mark.parametrize("name", [WEIGHTS, OPTIMIZER, "progress.json"])
def test_a_damaged_state_is_refused(tmp_path, data, name):
    recipe = Recipe(**CASES["darts"], epochs=2)
    with pytest.raises(Stop):
        train(recipe, tmp_path / "run", data=data, epoch_done=stop)
    (tmp_path / "run" / name).write_bytes(b"{}")
    with pytest.raises(BadInput, match="damaged"):
        train(recipe, tmp_path / "run", data=data, resume_run=True)


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_epoch(tmp_path, data, monkeypatch):
    monkeypatch.setattr(Recipe, "learning_rate", lambda recipe, epoch: 0.01 if epoch == 0 else 1e30)
    with pytest.raises(Diverged, match="epoch 2"):
        train(Recipe(**CASES["darts"], epochs=3, clip=0), tmp_path / "run", data=data)
    status = json.loads((tmp_path / "run" / "status.json").read_text())
    assert finished_epochs(tmp_path / "run") == 1 and status["details"]["epoch"] == 1
    assert status["state"] == "failed" and "epoch 2" in status["error"]


def test_an_interrupted_run_says_so_and_keeps_its_last_epoch(tmp_path, data):
    def interrupt(progress):
        if progress.epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(Recipe(**CASES["darts"], epochs=3), tmp_path / "run", data=data, report_progress=interrupt)
    status = json.loads((tmp_path / "run" / "status.json").read_text())
    details = status["details"]
    assert (status["state"], details["epoch"], details["epochs"]) == ("interrupted", 1, 3)
    assert details["test"]["epoch"] == 1
    assert finished_epochs(tmp_path / "run") == 1


def test_it_trains_on_both_halves_and_tests_on_the_test_part(tmp_path, data):
    seen = []

    def watch(progress):
        seen.append(progress.steps)

    _, report = train(Recipe(**CASES["darts"], epochs=2), tmp_path / "run", data=data, report_progress=watch)
    assert seen == [3] * 6 and report["train_images"] == 120
    status = json.loads((tmp_path / "run" / "status.json").read_text())
    assert status["state"] == "done" and status["details"]["result"] == report
    for which in ("last", "best"):
        tested = report[which]
        assert tested["images"] == 50 and tested["bn"] == "running"
        assert 0 <= tested["ci"][0] <= tested["accuracy"] <= tested["ci"][1] <= 100
    assert report["last"]["epoch"] == 2
    assert report["best"]["accuracy"] == max(event["test"]["accuracy"] for event in events(tmp_path / "run"))


def test_data_without_a_test_part_is_refused_and_leaves_no_folder(tmp_path, data):
    with pytest.raises(BadInput, match="no test part"):
        train(Recipe(**SMALL, genotype=S5), tmp_path / "run", data=dataclasses.replace(data, test=None))
    assert not (tmp_path / "run").exists()


def test_testing_is_the_running_statistics_accuracy_of_the_saved_network(tmp_path, data):
    from safetensors.torch import load_file

    from engine.data.load import normalise, resize

    _, report = train(Recipe(**CASES["darts"], epochs=1), tmp_path / "run", data=data)
    network = Network(parse_genotype(S5), 4, 3, auxiliary=False)
    network.load_state_dict(load_file(tmp_path / "run" / WEIGHTS))
    images = normalise(resize(data.test.pixels, 16), data.normalisation)
    with torch.no_grad():
        right = (network.eval()(images)[0].argmax(1) == data.test.labels).float().mean()
    assert report["last"]["accuracy"] == pytest.approx(100 * float(right))


def test_a_last_batch_of_one_image_is_left_out(data):
    recipe = Recipe(**dict(SMALL, genotype=S5, batch_size=7), epochs=1)
    assert [len(batch) for batch in training._order(recipe, 0, 15)] == [7, 7]
    assert sorted(torch.cat(training._order(recipe, 0, 16)).tolist()) == list(range(16))
    assert training._order(recipe, 0, 16)[0].tolist() != training._order(recipe, 1, 16)[0].tolist()


def test_the_auxiliary_loss_weighs_two_fifths(data):
    recipe = Recipe(genotype=S5, channels=4, layers=3, epochs=1, clip=0, drop_path=0)
    runs = [training.start(recipe, 10, torch.device("cpu")) for _ in range(2)]
    images, labels = torch.randn(4, 3, 32, 32), torch.arange(4)
    main, _ = training._step(runs[0], images, labels)
    logits, extra = runs[1].network.train()(images)
    losses = [torch.nn.functional.cross_entropy(each, labels) for each in (logits, extra)]
    (losses[0] + 0.4 * losses[1]).backward()
    gradients = zip(runs[0].network.parameters(), runs[1].network.parameters(), strict=True)
    assert main == pytest.approx(losses[0].item(), rel=1e-5)
    assert all(torch.allclose(one.grad, other.grad, atol=1e-5) for one, other in gradients)


def test_cutout_erases_one_square_cut_off_at_the_border():
    erased = cutout(torch.ones(200, 3, 32, 32), 16, torch.Generator().manual_seed(0)) == 0
    areas = erased[:, 0].sum((1, 2))
    assert (erased[:, 0] == erased[:, 2]).all()
    assert areas.min() >= 64 and areas.max() == 256
    rows, columns = erased[:, 0].any(2).sum(1), erased[:, 0].any(1).sum(1)
    assert (areas == rows * columns).all() and rows.min() >= 8 and rows.max() == 16
    images = torch.ones(2, 3, 8, 8)
    assert cutout(images, 0, torch.Generator()) is images


def test_the_darts_protocol_is_the_published_one():
    recipe = Recipe(genotype=S5)
    values = (recipe.epochs, recipe.channels, recipe.layers, recipe.batch_size, recipe.lr, recipe.weight_decay)
    assert values == (600, 36, 20, 96, 0.025, 3e-4)
    assert (recipe.clip, recipe.drop_path, recipe.auxiliary, recipe.cutout) == (5.0, 0.2, True, 16)
    assert not recipe.nesterov and training.AUXILIARY_WEIGHT == 0.4 and training.MOMENTUM == 0.9
    assert recipe.learning_rate(0) == 0.025 and recipe.learning_rate(300) == pytest.approx(0.0125)
    assert recipe.learning_rate(600) == pytest.approx(0)
    assert recipe.drop_path_at(0) == 0 and recipe.drop_path_at(300) == pytest.approx(0.1)


def test_the_nas_bench_201_protocol_is_the_published_one():
    recipe = Recipe(genotype=BENCH)
    values = (recipe.epochs, recipe.channels, recipe.layers, recipe.batch_size, recipe.lr, recipe.weight_decay)
    assert values == (200, 16, 5, 256, 0.1, 5e-4)
    assert recipe.nesterov and not (recipe.clip or recipe.drop_path or recipe.auxiliary or recipe.cutout)


def test_the_protocol_for_224_pixels_is_the_published_one():
    recipe = Recipe(genotype=S5, image_size=224)
    values = (recipe.epochs, recipe.channels, recipe.layers, recipe.batch_size, recipe.lr, recipe.weight_decay)
    assert values == (250, 48, 14, 128, 0.1, 3e-5)
    assert (recipe.clip, recipe.drop_path, recipe.auxiliary, recipe.cutout) == (5.0, 0.0, True, 0)
    assert (recipe.nesterov, recipe.label_smoothing) == (False, 0.1)
    assert [recipe.learning_rate(epoch) for epoch in (0, 1, 100)] == pytest.approx([0.1, 0.097, 0.1 * 0.97**100])
    small = Recipe(genotype=S5)
    assert small.label_smoothing == small.lr_decay == 0


def test_smoothed_labels_are_shared_by_all_classes():
    recipe = Recipe(**LARGE, epochs=1, label_smoothing=0.5)
    run = training.start(recipe, 2, torch.device("cpu"))
    images, labels = torch.randn(4, 3, 64, 64), torch.tensor([0, 1, 1, 0])
    logits, _ = run.network.train()(images)
    logs = logits.log_softmax(1)
    expected = -(0.75 * logs.gather(1, labels[:, None]) + 0.25 * logs.gather(1, 1 - labels[:, None])).mean()
    assert float(training._step(run, images, labels)[0]) == pytest.approx(expected.item(), rel=1e-4)


def test_small_images_have_no_auxiliary_head_and_a_smaller_square():
    recipe = Recipe(genotype=S5, image_size=16)
    assert (recipe.auxiliary, recipe.cutout) == (False, 8)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (dict(image_size=24), "image size"),
        (dict(lr=0.0), "learning rate"),
        (dict(lr=math.nan), "learning rate"),
        (dict(drop_path=1.0), "drop path"),
        (dict(genotype=BENCH, drop_path=0.1), "without drop path"),
        (dict(genotype=BENCH, image_size=224), "no protocol for large images"),
        (dict(image_size=64, auxiliary=True), "32 pixels or of 224"),
        (dict(label_smoothing=1.0), "label smoothing"),
        (dict(lr_decay=-0.1), "lr decay"),
        (dict(image_size=16, auxiliary=True), "32 pixels"),
        (dict(cutout=40), "cutout"),
        (dict(epochs=0), "epochs must be at least 1"),
        (dict(batch_size=1), "batch size must be at least 2"),
        (dict(weight_decay=-1.0), "weight decay"),
        (dict(genotype="cell"), "there is no genotype in this text"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(wrong, says):
    with pytest.raises(BadInput, match=says):
        Recipe(**{"genotype": S5, **wrong})


def test_a_genotype_is_read_from_text_file_or_selection(tmp_path):
    from engine.spaces import search_space

    space = search_space("nas-bench-201")
    selection = Selection(space, {"cell": [[0.0] * 5] * 6})
    for edge in range(6):
        selection = selection.discretize("cell", edge, "nor_conv_3x3")
    (tmp_path / "selection.json").write_text(selection.to_json())
    (tmp_path / "cell.txt").write_text(f"darts_pt_s5_0 = {S5}\n")
    assert read_genotype(S5) == read_genotype(str(tmp_path / "cell.txt")) == parse_genotype(S5)
    assert read_genotype(str(tmp_path / "selection.json")) == selection.genotype()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"hello", "there is no genotype in this text"),
        (b"\xff\xfe\x00", "no text"),
        (b'{"decisions": []}', "not a selection"),
        (None, "there is no such file"),
    ],
)
def test_files_that_hold_no_genotype_are_refused_by_name(tmp_path, content, says):
    path = tmp_path / "cell.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=says) as refusal:
        read_genotype(str(path))
    assert "cell.txt" in str(refusal.value)
