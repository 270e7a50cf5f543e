"""The house has floors: a module imports from its own room or from rooms below, never upwards, never in a circle.

A room is a package, or a module beside the packages. What lies on one floor does not know of each other.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FLOORS: tuple[tuple[str, ...], ...] = (
    ("engine.errors", "engine.memory"),
    ("engine.checked", "engine.fields", "engine.pickles"),
    ("engine.results", "engine.runs"),
    ("engine.spaces",),
    ("engine.data", "engine.selection"),
    ("engine.nasbench201", "engine.supernet"),
    ("engine.checkpoint",),
    ("engine.scoring",),
    ("engine.training",),
    ("engine.network", "engine.selecting"),
    ("engine.bench", "engine.drawing", "engine.population"),
    ("engine.analysis", "engine.export"),
    ("engine.notebook",),
    ("engine.bundled", "engine.cli"),
    ("app.figures", "app.library"),
    ("app.work",),
    ("app.state",),
    ("app.parts",),
    ("app.screens",),
    ("app.main",),
)
"""From the ground up. `engine` itself only names what its rooms hold, and loads it when it is asked for."""
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def modules(root: Path) -> dict[str, Path]:
    paths = [path for package in ("engine", "app") for path in sorted((root / package).rglob("*.py"))]
    return {".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def room(module: str) -> str:
    return ".".join(module.split(".")[:2])


def imports(path: Path, known: dict[str, Path], *, late: bool = True) -> Iterator[str]:
    """Modules of the project that a file imports; late: also those imported inside a function. What only a type
    checker imports does not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left_out: set[int] = set()
    for node in ast.walk(tree):
        in_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not late
        if in_function or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            left_out |= {id(inside) for inside in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            while name not in known and "." in name:
                name = name.rpartition(".")[0]
            if name in known and "." in name:
                yield name


def test_every_room_has_its_floor(root: Path) -> None:
    rooms = {room(module) for module in modules(root) if "." in module}
    assert rooms - {"engine.__main__"} == set(FLOOR)


def test_nothing_imports_upwards_or_across(root: Path) -> None:
    known = modules(root)
    upwards = sorted(
        f"{module} -> {target}"
        for module, path in known.items()
        if room(module) in FLOOR
        for target in imports(path, known)
        if room(target) != room(module) and FLOOR[room(target)] >= FLOOR[room(module)]
    )
    assert not upwards


def test_no_files_import_each_other_in_a_circle(root: Path) -> None:
    known = modules(root)
    reach = {module: set(imports(path, known, late=False)) - {module} for module, path in known.items()}
    # The names a package passes on are no dependency of the files that pass through it.
    packages = {module for module, path in known.items() if path.name == "__init__.py"}
    graph = {module: targets - packages for module, targets in reach.items() if module not in packages}
    while ends := {module for module, targets in graph.items() if not targets & graph.keys()}:
        graph = {module: targets - ends for module, targets in graph.items() if module not in ends}
    assert not graph, f"a circle among {sorted(graph)}"


@pytest.mark.parametrize("package", ["app", "engine"])
def test_few_files_stand_beside_the_rooms(root: Path, package: str) -> None:
    beside = {f"{package}.{path.stem}" for path in (root / package).glob("*.py")}
    assert beside - {f"{package}.__init__", f"{package}.__main__"} <= set(FLOOR)
    assert len(beside) <= 8
