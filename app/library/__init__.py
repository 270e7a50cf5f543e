"""Checkpoints and image sets that the app offers."""
