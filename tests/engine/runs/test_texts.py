from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadInput
from engine.runs.texts import decoded, read_text

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", ["|none~0|+|none~0|none~1|", "a = 'α'\n", "x"])
def test_text_is_read_whatever_encoding_it_has(encoding: str, text: str) -> None:
    assert decoded(text.encode(encoding)) == text
    assert decoded(text.replace("\n", "\r\n").encode(encoding)) == text


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0\ufeff")))
def test_utf_8_is_itself(text: str) -> None:
    assert decoded(text.encode()) == text
    assert decoded(text.encode("utf-8-sig")) == text


def test_what_is_no_text_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\x89PNG\xff")
    with pytest.raises(BadInput, match=r"is no text .*; give a log"):
        read_text(tmp_path / "x", 100, "a log")
    with pytest.raises(BadInput, match="is too large for a log"):
        read_text(tmp_path / "x", 3, "a log")
    assert decoded(b"loss \x80 3", "replace") == "loss \ufffd 3"
