"""Search spaces as data: see `engine.spaces.space`."""

from engine.spaces.space import SPACES, Edge, Family, SearchSpace, search_space

__all__ = ["SPACES", "Edge", "Family", "SearchSpace", "search_space"]
