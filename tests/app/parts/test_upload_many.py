"""Several checkpoints at once: those that open are kept, the others say why not, and nothing is overwritten."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.library import catalog
from app.parts.upload_many import bring
from tests.app.conftest import text

Visit = Callable[..., AppTest]
ORIGINALS = Path(__file__).parents[2] / "files" / "originals"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(catalog.RUNS, str(tmp_path / "runs"))
    return catalog.imported()


def test_what_opens_is_kept_and_what_does_not_says_why(kept: Path) -> None:
    content = (ORIGINALS / "confopt-nb201.pth").read_bytes()
    good = bring("seed-0/model.pth", content)
    assert good.kept == "seed-0-model" and (kept / "seed-0-model" / "meta.json").is_file()
    assert good.says.startswith("nas-bench-201, confopt")
    assert bring("seed-1/model.pth", content).kept == "seed-1-model", "folders tell files of one name apart"
    again = bring("seed-0/model.pth", content)
    assert again.kept is None and "already" in again.says
    damaged = bring("torn.pth", content[:5000])
    assert damaged.kept is None and "damaged or cut off" in damaged.says
    assert sorted(path.name for path in kept.iterdir() if not path.name.startswith(".")) == [
        "seed-0-model",
        "seed-1-model",
    ]


def test_files_are_brought_on_runs_and_become_rows(visit: Visit) -> None:
    app = visit("runs", run="nas-bench-201")
    before = len(app.dataframe[0].value)
    content = (ORIGINALS / "confopt-nb201.pth").read_bytes()
    kind = "application/octet-stream"
    app.file_uploader(key="many-Files").set_value([("one.pth", content, kind), ("torn.pth", content[:100], kind)]).run()
    app.button(key="many-keep").click().run()
    assert not app.exception and "kept as one" in text(app) and "torn" in text(app)
    assert len(app.dataframe[0].value) == before + 1
