"""Supernets of seconds: trained on real images, too small to be good at anything.

train_small_runs   a folder with one run per space of RUNS
OF_201, OF_S2      their names
"""

import dataclasses
from pathlib import Path

import torch

from engine.data.load import Images, load_data
from engine.training.loop import train
from engine.training.recipe import Recipe

OF_201, OF_S2 = "small-201", "small-s2"
RUNS = {OF_201: ("nas-bench-201", 1), OF_S2: ("s2", 3)}
"""Name -> space and cells."""


def train_small_runs(folder: Path) -> Path:
    """Train every run of RUNS for one epoch on 200 bundled images a half."""
    full = load_data("bundled")

    def cut(images: Images) -> Images:
        return Images(images.pixels[:200], images.labels[:200])

    data = dataclasses.replace(full, train=cut(full.train), search=cut(full.search))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so little work is slower on more
    for name, (space, cells) in RUNS.items():
        recipe = Recipe(space=space, method="darts", epochs=1, channels=4, cells=cells, image_size=16)
        train(recipe, folder / name, data=data)
    torch.set_num_threads(threads)
    return folder
