"""Source text that an exported network is put together from. Nothing here runs in this project.

TITLES, NOTES                          by family: what the file says about itself
DARTS_FIXED, BENCH_FIXED               what every network of a family needs
DARTS_BLOCKS, BENCH_BLOCKS             operation -> the class it needs, "" for none
DARTS_OPERATIONS, BENCH_OPERATIONS     operation -> how it is made
DARTS_NETWORK, BENCH_NETWORK, MAIN     the network and the main program
"""

TITLES = {
    "darts": "A network of derived DARTS cells, needing nothing but torch.",
    "nas-bench-201": "A network of one derived NAS-Bench-201 cell, needing nothing but torch.",
}
NOTES = {
    "darts": "Each cell reads the outputs of the two cells before it (nodes 0 and 1) and joins its nodes 2 to 5.\n"
    "Published sizes: 36 channels and 20 layers, or 16 channels and 8 layers; trained with the auxiliary head.",
    "nas-bench-201": "Each cell reads the one before it (node 0) and gives its node 3.\n"
    "Published size: 16 channels and 5 cells per stage.",
}

DARTS_FIXED = '''
class ReLUConvBN(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.op = nn.Sequential(
            nn.ReLU(), nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels)
        )

    def forward(self, x):
        return self.op(x)


class FactorizedReduce(nn.Module):
    """Half the size: two 1x1 convolutions of stride 2, the second one shifted by a pixel. Needs even sizes."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.relu = nn.ReLU()
        self.conv_1 = nn.Conv2d(in_channels, out_channels // 2, 1, stride=2, bias=False)
        self.conv_2 = nn.Conv2d(in_channels, out_channels // 2, 1, stride=2, bias=False)
        self.bn = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        x = self.relu(x)
        return self.bn(torch.cat([self.conv_1(x), self.conv_2(x[:, :, 1:, 1:])], dim=1))
'''

_SEP_CONV = '''
class SepConv(nn.Module):
    """Twice ReLU, depthwise and pointwise convolution, BN; the stride is in the first half."""

    def __init__(self, channels, kernel, stride):
        super().__init__()
        layers = []
        for step in (stride, 1):
            layers += [
                nn.ReLU(),
                nn.Conv2d(channels, channels, kernel, step, kernel // 2, groups=channels, bias=False),
                nn.Conv2d(channels, channels, 1, bias=False),
                nn.BatchNorm2d(channels),
            ]
        self.op = nn.Sequential(*layers)

    def forward(self, x):
        return self.op(x)
'''

_DIL_CONV = '''
class DilConv(nn.Module):
    """ReLU, depthwise convolution of dilation 2, pointwise convolution, BN."""

    def __init__(self, channels, kernel, stride):
        super().__init__()
        self.op = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(channels, channels, kernel, stride, kernel - 1, dilation=2, groups=channels, bias=False),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x):
        return self.op(x)
'''

_NOISE = '''
class Noise(nn.Module):
    """Standard normal noise in the place of the features, drawn anew at every call."""

    def __init__(self, stride):
        super().__init__()
        self.stride = stride

    def forward(self, x):
        return torch.randn_like(x[:, :, :: self.stride, :: self.stride])
'''

DARTS_BLOCKS = {
    "skip_connect": "",
    "max_pool_3x3": "",
    "avg_pool_3x3": "",
    "sep_conv_3x3": _SEP_CONV,
    "sep_conv_5x5": _SEP_CONV,
    "dil_conv_3x3": _DIL_CONV,
    "dil_conv_5x5": _DIL_CONV,
    "noise": _NOISE,
}
DARTS_OPERATIONS = {
    "skip_connect": "nn.Identity() if stride == 1 else FactorizedReduce(channels, channels)",
    "max_pool_3x3": "nn.MaxPool2d(3, stride, padding=1)",
    "avg_pool_3x3": "nn.AvgPool2d(3, stride, padding=1, count_include_pad=False)",
    "sep_conv_3x3": "SepConv(channels, 3, stride)",
    "sep_conv_5x5": "SepConv(channels, 5, stride)",
    "dil_conv_3x3": "DilConv(channels, 3, stride)",
    "dil_conv_5x5": "DilConv(channels, 5, stride)",
    "noise": "Noise(stride)",
}

DARTS_NETWORK = '''
def drop_path(x, probability):
    """Zero the whole operation for some images of the batch, and scale the others up."""
    keep = torch.rand(len(x), 1, 1, 1, device=x.device) >= probability
    return x * keep.to(x.dtype) / (1 - probability)


class Cell(nn.Module):
    """before_last, last: channels of the two cells before; halved: whether the last one halved the image size."""

    def __init__(self, edges, before_last, last, channels, reduction, halved):
        super().__init__()
        self.preprocess0 = (FactorizedReduce if halved else ReLUConvBN)(before_last, channels)
        self.preprocess1 = ReLUConvBN(last, channels)
        self.edges = edges
        self._ops = nn.ModuleList(
            OPERATIONS[name](channels, 2 if reduction and source < 2 else 1) for name, source, _ in edges
        )

    def forward(self, before_last, last, drop):
        nodes = [self.preprocess0(before_last), self.preprocess1(last)]
        for node in (2, 3, 4, 5):
            total = 0
            for (_, source, target), operation in zip(self.edges, self._ops, strict=True):
                if target == node:
                    x = operation(nodes[source])
                    if self.training and drop > 0 and not isinstance(operation, nn.Identity):
                        x = drop_path(x, drop)
                    total = total + x
            nodes.append(total)
        return torch.cat(nodes[2:], dim=1)


class AuxiliaryHead(nn.Module):
    """A second classifier on features of 8x8, to train with."""

    def __init__(self, channels, classes):
        super().__init__()
        self.features = nn.Sequential(
            nn.ReLU(),
            nn.AvgPool2d(5, stride=3, padding=0, count_include_pad=False),
            nn.Conv2d(channels, 128, 1, bias=False),
            nn.BatchNorm2d(128),
            nn.ReLU(),
            nn.Conv2d(128, 768, 2, bias=False),
            nn.BatchNorm2d(768),
            nn.ReLU(),
        )
        self.classifier = nn.Linear(768, classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class Network(nn.Module):
    """channels: of the first cells; layers: number of cells. Set `drop_path` (0 to 1) while training, if wanted."""

    def __init__(self, channels=36, layers=20, classes=10, auxiliary=False):
        super().__init__()
        self.drop_path = 0.0
        self.auxiliary_at = 2 * layers // 3
        before_last = last = 3 * channels
        self.stem = nn.Sequential(nn.Conv2d(3, last, 3, padding=1, bias=False), nn.BatchNorm2d(last))
        self.cells = nn.ModuleList()
        halved = False
        for index in range(layers):
            reduction = index in (layers // 3, 2 * layers // 3)
            if reduction:
                channels *= 2
            edges = REDUCE if reduction else NORMAL
            self.cells.append(Cell(edges, before_last, last, channels, reduction, halved))
            before_last, last, halved = last, 4 * channels, reduction
            if index == self.auxiliary_at:
                at_auxiliary = last
        self.auxiliary_head = AuxiliaryHead(at_auxiliary, classes) if auxiliary else None
        self.classifier = nn.Linear(last, classes)

    def forward(self, images):
        """[N, 3, H, W] -> logits [N, classes]; in training mode with the auxiliary head (logits, auxiliary logits)."""
        before_last = last = self.stem(images)
        extra = None
        for index, cell in enumerate(self.cells):
            before_last, last = last, cell(before_last, last, self.drop_path)
            if index == self.auxiliary_at and self.training and self.auxiliary_head is not None:
                extra = self.auxiliary_head(last)
        logits = self.classifier(last.mean((2, 3)))
        return logits if extra is None else (logits, extra)
'''

BENCH_FIXED = '''
class ReLUConvBN(nn.Module):
    def __init__(self, in_channels, out_channels, kernel, stride=1):
        super().__init__()
        self.op = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(out_channels),
        )

    def forward(self, x):
        return self.op(x)


class Reduction(nn.Module):
    """The residual block between two stages: half the size."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv_a = ReLUConvBN(in_channels, out_channels, 3, stride=2)
        self.conv_b = ReLUConvBN(out_channels, out_channels, 3)
        self.downsample = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(in_channels, out_channels, 1, bias=False))

    def forward(self, x):
        return self.downsample(x) + self.conv_b(self.conv_a(x))
'''

_ZERO = """
class Zero(nn.Module):
    def forward(self, x):
        return torch.zeros_like(x)
"""

BENCH_BLOCKS = {"none": _ZERO}
BENCH_OPERATIONS = {
    "none": "Zero()",
    "skip_connect": "nn.Identity()",
    "nor_conv_1x1": "ReLUConvBN(channels, channels, 1)",
    "nor_conv_3x3": "ReLUConvBN(channels, channels, 3)",
    "avg_pool_3x3": "nn.AvgPool2d(3, 1, padding=1, count_include_pad=False)",
}

BENCH_NETWORK = '''
class Cell(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.layers = nn.ModuleList(OPERATIONS[name](channels) for name, _, _ in CELL)

    def forward(self, x):
        nodes = [x]
        for node in (1, 2, 3):
            edges = zip(CELL, self.layers, strict=True)
            nodes.append(sum(operation(nodes[source]) for (_, source, target), operation in edges if target == node))
        return nodes[-1]


class Network(nn.Module):
    """channels: of the first stage; layers: cells in each of the three stages. There is no auxiliary head."""

    def __init__(self, channels=16, layers=5, classes=10, auxiliary=False):
        super().__init__()
        if auxiliary:
            raise ValueError("networks of NAS-Bench-201 have no auxiliary head")
        self.stem = nn.Sequential(nn.Conv2d(3, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))
        self.cells = nn.ModuleList()
        for stage in range(3):
            if stage > 0:
                self.cells.append(Reduction(channels, 2 * channels))
                channels *= 2
            self.cells.extend(Cell(channels) for _ in range(layers))
        self.lastact = nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU())
        self.classifier = nn.Linear(channels, classes)

    def forward(self, images):
        """[N, 3, H, W] -> logits [N, classes]."""
        x = self.stem(images)
        for cell in self.cells:
            x = cell(x)
        return self.classifier(self.lastact(x).mean((2, 3)))
'''

MAIN = """
if __name__ == "__main__":
    network = Network()
    print(f"{sum(parameter.numel() for parameter in network.parameters()):,} parameters")
    print(f"logits of one 32x32 image: {tuple(network.eval()(torch.zeros(1, 3, 32, 32)).shape)}")
"""
