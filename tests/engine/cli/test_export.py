"""`export` on the command line: stdout and files hold the same bytes, and nothing is overwritten by mistake."""

import errno
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.checkpoint.folder import read_summary
from engine.cli import main
from engine.export import FORMATS, export
from engine.runs import files
from engine.selecting.record import SelectionRecord, Step
from engine.selection.selection import Selection

CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line: exit code, stdout, stderr."""

    def run(*argv: object) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main([str(word) for word in argv])
        return code, *capfd.readouterr()

    return run


@pytest.fixture(scope="module")
def s2(root: Path) -> Path:
    return root / "checkpoints" / "s2"


@pytest.fixture(scope="module")
def document(s2: Path) -> SelectionRecord:
    """What alpha alone decides on the bundled S2 supernet."""
    summary = read_summary(s2)
    selection = Selection(summary.space, summary.alphas).alpha_path()
    about = {"name": summary.name, "digest": summary.digest}
    return SelectionRecord(selection, (Step("alpha"),) * 34, checkpoint=about, strategy="magnitude")


@pytest.fixture
def file(document: SelectionRecord, tmp_path: Path) -> Path:
    """A selection file."""
    path = tmp_path / "selection.json"
    path.write_text(document.to_json(), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "nas-bench-201"])
def test_stdout_and_file_hold_what_the_engine_writes(
    cli: Run, document: SelectionRecord, file: Path, tmp_path: Path, name: str
) -> None:
    expected = export(document, name)
    code, out, err = cli("export", file, "--format", name)
    assert (code, out, err) == (0, expected, "")
    code, out, _ = cli("export", file, "--format", name, "--out", tmp_path / "new" / "file")
    assert (code, out) == (0, "")
    assert (tmp_path / "new" / "file").read_bytes() == expected.encode()


def test_a_plain_selection_will_do(cli: Run, document: SelectionRecord, tmp_path: Path) -> None:
    (tmp_path / "plain.json").write_text(document.selection.to_json())
    code, out, _ = cli("export", tmp_path / "plain.json", "--format", "darts")
    assert (code, out) == (0, f"{document.selection.genotype()}\n")


def test_a_genotype_will_do_as_text_or_file(cli: Run, document: SelectionRecord, tmp_path: Path) -> None:
    genotype = document.selection.genotype()
    (tmp_path / "genotype.txt").write_text(f"found = {genotype}\n")
    for given in (str(genotype), f"found = {genotype}", json.dumps(genotype.to_dict()), tmp_path / "genotype.txt"):
        for name in ("darts", "torch", "svg", "dot"):
            assert cli("export", given, "--format", name)[:2] == (0, export(genotype, name))
    assert cli("export", CELL, "--format", "nas-bench-201")[:2] == (0, f"{CELL}\n")


def test_one_cell_type_can_be_drawn(cli: Run, document: SelectionRecord, file: Path) -> None:
    code, out, _ = cli("export", file, "--format", "svg", "--cell", "reduce")
    assert (code, out) == (0, export(document, "svg", "reduce"))


def test_json_tells_size_and_checksum(cli: Run, document: SelectionRecord, file: Path, tmp_path: Path) -> None:
    expected = export(document, "dot")
    sums = {"bytes": len(expected.encode()), "sha256": hashlib.sha256(expected.encode()).hexdigest()}
    code, out, _ = cli("export", file, "--format", "dot", "--json")
    assert code == 0 and json.loads(out) == {"format": "dot", "text": expected, **sums}
    target = tmp_path / "cell.dot"
    code, out, _ = cli("export", file, "--format", "dot", "--json", "--out", target)
    assert code == 0 and json.loads(out) == {"format": "dot", "file": str(target), **sums}


def test_the_terminals_encoding_plays_no_part(document: SelectionRecord, file: Path, root: Path) -> None:
    code = f"import sys; from engine.cli import main; sys.exit(main(['export', {str(file)!r}, '--format', 'svg']))"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    answer = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, env=environment, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == export(document, "svg").encode()


def test_an_existing_file_is_replaced_only_when_forced(
    cli: Run, document: SelectionRecord, file: Path, tmp_path: Path
) -> None:
    target = tmp_path / "old.txt"
    target.write_text("mine")
    code, _, err = cli("export", file, "--format", "darts", "--out", target)
    assert code == 2 and "--force" in err and target.read_text() == "mine"
    code, _, err = cli("export", file, "--format", "darts", "--out", target, "--force")
    assert code == 0 and target.read_text() == export(document, "darts")
    code, _, err = cli("export", file, "--format", "darts", "--out", tmp_path, "--force")
    assert code == 2 and "is a folder" in err


def test_a_full_disk_leaves_the_old_file(cli: Run, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report.html"
    target.write_text("mine")
    before = sorted(os.listdir(tmp_path))

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    code, _, err = cli("export", file, "--format", "html", "--out", target, "--force")
    assert code == 2 and "free some space" in err and err.count("\n") == 1
    assert target.read_text() == "mine" and sorted(os.listdir(tmp_path)) == before


def test_the_checkpoint_is_checked(
    cli: Run, document: SelectionRecord, file: Path, s2: Path, root: Path, tmp_path: Path
) -> None:
    assert cli("export", file, "--format", "csv", "--checkpoint", s2)[0] == 0
    code, out, err = cli("export", file, "--format", "csv", "--checkpoint", s2.parent / "nas-bench-201")
    assert (code, out) == (2, "") and "space s2" in err and "space nas-bench-201" in err
    other = json.loads(document.to_json())
    other["checkpoint"]["digest"] = "0" * 64
    (tmp_path / "other.json").write_text(json.dumps(other))
    code, out, err = cli("export", tmp_path / "other.json", "--format", "csv", "--checkpoint", s2)
    assert (code, out) == (2, "") and "digest 000000000000" in err
    plain = json.loads(document.selection.to_json())
    (tmp_path / "plain.json").write_text(json.dumps(plain))
    assert cli("export", tmp_path / "plain.json", "--format", "csv", "--checkpoint", s2)[0] == 0
    plain["alphas"]["normal"][0][0] += 1
    (tmp_path / "plain.json").write_text(json.dumps(plain))
    code, out, err = cli("export", tmp_path / "plain.json", "--format", "csv", "--checkpoint", s2)
    assert (code, out) == (2, "") and "other alphas" in err
    code, _, err = cli("export", CELL, "--format", "svg", "--checkpoint", s2)
    assert code == 2 and "names no checkpoint" in err


@pytest.mark.parametrize(
    ("argv", "fix"),
    [
        (["export", CELL, "--format", "darts"], "use format nas-bench-201"),
        (["export", CELL, "--format", "csv"], "needs a selection file"),
        (["export", CELL, "--format", "pdf"], "use one of: darts"),
        (["export", CELL, "--format", "svg", "--cell", "normal"], "use one of: cell"),
        (["export", CELL[:-4], "--format", "svg"], "node 3 of the cell has the sources 0, 1, and"),
        (["export", "nowhere.json", "--format", "svg"], "no such file"),
        (["export", ".", "--format", "svg"], ". is a folder"),
        (["export", "a\0b", "--format", "svg"], "no such file"),
        (["export", '{"alphas": 1}', "--format", "json"], "not a selection"),
        (["export", CELL], "--format"),
    ],
)
def test_mistakes_take_one_line_that_names_the_fix(cli: Run, argv: list[str], fix: str) -> None:
    code, out, err = cli(*argv)
    assert (code, out) == (2, "")
    assert fix in err and err.startswith("error: ") and err.count("\n") == 1


def test_an_incomplete_selection_says_what_is_missing(cli: Run, document: SelectionRecord, tmp_path: Path) -> None:
    (tmp_path / "half.json").write_text(document.selection.undo().undo().to_json())
    code, out, err = cli("export", tmp_path / "half.json", "--format", "torch", "--out", tmp_path / "net.py")
    assert (code, out) == (2, "") and "2 of 34 decisions are missing" in err
    assert not (tmp_path / "net.py").exists()
    assert cli("export", tmp_path / "half.json", "--format", "csv")[0] == 0


def test_a_binary_file_is_no_selection(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(bytes(range(256)))
    code, _, err = cli("export", tmp_path / "weights", "--format", "svg")
    assert code == 2 and "is no text" in err
