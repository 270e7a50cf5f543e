"""Selection documents: nothing is lost on the way through JSON, and damaged files are told apart from whole ones."""

import copy
import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import BadInput
from engine.selecting.hand_in import Answer, HandIn
from engine.selecting.record import Point, SelectionRecord
from engine.selecting.settings import NONE, PUBLISHED, QUICK, Tuning
from engine.selection.selection import Selection
from engine.spaces import search_space
from tests.engine.stored_selections import by_largest_drops


@pytest.fixture(scope="module")
def document(root: Path) -> SelectionRecord:
    """A complete selection by the largest drops of the stored sweep, with a path of two points."""
    stored = by_largest_drops(root / "checkpoints" / "s2")
    return dataclasses.replace(
        stored,
        path=(
            Point(0, 0, "epochs", 66.9, 1.0, (64.0, 69.8), 1024, "batch"),
            Point(1, 2, "epochs", 65.0, 1.0, None, 512, "batch"),
        ),
        checkpoint={**stored.checkpoint, "space": "s2", "method": "darts", "epochs": 30},
        strategy="perturbation",
        command="python -m engine select checkpoints/s2",
        date="2026-11-24T10:00:00+00:00",
        undecided=(stored.steps[0].scores,),
    )


@pytest.fixture(scope="module")
def data(document: SelectionRecord) -> dict[str, Any]:
    return json.loads(document.to_json())


def test_a_document_survives_json(document: SelectionRecord) -> None:
    text = document.to_json()
    read = SelectionRecord.from_json(text)
    assert read == document
    assert read.to_json() == text


def test_a_hand_in_is_a_document_with_a_name_and_answers(document: SelectionRecord) -> None:
    handed = dataclasses.replace(
        document, hand_in=HandIn("Ana", (0, 3), (Answer("masking/sum", "10.4 points", True), Answer("x/y", "?", False)))
    )
    text = handed.to_json()
    assert SelectionRecord.from_json(text) == handed
    assert json.loads(text) == json.loads(document.to_json()) | {"hand_in": json.loads(text)["hand_in"]}
    assert Selection.from_json(text) == document.selection


@pytest.mark.parametrize(
    "damaged",
    [
        {"name": 1},
        {},
        [],
        "Ana",
        {"name": "Ana", "given": [99]},
        {"name": "Ana", "given": [-1]},
        {"name": "Ana", "answers": [{"step": "a", "said": "b"}]},
        {"name": "Ana", "answers": [{"step": "a", "said": "b" * 501, "is_right": True}]},
        {"name": "Ana", "answers": [{"step": "a", "said": "b", "is_right": True}] * 501},
    ],
)
def test_a_damaged_hand_in_is_one_line(data: dict[str, Any], damaged: object) -> None:
    with pytest.raises(BadInput, match="damaged selection file") as error:
        SelectionRecord.from_json(json.dumps(data | {"hand_in": damaged}))
    assert len(str(error.value)) < 250 and "\n" not in str(error.value)


def test_tuning_is_an_object_in_the_file_and_a_value_in_the_program(document: SelectionRecord) -> None:
    tuned = dataclasses.replace(document, tuning=QUICK)
    text = tuned.to_json()
    assert json.loads(text)["settings"]["tuning"] == {"unit": "batches", "amount": 50, "lr": 0.01}
    assert SelectionRecord.from_json(text) == tuned


@pytest.mark.parametrize(
    ("said", "tuning", "words"),
    [
        ({"unit": "epochs", "amount": 5, "lr": 0.0025}, PUBLISHED, None),
        ("none", NONE, None),
        ("50 batches at 0.01 after decisions 1, 3", None, "50 batches at 0.01 after decisions 1, 3"),
    ],
)
def test_tuning_as_engine_and_app_once_wrote_it_is_read(
    data: dict[str, Any], said: object, tuning: Tuning | None, words: str | None
) -> None:
    older = copy.deepcopy(data)
    older["settings"]["tuning"] = said
    read = SelectionRecord.from_json(json.dumps(older))
    assert (read.tuning, read.settings.get("tuned")) == (tuning, words)
    assert "tuning" not in read.settings and SelectionRecord.from_json(read.to_json()) == read


def test_a_document_is_a_selection_file_too(document: SelectionRecord) -> None:
    assert Selection.from_json(document.to_json()) == document.selection


def test_of_a_plain_selection_nothing_more_is_known(document: SelectionRecord) -> None:
    read = SelectionRecord.from_json(document.selection.to_json())
    assert read.selection == document.selection
    assert {step.by for step in read.steps} == {"person"} and not any(step.scores for step in read.steps)
    assert (read.path, read.checkpoint, read.command) == ((), {}, None)


def test_undecided_measurements_may_be_absent(document: SelectionRecord, data: dict[str, Any]) -> None:
    older = {key: value for key, value in data.items() if key != "undecided"}
    assert SelectionRecord.from_json(json.dumps(older)) == dataclasses.replace(document, undecided=())


def test_every_decision_needs_its_step(document: SelectionRecord) -> None:
    with pytest.raises(ValueError, match="33 steps for 34 decisions"):
        SelectionRecord(document.selection, document.steps[1:])


def test_a_selection_of_another_space_is_refused(document: SelectionRecord) -> None:
    with pytest.raises(BadInput, match="space s2; choose one of space darts"):
        SelectionRecord.from_json(document.to_json(), search_space("darts"))


def _set(*path: Any) -> Callable[[Any], None]:
    """Puts the last of `path` where the others lead."""

    def change(data: Any) -> None:
        *way, key, value = path
        for part in way:
            data = data[part]
        data[key] = value

    return change


DAMAGED: dict[str, Callable[[Any], Any]] = {
    "a step is missing": lambda data: data["steps"].pop(),
    "steps are no list": _set("steps", 3),
    "a step is no object": _set("steps", 0, 1),
    "nobody took a step": _set("steps", 0, "by", "nobody"),
    "scores of another edge": lambda data: _set("steps", 0, "scores", data["steps"][3]["scores"])(data),
    "scores of an edge for a node": lambda data: _set("steps", 30, "scores", data["steps"][0]["scores"])(data),
    "an edge that does not exist": _set("undecided", 0, "edge", 99),
    "a cell type that does not exist": _set("undecided", 0, "cell", "up"),
    "an edge between other nodes": _set("undecided", 0, "source", 1),
    "other operations": lambda data: data["undecided"][0]["operations"].reverse(),
    "a best that is none of them": _set("undecided", 0, "best", "max_pool_3x3"),
    "text for a number": _set("steps", 0, "scores", "images", "many"),
    "NaN": _set("steps", 0, "scores", "operations", 0, "drop", float("nan")),
    "infinity": _set("path", 0, "accuracy", float("inf")),
    "half an interval": _set("steps", 0, "scores", "baseline", "ci", [1.0]),
    "a key is missing": lambda data: data["steps"][0]["scores"].pop("bn"),
    "a BN mode that does not exist": _set("steps", 0, "scores", "bn", "both"),
    "an unknown key in the path": _set("path", 0, "colour", "red"),
    "settings are no object": _set("settings", [1]),
    "a version is no text": _set("versions", "torch", 2.9),
    "the date is missing": lambda data: data.pop("date"),
    "a tuning of another kind": _set("settings", "tuning", 5),
    "a tuning by the hour": _set("settings", "tuning", {"unit": "hours", "amount": 5, "lr": 0.1}),
    "a tuning by halves": _set("settings", "tuning", {"unit": "epochs", "amount": 2.5, "lr": 0.1}),
    "a checkpoint of another space": _set("checkpoint", "space", "darts"),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=list(DAMAGED))
def test_damage_is_told_in_one_line(data: dict[str, Any], damage: Callable[[Any], Any]) -> None:
    damage(damaged := copy.deepcopy(data))
    with pytest.raises(BadInput) as caught:
        SelectionRecord.from_json(json.dumps(damaged))
    message = str(caught.value)
    assert message.startswith("damaged selection file (") and message.endswith("; export it again")
    assert "\n" not in message


def test_a_file_that_was_cut_off_is_refused(document: SelectionRecord) -> None:
    text = document.to_json()
    for length in (0, 1, 100, len(text) // 2, len(text) - 1):
        with pytest.raises(BadInput):
            SelectionRecord.from_json(text[:length])


def test_reading_a_document_loads_no_torch(root: Path) -> None:
    code = "import sys, engine.selecting.record, engine.export; print('torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
