"""Rules that no single module can keep: who may import what, which files lie where, what they may say."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from engine import results

TOP_LEVEL = {
    ".ci",
    ".dockerignore",
    ".github",
    ".gitignore",
    ".streamlit",
    "CONTRIBUTING.md",
    "Dockerfile",
    "LICENSE",
    "Makefile",
    "README.md",
    "app",
    "checkpoints",
    "engine",
    "examples",
    "pyproject.toml",
    "requirements-cluster.txt",
    "requirements-dev.txt",
    "requirements.txt",
    "tests",
}
FRONT_END = {"app", "plotly", "streamlit"}
UNPICKLERS = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
TORCH_FREE = (
    "checkpoint",
    "checkpoint.format",
    "checkpoint.meta",
    "errors",
    "export",
    "nasbench201",
    "results",
    "runs.files",
    "selecting.record",
    "selection",
    "spaces",
)
PURE = (
    "parts.sentences",
    "parts.style",
    "parts.terms",
    "state.address",
    "state.page",
    "state.questions",
    "state.run",
    "state.url",
    "work.jobs",
    "work.questions",
)
"""Modules of the app that know neither the page nor the engine's tensors."""
IMPORT_NAMES = {"pillow": "PIL", "pyyaml": "yaml"}

# Folders of one machine, its helpers, and hosts that only some networks know.
PRIVATE = re.compile(
    rb"(?<![\w.])/(work|root|opt|tmp)/|/home/\w|/Users/\w|[A-Z]:\\Users"
    rb"|(?<![\w/])(\.\./)?shared/|pypi\.org|pythonhosted\.org|deb\.debian\.org|npmjs\.org"
)


def tracked(root: Path) -> list[Path]:
    # Without safe.directory git refuses a clone that belongs to another user.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listing = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode()
    return [Path(name) for name in listing.split("\0") if name]


def sources(folder: Path) -> list[Path]:
    found = sorted(folder.rglob("*.py"))
    assert found, f"no Python files in {folder}"
    return found


def imported_packages(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def requirement_lines(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def requirement_name(line: str) -> str:
    return re.match(r"[\w.-]+", line).group().lower()


def test_only_the_agreed_files_lie_at_the_top(root: Path) -> None:
    assert {path.parts[0] for path in tracked(root)} == TOP_LEVEL


def test_tracked_files_name_no_machine_path_and_no_registry(root: Path) -> None:
    this = Path(__file__).relative_to(root)
    found = {
        f"{path}: {match.group().decode()}"
        for path in tracked(root)
        if path != this
        for match in PRIVATE.finditer((root / path).read_bytes())
    }
    assert not found


def test_the_engine_knows_no_front_end(root: Path) -> None:
    found = {path.name: FRONT_END & set(imported_packages(path)) for path in sources(root / "engine")}
    assert not {name: packages for name, packages in found.items() if packages}


def test_the_engine_needs_graphviz_for_dot_text_alone(root: Path) -> None:
    users = [path.name for path in sources(root / "engine") if "graphviz" in imported_packages(path)]
    assert users == ["dot.py"]
    assert imported(root, "engine.drawing.dot", "engine.export") & {"graphviz"} == set()


def test_figures_draw_results_without_streamlit_or_torch(root: Path) -> None:
    found = {
        path.name: {"streamlit", "torch"} & set(imported_packages(path)) for path in sources(root / "app" / "figures")
    }
    assert not {name: packages for name, packages in found.items() if packages}


def test_light_parts_of_the_engine_import_without_torch(root: Path) -> None:
    assert imported(root, "engine", *(f"engine.{name}" for name in TORCH_FREE)) & {"torch"} == set()


def test_pure_parts_of_the_app_import_without_streamlit_or_torch(root: Path) -> None:
    assert imported(root, *(f"app.{name}" for name in PURE)) & {"streamlit", "torch"} == set()


def test_pages_import_without_torch(root: Path) -> None:
    screens = (path for path in sources(root / "app" / "screens") if path.name != "__init__.py")
    pages = (".".join(path.relative_to(root).with_suffix("").parts) for path in screens)
    assert imported(root, "app.parts.sidebar", *pages) & {"torch"} == set()


LATER = {"altair", "graphviz", "pandas", "pyarrow", "scipy", "torch", "torchvision"}
"""What the first page does without: each takes long to import, and is imported where it is used."""


def test_the_first_page_comes_without_what_takes_long_to_import(root: Path) -> None:
    """All that app/main.py imports, as a browser waits for it; the heaviest modules stand in the message."""
    source = (root / "app" / "main.py").read_text(encoding="utf-8")
    code = f"__file__ = {str(root / 'app' / 'main.py')!r}\n{source[: source.index('NAME =')]}\nprint(*sys.modules)"
    command = [sys.executable, "-X", "importtime", "-c", code]
    answer = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    times = re.findall(r"import time: +(\d+) \| +\d+ \| +(\S+)", answer.stderr)
    heaviest = sorted(((int(time) / 1e6, name) for time, name in times), reverse=True)[:10]
    assert not LATER & set(answer.stdout.split()), f"the heaviest imports, in seconds: {heaviest}"


def imported(root: Path, *modules: str) -> set[str]:
    """Everything that importing these modules loads."""
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return set(answer.stdout.split())


def test_an_installed_app_has_every_file_that_it_reads(root: Path) -> None:
    patterns = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["app"]
    packed = {path for pattern in patterns for path in (root / "app").glob(pattern)}
    assert {path for path in tracked(root) if path.is_relative_to(root / "app") and path.suffix != ".py"} <= packed


def test_nothing_unpickles_or_evaluates_text(root: Path) -> None:
    found = []
    for path in [*sources(root / "engine"), *sources(root / "app")]:
        found += [f"{path.name}: import {package}" for package in UNPICKLERS & set(imported_packages(path))]
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func)
            if name in {"eval", "exec", "compile"}:
                found.append(f"{path.name}:{call.lineno}: {name}")
            loads_safely = any(
                keyword.arg == "weights_only" and ast.unparse(keyword.value) == "True" for keyword in call.keywords
            )
            if name == "torch.load" and not loads_safely:
                found.append(f"{path.name}:{call.lineno}: torch.load without weights_only=True")
    assert not found


def test_no_code_changes_the_warnings_of_the_whole_process(root: Path) -> None:
    """`warnings.catch_warnings` is not thread-safe: pages and the worker run side by side."""
    calls = [
        path.name
        for folder in ("engine", "app")
        for path in sources(root / folder)
        if "catch_warnings" in path.read_text()
    ]
    assert not calls


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-cluster.txt", "requirements-dev.txt"])
def test_every_requirement_gives_its_reason(root: Path, name: str) -> None:
    without = [line for line in requirement_lines(root / name) if not re.search(r"\s# \w", line)]
    assert not without


def test_torch_and_torchvision_are_never_pinned_apart(root: Path) -> None:
    lines = {requirement_name(line): line.partition("#")[0] for line in requirement_lines(root / "requirements.txt")}
    assert {"torch", "torchvision"} <= lines.keys()
    assert not re.search(r"==|~=|<", lines["torch"] + lines["torchvision"])


def test_requirements_are_exactly_what_the_code_imports(root: Path) -> None:
    names = {requirement_name(line) for line in requirement_lines(root / "requirements.txt")}
    required = {IMPORT_NAMES.get(name, name) for name in names}
    used = {
        package for path in [*sources(root / "engine"), *sources(root / "app")] for package in imported_packages(path)
    }
    assert used - set(sys.stdlib_module_names) - {"app", "engine"} == required


@pytest.mark.parametrize(
    ("heading", "result"),
    [
        ("score", results.EdgeScores),
        ("operations[]", results.OperationScore),
        ("inputs[]", results.InputScores),
        ("candidates[]", results.InputScore),
        ("baseline", results.Baseline),
        ("lookup", results.Lookup),
    ],
)
def test_the_reference_lists_the_json_keys(root: Path, heading: str, result: type) -> None:
    text = (root / "engine" / "cli" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(.+?)` \| (.+) \|$", text, flags=re.MULTILINE)
    listed = {name: set(re.findall(r"`(\w+)`", keys)) for name, keys in rows}
    assert {field.name for field in fields(result)} <= listed[heading]


PAPERS = ("README.md", "CONTRIBUTING.md", "checkpoints/README.md", "engine/cli/README.md")


@pytest.mark.parametrize("paper", PAPERS)
def test_papers_point_only_at_what_exists(root: Path, paper: str) -> None:
    text = (root / paper).read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    links = {link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link}
    assert not [link for link in links if link and not (root / paper).parent.joinpath(link).exists()]
    assert set(re.findall(r"\bmake ([a-z]+)\b", "\n".join(re.findall(r"`+[^`]+`+", text)))) <= targets


def test_the_readme_is_two_screens_and_no_more(root: Path) -> None:
    assert len((root / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_continuous_integration_runs_what_a_contributor_runs(root: Path) -> None:
    assert ".ci/run" in (root / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
