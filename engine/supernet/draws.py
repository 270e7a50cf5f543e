"""Random draws that depend on nothing but the numbers that they are named by.

seeded   a generator for a seed and a path of numbers
"""

import numpy as np
import torch


def seeded(seed: int, *path: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator that depends on nothing but its arguments."""
    words = np.random.SeedSequence([seed, *path]).generate_state(2, np.uint32)
    return torch.Generator(device).manual_seed(int(words[0]) << 31 ^ int(words[1]))
