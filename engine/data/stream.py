"""Images of 64 pixels and more: read from their files batch by batch, while the network computes.

StreamedFeed    the feed of encoded files
training_view   the published random changes of a training image for ImageNet
test_view       the published cut of a test image

What is drawn for an image depends on the draw of the pass and on the image's place in it, not on who reads it: any
number of reading processes gives the same batches. They hand them over in shared memory (a container needs about two
batches of it for every process: `docker run --shm-size`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from engine.data.augment import Normalisation, normalise
from engine.data.decode import Encoded
from engine.data.feed import Batch
from engine.data.pixels import open_alone
from engine.errors import BadInput

View = Callable[[Image.Image], Image.Image]
MOST_WORKERS = 16


def training_view(image_size: int) -> View:
    """Random part of the image, flip and colours, as the published code of DARTS trains for ImageNet."""
    return v2.Compose(
        [
            v2.RandomResizedCrop(image_size),
            v2.RandomHorizontalFlip(),
            v2.ColorJitter(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.2),
        ]
    )


def test_view(image_size: int) -> View:
    """The middle of the image, after its shorter side became 8/7 of that: 256 for 224 pixels."""
    return v2.Compose([v2.Resize(image_size * 8 // 7), v2.CenterCrop(image_size)])


class StreamedFeed:
    """Encoded files as a feed (`engine.data.feed.Feed`).

    workers: reading processes; by default this process reads, or for a GPU, whose work leaves the CPU idle, as many
    processes as torch may use threads. Batches raise BadInput naming a file that is no readable image.
    """

    def __init__(
        self,
        files: Encoded[Path],
        normalisation: Normalisation,
        image_size: int,
        device: str | torch.device = "cpu",
        workers: int | None = None,
    ) -> None:
        self.device = torch.device(device)
        # One array: a million paths as Python objects are copied into every process as it counts their references.
        self.paths = np.array([os.fsencode(file) for file in files.sources])
        self.labels = torch.from_numpy(files.labels)
        self.normalisation, self.image_size = normalisation, image_size
        if workers is None:
            workers = min(torch.get_num_threads(), MOST_WORKERS) if self.device.type == "cuda" else 0
        self.workers = workers

    def __len__(self) -> int:
        return len(self.labels)

    def augmented(self, order: Iterable[Tensor], draw: torch.Generator) -> Iterator[Batch]:
        """As `Feed` says. The numbers of an image come from the seed of `draw` and the image's place in the pass."""
        return self._read(_Files(self.paths, training_view(self.image_size), draw.initial_seed()), order)

    def plain(self, order: Iterable[Tensor]) -> Iterator[Batch]:
        return self._read(_Files(self.paths, test_view(self.image_size), None), order)

    def _read(self, files: _Files, order: Iterable[Tensor]) -> Iterator[Batch]:
        loader = DataLoader(
            files,
            batch_size=None,  # the order's entries are whole batches already
            sampler=_places(order),
            num_workers=self.workers,
            generator=torch.Generator(),  # else it would draw from the generator that layers draw from
            pin_memory=self.device.type == "cuda",
        )
        for found in loader:
            if isinstance(found, str):
                raise BadInput(found)
            pixels, rows = found
            images = normalise(pixels.to(self.device, non_blocking=True), self.normalisation)
            yield images, self.labels[rows].to(self.device)


Place = tuple[int, list[int]]
"""A batch of a pass: how many images came before it, and the numbers of its own."""


def _places(order: Iterable[Tensor]) -> Iterator[Place]:
    before = 0
    for rows in order:
        yield before, rows.tolist()
        before += len(rows)


class _Files(Dataset[tuple[Tensor, Tensor] | str]):
    """Decoded batches by their place in a pass: (uint8 [B,3,S,S], image numbers [B]), or what is wrong with a file.

    An error is handed over as its sentence: one that is raised comes out of another process with a page of traceback.
    seed: what the view draws from; None for one that draws nothing.
    """

    def __init__(self, paths: np.ndarray, view: View, seed: int | None) -> None:
        self.paths, self.view, self.seed = paths, view, seed

    def __getitem__(self, place: Place) -> tuple[Tensor, Tensor] | str:
        before, rows = place
        images = []
        for number, row in enumerate(rows, before):
            path = os.fsdecode(self.paths[row])
            try:
                image = open_alone(Path(path), path)
            except BadInput as error:
                return str(error)
            with _drawing(self.seed, number):
                images.append(v2.functional.pil_to_tensor(self.view(image)))
        return torch.stack(images), torch.tensor(rows)


@contextmanager
def _drawing(seed: int | None, number: int) -> Iterator[None]:
    """Inside, torchvision draws for this image alone; the generator of the layers is left as it was."""
    if seed is None:
        yield
        return
    # Not torch.manual_seed: that would also seed the GPU, whose generator only the layers use.
    kept = torch.get_rng_state()
    torch.default_generator.manual_seed(int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0]))
    try:
        yield
    finally:
        torch.set_rng_state(kept)
