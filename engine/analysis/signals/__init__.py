"""Lab "signals": numbers that are meant to say what an operation is worth, held against the truth.

lab          the lab: claim, settings, run, and what its numbers say
results      what it finds, and how well each signal ranks
begun        the result before anything is measured
kinds        the signals there are, and those of one's own
masked       what is lost under masks: drop, rise, rescaled, alone, Shapley
features     signals from an opened cell: restored masks, iim
gradients    signals from gradients of the loss: taylor, fisher
zerocost     signals that need no training: synflow, gradient norm, nwot
"""
