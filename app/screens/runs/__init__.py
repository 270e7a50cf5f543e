"""Runs: every supernet there is as a row, and several of them side by side."""
