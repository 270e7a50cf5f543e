"""Decide: one edge at a time."""
