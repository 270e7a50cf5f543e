"""Lab "strength": what an edge is worth with each operation alone, once the supernet has settled on it."""
