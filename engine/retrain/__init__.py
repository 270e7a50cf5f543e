"""Training a derived network from scratch and testing it: `recipe` says how, `training` does it, `folder` keeps it."""
