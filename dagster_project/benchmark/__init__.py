"""What a run costs beside the floor: wall time and memory of each step, as ratios within one session.

Belongs here: measuring. Nothing in here is part of a run.
"""
