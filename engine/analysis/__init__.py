"""The paper's experiments as labs: each is run on a supernet, and says what it shows.

lab        what every lab is: a claim with its source, settings, a run, and words made from its numbers
registry   all labs by name
settings   settings that labs share, and how they are read
spread     means and rank correlations with their intervals, and how they are worded
relatives  checkpoints that belong together
edges      edges to measure, from what a person writes
pairs      skip and convolution on one edge
opened     a cell evaluated edge by edge, so that an edge's sum can be looked at and changed
rewired    networks whose layers change places while they are tested
tested     test images, and a changed network's accuracy on them
distances  how far an edge's input and its convolution are from the map of their cell
paper      numbers of the paper that several labs stand beside
document   a result with everything that it rests on, as it is stored and printed
running    a lab run in a folder that a killed one goes on from
tables     a lab's rows as CSV
stored     the results that lie with a checkpoint
"""
