"""Random draws and batches of a training run.

feed        augmented batches of one half without end

Every draw of an epoch comes from (seed, epoch), so a resumed run repeats what an uninterrupted one does.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from engine.data.load import Normalisation, augment, crop_padding, normalise
from engine.supernet.draws import seeded

Batch = tuple[Tensor, Tensor]
"""(images [B, 3, H, W] normalised, labels [B])."""


def feed(
    half: Batch, normalisation: Normalisation, batch_size: int, seed: int, *path: int, fresh: bool = False
) -> Iterator[Batch]:
    """Augmented, normalised batches of one half without end; crop padding 4 at 32 pixels, 2 at 16.

    The half is gone through in a random order, again and again, or (fresh) every batch is an independent draw.
    half: (uint8 [N, 3, S, S], labels [N]). path: what the random draws depend on beside the seed.
    """
    pixels, labels = half
    draw = seeded(seed, 3, *path)
    for index in _orders(len(labels), batch_size, seeded(seed, 2, *path), fresh):
        index = index.to(pixels.device)
        images = augment(pixels[index], crop_padding(pixels.shape[-1]), draw)
        yield normalise(images, normalisation), labels[index]


def _orders(size: int, batch_size: int, draw: torch.Generator, fresh: bool) -> Iterator[Tensor]:
    while True:
        order = torch.randperm(size, generator=draw)
        if fresh:
            yield order[:batch_size]
        else:
            yield from order.split(batch_size)
