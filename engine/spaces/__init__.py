"""Search spaces as data: see `engine.spaces.space`."""

from engine.spaces.space import NAS_BENCH_201_OPERATIONS, SPACES, Edge, Family, SearchSpace, search_space

__all__ = ["NAS_BENCH_201_OPERATIONS", "SPACES", "Edge", "Family", "SearchSpace", "search_space"]
