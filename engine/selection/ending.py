"""From a genotype back to the selection that ends in it.

ending_at   the complete selection of a genotype
"""

from engine.errors import BadInput
from engine.selection.genotype import Genotype
from engine.selection.orders import Order
from engine.selection.selection import Selection


def ending_at(start: Selection, genotype: Genotype, order: Order) -> Selection:
    """The selection that begins with the alphas of `start`, decides in this order and ends in the genotype.

    A genotype leaves out the operations of inputs that are not kept; alpha's stand in for them, where it has any.
    Raises BadInput for a genotype of another space, and for an operation that an edge does not offer.
    """
    space, selection = start.space, start.with_decisions()
    if genotype.format != space.genotype_format or (genotype.format == "json" and genotype.space != space):
        raise BadInput(f"the genotype is of {genotype.space.name} cells, and the supernet of space {space.name}")
    kept = {cell: {(source, target): name for name, source, target in genotype.edges(cell)} for cell in space.cells}
    for cell, index in order.edges:
        edge = space.edge(cell, index)
        alpha = start.best_by_alpha(cell, edge) or space.eligible(cell, edge)[0]
        selection = selection.discretize(cell, edge, kept[cell].get((edge.source, edge.target)) or alpha)
    for cell, node in order.nodes:
        inputs = [edge.index for edge in space.cell(cell).entering(node) if (edge.source, node) in kept[cell]]
        selection = selection.keep_inputs(cell, node, inputs)
    return selection
