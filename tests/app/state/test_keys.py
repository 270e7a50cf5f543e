"""Session state has one table of names, and nobody goes past it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.state import keys, url


def test_every_key_is_named_once_and_says_what_it_stands_for() -> None:
    assert len({key.name for key in keys.TABLE}) == len(keys.TABLE)
    assert all(key.meaning for key in keys.TABLE)
    assert {key.owner for key in keys.TABLE} == {"run", "session", "widget", "visitor"}


def test_what_the_sidebar_writes_into_the_address_are_its_widgets() -> None:
    widgets = {key.name for key in keys.TABLE if key.owner == "widget"}
    assert set(url.CONTEXT) <= widgets
    # The run is chosen in a widget, and stands in the address with what belongs to it: both change in one step.
    assert set(url.KEYS) & {key.name for key in keys.TABLE} == {keys.RUN.name}


def test_keys_of_a_kind_have_a_name_each() -> None:
    assert keys.SIDE_RUN.of("a").name == "side-a-run"
    assert keys.SIDE_RUN.of("a") != keys.SIDE_RUN.of("b")


def literals(source: str) -> Iterator[str]:
    """Names written out where session state is used: `session_state["x"]`, `.x`, `.get(f"{y}-x")`, `"x" in ...`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Subscript) and is_state(node.value):
            name: ast.AST = node.slice
        elif isinstance(node, ast.Attribute) and is_state(node.value):
            if node.attr not in {"get", "pop", "setdefault"}:
                yield node.attr
            continue
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_state(node.func.value):
            name = node.args[0]
        elif isinstance(node, ast.Compare) and any(map(is_state, node.comparators)):
            name = node.left
        else:
            continue
        if isinstance(name, ast.Constant | ast.JoinedStr):
            yield ast.unparse(name)


def is_state(node: ast.AST) -> bool:
    return ast.unparse(node) in ("st.session_state", "session_state")


@pytest.mark.parametrize(
    "source",
    [
        'st.session_state["x"]',
        "st.session_state.x",
        'st.session_state.get("x", 1)',
        '"x" in st.session_state',
        'st.session_state[f"{y}-x"]',
        'st.session_state.setdefault("x", {})',
    ],
)
def test_a_name_written_out_is_found(source: str) -> None:
    assert list(literals(source))


def test_no_module_but_the_table_writes_a_name_out(root: Path) -> None:
    found = {path.name: list(literals(path.read_text())) for path in (root / "app").rglob("*.py")}
    assert not {name: names for name, names in found.items() if names}
