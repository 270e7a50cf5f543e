"""Build the bundled layered networks from the folders of two runs of `retrain` (README.md has their commands).

python -m engine.bundled.build_networks RESIDUAL PLAIN
"""

import json
import sys
from pathlib import Path

from safetensors.torch import load_file, save

from engine.network.retrain.folder import WEIGHTS
from engine.runs import files
from engine.runs.folder import PLAN, PROGRESS

HERE = Path(__file__).parent


def build(run: Path, target: Path) -> None:
    """Write the weights of a finished run with its recipe and its last test accuracy."""
    plan = json.loads((run / PLAN).read_text())
    log = json.loads((run / PROGRESS).read_text())["log"]
    if len(log) != plan["epochs"]:
        raise SystemExit(f"{run}: {len(log)} of {plan['epochs']} epochs are finished; add --resume to its command")
    recipe = {**plan, "test": log[-1]["test"]}
    weights = {name: value for name, value in load_file(run / WEIGHTS).items() if value.is_floating_point()}
    files.write(target, save(weights, {"recipe": json.dumps(recipe)}))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    for name, folder in zip(("residual", "plain"), sys.argv[1:], strict=True):
        build(Path(folder), HERE / f"{name}.safetensors")
