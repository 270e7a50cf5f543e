"""How fast the engine is, beside plain implementations of the same supernet, in one run on one machine."""
