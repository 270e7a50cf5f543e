"""Labs: the paper's experiments, each run on the supernet on screen."""
