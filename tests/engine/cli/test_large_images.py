"""Images of 64 pixels and more on the command line: a supernet is trained on a folder of files and scored."""

import json

import pytest

from tests.engine.small_runs import write_jpegs


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return write_jpegs(tmp_path_factory.mktemp("photos"), {"cat": 8, "dog": 8})


def test_a_folder_of_photographs_becomes_a_supernet_with_scores(cli, photos, tmp_path):
    out = tmp_path / "run"
    size = ("--image-size", 64, "--channels", 4, "--cells", 3, "--batch-size", 4, "--epochs", 1)
    code, printed, said = cli(
        "train", "--space", "s2", "--data", photos, *size, "--out", out, "--json", "--device", "cpu"
    )
    assert code == 0, said
    assert json.loads(printed)["image_size"] == 64
    how = ("--data", photos, "--images", 8, "--batch-size", 4, "--json", "--device", "cpu")
    code, printed, said = cli("score", out, "--cell", "normal", "--edge", 0, *how)
    assert code == 0, said
    found = json.loads(printed)
    assert found["images"] == 8 and len(found["operations"]) == 2 and "warning" not in found


@pytest.mark.parametrize(("size", "names"), [(64, "train/<class>"), (48, "multiple of 32"), (2048, "multiple of 32")])
def test_what_cannot_be_read_at_this_size_is_one_line(cli, tmp_path, size, names):
    argv = ("--space", "s2", "--epochs", 1, "--image-size", size, "--out", tmp_path / "run")
    code, printed, said = cli("train", *argv)
    assert (code, printed) == (2, "")
    assert said.startswith("error: ") and said.count("\n") == 1 and names in said
    assert not (tmp_path / "run").exists()
