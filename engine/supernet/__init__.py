"""The supernet: layers, candidate operations, and the network that mixes them."""

from engine.supernet.supernet import Pass, Supernet, Weights

__all__ = ["Pass", "Supernet", "Weights"]
