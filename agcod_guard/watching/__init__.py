"""The work of the process that acts: reckon, keep, pack, tell."""
