"""The app's figures where there is no app: without Streamlit, from what the engine returns."""

import subprocess
import sys
from pathlib import Path

import pytest

BLOCKED = "import sys\nfor name in {blocked}: sys.modules[name] = None\n"

IMPORT_ALL = """
import pkgutil
from importlib import import_module
import app.figures
print(*(import_module(f"app.figures.{found.name}").__name__ for found in pkgutil.iter_modules(app.figures.__path__)))
"""

LOADED = """
import engine
from engine import nasbench201
from engine.checkpoint import read_summary
from engine.results import EdgeScores
BENCH = read_summary("checkpoints/nas-bench-201")
SPACE, START = BENCH.space, BENCH.start
EDGES = [EdgeScores.from_dict(edge) for edge in BENCH.scores["edges"]]
WORTH = nasbench201.worth(START)
"""

FIGURES = {
    "butterfly": """
from app.figures.butterfly import butterfly_info, plot_butterfly
made = plot_butterfly(butterfly_info(EDGES[2], truth=WORTH[2]), THEME)
""",
    "butterfly of alphas alone": """
from app.figures.butterfly import butterfly_info, plot_butterfly
from app.figures.edge_alphas import edge_alphas
made = plot_butterfly(butterfly_info(edge_alphas(START.alphas, "cell", 2)), THEME)
""",
    "matrix": """
from app.figures.matrix import plot_matrix
from app.figures.matrix_info import matrix_info
made = plot_matrix(matrix_info(SPACE, EDGES, truth=WORTH), THEME)
""",
    "slope": """
from app.figures.slope import plot_slope, slope_info
made = plot_slope(slope_info(EDGES[2]), THEME)
""",
    "strips": """
from app.figures.strips import plot_strips, strips_info
from engine.population import population
made = plot_strips(strips_info(population(["checkpoints/nas-bench-201"])), THEME)
""",
    "over epochs": """
from app.figures.over_epochs import Course, plot_over_epochs
from engine.population import over_epochs
made = plot_over_epochs([Course(BENCH.name, over_epochs(BENCH))], THEME)
""",
    "outcomes": """
from app.figures.outcomes import outcomes_info, plot_outcomes
alpha = nasbench201.lookup(START.alpha_path().genotype()).cifar10
made = plot_outcomes(outcomes_info(nasbench201.reachable(START), alpha), THEME)
""",
    "two sides of an edge": """
from app.figures.comparison import edge_pair, plot_edge_pair
made = plot_edge_pair(edge_pair(EDGES[2], EDGES[3], (None, None)), THEME)
""",
    "differences": """
from app.figures.differences import differences, plot_differences
made = plot_differences(differences(START.alpha_path(), START), None, THEME)
""",
    "lab signals": """
from app.figures.signal_ranks import plot_ranks, ranks_info
from engine.analysis import stored
from engine.analysis.signals.results import table
numbers = stored.read(BENCH, "signals").numbers
made = plot_ranks(ranks_info(table(numbers, "mean"), numbers.names), THEME)
""",
    "lab ablations": """
from app.figures.path_ends import ends_info, plot_ends
made = plot_ends(ends_info(stored.read(BENCH, "ablations").numbers), THEME)
""",
    "lab optimal-alpha": """
from app.figures.optimal_weights import optima_info, plot_optima
made = plot_optima(optima_info(stored.read(BENCH, "optimal-alpha").numbers), THEME)
""",
    "lab strength": """
from app.figures.strengths import plot_strengths, strength_info
made = plot_strengths(strength_info(stored.read(BENCH, "strength").numbers), THEME)
""",
    "lab unrolled": """
from app.figures.rewired_ends import plot_rewired, rewired_info
made = plot_rewired(rewired_info(stored.read(BENCH, "unrolled").numbers), THEME)
""",
    "lab skip-minus-conv": """
from app.figures.gap_courses import gap_info, plot_gaps
from engine.analysis import registry
made = plot_gaps(gap_info(registry.find("skip-minus-conv").known(BENCH)), THEME)
""",
    "lab depth": """
from app.figures.depths import plot_depths
from engine.analysis import registry
made = plot_depths(registry.find("depth").known(BENCH), THEME)
""",
    "training": """
from app.figures.training_curves import curves_info, plot_curves
made = plot_curves(curves_info(BENCH.log, BENCH.meta["epochs"]), THEME)
""",
}


def answer(root: Path, code: str, *blocked: str) -> list[str]:
    """What the code prints in a Python in which these packages cannot be imported."""
    whole = BLOCKED.format(blocked=repr(blocked)) + code
    found = subprocess.run([sys.executable, "-c", whole], cwd=root, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr[-2000:]
    return found.stdout.splitlines()


def test_the_block_is_one(root: Path) -> None:
    with pytest.raises(AssertionError, match="streamlit"):
        answer(root, "import app.parts.inspector", "streamlit")


def test_every_figure_imports_where_neither_streamlit_nor_torch_is_installed(root: Path) -> None:
    (names,) = answer(root, IMPORT_ALL, "streamlit", "torch", "pandas")
    modules = {path.stem for path in (root / "app" / "figures").glob("*.py")} - {"__init__"}
    assert {name.removeprefix("app.figures.") for name in names.split()} == modules


def test_the_engines_results_are_drawn_without_streamlit_and_plotly_takes_them(root: Path) -> None:
    """One process for all: each import of plotly and each reading of a checkpoint takes time."""
    check = """
drawn = go.Figure(made)
assert len(drawn.data) >= 1 and drawn.layout.height > 0
assert any(getattr(trace, "x", None) is not None and len(trace.x) for trace in drawn.data), "an empty figure"
print(NAME)
"""
    drawn = "".join(
        f"THEME = {theme!r}\nNAME = {name!r}\n{code}{check}"
        for name, code in FIGURES.items()
        for theme in ("light", "dark")
    )
    printed = answer(root, f"import plotly.graph_objects as go\n{LOADED}{drawn}", "streamlit")
    assert printed == [name for name in FIGURES for _ in range(2)]
