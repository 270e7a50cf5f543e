"""Batches of one part of a data set, wherever its images lie: all that training, testing and scoring see of them.

Feed         the protocol: augmented and plain batches in the order that the caller asks for
MemoryFeed   decoded images of 16 or 32 pixels; engine.data.stream has the feed for larger ones
Batches      plain batches as a sequence that reads them anew each time they are taken
held         plain batches as a list where the images lie in memory, else as that sequence
sizes        how many images each batch of a sequence has

Letters in shapes: N images, B batch, S image size in pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, overload

import torch
from torch import Tensor

from engine.data.augment import Normalisation, augment, crop_padding, normalise, resize
from engine.data.decode import Images

Batch = tuple[Tensor, Tensor]
"""(images float32 [B,3,S,S] normalised, in channels_last; labels int64 [B])."""


class Feed(Protocol):
    """One part of a data set at one image size, on one device.

    An order is the numbers of the images, int64 [B] for each batch: finite for one pass over the part, or without end.
    It is drawn by the caller, who also says what the augmentation draws from. The same order and the same draw give the
    same batches, so that a resumed run repeats what an uninterrupted one does.
    """

    def __len__(self) -> int:
        """Images."""

    def augmented(self, order: Iterable[Tensor], draw: torch.Generator) -> Iterator[Batch]:
        """The batches for training: every image changed at random."""

    def plain(self, order: Iterable[Tensor]) -> Iterator[Batch]:
        """The batches for tests and scores: nothing is random."""


class MemoryFeed:
    """Images [N,3,S,S] in memory: cropped at random with a padding of S/8 and flipped, as published for CIFAR."""

    def __init__(
        self, images: Images, normalisation: Normalisation, image_size: int, device: str | torch.device
    ) -> None:
        self.pixels = resize(images.pixels, image_size).to(device)
        self.labels = images.labels.to(device)
        self.normalisation = normalisation
        self.padding = crop_padding(image_size)

    def __len__(self) -> int:
        return len(self.labels)

    def augmented(self, order: Iterable[Tensor], draw: torch.Generator) -> Iterator[Batch]:
        """As `Feed` says. `draw` is gone on with from batch to batch."""
        for rows in order:
            rows = rows.to(self.labels.device)
            yield normalise(augment(self.pixels[rows], self.padding, draw), self.normalisation), self.labels[rows]

    def plain(self, order: Iterable[Tensor]) -> Iterator[Batch]:
        for rows in order:
            rows = rows.to(self.labels.device)
            yield normalise(self.pixels[rows], self.normalisation), self.labels[rows]


class Batches(Sequence[Batch]):
    """The plain batches of an order. Each one is read when it is taken, so they need not all fit into memory."""

    def __init__(self, feed: Feed, order: Sequence[Tensor]) -> None:
        self.feed, self.order = feed, order

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[Batch]:
        return self.feed.plain(self.order)

    @overload
    def __getitem__(self, index: int) -> Batch: ...
    @overload
    def __getitem__(self, index: slice) -> Batches: ...
    def __getitem__(self, index: int | slice) -> Batch | Batches:
        if isinstance(index, slice):
            return Batches(self.feed, self.order[index])
        return next(self.feed.plain([self.order[index]]))


def held(feed: Feed, order: Sequence[Tensor]) -> Sequence[Batch]:
    """The plain batches of an order, to be gone through more than once."""
    return list(feed.plain(order)) if isinstance(feed, MemoryFeed) else Batches(feed, order)


def sizes(batches: Sequence[tuple[object, Tensor]]) -> list[int]:
    """Images of each batch, without reading any."""
    if isinstance(batches, Batches):
        return [len(rows) for rows in batches.order]
    return [len(labels) for _, labels in batches]
