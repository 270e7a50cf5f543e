"""Lab "snapshots": where selections end that begin at every stored epoch (Fig. 4)."""
