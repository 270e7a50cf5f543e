"""Supernet training: the recipe, the loop, and one method a file."""
