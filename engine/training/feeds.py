"""Random draws and batches of a training run.

feed        augmented batches of one half without end

Every draw of an epoch comes from (seed, epoch), so a resumed run repeats what an uninterrupted one does.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from engine.data.feed import Batch as Batch
from engine.data.feed import Feed
from engine.supernet.draws import seeded


def feed(half: Feed, batch_size: int, seed: int, *path: int, fresh: bool = False) -> Iterator[Batch]:
    """Augmented batches of one half without end.

    The half is gone through in a random order, again and again, or (fresh) every batch is an independent draw.
    path: what the random draws depend on beside the seed.
    """
    order = _orders(len(half), batch_size, seeded(seed, 2, *path), fresh)
    return half.augmented(order, seeded(seed, 3, *path))


def _orders(size: int, batch_size: int, draw: torch.Generator, fresh: bool) -> Iterator[Tensor]:
    while True:
        order = torch.randperm(size, generator=draw)
        if fresh:
            yield order[:batch_size]
        else:
            yield from order.split(batch_size)
