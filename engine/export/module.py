"""A derived network as one Python file that needs nothing but torch.

source   its text: only what the genotype uses, `Network(channels, layers, classes, auxiliary)`, and a main program

Parameters are named, ordered and initialised as in the published code of each family (DARTS, NAS-Bench-201), so weights
trained with it can be loaded.
"""

import textwrap

from engine.export import sources
from engine.export.origin import Subject, genotype, origin
from engine.selection.genotype import Genotype


def source(subject: Subject) -> str:
    """Raises BadInput for an incomplete selection."""
    found = genotype(subject)
    darts = found.space.skeleton.prepares
    used = dict.fromkeys(name for cell, _ in found.cells for name, _ in found.pairs(cell))
    blocks = sources.DARTS_BLOCKS if darts else sources.BENCH_BLOCKS
    needed = dict.fromkeys(blocks[name] for name in blocks if name in used)
    operations = sources.DARTS_OPERATIONS if darts else sources.BENCH_OPERATIONS
    given = "channels, stride" if darts else "channels"
    table = "".join(f'    "{name}": lambda {given}: {operations[name]},\n' for name in operations if name in used)
    parts = [
        "\n".join([_head(subject, found), *(_cell_table(found, cell) for cell, _ in found.cells)]),
        sources.DARTS_FIXED if darts else sources.BENCH_FIXED,
        *(block for block in needed if block),
        f"OPERATIONS = {{\n{table}}}",
        sources.DARTS_NETWORK if darts else sources.BENCH_NETWORK,
        sources.MAIN,
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


def _head(subject: Subject, found: Genotype) -> str:
    # Names in a selection file are anybody's: nothing in them may end the string.
    lines = [line.replace("\\", "/").replace('"', "'") for line in (*origin(subject), str(found))]
    about = "\n".join(textwrap.fill(line, 116, break_on_hyphens=False) for line in lines)
    like = found.space.skeleton.name
    text = f"{sources.TITLES[like]}\n\n{textwrap.indent(about, '    ')}\n\n{sources.NOTES[like]}"
    return f'"""{text}\n"""\n\nimport torch\nfrom torch import nn\n'


def _cell_table(found: Genotype, cell: str) -> str:
    lines = [f'    ("{name}", {source}, {target}),' for name, source, target in found.edges(cell)]
    return "\n".join([f"{cell.upper()} = [  # operation, source node, target node", *lines, "]"])
