"""How cells, operations and numbers look, on the page and in exported files."""
