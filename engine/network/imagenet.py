"""What the network for images of 224 pixels has in other places than the one for small images (Liu et al. 2019).

large_stem              the two parts before the cells: each gives one of the first cell's two inputs
ImageNetAuxiliaryHead   the second classifier, for training alone

Letters in shapes: B batch, C channels, S image size. Parameters are named as in the published code.
"""

from torch import Tensor, nn

from engine.errors import BadInput


def stem0(channels: int) -> nn.Sequential:
    """Two convolutions of stride 2; [B, 3, S, S] -> [B, C, S/4, S/4]."""
    return nn.Sequential(
        nn.Conv2d(3, channels // 2, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(channels // 2),
        nn.ReLU(),
        nn.Conv2d(channels // 2, channels, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(channels),
    )


def stem1(channels: int) -> nn.Sequential:
    """One more, on what `stem0` gives; [B, C, S/4, S/4] -> [B, C, S/8, S/8]."""
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(channels, channels, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(channels),
    )


def large_stem(channels: int) -> dict[str, nn.Module]:
    return {"stem0": stem0(channels), "stem1": stem1(channels)}


class ImageNetAuxiliaryHead(nn.Module):
    """A second classifier on features of 7 x 7, which images of 224 pixels have after the second reduction.

    As published, the second convolution has no BatchNorm behind it: a slip that was kept for the published weights.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.ReLU(),
            nn.AvgPool2d(5, stride=2, padding=0, count_include_pad=False),
            nn.Conv2d(channels, 128, 1, bias=False),
            nn.BatchNorm2d(128),
            nn.ReLU(),
            nn.Conv2d(128, 768, 2, bias=False),
            nn.ReLU(),
        )
        self.classifier = nn.Linear(768, classes)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, 7, 7] -> logits [B, classes]. Raises BadInput for another size."""
        if x.shape[2:] != (7, 7):
            raise BadInput(f"the auxiliary head needs images of 224 pixels, not {32 * x.shape[-1]}; build without it")
        return self.classifier(self.features(x).flatten(1))
