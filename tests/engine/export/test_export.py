"""Exports: the same input gives the same bytes, and what leaves can be read, run and looked at elsewhere."""

import csv
import dataclasses
import inspect
import io
import shlex
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import pytest

from engine.cli.score import score
from engine.cli.select import select
from engine.drawing.palette import operation
from engine.errors import BadInput
from engine.export import FORMATS, command_line, export, read
from engine.fields import defaults
from engine.results import EdgeScores, InputScores
from engine.scoring.settings import Settings
from engine.selecting.record import Point, SelectionRecord, Step
from engine.selecting.settings import QUICK
from engine.selection.genotype_text import parse_genotype
from tests.engine.published_networks import DARTS_PT, genotype
from tests.engine.stored_selections import by_largest_drops

HOSTILE = '"""</title></pre><script src="http://evil.example/x.js">alert(1)</script>\\\n=1+1'
CELL = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_1x1~1|avg_pool_3x3~2|"
GENOTYPES = {name: genotype(normal, reduce) for name, normal, reduce, _, _ in DARTS_PT}
S5 = GENOTYPES["darts_pt_s5_0"]


@pytest.fixture(scope="module")
def s2(root: Path) -> SelectionRecord:
    """A complete selection by the largest drops of the stored sweep."""
    return by_largest_drops(root / "checkpoints" / "s2")


@pytest.fixture(scope="module")
def bench(root: Path) -> SelectionRecord:
    return by_largest_drops(root / "checkpoints" / "nas-bench-201")


@pytest.fixture(scope="module")
def partial(s2: SelectionRecord) -> SelectionRecord:
    """Two decisions, one of them unmeasured, and one edge measured that is not decided."""
    selection = s2.selection
    for _ in selection.decisions[2:]:
        selection = selection.undo()
    return dataclasses.replace(
        s2, selection=selection, steps=(s2.steps[0], Step("person")), undecided=(s2.steps[2].scores,)
    )


def _formats(document: SelectionRecord) -> list[str]:
    holds = document.selection.space.genotype_format
    return [name for name, format in FORMATS.items() if format.holds in (None, holds)]


# Any format


@pytest.mark.parametrize("which", ["s2", "bench"])
def test_the_same_document_gives_the_same_text(which: str, request: pytest.FixtureRequest) -> None:
    document = request.getfixturevalue(which)
    again = SelectionRecord.from_json(document.to_json())
    for name in _formats(document):
        text = export(document, name)
        assert text == export(again, name) and text.endswith("\n") and not text.endswith("\n\n")


def test_every_file_but_a_bare_genotype_names_checkpoint_and_program(s2: SelectionRecord) -> None:
    for name in ("torch", "dot", "svg", "html", "json"):
        text = export(s2, name)
        assert s2.checkpoint["digest"] in text and "1024" in text
    assert s2.checkpoint["digest"] in export(s2, "csv")


def test_every_file_but_a_bare_genotype_says_what_an_import_could_not_know(s2: SelectionRecord) -> None:
    imported = dataclasses.replace(s2, checkpoint=s2.checkpoint | {"notes": ["taken as cifar10", "epoch unknown"]})
    for name in ("torch", "dot", "svg", "html", "json", "csv"):
        assert "taken as cifar10" in export(imported, name) and "epoch unknown" in export(imported, name)


def test_a_genotype_round_trips(s2: SelectionRecord, bench: SelectionRecord) -> None:
    assert read(export(s2, "darts")) == s2.selection.genotype()
    assert read(export(bench, "nas-bench-201")) == bench.selection.genotype()
    assert read(export(s2, "json")) == s2
    assert read(CELL) == parse_genotype(CELL)


def test_a_format_of_the_other_family_names_the_right_one(s2: SelectionRecord, bench: SelectionRecord) -> None:
    with pytest.raises(BadInput, match="use format darts"):
        export(s2, "nas-bench-201")
    with pytest.raises(BadInput, match="use format nas-bench-201"):
        export(bench, "darts")
    with pytest.raises(BadInput, match="use format nas-bench-201"):
        export(parse_genotype(CELL), "darts")


def test_an_incomplete_selection_gives_only_what_needs_no_genotype(partial: SelectionRecord) -> None:
    for name in _formats(partial):
        if FORMATS[name].needs_genotype:
            with pytest.raises(BadInput, match="32 of 34 decisions are missing"):
                export(partial, name)
        else:
            assert export(partial, name)


def test_a_genotype_alone_has_no_table_and_no_report() -> None:
    for name in ("csv", "html", "json"):
        with pytest.raises(BadInput, match="needs a selection file"):
            export(S5, name)


def test_unknown_formats_and_cells_are_named(s2: SelectionRecord) -> None:
    with pytest.raises(BadInput, match="unknown format 'pdf'"):
        export(s2, "pdf")
    with pytest.raises(BadInput, match="normal, reduce"):
        export(s2, "svg", "cell")
    with pytest.raises(BadInput, match="leave out the cell"):
        export(s2, "csv", "normal")


@pytest.mark.parametrize("text", ["", "{}", "[]", "nonsense", '{"alphas": 1}', CELL[:-3], str(S5)[:-1]])
def test_what_is_neither_selection_nor_genotype_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read(text)


# CSV


def test_the_table_holds_every_score(s2: SelectionRecord) -> None:
    rows = list(csv.DictReader(io.StringIO(export(s2, "csv"))))
    assert len(rows) == sum(len(_candidates(step.scores)) for step in s2.steps)
    for number, step in enumerate(s2.steps, start=1):
        scores = step.scores
        ours = [row for row in rows if row["step"] == str(number)]
        for row, found in zip(ours, _candidates(scores), strict=True):
            for name in ("masked_accuracy", "masked_loss", "drop", "rise"):
                assert float(row[name]) == getattr(found, name)
            assert (float(row["ci_low"]), float(row["ci_high"])) == found.ci
            assert float(row["baseline_accuracy"]) == scores.baseline.accuracy
            assert (row["images"], row["batch_size"], row["bn"]) == ("1024", "64", "batch")
            assert (row["criterion"], row["device"], row["by"]) == ("accuracy", "cpu", "measured")
            if isinstance(scores, EdgeScores):
                assert (float(row["alpha"]), float(row["weight"])) == (found.alpha, found.weight)
                assert row["candidate"] == found.name and row["decided"] == (
                    "yes" if found.name == scores.best else "no"
                )
                assert row["alpha_keeps"] == ("yes" if found.name == scores.best_by_alpha else "no")
            else:
                assert row["candidate"] == str(found.edge)
                assert row["decided"] == row["measurement_keeps"] == ("yes" if found.edge in scores.keep else "no")


def _candidates(scores: EdgeScores | InputScores) -> tuple:
    return scores.operations if isinstance(scores, EdgeScores) else scores.candidates


def test_the_table_shows_alpha_without_a_measurement_and_measurements_without_a_decision(
    partial: SelectionRecord,
) -> None:
    rows = list(csv.DictReader(io.StringIO(export(partial, "csv"))))
    assert [row["step"] for row in rows] == ["1", "1", "2", "2", "", ""]
    unmeasured, undecided = rows[2], rows[4]
    assert unmeasured["alpha"] and not unmeasured["drop"] and unmeasured["decided"] in ("yes", "no")
    assert undecided["drop"] and not undecided["decided"] and not undecided["by"]


def test_no_text_of_the_table_is_a_formula(s2: SelectionRecord) -> None:
    document = dataclasses.replace(s2, checkpoint={"digest": "=HYPERLINK(1)"})
    rows = list(csv.DictReader(io.StringIO(export(document, "csv"))))
    assert {row["digest"] for row in rows} == {"'=HYPERLINK(1)"}


# Pictures


def test_an_svg_says_every_operation_in_words_and_colour() -> None:
    tree = ElementTree.fromstring(export(S5, "svg"))
    texts = ["".join(element.itertext()) for element in tree.iter("{http://www.w3.org/2000/svg}text")]
    for cell in ("normal", "reduce"):
        assert cell in texts
        for name, _ in S5.pairs(cell):
            assert operation(name).code in texts and operation(name).label in texts
    for name in {name for cell in ("normal", "reduce") for name, _ in S5.pairs(cell)}:
        assert operation(name).light in export(S5, "svg")
    one = export(S5, "svg", "reduce")
    assert ElementTree.fromstring(one) is not None and len(one) < len(export(S5, "svg"))


def test_dot_has_a_cluster_for_each_cell_type_and_every_edge() -> None:
    text = export(S5, "dot")
    assert text.count("subgraph") == 2
    assert text.count("->") == 2 * (8 + 4)
    for cell in ("normal", "reduce"):
        for name, source, target in S5.edges(cell):
            label = f"{operation(name).code} {operation(name).label}"
            assert f'{cell}_{source} -> {cell}_{target} [label="{label}"' in text
    assert "subgraph" not in export(S5, "dot", "normal")


# Report


class _Page(HTMLParser):
    """Which elements there are, their attributes, and their text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_report_is_whole_and_loads_nothing(s2: SelectionRecord, bench: SelectionRecord) -> None:
    for document in (s2, bench):
        text = export(document, "html")
        page = _Page(text)
        assert not page.open
        assert not {"script", "link", "img", "iframe", "object", "base"} & set(page.tags)
        assert not {"src", "href", "onload"} & {name for name, _ in page.attributes}
        assert "http:" not in text and "https:" not in text and "url(" not in text and "@import" not in text
        assert page.tags.count("svg") == len(document.selection.space.cells) + 1
        assert page.text.count("measurement") >= len(document.steps)
        assert str(document.selection.genotype()) in page.text
        assert document.checkpoint["digest"] in page.text
        assert command_line(document) in page.text


def test_a_report_of_a_benchmark_cell_tells_its_true_accuracy(bench: SelectionRecord) -> None:
    text = _Page(export(bench, "html")).text
    assert "93.31 %" in text and "691 of 15,625" in text
    assert "54.30 %" in text  # all skip connections, as alpha alone has it


def test_a_report_draws_the_path_with_its_tuning(s2: SelectionRecord) -> None:
    path = (
        Point(0, 0, "epochs", 60.0, 1.0, (58.0, 62.0), 512, "running"),
        Point(5, 3, "epochs", 55.0, 1.0, None, 512, "running"),
    )
    text = export(dataclasses.replace(s2, path=path), "html")
    assert "5 decisions, tuned 3 epochs: 55.0 % on 512 images" in text
    assert "hollow points follow tuning" in text and "running statistics" in text


def test_a_report_without_measurements_has_no_path(s2: SelectionRecord) -> None:
    bare = SelectionRecord.from_json(s2.selection.to_json())
    page = _Page(export(bare, "html"))
    assert page.tags.count("svg") == 2 and "along the way" not in page.text


def test_hostile_names_stay_text_everywhere(s2: SelectionRecord) -> None:
    document = dataclasses.replace(
        s2,
        checkpoint={"name": HOSTILE, "digest": HOSTILE, HOSTILE: [HOSTILE]},
        settings={"images": HOSTILE, HOSTILE: HOSTILE},
        strategy=HOSTILE,
        command=HOSTILE,
        date=HOSTILE,
        versions={HOSTILE: HOSTILE},
    )
    page = _Page(export(document, "html"))
    assert not page.open and "script" not in page.tags and "src" not in {name for name, _ in page.attributes}
    assert "<script" not in export(document, "svg")
    assert ElementTree.fromstring(export(document, "svg")) is not None
    names: dict = {"__name__": "exported"}
    exec(export(document, "torch"), names)
    assert "Network" in names
    comments = export(document, "dot").partition("digraph")[0]
    assert all(line.startswith("// ") for line in comments.splitlines())
    assert export(document, "json") and export(document, "csv")


# The command line


def test_a_selection_run_is_repeated_with_its_settings(s2: SelectionRecord) -> None:
    settings = {**s2.settings, "order": "index", "images": None, "seed": 3, "together": False}
    document = dataclasses.replace(s2, strategy="perturbation", settings=settings, tuning=QUICK)
    expected = "python -m engine select checkpoints/s2 --strategy perturbation --images all --seed 3"
    expected += " --tune-batches 50 --tune-lr 0.01 --order index --separate --out selection"
    assert command_line(document) == expected


def test_a_selection_run_without_tuning_says_so_and_the_published_one_does_not(s2: SelectionRecord) -> None:
    plain = dataclasses.replace(s2, strategy="magnitude", settings={})
    assert command_line(plain).endswith("--strategy magnitude --tune-epochs 0 --out selection")
    published = dataclasses.replace(s2, strategy="perturbation", settings={"published": True, "order": "random"})
    assert command_line(published).endswith("--strategy perturbation --published --out selection")


def test_every_option_of_a_command_line_exists(s2: SelectionRecord) -> None:
    plan = {"order": "index", "together": False, "allow_none": False, "cumulative": True}
    measured = {name: True if default is False else "x" for name, default in defaults(Settings).items()}
    for strategy, command in (("random", select), ("person", score)):
        for published in (False, True):
            settings = {**measured, **plan, "published": published}
            words = shlex.split(
                command_line(dataclasses.replace(s2, strategy=strategy, settings=settings, tuning=QUICK))
            )
            said = {word[2:].replace("-", "_") for word in words if word.startswith("--")}
            known = set(inspect.signature(command).parameters) | ({"all"} if command is score else set())
            assert said <= known and len(said) >= 10


def test_decisions_by_hand_are_measured_again(partial: SelectionRecord, s2: SelectionRecord) -> None:
    assert command_line(partial) == "python -m engine score checkpoints/s2 --all --selection selection.json"
    settings = {**s2.settings, "bn": "running", "augment": True}
    complete = dataclasses.replace(s2, settings=settings)
    assert command_line(complete) == "python -m engine score checkpoints/s2 --all --bn running --augment"


@pytest.mark.parametrize(
    "command", ["rm -rf everything", "python -m engine score x; rm -rf everything", "python -m 'x"]
)
def test_a_file_cannot_smuggle_in_another_command(s2: SelectionRecord, command: str) -> None:
    text = command_line(dataclasses.replace(s2, command=command))
    assert shlex.split(text)[:3] == ["python", "-m", "engine"]
    assert "; rm" not in text


def test_a_command_that_a_document_brings_is_shown(s2: SelectionRecord) -> None:
    command = "python -m engine select checkpoints/s2 --strategy random --seed 1 --out run"
    assert command_line(dataclasses.replace(s2, command=command)) == command
