"""What has been decided: alphas, decisions, their order, and the genotype they end in. Torch is in `weights` alone."""

from engine.selection.alphas import Alphas
from engine.selection.decisions import Decision, InputsDecision, OperationDecision
from engine.selection.genotype import Genotype, magnitude_genotype
from engine.selection.genotype_text import parse_genotype
from engine.selection.orders import NextStep, Order, edge_order, index_order, next_step
from engine.selection.selection import Selection

__all__ = [
    "Alphas",
    "Decision",
    "Genotype",
    "InputsDecision",
    "NextStep",
    "OperationDecision",
    "Order",
    "Selection",
    "edge_order",
    "index_order",
    "magnitude_genotype",
    "next_step",
    "parse_genotype",
]
