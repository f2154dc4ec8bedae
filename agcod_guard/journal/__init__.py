"""The journal of every process, read back in the order of time."""
