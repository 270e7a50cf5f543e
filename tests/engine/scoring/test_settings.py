"""One field is one option everywhere: of commands, in headers, beside results, in the reproducing command."""

import inspect
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from engine.cli.score import score
from engine.cli.select import select
from engine.export import command_line
from engine.fields import described
from engine.results import EdgeScores
from engine.scoring.settings import RECORDED, RULE, Settings, rule
from engine.selecting.record import SelectionRecord
from engine.selection.selection import Selection
from engine.spaces import search_space

NAMES = tuple(each.name for each in fields(Settings))
OTHERS = {
    "data": "svhn",
    "images": None,
    "batch_size": 32,
    "bn": "running",
    "criterion": "loss",
    "until_sure": 0.9,
    "augment": True,
    "rescale": True,
    "published": True,
    "seed": 7,
}


@pytest.mark.parametrize("name", NAMES)
def test_a_field_of_the_settings_is_known_wherever_settings_are(name: str, root: Path) -> None:
    other = Settings(**{name: OTHERS[name]})
    assert name in described(Settings)
    for command in (score, select):
        assert name in inspect.signature(command).parameters
    assert Settings.stored(other.header() | {"available": 25_000, "split": "halves"}) == other
    assert (name in RECORDED) != (name in EdgeScores.__dataclass_fields__)
    space = search_space("nas-bench-201")
    selection = Selection(space, {"cell": [[0.0] * 5] * 6})
    plain, changed = (
        command_line(SelectionRecord(selection, checkpoint={"name": "x"}, settings=each.header())).split()
        for each in (Settings(), other)
    )
    assert f"--{name.replace('_', '-')}" in changed and f"--{name.replace('_', '-')}" not in plain
    table = (root / "engine" / "cli" / "README.md").read_text(encoding="utf-8")
    row = next(line for line in table.splitlines() if line.startswith("| `settings` |"))
    assert name in re.findall(r"`(\w+)`", row)


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_says_every_setting_that_could_make_another_operation_the_best(name: str) -> None:
    said = rule(Settings(**{name: OTHERS[name]}).header())
    assert (said == RULE) == (name in ("data", "images", "seed"))


def test_a_rule_says_what_a_selection_leaves_out() -> None:
    header = Settings(rescale=True, criterion="loss").header()
    assert rule(header | {"allow_none": True, "cumulative": False}) == "rescaled mask, loss"
    assert rule(header | {"allow_none": False, "cumulative": True}).count(",") == 3


def test_a_header_older_than_a_setting_had_its_default() -> None:
    header = {key: value for key, value in Settings(images=64).header().items() if key != "published"}
    assert Settings.stored(header) == Settings(images=64)


def test_published_and_until_sure_mean_all_images_unless_a_number_is_said() -> None:
    assert Settings.asked().images == 1024
    assert Settings.asked(published=True).images is None and Settings.asked(until_sure=0.9).images is None
    assert Settings.asked(published=True, images=64).images == 64


def test_what_changes_nothing_about_a_measurement_does_not_tell_two_of_them_apart() -> None:
    asked = Settings(criterion="loss", rescale=True, seed=3, images=64)
    assert asked.relevant("edge") == replace(asked, seed=0)
    assert asked.relevant("node") == Settings(criterion="loss", images=64)
    assert asked.relevant("accuracy") == Settings(images=64)
    assert replace(asked, augment=True).relevant("accuracy") == Settings(augment=True, seed=3, images=64)
