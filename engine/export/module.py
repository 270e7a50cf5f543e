"""A derived network as one Python file that needs nothing but torch.

source   its text: only what the genotype uses, `Network(channels, layers, classes, auxiliary)`, and a main program

The classes are this project's own, word for word, so an exported network computes what `engine.Network` computes and
loads its weights. Parameters are named, ordered and initialised as in the published code of each family (DARTS,
NAS-Bench-201), so weights trained with that can be loaded too.
"""

import json
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import fields

from engine.errors import BadInput
from engine.export.origin import Subject, genotype, origin
from engine.export.standalone import Collection, Place
from engine.selection.genotype import Genotype
from engine.spaces import SearchSpace, plugins
from engine.spaces.operations import OperationSpec
from engine.spaces.skeletons import Skeleton

BODY, CELLS, SKELETONS = "engine.network.body", "engine.network.cells", "engine.spaces.skeletons"
LARGE = "engine.network.imagenet"
STEMS = {
    "cifar": (Place(BODY, "small_stem"), Place(CELLS, "AuxiliaryHead")),
    "imagenet": (Place(LARGE, "large_stem"), Place(LARGE, "ImageNetAuxiliaryHead")),
}
"""What makes the stem and the auxiliary head, by kind of stem."""
IN_NETWORK = Place("engine.supernet.operations", "InNetwork")


def source(subject: Subject) -> str:
    """Raises BadInput for an incomplete selection, and for an operation whose source cannot be had."""
    found = genotype(subject)
    space, skeleton = found.space, found.space.skeleton
    build = "prepared" if skeleton.prepares else "plain"
    texts = Collection()
    used = dict.fromkeys(name for cell, _ in found.cells for name, _ in found.pairs(cell))
    texts.define(
        Place(CELLS, "OPERATIONS"), _table("OPERATIONS", {name: _operation(texts, space, name) for name in used})
    )
    for module, name in ((SKELETONS, "Skeleton"), (SKELETONS, "blocks"), (BODY, "CellNetwork"), (BODY, build)):
        texts.add(Place(module, name))
    stem, head = STEMS[skeleton.stem]
    texts.add(stem)
    if skeleton.auxiliary:
        texts.add(head)
    texts.take("torch")  # for the main program
    outlines = {cell: str(outline) for cell, outline in space.outlines.items()}
    parts = [
        f'"""{_head(subject, found)}\n"""\n\n{texts.import_lines()}',
        *texts.definitions,
        _skeleton(skeleton),
        _table("OUTLINES", outlines, "stride, and number of nodes that the output joins"),
        _table("CELLS", {cell: _cell(found, cell) for cell, _ in found.cells}, "operation, source node, target node"),
        _network(skeleton, stem.name, build, head.name),
        MAIN,
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


def _operation(texts: Collection, space: SearchSpace, name: str) -> str:
    """The text of what builds an operation, after all that it needs."""
    spec = space.operation(name)
    if spec.network is None and spec.supernet is None:  # a declaration from a file knows its name alone
        spec = plugins.find(name) or spec
    if spec.network is not None:
        return _factory(texts, spec, spec.network)
    if spec.supernet is None:
        raise BadInput(f"operation {name} has no source here; load its plug-in to export the network")
    texts.add(IN_NETWORK)
    return f"lambda channels, stride: InNetwork({_factory(texts, spec, spec.supernet)}(channels, stride))"


def _factory(texts: Collection, spec: OperationSpec, factory: Callable | str) -> str:
    if isinstance(factory, str):
        module, _, attribute = factory.partition(":")
        if texts.is_table(Place(module, attribute)):
            return texts.entry(Place(module, attribute), spec.name)
    else:
        module, attribute = factory.__module__, getattr(factory, "__qualname__", "")
        if not attribute.isidentifier():
            raise BadInput(
                f"operation {spec.name} is built by something without a name of its own; to export it, build it by a "
                "function or class at the top level of its plug-in"
            )
    texts.add(Place(module, attribute))
    return attribute


def _skeleton(skeleton: Skeleton) -> str:
    # What its supernets are built with is of no use here, and would name files of this project.
    values = {field.name: getattr(skeleton, field.name) for field in fields(skeleton) if field.name != "forms"}
    return "SKELETON = Skeleton(\n" + "".join(f"    {name}={_text(value)},\n" for name, value in values.items()) + ")"


def _cell(found: Genotype, cell: str) -> str:
    spec = found.space.cell(cell)
    edges = "".join(f"            {_text(edge)},\n" for edge in found.edges(cell))
    more = f"        inputs={spec.inputs},\n        joins={bool(spec.joined)},\n"
    return f"PlacedCell(\n        (\n{edges}        ),\n{more}    )"


def _table(name: str, rows: Mapping[str, str], about: str = "") -> str:
    note = f"  # {about}" if about else ""
    return f"{name} = {{{note}\n" + "".join(f"    {_text(key)}: {value},\n" for key, value in rows.items()) + "}"


def _text(value: object) -> str:
    """A value as code, texts in double quotes."""
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))}{',' * (len(value) == 1)})"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _head(subject: Subject, found: Genotype) -> str:
    skeleton = found.space.skeleton
    # Names in a selection file are anybody's: nothing in them may end the string.
    lines = [line.replace("\\", "/").replace('"', "'") for line in (*origin(subject), str(found))]
    about = "\n".join(textwrap.fill(line, 116, break_on_hyphens=False) for line in lines)
    channels, layers = skeleton.network
    counted = "cells in each of three stages" if skeleton.per_stage else "cells"
    trained = ", trained with the auxiliary head" if skeleton.auxiliary else ""
    return (
        f"A network of finished cells of the search space {found.space.name}, needing nothing but torch.\n\n"
        f"{textwrap.indent(about, '    ')}\n\nPublished size: {channels} channels and {layers} {counted}{trained}."
    )


def _network(skeleton: Skeleton, stem: str, build: str, head: str) -> str:
    channels, layers = skeleton.network
    head = f"{head} if auxiliary else None" if skeleton.auxiliary else "None"
    refuse = '        if auxiliary:\n            raise ValueError("these networks have no auxiliary head")\n'
    return NETWORK.format(
        channels=channels, layers=layers, stem=stem, head=head, build=build, refuse="" if skeleton.auxiliary else refuse
    )


NETWORK = '''
class Network(CellNetwork):
    """channels: of the first stage; layers: number of cells. Set `drop_path` (0 to 1) while training, if wanted."""

    def __init__(self, channels={channels}, layers={layers}, classes=10, auxiliary=False):
{refuse}        placed = blocks(SKELETON, OUTLINES, channels, layers)
        head = {head}
        super().__init__({stem}, placed, CELLS, OPERATIONS, {build}, classes, head, SKELETON.tail)

    def forward(self, images):
        """[B, 3, H, W] -> logits [B, classes]; in training mode with the auxiliary head (logits, auxiliary logits)."""
        logits, extra = super().forward(images)
        return logits if extra is None else (logits, extra)
'''

MAIN = """
if __name__ == "__main__":
    network = Network()
    print(f"{sum(parameter.numel() for parameter in network.parameters()):,} parameters")
    print(f"logits of one 32x32 image: {tuple(network.eval()(torch.zeros(1, 3, 32, 32)).shape)}")
"""
