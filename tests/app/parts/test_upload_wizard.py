"""Bring your own: four checks, refusals that say what to do, and nothing written unless it is kept."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

import engine
from app.library import imports
from app.parts import upload_wizard
from app.parts.upload_wizard import TITLES, Upload, checked
from app.state import keys, session
from app.work.workshop import workshop
from engine.selection.selection import Selection
from engine.spaces import search_space
from tests.engine.checkpoint.test_importers import selecting
from tests.engine.foreign import alphas_of, bench_net, darts_net, saved

S2 = search_space("s2")


def content_of(value: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def good() -> bytes:
    return content_of(saved("darts-pt", darts_net(S2), alphas_of(S2)))


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of runs; empty."""
    monkeypatch.setenv("SUPERNET_RUNS", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs"


@pytest.fixture
def wizard(runs: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The panel alone; there is no page to go to."""

    def go_to(page: str, run: str, start: Selection) -> None:
        session.state(run, start.decisions)
        keys.RUN.set(run)

    monkeypatch.setattr(session, "go_to", go_to)

    def script() -> None:
        import streamlit as st

        from app.parts import upload_wizard

        upload_wizard.panel()
        st.text(f"run {st.session_state.get('run')}")

    return AppTest.from_function(script, default_timeout=60).run()


def said(app: AppTest) -> str:
    parts = (*app.markdown, *app.caption, *app.error, *app.text, *app.toast)
    return " ".join(str(part.value).replace("\\", "") for part in parts)


def put(app: AppTest, name: str, content: bytes, key: str = "upload") -> AppTest:
    return app.file_uploader(key=key).set_value((name, content, "application/octet-stream")).run()


def upload(content: bytes, **said: object) -> Upload:
    return Upload(**{"key": (1,), "name": "a.pt", "content": content, "space": None, "dataset": None} | said)


def test_a_good_file_passes_four_checks_and_is_written_nowhere(wizard: AppTest, runs: Path, good: bytes) -> None:
    app = put(wizard, "checkpoint_50.pth.tar", good)
    assert not app.exception and not app.error
    assert [f"✓ **{title}**" in said(app) for title in TITLES] == [True] * 4
    assert "space s2" in said(app) and "format darts-pt" in said(app) and "taken as cifar10" in said(app)
    assert list(runs.parent.iterdir()) == []
    assert "imported" not in {entry.path.parent.name for entry in workshop().catalog.entries().values()}


def test_a_file_is_checked_once(wizard: AppTest, good: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    app = put(wizard, "a.pt", good)
    monkeypatch.setattr(upload_wizard, "checked", lambda _: pytest.fail("checked again"))
    assert f"✓ **{TITLES[3]}**" in said(app.run())


def test_keeping_makes_a_run_that_opens(wizard: AppTest, runs: Path, good: bytes) -> None:
    app = put(wizard, "my search (1).pth.tar", good)
    assert app.text_input(key="upload-name").value == "my-search-1-"
    app.text_input(key="upload-name").set_value("../../darts").run()
    app.button(key="upload-keep").click().run()
    assert not app.exception
    assert [path.name for path in (runs / "imported").iterdir()] == ["darts"]
    assert engine.load(runs / "imported" / "darts").space == S2
    assert "run my-darts" in said(app)
    entry = workshop().catalog.entries()["my-darts"]
    assert entry.path == runs / "imported" / "darts" and entry.error is None
    # The same name again is refused, and what is there stays.
    app.button(key="upload-keep").click().run()
    assert "nothing is overwritten" in said(app)
    assert [path.name for path in (runs / "imported").iterdir()] == ["darts"]


def test_looking_makes_a_run_for_this_visitor_alone(wizard: AppTest, runs: Path, good: bytes) -> None:
    app = put(wizard, "mine.pt", good)
    app.button(key="upload-look").click().run()
    assert not app.exception and "run mine" in said(app)
    assert not (runs / "imported").exists() and "mine" not in workshop().catalog.entries()
    entry = workshop().catalog.entries(app.session_state["visitor"])["mine"]
    assert entry.summary is not None and not entry.is_kept
    assert "mine" not in workshop().catalog.entries("another")


def test_a_disk_that_cannot_be_written_is_a_line_and_the_upload_stays(wizard: AppTest, runs: Path, good: bytes) -> None:
    app = put(wizard, "mine.pt", good)
    runs.write_text("a file where the folder should be")
    for button in ("upload-look", "upload-keep"):
        app.button(key=button).click().run()
        assert not app.exception and "cannot write" in said(app) and app.button(key="upload-look")


def test_a_begun_selection_opens_with_its_decisions(wizard: AppTest, runs: Path) -> None:
    app = put(wizard, "checkpoint_70.pth.tar", content_of(selecting(S2, alphas_of(S2))))
    assert "17 of 34 decisions" in said(app)
    app.button(key="upload-keep").click().run()
    state = app.session_state["states"]["checkpoint_70"]
    assert len(state.link.decisions) == 17
    assert workshop().catalog.entries()["checkpoint_70"].begun == state.link.decisions


def test_the_name_follows_the_uploaded_file(wizard: AppTest, good: bytes) -> None:
    app = put(wizard, "weights.pt", good)
    app.text_input(key="upload-name").set_value("mine").run()
    assert app.run().text_input(key="upload-name").value == "mine"
    app = put(app, "darts-pt-checkpoint.pth.tar", good)
    assert app.text_input(key="upload-name").value == "darts-pt-checkpoint"


def test_the_disk_is_not_filled(wizard: AppTest, runs: Path, good: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MOST_KEPT", 1)
    (runs / "imported" / "one").mkdir(parents=True)
    app = put(wizard, "a.pt", good)
    app.button(key="upload-keep").click().run()
    assert "kept already" in said(app) and [path.name for path in (runs / "imported").iterdir()] == ["one"]


class Evil:
    def __reduce__(self):
        return os.system, ("touch ran",)


@pytest.mark.parametrize(
    ("content", "passed", "words"),
    [
        (b"", 0, "is empty"),
        (b"GIF89a\0\0", 0, "no kind that is known"),
        (content_of({"args": Evil()}), 1, "Python objects"),
        (content_of({"fc.weight": torch.zeros(2, 2)}), 2, "no supernet was found"),
    ],
)
def test_a_refusal_says_what_why_and_what_to_do(
    wizard: AppTest, runs: Path, content: bytes, passed: int, words: str
) -> None:
    app = put(wizard, "file.pt", content)
    assert not app.exception and len(app.error) == 1
    assert words in said(app) and f"**{TITLES[passed]}**" in app.error[0].value
    assert said(app).count("✓") == passed and said(app).count("◌") == 3 - passed
    assert not [button for button in app.button if button.key == "upload-keep"]
    assert list(runs.parent.iterdir()) == []


def test_markdown_in_a_file_is_shown_as_text(wizard: AppTest) -> None:
    app = put(wizard, "file.pt", content_of({"cells.![x](http://evil)": torch.zeros(2), "$a$": torch.zeros(1)}))
    assert "![x](" not in app.error[0].value and "$a$" not in app.error[0].value


def test_space_data_set_and_alphas_are_heard(good: bytes) -> None:
    assert [each.passed for each in checked(upload(good, space="s2", dataset="svhn"))] == [True] * 4
    *_, last = checked(upload(good, space="s3"))
    assert not last.passed and "it fits space s2" in last.says
    *_, last = checked(upload(good, dataset="cifar100"))
    assert not last.passed and "10 classes" in last.says
    lists = b'{"normal": %s, "reduce": %s}' % ((str([[1.0, 2.0]] * 14).encode(),) * 2)
    checks = list(checked(upload(good, alphas=(("a.json", lists),))))
    assert len(checks) == 4 and checks[2].checkpoint.alphas["normal"][0].tolist() == [1, 2]
    halves = [(f"{cell}.json", str([[1.0, 2.0]] * 14).encode()) for cell in ("normal", "reduce")]
    assert list(checked(upload(good, alphas=tuple(halves))))[3].passed
    *_, last = checked(upload(good, alphas=(halves[0],)))
    assert not last.passed and "the alphas of normal alone" in last.says
    *_, last = checked(upload(good, alphas=(("a.json", b"{}"),)))
    assert not last.passed and "no alphas were recognised in a.json" in last.says


def test_alphas_may_come_as_files_or_as_pasted_text(wizard: AppTest, good: bytes) -> None:
    put(wizard, "a.pt", good)
    printed = "\n".join(f"tensor({[[0.75, 0.25]] * 14})" for _ in range(2))
    wizard.text_area(key="upload-text").set_value(printed).run()
    assert not wizard.exception and not wizard.error
    assert "alphas from the log the text, which printed them once" in said(wizard)


def test_the_panel_needs_no_torch(root: Path) -> None:
    code = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_string("from app.parts import upload_wizard; upload_wizard.panel()", default_timeout=60).run()
assert not app.exception and app.get("file_uploader")
sys.exit("torch was imported" if "torch" in sys.modules else 0)
"""
    answer = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr


def test_image_size_mixing_and_edge_strengths_are_heard() -> None:
    content = content_of(saved("drnas", bench_net(classes=120), alphas_of(search_space("nas-bench-201"))))
    found = list(checked(upload(content)))[-2].checkpoint
    assert (found.start.alphas.mixing, found.meta["image_size"]) == ("dirichlet", 16)
    betas = ("b.json", b'{"betas": {"cell": [0, 1, 2, 3, 4, 5]}}')
    told = upload(content, dataset="imagenet16-120", image_size=32, mixing="softmax", betas=betas)
    checks = list(checked(told))
    assert [each.passed for each in checks] == [True] * 4
    found = checks[2].checkpoint
    assert (found.start.alphas.mixing, found.meta["image_size"]) == ("softmax", 32)
    assert found.start.alphas.betas == ((0, 1, 2, 3, 4, 5),)


def test_the_wizard_asks_what_the_command_asks(wizard: AppTest, good: bytes) -> None:
    app = put(wizard, "a.pt", good)
    app.selectbox(key="upload-mixing").set_value("sigmoid").run()
    app.selectbox(key="upload-size").set_value("16 pixels").run()
    assert not app.exception and "--image-size" not in said(app)
    app.button(key="upload-keep").click().run()
    kept = engine.load(workshop().catalog.entries()["a"].path)
    assert (kept.start.alphas.mixing, kept.meta["image_size"]) == ("sigmoid", 16)
